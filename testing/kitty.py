"""A real kitty, on a screen that nobody sees.

Responsible for the screen, for kitty on it, and for the keyboard's focus there,
which a window manager would give. It refuses to know what runs in kitty.
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
from testing.support import WAIT, place

IS_THERE = shutil.which("kitty") is not None and screens.IS_THERE

SLEEP = ("sh", "-c", "exec sleep 1000")


class Kitty:
    """A kitty with one window."""

    def __init__(self, root: Path, screen: str, listens: str | None = None):
        self._screen = screen
        self.listens = listens or f"unix:{root}/kitty"
        self.environ = {"HOME": str(root), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            ("kitty", "-o", "allow_remote_control=yes", "--listen-on", self.listens, *SLEEP),
            env=self.environ | {"DISPLAY": screen, "LIBGL_ALWAYS_SOFTWARE": "1"},
            cwd=root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def screens(self) -> list[dict[str, Any]]:
        """What kitty lists: the operating system's windows, with tabs, with windows."""
        argv = ["kitty", "@", "--to", self.listens, "ls"]
        told = subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False)
        found: list[dict[str, Any]] = [] if told.returncode else json.loads(told.stdout)
        return found

    def _tabs(self) -> list[dict[str, Any]]:
        return [tab for screen in self.screens() for tab in screen["tabs"]]

    def windows(self) -> list[dict[str, Any]]:
        """All windows of all tabs."""
        return [window for tab in self._tabs() for window in tab["windows"]]

    def focused(self) -> list[int]:
        """The windows of the tab that is seen."""
        tabs = (tab for tab in self._tabs() if tab["is_focused"])
        return [window["id"] for tab in tabs for window in tab["windows"]]

    def hints(self, window: int) -> dict[str, str]:
        """What a hook in the window would find in its environment."""
        return {"KITTY_WINDOW_ID": str(window), "KITTY_LISTEN_ON": self.listens}

    def give_focus(self, *, back: bool = True) -> None:
        """Takes the keyboard's focus from everybody, or gives it back to kitty."""
        [screen] = self.screens()
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x11.XOpenDisplay(self._screen.encode()))
        # XSetInputFocus(3): the window or None, RevertToPointerRoot, CurrentTime.
        x11.XSetInputFocus(display, screen["platform_window_id"] if back else 0, 1, 0)
        x11.XCloseDisplay(display)
        self.until(lambda: self.screens()[0]["is_focused"] is back)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT
        while not is_so():
            assert time.monotonic() < deadline, self.windows()
            time.sleep(0.1)


@contextmanager
def a_kitty(listens: str | None = None) -> Iterator[Kitty]:
    """One that is gone afterwards, with its screen; it takes commands there (`--listen-on`)."""
    with place() as home, screen() as display:
        made = Kitty(home.root, display, listens)
        try:
            made.until(lambda: len(made.windows()) == 1)
            yield made
        finally:
            made.process.kill()
            made.process.wait()
