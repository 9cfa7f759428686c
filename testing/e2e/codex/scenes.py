"""Codex in a terminal and as `codex exec`: its prompts, dialogs and texts on the screen."""

from __future__ import annotations

import time
from dataclasses import dataclass

from testing.e2e.codex.home import CodexHome
from testing.e2e.codex.responses_api import ResponsesAPI
from testing.e2e.daemon import SubscribedDaemon
from testing.e2e.interactive import Interactive
from testing.e2e.moment import PATIENCE
from testing.e2e.run import Run

PROMPT_BOX = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
FORKED = "Fork created"
RESUME_DIALOG = "Resume a previous session"
PERMISSION_DIALOG = "Would you like to run"
QUESTION_DIALOG = "enter to submit answer"
PLAN_MODE = "Plan mode (shift+tab to cycle)"
TURN_OVER = "Worked for"
INTERRUPTED = "Conversation interrupted"


@dataclass(frozen=True)
class CodexTestbed:
    """What a scenario needs: Codex's home, a fake model, and acd."""

    home: CodexHome
    api: ResponsesAPI
    acd: SubscribedDaemon

    def interactive(self, *arguments: str, session: str = "") -> CodexTui:
        return CodexTui(self, *arguments, session=session)

    def exec(self, *arguments: str) -> ExecRun:
        return ExecRun(self.home, *arguments)

    def sessions(self) -> set[str]:
        """The ids of all Codex sessions in acd."""
        return {each["id"] for each in self.acd.sessions() if each["agent_type"] == "codex"}

    def session(self, *known: str) -> str:
        """Waits for one Codex session beside the known ones; returns its id."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if others := self.sessions() - set(known):
                [found] = others
                return found
            time.sleep(0.02)
        raise AssertionError(f"no Codex session.\n{self.acd.log()}")


class CodexTui(Interactive):
    """One interactive Codex; without `session` its session begins with the first prompt."""

    def __init__(self, testbed: CodexTestbed, *arguments: str, session: str) -> None:
        self.testbed = testbed
        self.api = testbed.api
        self.home = testbed.home
        argv = testbed.home.network.inside("codex", *arguments)
        super().__init__(testbed.home, argv, PROMPT_BOX, testbed.acd, session)

    def greet(self, text: str = "Hello") -> None:
        """One short turn, so that there is a conversation to continue."""
        self.prompt(text)
        answered = self.api.take("GREETING").wait_answered()
        self.follow()
        self.expect("attention", since=answered, via=("working",))
        # Before that, Codex ignores commands.
        self.terminal.wait_until(
            lambda screen: TURN_OVER in screen.rpartition(text)[2], "that its turn is over"
        )

    def follow(self) -> str:
        """Waits for another Codex session in acd, whose id becomes `session`."""
        self.session = self.testbed.session(self.session)
        return self.session


class ExecRun(Run):
    """One `codex exec ARGUMENTS`."""

    def __init__(self, home: CodexHome, *arguments: str) -> None:
        super().__init__(
            home.network.inside("codex", "exec", "--skip-git-repo-check", *arguments),
            home.environ,
            home.project,
        )
