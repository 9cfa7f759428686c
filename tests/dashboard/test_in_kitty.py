"""Jumping to kitty's windows and opening tabs, in a real kitty on a screen that nobody sees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.errors import AcdError
from acd.terminals import jump, open_window, run
from tests.support import WAIT, place

pytestmark = pytest.mark.skipif(
    shutil.which("kitty") is None or shutil.which("Xvfb") is None, reason="needs kitty and Xvfb"
)


_SLEEP = ("sh", "-c", "exec sleep 1000")


class Kitty:
    """A kitty with one window."""

    def __init__(self, root: Path, screen: str):
        self.listens = f"unix:{root}/kitty"
        self.environ = {"HOME": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            ("kitty", "-o", "allow_remote_control=yes", "--listen-on", self.listens, *_SLEEP),
            env=self.environ | {"DISPLAY": screen, "LIBGL_ALWAYS_SOFTWARE": "1"},
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.until(lambda: len(self.windows()) == 1)

    def _tabs(self) -> list[dict[str, Any]]:
        argv = ["kitty", "@", "--to", self.listens, "ls"]
        told = subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False)
        if told.returncode:
            return []
        return [tab for system in json.loads(told.stdout) for tab in system["tabs"]]

    def windows(self) -> list[dict[str, Any]]:
        """All windows of all tabs."""
        return [window for tab in self._tabs() for window in tab["windows"]]

    def focused(self) -> list[int]:
        """The windows of the tab that is seen."""
        tabs = (tab for tab in self._tabs() if tab["is_focused"])
        return [window["id"] for tab in tabs for window in tab["windows"]]

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT
        while not is_so():
            assert time.monotonic() < deadline, self.windows()
            time.sleep(0.1)


@pytest.fixture
def kitty() -> Iterator[Kitty]:
    with place() as home:
        reads, writes = os.pipe()
        xvfb = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writes), "-screen", "0", "640x480x24"],
            pass_fds=(writes,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writes)
        try:
            with os.fdopen(reads) as display:
                screen = f":{display.readline().strip()}"
            made = Kitty(home.root, screen)
            yield made
            made.process.kill()
            made.process.wait()
        finally:
            xvfb.kill()
            xvfb.wait()


def test_a_tab_is_opened_and_its_neighbour_jumped_to(kitty: Kitty) -> None:
    [first] = kitty.focused()
    run(open_window(_SLEEP, "/usr/share", "-x #(y)", {"KITTY_LISTEN_ON": kitty.listens}))
    kitty.until(lambda: len(kitty.windows()) == 2 and kitty.focused() != [first])
    assert kitty.windows()[1]["cwd"] == "/usr/share"
    hints = {"KITTY_WINDOW_ID": str(first), "KITTY_LISTEN_ON": kitty.listens}
    run(jump(hints, {}), kitty.environ)
    kitty.until(lambda: kitty.focused() == [first])


def test_a_window_that_is_gone_is_said_to_be(kitty: Kitty) -> None:
    hints = {"KITTY_WINDOW_ID": "99", "KITTY_LISTEN_ON": kitty.listens}
    with pytest.raises(AcdError, match="No matching windows"):
        run(jump(hints, {}), kitty.environ)
