"""What the last daemon knew, read from its state file while no daemon runs.

Responsible for a look that changes nothing: a daemon stops when nobody needs
it, and what waits for the user then still waits. It refuses to know who looks,
and leaves it to the daemon to report what is wrong with a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from acd import config, paths
from acd.errors import ConfigError
from acd.sessions.records import VERSION, BadRecord, apply_record, read_moment
from acd.sessions.store import Store
from acd.sessions.values import Json, Now
from acd.system import clock, runtime_dir

_MAGIC: Final = "acd-journal"
"""docs/journal.md. journal.py has it too, and would load half of a daemon with it."""


def last_sessions(environ: Mapping[str, str]) -> list[Json]:
    """All sessions as LIST told them last; none where there is no such file.

    What an agent did since then and told no hook (`kill -9`), only the next
    daemon finds out. Raises UnsafeSocket.
    """
    try:
        rules = config.load(paths.config_path(environ)).rules()
    except ConfigError:
        rules = config.Config().rules()
    # What was accepted then is taken now, whatever the limits are by now.
    store = Store(replace(rules, max_sessions=1 << 62, max_metadata=1 << 62))
    path = paths.journal_path(paths.socket_path(environ))
    with (
        suppress(OSError),
        os.fdopen(runtime_dir.open_file(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file,
    ):
        # Of an earlier boot nothing is left but the file.
        if file.readline(200) == f"{_MAGIC} {VERSION} {clock.boot_id()}\n".encode():
            _apply(store, file)
    now = clock.now()
    return [session.to_wire(now) for session in store.list_all()]


def _apply(store: Store, lines: Iterable[bytes]) -> None:
    from acd.agents.catalog import TRANSLATOR  # 4 ms

    now = Now(0, 0)
    for raw in lines:
        if not raw.endswith(b"\n"):  # cut off in the middle, and never acknowledged
            return
        with suppress(BadRecord, UnicodeDecodeError):
            line = raw[:-1].decode()
            if line.startswith("@ "):
                now = read_moment(line)
            else:
                apply_record(store, line, now, TRANSLATOR)
