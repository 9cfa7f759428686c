"""Jumping and resurrecting: what is asked of the daemon, what is run, what is said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from acd.config import DashboardConfig
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Ok, SessionRequest
from acd.terminals.terminals import Plan
from acd.ui.dashboard.actions import Actions
from acd.ui.dashboard.rows import Row
from testing.dashboard.wire import NOW, session
from testing.listeners import a_listener
from testing.support import place

TMUX = {"TMUX": "/tmp/t,1,0", "TMUX_PANE": "%1"}


class Scene:
    """A daemon's answers, and programs that are not run."""

    def __init__(self, path: Path, *, fails: bool = False, **config: Any):
        self.asked: list[str] = []
        self.plans: list[Plan] = []
        self.answers: dict[str, str] = {}
        self.fails = fails
        claude = path / "claude"
        claude.touch(mode=0o755)
        self.claude = str(claude)
        self.environ = {"PATH": str(path), "TMUX": "/tmp/t,1,0"}
        self.actions = Actions(self.request, DashboardConfig(**config), self.environ, run=self.run)

    async def request(self, request: SessionRequest) -> Ok:
        line = request.format()
        self.asked.append(line)
        answer = self.answers.get(line.partition(" ")[0], "")
        if answer.startswith("ERR"):
            raise DaemonRefused(answer.removeprefix("ERR "))
        return Ok(answer)

    def run(self, plan: Plan, environ: Mapping[str, str]) -> None:
        self.plans.append(plan)
        if self.fails:
            raise AcdError("tmux: no server running")

    def answer_resurrect(self, session_id: str, cwd: str) -> None:
        self.answers["RESURRECT"] = (
            f'{{"argv": ["claude", "--resume", "{session_id}"], "cwd": "{cwd}"}}'
        )


def row(status: str = "closed", **facts: Any) -> Row:
    told = {"session_id": "one", "working_dir": "/src/api"} | facts
    one = session("one", status, working_dir="/src/api") | told
    return Row(one, NOW, home=None, wants_history=False)


def test_a_closed_session_goes_on_in_a_new_window_of_its_directory(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.answer_resurrect("one", "/src/api")
    said = asyncio.run(scene.actions.resurrect(row()))
    assert scene.asked == ["RESURRECT one"]
    assert scene.plans[0].steps[0].argv[-3:] == (scene.claude, "--resume", "one")
    assert "/src/api" in scene.plans[0].steps[0].argv
    assert said == "api goes on in a new tmux window"


def test_what_the_daemon_answers_is_what_is_run(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.answer_resurrect("other", "/elsewhere")
    asyncio.run(scene.actions.resurrect(row()))
    argv = scene.plans[0].steps[0].argv
    assert argv[-1] == "other"
    assert "/elsewhere" in argv


def test_when_no_window_opens_the_session_is_closed_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, fails=True)
    scene.answer_resurrect("one", "/src/api")
    with pytest.raises(AcdError, match="no server running"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.asked == ["RESURRECT one", "RM one"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"status": "working"}, "is working: only a closed session"),
        ({"host": "far\x1b"}, r"ran on far\\x1b"),
        ({"agent_type": "other"}, "does not know how to resume"),
        ({"superseded_by": "two"}, "does not know how to resume"),
        ({"working_dir": None}, "directory of .* is not known"),
    ],
)
def test_what_cannot_be_resurrected_is_told_before_anything_is_changed(
    tmp_path: Path, facts: dict[str, Any], reason: str
) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(AcdError, match=reason):
        asyncio.run(scene.actions.resurrect(row(**facts)))
    assert scene.asked == []


def test_an_agent_that_is_not_there_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    Path(scene.claude).unlink()
    with pytest.raises(AcdError, match="claude is not on PATH"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.asked == []


def test_a_terminal_that_cannot_be_opened_is_told_before_anything_is_changed(
    tmp_path: Path,
) -> None:
    scene = Scene(tmp_path, resurrect_in="terminal", terminal="no-such-terminal")
    with pytest.raises(AcdError, match="no-such-terminal is not on PATH"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.asked == []


def test_what_the_daemon_refuses_runs_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.answers["RESURRECT"] = "ERR working directory missing"
    with pytest.raises(AcdError, match="working directory missing"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.plans == []


def test_a_jump_runs_the_plan_of_the_sessions_hints(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with place() as here, a_listener(here.root / "tmux", "tmux: server") as pid:
        there = {"TMUX": f"{here.root}/tmux,{pid},0", "TMUX_PANE": "%1"}
        said = asyncio.run(scene.actions.jump(row(status="question", terminal=there)))
    assert said == "api: tmux pane %1"
    assert scene.plans[0].where == "tmux pane %1"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"host": "far"}, "api: it runs on far, not on this machine"),
        ({"attended": False}, "runs unattended"),
        ({"terminal": None}, "has not told which terminal"),
        ({"terminal": {"TERM_PROGRAM": "vscode"}}, "cannot jump to vscode"),
    ],
)
def test_what_cannot_be_jumped_to_is_told_in_words(
    tmp_path: Path, facts: dict[str, Any], reason: str
) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(AcdError, match=reason):
        asyncio.run(scene.actions.jump(row(status="question", **({"terminal": TMUX} | facts))))
    assert scene.plans == []


def test_closing_says_how_to_take_it_up_again_if_that_is_possible(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert asyncio.run(scene.actions.close(row(status="working"))) == (
        "api is closed; r takes it up again"
    )
    plain = row(status="working", session_id=None)
    assert asyncio.run(scene.actions.close(plain)) == "api is closed"
    assert scene.asked == ["RM one", "RM one"]


def test_a_closed_session_is_not_closed_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    assert "closed already" in asyncio.run(scene.actions.close(row()))
    assert scene.asked == []
