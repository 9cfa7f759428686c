"""The user's presence from the events of a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from textual import events
from textual.timer import Timer

from acd.notify import presence
from acd.notify.presence import Presence
from acd.ui.dashboard.focus_tracker import KEY_SECONDS, FocusTracker


class _Timers:
    """Timers that expire when the test calls `expire`."""

    def __init__(self) -> None:
        self.waiting: list[_Timer] = []

    def set(self, seconds: float, act: Callable[[], None]) -> Timer:
        assert seconds == KEY_SECONDS
        made = _Timer(self, act)
        self.waiting.append(made)
        return cast(Timer, made)

    def expire(self) -> None:
        for each in list(self.waiting):
            each.stop()
            each.act()


class _Timer:
    def __init__(self, timers: _Timers, act: Callable[[], None]):
        self._timers = timers
        self.act = act

    def stop(self) -> None:
        if self in self._timers.waiting:
            self._timers.waiting.remove(self)


class TrackerScene:
    """A focus tracker with its presence file."""

    def __init__(self, directory: Path):
        self._socket = directory / "run" / "acd.sock"
        self.timers = _Timers()
        self.tracker = FocusTracker(Presence(self._socket), self.timers.set)

    @property
    def is_present(self) -> bool:
        return presence.idle(self._socket) is not None


@pytest.fixture
def scene(tmp_path: Path) -> TrackerScene:
    made = TrackerScene(tmp_path)
    made.tracker.start()
    return made


KEY = events.Key("j", "j")


def test_the_start_counts_as_presence_for_a_while(scene: TrackerScene) -> None:
    assert scene.is_present
    scene.timers.expire()
    assert not scene.is_present


def test_every_key_counts_as_presence_for_a_while(scene: TrackerScene) -> None:
    scene.timers.expire()
    scene.tracker.handle(KEY)
    scene.tracker.handle(KEY)
    assert scene.is_present
    assert len(scene.timers.waiting) == 1
    scene.timers.expire()
    assert not scene.is_present


def test_a_reported_focus_counts_until_the_terminal_reports_its_loss(scene: TrackerScene) -> None:
    scene.tracker.handle(events.AppFocus())
    scene.timers.expire()
    assert scene.is_present
    scene.tracker.handle(events.AppBlur())
    assert not scene.is_present
    scene.tracker.handle(events.AppFocus())
    scene.timers.expire()
    assert scene.is_present


def test_a_moving_pointer_does_not_count_as_presence(scene: TrackerScene) -> None:
    scene.tracker.handle(events.AppBlur())
    where: dict[str, Any] = dict.fromkeys(("x", "y", "delta_x", "delta_y", "button"), 0)
    where |= dict.fromkeys(("shift", "meta", "ctrl"), False)
    scene.tracker.handle(events.MouseMove(None, **where))
    assert not scene.is_present
    scene.tracker.handle(events.MouseDown(None, **where))
    assert scene.is_present
