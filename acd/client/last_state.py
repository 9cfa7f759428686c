"""The last state of all sessions, read from the daemon's journal while no daemon runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from acd import paths
from acd.sessions.records import apply_lines, journal_header
from acd.sessions.rules import SessionRules
from acd.sessions.store import Store
from acd.sessions.values import Json
from acd.system import clock, runtime_dir


def last_sessions(environ: Mapping[str, str]) -> list[Json]:
    """Returns all sessions as LIST would; none without a journal of this boot.

    Changes that no hook reports (`kill -9` of an agent) are missing until the
    next daemon runs. Raises UnsafeSocket.
    """
    path = paths.journal_path(paths.socket_path(environ))
    with suppress(OSError), os.fdopen(runtime_dir.open_file(path, os.O_RDONLY), "rb") as file:
        # A journal of an earlier boot is outdated: its sessions have ended.
        if file.readline(200) == f"{journal_header(clock.boot_id())}\n".encode():
            return _read_sessions(file, environ)
    return []


def _read_sessions(records: BinaryIO, environ: Mapping[str, str]) -> list[Json]:
    from acd.agents.catalog import TRANSLATOR  # 4 ms

    rules = _rules(paths.config_path(environ)).without_limits()
    store = Store(TRANSLATOR.default_agent, rules)
    with suppress(OSError):
        apply_lines(store, records, TRANSLATOR, on_error=lambda error: None)
    now = clock.now()
    return [session.to_wire(now) for session in store.list_all()]


def _rules(config_path: Path) -> SessionRules:
    """The rules of the daemon; the defaults without a valid file."""
    if not config_path.exists():
        return SessionRules()
    from acd import config  # 25 ms with dataclasses, and only here
    from acd.errors import ConfigError

    try:
        return config.load(config_path).rules()
    except ConfigError:
        return SessionRules()
