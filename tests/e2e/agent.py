"""Claude Code as a person meets it: prompts to type, dialogs to answer, and acd looking on.

It knows the client's words on the screen, so that the scenarios need not.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .home import Home
from .messages_api import MessagesAPI
from .moment import Moment
from .observer import WITHIN_SECONDS, Observer
from .terminal import Terminal

PROMPT_BOX = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
INTERRUPTED = "Interrupted"
PERMISSION_DIALOG = "Do you want to proceed?"
QUESTION_DIALOG = "Enter to select"
PLAN_DIALOG = "Exit plan mode?"
ELICITATION_DIALOG = "What is your name?"
RESUME_DIALOG = "Resume session"
TASK_HINT = "to view tasks"
TASK_DIALOG = "x to stop"

_EXIT_SECONDS = 15
_FOLLOW_SECONDS = 10
_KEY_SECONDS = 1
_KEY_TRIES = 10


@dataclass(frozen=True)
class Stage:
    """What a scenario plays on: a home, a model, a client's version, and who listens."""

    executable: Path
    home: Home
    api: MessagesAPI
    acd: Observer

    def interactive(
        self, *arguments: str, mode: str = "default", session: str | None = None
    ) -> Agent:
        return Agent(self, *arguments, mode=mode, session=session)

    def print_run(self, prompt: str) -> PrintRun:
        return PrintRun(self, prompt)


class Agent:
    """One interactive client, for as long as its `with` lasts.

    `session` is the id of its conversation: one made here and given to it,
    unless a conversation is named that it goes on with.
    """

    def __init__(
        self, stage: Stage, *arguments: str, mode: str, session: str | None = None
    ) -> None:
        self.session = session or str(uuid.uuid4())
        self.acd = stage.acd
        self.api = stage.api
        self.home = stage.home
        self._sent = "nothing yet"
        if session is None:
            arguments = (*arguments, "--session-id", self.session)
        self.terminal = Terminal(
            stage.home.root / f"terminal-{uuid.uuid4().hex[:8]}",
            [str(stage.executable), "--permission-mode", mode, *arguments],
            stage.home.environment,
            stage.home.project,
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.terminal)
            self.started = self.terminal.wait_for(PROMPT_BOX)
            self._ended = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.close()

    @property
    def pid(self) -> int:
        return self.terminal.pid

    # What a person does; each returns the moment just before.

    def prompt(self, text: str) -> Moment:
        # Text that comes before the box is empty again is added to the last
        # prompt, and Enter that comes with the text counts as part of it.
        self.terminal.wait_until(lambda screen: _typed(screen) != self._sent, "its box empty")
        self.terminal.type(text)
        self.terminal.wait_until(lambda screen: _typed(screen) == text, f"{text} in its box")
        self._sent = text
        return self.terminal.press("Enter")

    def greet(self, text: str = "Hello") -> None:
        """One short turn, so that there is a conversation to go on with."""
        self.prompt(text)
        answered = self.api.take("GREETING").wait_answered()
        self.expect("attention", since=answered, via=("working",))

    def leave(self) -> None:
        """End the client as a person does."""
        self.prompt("/exit")
        # The command itself is work, for a moment.
        self.expect("closed", since=self.terminal.wait_exit(), via=("working",))

    def press(self, *keys: str) -> Moment:
        return self.terminal.press(*keys)

    def answer(self, dialog: str, key: str) -> Moment:
        """Press a key in a dialog until it takes it; the moment just before the last one.

        2.1.329 ignores Enter and digits for the first 0.2 s of a dialog, and in
        the one about a plan Esc as well. A second Esc would interrupt what
        follows, so it is pressed again only while the dialog is still there.
        """
        for _ in range(_KEY_TRIES):
            pressed = self.terminal.press(key)
            try:
                self.terminal.wait_gone(dialog, _KEY_SECONDS)
            except AssertionError:
                continue
            return pressed
        raise AssertionError(f"the dialog does not take {key}:\n{self.terminal.screen()}")

    def deny(self) -> Moment:
        """Choose "No" in a permission dialog, whichever number it has there."""
        choice = re.search(r"(\d)\. No\b", self.terminal.screen())
        assert choice is not None, self.terminal.screen()
        return self.answer(PERMISSION_DIALOG, choice[1])

    def signal(self, number: signal.Signals) -> Moment:
        return self.terminal.signal(number)

    def sees(self, text: str) -> Moment:
        """Wait until the screen shows the text; the moment at which it did."""
        return self.terminal.wait_for(text)

    def follow(self) -> str:
        """Wait until the client has gone over to another conversation, and take that up."""
        entry = self.home.config_dir / "sessions" / f"{self.pid}.json"
        deadline = time.monotonic() + _FOLLOW_SECONDS
        while time.monotonic() < deadline:
            # Written in place: a read in between sees half of it.
            with contextlib.suppress(ValueError):
                if (now := json.loads(entry.read_text())["sessionId"]) != self.session:
                    self.session = str(now)
                    return self.session
            time.sleep(0.01)
        raise AssertionError(f"the client stays in {self.session}:\n{self.terminal.screen()}")

    # What acd says.

    def expect(self, status: str, *, since: Moment, via: tuple[str, ...] = ()) -> None:
        with self._screen_in_errors():
            self.acd.expect(self.session, status, since, via=via)

    def expect_still(self, status: str, seconds: float = WITHIN_SECONDS) -> None:
        with self._screen_in_errors():
            self.acd.expect_still(self.session, status, seconds)

    @contextmanager
    def _screen_in_errors(self) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            with contextlib.suppress(AssertionError):  # its terminal may be gone
                lines = (line for line in self.terminal.screen().splitlines() if line.strip())
                error.add_note("\n".join(["The screen meanwhile:", *lines]))
            raise


def _typed(screen: str) -> str:
    """What stands in the prompt box, the last line that begins with its sign."""
    lines = [line for line in screen.splitlines() if line.startswith(PROMPT_BOX)]
    return lines[-1].removeprefix(PROMPT_BOX).strip() if lines else ""


class PrintRun:
    """One `claude -p PROMPT`, ended with its `with`."""

    def __init__(self, stage: Stage, prompt: str) -> None:
        self.session = str(uuid.uuid4())
        self._process = subprocess.Popen(
            [str(stage.executable), "-p", prompt, "--session-id", self.session],
            env=stage.home.environment,
            cwd=stage.home.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def wait(self) -> tuple[Moment, str]:
        """The moment at which it had ended, and what it printed."""
        said, _ = self._process.communicate(timeout=_EXIT_SECONDS)
        return Moment.now(), said
