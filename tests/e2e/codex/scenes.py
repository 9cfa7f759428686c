"""Codex as a person meets it, in a terminal and as `codex exec`, and acd looking on."""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from tests.e2e.daemon import Acd
from tests.e2e.moment import Moment
from tests.e2e.terminal import Terminal

from .home import CodexHome
from .responses_api import ResponsesAPI

PROMPT_BOX = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
_EXIT_SECONDS = 20
_CREATED_SECONDS = 15


@dataclass(frozen=True)
class Stage:
    """What a scenario plays on."""

    home: CodexHome
    api: ResponsesAPI
    acd: Acd

    def interactive(self, *arguments: str) -> Tui:
        return Tui(self, *arguments)

    def exec(self, *arguments: str) -> ExecRun:
        return ExecRun(self.home, *arguments)

    def session(self, *known: str) -> str:
        """The id of the one session that acd has beside the known ones; waits for it."""
        deadline = time.monotonic() + _CREATED_SECONDS
        while time.monotonic() < deadline:
            if others := {each["id"] for each in self.acd.sessions()} - set(known):
                [found] = others
                return str(found)
            time.sleep(0.02)
        raise AssertionError(f"no session of Codex's.\n{self.acd.log()}")


class Tui:
    """One interactive Codex, for as long as its `with` lasts."""

    def __init__(self, stage: Stage, *arguments: str) -> None:
        self._stage = stage
        home = stage.home
        self.terminal = Terminal(
            home.root / f"terminal-{time.monotonic_ns()}",
            home.network.inside("codex", *arguments),
            home.environment,
            home.project,
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.terminal)
            self.terminal.wait_for(PROMPT_BOX)
            self._ended = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.close()

    @property
    def pid(self) -> int:
        return self.terminal.pid

    def prompt(self, text: str) -> Moment:
        self.terminal.type(text)
        self.terminal.wait_for(text)
        # Enter that comes with the text counts as a part of what is pasted.
        time.sleep(0.3)
        return self.terminal.press("Enter")


class ExecRun:
    """One `codex exec ARGUMENTS`, ended with its `with`."""

    def __init__(self, home: CodexHome, *arguments: str) -> None:
        self._process = subprocess.Popen(
            home.network.inside("codex", "exec", "--skip-git-repo-check", *arguments),
            env=home.environment,
            cwd=home.project,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> Moment:
        now = Moment.now()
        self._process.kill()
        return now

    def wait(self) -> tuple[Moment, str]:
        """The moment at which it had ended, and what it printed."""
        said, _ = self._process.communicate(timeout=_EXIT_SECONDS)
        return Moment.now(), said
