"""A listener on acd's socket that records all evidence of a session.

With `ACD_RECORD=DIR` the scenarios run against it, and each writes
`DIR/<version>/<scenario>.jsonl`: hook lines, changes of the client's session registry,
ends of processes, and the expected statuses.

A line is an object with `at` (unix nanoseconds) and `source`:
- `hook`: `agent`, `meta` and `event` of one HOOK line
- `registry`: `pid` and `entry`, the content of `sessions/<pid>.json` (null: removed)
- `process`: `pid` has ended
- `truth`: from this moment on `session` is `status`
"""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
from inotify_simple import INotify, flags  # type: ignore[import-untyped]

from testing.e2e.home import ClaudeHome
from testing.e2e.moment import Moment
from testing.e2e.verifier import WITHIN_SECONDS


class ScenarioRecorder:
    """The Verifier that records."""

    def __init__(self, home: ClaudeHome, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._records: list[dict[str, Any]] = []
        self._registry = home.config_dir / "sessions"
        self._registry.mkdir(mode=0o700)
        self._inotify = INotify()
        self._inotify.add_watch(
            self._registry, flags.CLOSE_WRITE | flags.MOVED_TO | flags.DELETE | flags.MODIFY
        )
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(home.socket))
        self._listener.listen(128)
        self._processes: dict[int, int] = {}
        self._entries: dict[int, object] = {}
        self._wake, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.delays: list[float] = []

    def close(self) -> None:
        os.close(self._stop)
        self._thread.join()
        self._listener.close()
        self._inotify.close()
        for process in self._processes:
            os.close(process)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("w") as out:
            for record in sorted(self._records, key=lambda r: r["at"]):
                out.write(json.dumps(record) + "\n")

    def expect(
        self, session: str, status: str, since: Moment, *, via: tuple[str, ...] = ()
    ) -> None:
        at = time.time_ns() - int((time.monotonic() - since.at) * 1e9)
        self._note(at, "truth", session=session, status=status, via=list(via))
        time.sleep(max(0.0, since.at + WITHIN_SECONDS - time.monotonic()))

    def expect_still(self, session: str, status: str, seconds: float = WITHIN_SECONDS) -> None:
        now = Moment.now()
        self.expect(session, status, now)
        time.sleep(max(0.0, now.at + seconds - time.monotonic()))

    def session(self, session: str) -> dict[str, Any]:
        _only_acd_knows()

    def sessions(self) -> list[dict[str, Any]]:
        _only_acd_knows()

    def request(self, line: str) -> str:
        _only_acd_knows()

    # A daemon's end and start are not recorded.

    def kill(self) -> None:
        pass

    def ask(self) -> Moment:
        return Moment.now()

    def subscribe(self) -> None:
        pass

    def _note(self, at: int, source: str, **fields: object) -> None:
        with self._lock:
            self._records.append({"at": at, "source": source, **fields})

    def _run(self) -> None:
        while True:
            watched = [self._wake, self._listener, self._inotify.fd, *self._processes]
            ready, _, _ = select.select(watched, [], [])
            now = time.time_ns()
            if self._wake in ready:
                return
            if self._inotify.fd in ready:
                self._read_registry(now)
            for process in [p for p in self._processes if p in ready]:
                self._note(now, "process", pid=self._processes.pop(process))
                os.close(process)
            if self._listener in ready:
                self._take_line(now)

    def _read_registry(self, now: int) -> None:
        for event in self._inotify.read():
            name = Path(event.name)
            if name.suffix != ".json" or not name.stem.isdigit():
                continue
            pid = int(name.stem)
            gone = bool(event.mask & flags.DELETE)
            try:
                entry = None if gone else json.loads((self._registry / name).read_text())
            except (OSError, ValueError):
                continue  # half written, or removed meanwhile: another event follows
            if entry == self._entries.get(pid):
                continue
            self._entries[pid] = entry
            self._note(now, "registry", pid=pid, entry=entry)
            if entry is not None and pid not in self._processes.values():
                self._processes[os.pidfd_open(pid)] = pid

    def _take_line(self, now: int) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                verb, agent, meta, event = line.decode().split(" ", 3)
                assert verb == "HOOK", line
                self._note(now, "hook", agent=agent, meta=json.loads(meta), event=json.loads(event))
                # The hook does not wait for a reply: none is sent.


def _only_acd_knows() -> NoReturn:
    # close() writes what was recorded so far.
    pytest.skip("recorded until here: only acd can answer this")
