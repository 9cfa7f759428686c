"""The process watch of macOS, with a fake kqueue(2).

No Mac runs these tests: they check the calls and their order, and how the results are
handled, not what macOS returns.
"""

from __future__ import annotations

import importlib.util
import select
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from acd.system import process as ours

EXIT, ADD, ONESHOT, DELETE, PROC = 0x80000000, 1, 0x10, 2, -5


class Kqueue:
    """A fake kqueue; `end` reports the end of a process."""

    def __init__(self) -> None:
        self.watched: set[int] = set()
        self.ended: list[int] = []

    def fileno(self) -> int:
        return 77

    def control(self, changes: list[Any] | None, most: int, timeout: float = 0) -> list[Any]:
        for change in changes or ():
            assert (change.filter, change.fflags) == (PROC, EXIT)
            if change.flags == ADD | ONESHOT:
                self.watched.add(change.ident)
            elif change.flags == DELETE:
                if change.ident not in self.watched:
                    raise FileNotFoundError
                self.watched.remove(change.ident)
        reported, self.ended = self.ended[:most], self.ended[most:]
        return [SimpleNamespace(ident=pid) for pid in reported]

    def end(self, pid: int) -> None:
        self.watched.remove(pid)  # one shot
        self.ended.append(pid)


class Mac:
    """A Mac with processes whose start times are known."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.queue = Kqueue()
        self.readers: dict[int, Callable[[], None]] = {}
        self.starts = {300: 111, 301: 222}
        self.ended: list[tuple[int, int]] = []
        names = {
            "kqueue": lambda: self.queue,
            "kevent": lambda ident, **rest: SimpleNamespace(ident=ident, **rest),
            "KQ_EV_ADD": ADD,
            "KQ_EV_ONESHOT": ONESHOT,
            "KQ_EV_DELETE": DELETE,
            "KQ_FILTER_PROC": PROC,
            "KQ_NOTE_EXIT": EXIT,
        }
        for name, value in names.items():
            monkeypatch.setattr(select, name, value, raising=False)
        monkeypatch.setattr(sys, "platform", "darwin")
        module = _load()
        info = SimpleNamespace(
            bsd_info=lambda pid: (
                SimpleNamespace(start=self.starts[pid], name="claude")
                if pid in self.starts
                else None
            )
        )
        monkeypatch.setitem(sys.modules, "acd.system.kqueue", info)
        loop = SimpleNamespace(add_reader=self.readers.__setitem__)
        self.watch = module.ProcessWatch(loop, lambda pid, start: self.ended.append((pid, start)))

    def end(self, pid: int) -> None:
        del self.starts[pid]
        self.queue.end(pid)
        self.readers[self.queue.fileno()]()


def _load() -> ModuleType:
    """The module as macOS imports it: it selects its calls at import."""
    assert ours.__file__ is not None
    spec = importlib.util.spec_from_file_location("process_on_macos", ours.__file__)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Mac:
    return Mac(monkeypatch)


def test_the_end_of_a_followed_process_is_reported_once_with_its_start(mac: Mac) -> None:
    assert mac.watch.follow(300).start == 111
    assert mac.watch.follow(301).start == 222
    mac.end(300)
    assert mac.ended == [(300, 111)]
    assert 300 not in mac.watch
    assert 301 in mac.watch


def test_a_process_that_has_ended_already_is_not_followed(mac: Mac) -> None:
    assert mac.watch.follow(999) is None
    assert 999 not in mac.watch


def test_a_pid_of_another_process_reports_the_end_of_the_first(mac: Mac) -> None:
    mac.watch.follow(300)
    mac.starts[300] = 333
    assert mac.watch.follow(300).start == 333
    assert mac.ended == [(300, 111)]


def test_a_forgotten_process_is_not_reported(mac: Mac) -> None:
    mac.watch.follow(300)
    mac.watch.forget(300)
    assert mac.queue.watched == set()
    mac.watch.close()
    assert mac.ended == []
