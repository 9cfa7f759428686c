"""Configures logging: to the systemd journal with its fields, or to stderr.

No caller may log the text of a prompt or the environment.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Final

from acd.text import printable

# sd-daemon(3): a `<N>` prefix on stderr is the priority of the line.
_PRIORITY: Final = {
    logging.DEBUG: 7,
    logging.INFO: 6,
    logging.WARNING: 4,
    logging.ERROR: 3,
    logging.CRITICAL: 2,
}


class _Formatter(logging.Formatter):
    def __init__(self, *, prefixed: bool):
        super().__init__("%(message)s" if prefixed else "%(asctime)s %(levelname)s %(message)s")
        self._prefixed = prefixed

    def format(self, record: logging.LogRecord) -> str:
        # The filter makes the message one line; further lines are a traceback.
        lines = super().format(record).splitlines() or [""]
        prefix = f"<{_PRIORITY.get(record.levelno, 5)}>" if self._prefixed else ""
        return "\n".join(prefix + printable(line) for line in lines)


class _PrintableFilter(logging.Filter):
    """Makes the message one printable line, for every handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = printable(record.getMessage()), None
        return True


def configure(level: str, environ: Mapping[str, str]) -> None:
    """Logs to the systemd journal if stderr is connected to it, else to stderr."""
    handler = _handler(environ)
    handler.addFilter(_PrintableFilter())
    # asyncio logs errors of the connections.
    for name in ("acd", "asyncio"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [handler]
    set_level(level)


def set_level(level: str) -> None:
    """Sets the level: `debug`, `info`, `warning` or `error`."""
    logging.getLogger("acd").setLevel(level.upper())


def _handler(environ: Mapping[str, str]) -> logging.Handler:
    in_journal = _is_journal(environ.get("JOURNAL_STREAM", ""))
    if in_journal:
        try:
            from systemd.journal import JournalHandler  # 10 ms, and only under systemd
        except ImportError:
            pass
        else:
            journal: logging.Handler = JournalHandler(SYSLOG_IDENTIFIER="acd")
            return journal
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(prefixed=in_journal))
    return handler


def _is_journal(stream: str) -> bool:
    """Whether stderr is the journal: $JOURNAL_STREAM is its device and inode (systemd.exec(5))."""
    try:
        found = os.fstat(2)
    except OSError:
        return False
    return stream == f"{found.st_dev}:{found.st_ino}"
