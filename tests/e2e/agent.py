"""Claude Code as a person meets it: prompts to type, dialogs to answer, and acd looking on.

It knows the client's words on the screen, so that the scenarios need not.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .home import Home
from .messages_api import MessagesAPI
from .observer import WITHIN_SECONDS, Observer
from .terminal import Terminal

PROMPT_BOX = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
INTERRUPTED = "Interrupted"
BASH_DIALOG = "Do you want to proceed?"
QUESTION_DIALOG = "Which colour?"
PLAN_DIALOG = "Exit plan mode?"
ELICITATION_DIALOG = "What is your name?"
RESUME_DIALOG = "Resume session"

_EXIT_SECONDS = 15


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

    # What a person does; each returns the time (monotonic) just before.

    def prompt(self, text: str) -> float:
        self.terminal.type(text)
        return self.terminal.press("Enter")

    def greet(self, text: str = "Hello") -> None:
        """One short turn, so that there is a conversation to go on with."""
        self.prompt(text)
        answered = self.api.take("GREETING").wait_answered()
        self.expect("attention", since=answered, via=("working",))

    def leave(self) -> None:
        """End the client as a person does."""
        self.prompt("/exit")
        self.expect("closed", since=self.terminal.wait_exit())

    def press(self, *keys: str) -> float:
        return self.terminal.press(*keys)

    def deny(self) -> float:
        """Choose "No" in a dialog, whichever number it has there."""
        choice = re.search(r"(\d)\. No\b", self.terminal.screen())
        assert choice is not None, self.terminal.screen()
        return self.terminal.press(choice[1])

    def signal(self, number: signal.Signals) -> float:
        return self.terminal.signal(number)

    def sees(self, text: str) -> float:
        """Wait until the screen shows the text; the time at which it did."""
        return self.terminal.wait_for(text)

    # What acd says.

    def expect(self, status: str, *, since: float, via: tuple[str, ...] = ()) -> None:
        self.acd.expect(self.session, status, since, via=via)

    def expect_still(self, status: str, seconds: float = WITHIN_SECONDS) -> None:
        self.acd.expect_still(self.session, status, seconds)


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

    def wait(self) -> tuple[float, str]:
        """The time at which it had ended, and what it printed."""
        said, _ = self._process.communicate(timeout=_EXIT_SECONDS)
        return time.monotonic(), said
