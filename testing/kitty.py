"""A real kitty on an X server without a display.

There is no window manager, so the keyboard focus is set with Xlib.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testing import screen as screens
from testing.screen import screen
from testing.support import WAIT, DaemonHome

IS_THERE = shutil.which("kitty") is not None and screens.IS_THERE

SLEEP = ("sh", "-c", "exec sleep 1000")


class Kitty:
    """A running kitty, with one window at first."""

    def __init__(self, root: Path, display: str, address: str | None = None):
        self._display = display
        self.listens = address or f"unix:{root}/kitty"
        self.environ = {"HOME": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            ("kitty", "-o", "allow_remote_control=yes", "--listen-on", self.listens, *SLEEP),
            env=self.environ | {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"},
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def screens(self) -> list[dict[str, Any]]:
        """The output of `kitty @ ls`: OS windows, their tabs, and the windows of those."""
        argv = ["kitty", "@", "--to", self.listens, "ls"]
        done = subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False)
        found: list[dict[str, Any]] = [] if done.returncode else json.loads(done.stdout)
        return found

    def _tabs(self) -> list[dict[str, Any]]:
        return [tab for screen in self.screens() for tab in screen["tabs"]]

    def windows(self) -> list[dict[str, Any]]:
        """The windows of all tabs."""
        return [window for tab in self._tabs() for window in tab["windows"]]

    def focused(self) -> list[int]:
        """The ids of the windows in the visible tab."""
        tabs = (tab for tab in self._tabs() if tab["is_focused"])
        return [window["id"] for tab in tabs for window in tab["windows"]]

    def hints(self, window: int) -> dict[str, str]:
        """The variables that a hook in the window finds in its environment."""
        return {"KITTY_WINDOW_ID": str(window), "KITTY_LISTEN_ON": self.listens}

    def give_focus(self, *, back: bool = True) -> None:
        """Gives kitty the keyboard focus; with `back` false, no window has it."""
        [screen] = self.screens()
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x11.XOpenDisplay(self._display.encode()))
        # XSetInputFocus(3): the window or None, RevertToPointerRoot, CurrentTime.
        x11.XSetInputFocus(display, screen["platform_window_id"] if back else 0, 1, 0)
        x11.XCloseDisplay(display)
        self.until(lambda: self.screens()[0]["is_focused"] is back)

    def until(self, is_so: Callable[[], bool]) -> None:
        """Polls a condition until it holds."""
        deadline = time.monotonic() + WAIT
        while not is_so():
            assert time.monotonic() < deadline, self.windows()
            time.sleep(0.1)


@contextmanager
def a_kitty(address: str | None = None) -> Iterator[Kitty]:
    """Runs a kitty with an X server. `address` is that of its remote control (`--listen-on`)."""
    with DaemonHome() as home, screen() as display:
        made = Kitty(home.root, display, address)
        try:
            made.until(lambda: len(made.windows()) == 1)
            yield made
        finally:
            made.process.kill()
            made.process.wait()
