"""Whether the user is before the dashboard, by what a terminal reports."""

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
    """Timers that run out when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[_Timer] = []

    def set(self, seconds: float, act: Callable[[], None]) -> Timer:
        assert seconds == KEY_SECONDS
        made = _Timer(self, act)
        self.waiting.append(made)
        return cast(Timer, made)

    def run_out(self) -> None:
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


class Scene:
    """A dashboard whose terminal reports what the test says."""

    def __init__(self, place: Path):
        self._socket = place / "run" / "acd.sock"
        self.timers = _Timers()
        self.front = FocusTracker(Presence(self._socket), self.timers.set)

    @property
    def is_there(self) -> bool:
        return presence.idle(self._socket) is not None


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.front.begin()
    return made


KEY = events.Key("j", "j")


def test_who_has_started_it_is_there_for_a_while(scene: Scene) -> None:
    assert scene.is_there
    scene.timers.run_out()
    assert not scene.is_there


def test_a_key_tells_that_somebody_is_there_for_a_while_each_time(scene: Scene) -> None:
    scene.timers.run_out()
    scene.front.see(KEY)
    scene.front.see(KEY)
    assert scene.is_there
    assert len(scene.timers.waiting) == 1
    scene.timers.run_out()
    assert not scene.is_there


def test_a_terminal_that_tells_its_focus_is_believed_however_long_it_lasts(scene: Scene) -> None:
    scene.front.see(events.AppFocus())
    scene.timers.run_out()
    assert scene.is_there
    scene.front.see(events.AppBlur())
    assert not scene.is_there
    scene.front.see(events.AppFocus())
    scene.timers.run_out()
    assert scene.is_there


def test_a_pointer_that_moves_over_it_is_no_sign(scene: Scene) -> None:
    scene.front.see(events.AppBlur())
    where: dict[str, Any] = dict.fromkeys(("x", "y", "delta_x", "delta_y", "button"), 0)
    where |= dict.fromkeys(("shift", "meta", "ctrl"), False)
    scene.front.see(events.MouseMove(None, **where))
    assert not scene.is_there
    scene.front.see(events.MouseDown(None, **where))
    assert scene.is_there
