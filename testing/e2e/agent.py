"""Claude Code as a person meets it: prompts to type, dialogs to answer, and acd looking on.

It knows the client's words on the screen, so that the scenarios need not.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from testing.e2e.home import ClaudeHome
from testing.e2e.interactive import Interactive
from testing.e2e.messages_api import MessagesAPI
from testing.e2e.moment import PATIENCE, Moment
from testing.e2e.observer import Observer
from testing.e2e.run import Run

PROMPT_BOX = "\N{HEAVY RIGHT-POINTING ANGLE QUOTATION MARK ORNAMENT}"
INTERRUPTED = "Interrupted"
PERMISSION_DIALOG = "Do you want to proceed?"
QUESTION_DIALOG = "Enter to select"
PLAN_DIALOG = "Exit plan mode?"
ELICITATION_DIALOG = "What is your name?"
RESUME_DIALOG = "Resume session"
TASK_HINT = "to view tasks"
TASK_DIALOG = "x to stop"


@dataclass(frozen=True)
class Stage:
    """What a scenario plays on: a home, a model, a client's version, and who listens."""

    executable: Path
    home: ClaudeHome
    api: MessagesAPI
    acd: Observer

    def interactive(
        self, *arguments: str, mode: str = "default", session: str | None = None
    ) -> Agent:
        return Agent(self, *arguments, mode=mode, session=session)

    def print_run(self, prompt: str) -> PrintRun:
        return PrintRun(self, prompt)


class Agent(Interactive):
    """One interactive client, for as long as its `with` lasts.

    Its conversation's id is one made here and given to it, unless a
    conversation is named that it goes on with.
    """

    def __init__(
        self, stage: Stage, *arguments: str, mode: str, session: str | None = None
    ) -> None:
        self.api = stage.api
        self.home = stage.home
        if session is None:
            session = str(uuid.uuid4())
            arguments = (*arguments, "--session-id", session)
        argv = [str(stage.executable), "--permission-mode", mode, *arguments]
        super().__init__(stage.home, argv, PROMPT_BOX, stage.acd, session)

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

    def deny(self) -> Moment:
        """Choose "No" in a permission dialog, whichever number it has there."""
        choice = re.search(r"(\d)\. No\b", self.terminal.screen())
        assert choice is not None, self.terminal.screen()
        return self.answer(PERMISSION_DIALOG, choice[1])

    def follow(self) -> str:
        """Wait until the client has gone over to another conversation, and take that up."""
        entry = self.home.config_dir / "sessions" / f"{self.pid}.json"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # Written in place: a read in between sees half of it.
            with contextlib.suppress(ValueError):
                if (now := json.loads(entry.read_text())["sessionId"]) != self.session:
                    self.session = str(now)
                    return self.session
            time.sleep(0.01)
        raise AssertionError(f"the client stays in {self.session}:\n{self.terminal.screen()}")


class PrintRun(Run):
    """One `claude -p PROMPT`."""

    def __init__(self, stage: Stage, prompt: str) -> None:
        self.session = str(uuid.uuid4())
        super().__init__(
            [str(stage.executable), "-p", prompt, "--session-id", self.session],
            stage.home.environ,
            stage.home.project,
        )
