"""Claude Code in a terminal and as `claude -p`: its prompts, dialogs and texts on the screen."""

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
from testing.e2e.run import Run
from testing.e2e.verifier import Verifier

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
class ClaudeTestbed:
    """What a scenario needs: a client, its home, a fake model, and acd or a recorder."""

    executable: Path
    home: ClaudeHome
    api: MessagesAPI
    acd: Verifier

    def interactive(
        self, *arguments: str, mode: str = "default", session: str | None = None
    ) -> ClaudeTui:
        return ClaudeTui(self, *arguments, mode=mode, session=session)

    def print_run(self, prompt: str) -> PrintRun:
        return PrintRun(self, prompt)


class ClaudeTui(Interactive):
    """One interactive client, which ends with its `with`.

    Its conversation gets a new id, unless `session` names one to continue.
    """

    def __init__(
        self, testbed: ClaudeTestbed, *arguments: str, mode: str, session: str | None = None
    ) -> None:
        self.api = testbed.api
        self.home = testbed.home
        if session is None:
            session = str(uuid.uuid4())
            arguments = (*arguments, "--session-id", session)
        argv = [str(testbed.executable), "--permission-mode", mode, *arguments]
        super().__init__(testbed.home, argv, PROMPT_BOX, testbed.acd, session)

    def greet(self, text: str = "Hello") -> None:
        """One short turn, so that there is a conversation to continue."""
        self.prompt(text)
        answered = self.api.take("GREETING").wait_answered()
        self.expect("attention", since=answered, via=("working",))

    def leave(self) -> None:
        """Ends the client by its /exit command."""
        self.prompt("/exit")
        # The command itself shows as working for a moment.
        self.expect("closed", since=self.terminal.wait_exit(), via=("working",))

    def deny(self) -> Moment:
        """Chooses "No" in a permission dialog, by its number there."""
        choice = re.search(r"(\d)\. No\b", self.terminal.screen())
        assert choice is not None, self.terminal.screen()
        return self.answer(PERMISSION_DIALOG, choice[1])

    def follow(self) -> str:
        """Waits until the client runs another conversation, whose id becomes `session`."""
        entry = self.home.config_dir / "sessions" / f"{self.pid}.json"
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            # The client writes in place: a read may see a part.
            with contextlib.suppress(ValueError):
                if (now := json.loads(entry.read_text())["sessionId"]) != self.session:
                    self.session = str(now)
                    return self.session
            time.sleep(0.01)
        raise AssertionError(f"the client stays in {self.session}:\n{self.terminal.screen()}")


class PrintRun(Run):
    """One `claude -p PROMPT`."""

    def __init__(self, testbed: ClaudeTestbed, prompt: str) -> None:
        self.session = str(uuid.uuid4())
        super().__init__(
            [str(testbed.executable), "-p", prompt, "--session-id", self.session],
            testbed.home.environ,
            testbed.home.project,
        )
