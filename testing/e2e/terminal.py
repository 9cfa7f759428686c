"""A program in a private tmux server: its keys, its screen and its end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from testing.closing import Closing
from testing.e2e.moment import PATIENCE, Moment

_SIZE = ("-x", "120", "-y", "50")
_GRACE_SECONDS = 5


class TmuxTerminal(Closing):
    """A program on a screen of 120 columns by 50 lines, which ends with its `with`."""

    def __init__(
        self, directory: Path, argv: Sequence[str], environment: Mapping[str, str], cwd: Path
    ) -> None:
        directory.mkdir(mode=0o700)
        self._tmux = ("tmux", "-S", str(directory / "tmux"), "-f", "/dev/null")
        self._environment = dict(environment)
        # tmux copies the program's output into this fifo: a wait for text reads the
        # screen again after each output.
        fifo = directory / "drawn"
        os.mkfifo(fifo)
        # Opened for both: open() does not block, and reads see no end of file.
        self._drawn = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._run("new-session", "-d", *_SIZE, "-c", str(cwd), *argv, ";",
                  "set-option", "-g", "remain-on-exit", "on", ";",
                  "set-option", "-g", "focus-events", "on", ";",
                  "pipe-pane", "-O", f"exec cat > '{fifo}'")  # fmt: skip
        self.pid = int(self._run("display-message", "-p", "#{pane_pid}"))
        self._process = os.pidfd_open(self.pid)

    def close(self) -> None:
        # The server sends SIGHUP to the program, which may still work then.
        self._run("kill-server")
        try:
            self.wait_exit(_GRACE_SECONDS)
        except AssertionError:
            self.signal(signal.SIGKILL)
        os.close(self._process)
        os.close(self._drawn)

    def type(self, text: str) -> None:
        """Types the text literally."""
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> Moment:
        """Presses keys by their tmux names (Enter, Escape, C-c…); returns the moment before."""
        now = Moment.now()
        self._run("send-keys", *keys)
        return now

    def signal(self, number: signal.Signals) -> Moment:
        """Sends the program a signal; returns the moment before."""
        now = Moment.now()
        signal.pidfd_send_signal(self._process, number)
        return now

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def wait_for(self, text: str, timeout: float = PATIENCE) -> Moment:
        """Waits until the screen shows the text; returns that moment."""
        return self.wait_until(lambda screen: text in screen, f"“{text}”", timeout)

    def wait_gone(self, text: str, timeout: float = PATIENCE) -> Moment:
        """Waits until the screen no longer shows the text; returns that moment."""
        return self.wait_until(lambda screen: text not in screen, f"no “{text}”", timeout)

    def wait_until(
        self, condition: Callable[[str], bool], what: str, timeout: float = PATIENCE
    ) -> Moment:
        deadline = time.monotonic() + timeout
        while not condition(screen := self.screen()):
            if (left := deadline - time.monotonic()) <= 0:
                raise AssertionError(f"the screen lacks {what} after {timeout} s:\n{screen}")
            if select.select([self._drawn], [], [], left)[0]:
                os.read(self._drawn, 65536)
        return Moment.now()

    def wait_exit(self, timeout: float = PATIENCE) -> Moment:
        """Waits until the program has ended; returns that moment."""
        if not select.select([self._process], [], [], timeout)[0]:
            raise AssertionError(f"the program still runs after {timeout} s")
        return Moment.now()

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._tmux, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"tmux {command[0]}: {done.stderr.strip()}"
        return done.stdout
