"""The actions: requests to the daemon, programs that run, and messages."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from acd.config import DashboardConfig
from acd.errors import AcdError, DaemonRefused
from acd.protocol import Ok, SessionRequest
from acd.terminals.plan import TerminalPlan
from acd.ui.dashboard.actions import Actions
from acd.ui.dashboard.session_row import SessionRow
from testing.dashboard.wire import NOW, session
from testing.listeners import a_listener
from testing.support import DaemonHome

TMUX = {"TMUX": "/tmp/t,1,0", "TMUX_PANE": "%1"}


class ActionScene:
    """Actions with recorded requests and plans; no program runs."""

    def __init__(self, path: Path, *, fails: bool = False, **config: Any):
        self.requests: list[str] = []
        self.plans: list[TerminalPlan] = []
        self.replies: dict[str, str] = {}
        self.fails = fails
        claude = path / "claude"
        claude.touch(mode=0o755)
        self.claude = str(claude)
        self.environ = {"PATH": str(path), "TMUX": "/tmp/t,1,0"}
        self.actions = Actions(self.request, DashboardConfig(**config), self.environ, run=self.run)

    async def request(self, request: SessionRequest) -> Ok:
        line = request.format()
        self.requests.append(line)
        reply = self.replies.get(line.partition(" ")[0], "")
        if reply.startswith("ERR"):
            raise DaemonRefused(reply.removeprefix("ERR "))
        return Ok(reply)

    def run(self, plan: TerminalPlan, environ: Mapping[str, str]) -> None:
        self.plans.append(plan)
        if self.fails:
            raise AcdError("tmux: no server running")

    def reply_to_resurrect(self, session_id: str, cwd: str) -> None:
        self.replies["RESURRECT"] = (
            f'{{"argv": ["claude", "--resume", "{session_id}"], "cwd": "{cwd}"}}'
        )


def row(status: str = "closed", **fields: Any) -> SessionRow:
    one = session("one", status, working_dir="/src/api") | {"session_id": "one"} | fields
    return SessionRow(one, NOW, home=None, lacks_history=False)


def test_a_closed_session_is_resumed_in_a_new_window_in_its_directory(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    scene.reply_to_resurrect("one", "/src/api")
    message = asyncio.run(scene.actions.resurrect(row()))
    assert scene.requests == ["RESURRECT one"]
    assert scene.plans[0].steps[0].argv[-3:] == (scene.claude, "--resume", "one")
    assert "/src/api" in scene.plans[0].steps[0].argv
    assert message == "api is resumed in a new tmux window"


def test_the_command_in_the_daemons_reply_runs(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    scene.reply_to_resurrect("other", "/elsewhere")
    asyncio.run(scene.actions.resurrect(row()))
    argv = scene.plans[0].steps[0].argv
    assert argv[-1] == "other"
    assert "/elsewhere" in argv


def test_when_no_window_opens_the_session_is_closed_again(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path, fails=True)
    scene.reply_to_resurrect("one", "/src/api")
    with pytest.raises(AcdError, match="no server running"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.requests == ["RESURRECT one", "RM one"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "working"}, "is working: only a closed session"),
        ({"host": "far\x1b"}, r"ran on far\\x1b"),
        ({"agent_type": "other"}, "cannot resume"),
        ({"superseded_by": "two"}, "cannot resume"),
        ({"working_dir": None}, "directory of .* is not known"),
    ],
)
def test_a_session_that_cannot_be_resumed_is_not_changed(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    scene = ActionScene(tmp_path)
    with pytest.raises(AcdError, match=reason):
        asyncio.run(scene.actions.resurrect(row(**fields)))
    assert scene.requests == []


def test_a_missing_agent_is_an_error_before_anything_changes(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    Path(scene.claude).unlink()
    with pytest.raises(AcdError, match="claude is not on PATH"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.requests == []


def test_a_missing_terminal_is_an_error_before_anything_changes(
    tmp_path: Path,
) -> None:
    scene = ActionScene(tmp_path, resurrect_in="terminal", terminal="no-such-terminal")
    with pytest.raises(AcdError, match="no-such-terminal is not on PATH"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.requests == []


def test_an_error_of_the_daemon_runs_nothing(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    scene.replies["RESURRECT"] = "ERR working directory missing"
    with pytest.raises(AcdError, match="working directory missing"):
        asyncio.run(scene.actions.resurrect(row()))
    assert scene.plans == []


def test_a_jump_runs_the_plan_of_the_sessions_hints(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    with DaemonHome() as here, a_listener(here.root / "tmux", "tmux: server") as pid:
        hints = {"TMUX": f"{here.root}/tmux,{pid},0", "TMUX_PANE": "%1"}
        message = asyncio.run(scene.actions.jump(row(status="question", terminal=hints)))
    assert message == "api: tmux pane %1"
    assert scene.plans[0].where == "tmux pane %1"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"host": "far"}, "api: it runs on far, not on this machine"),
        ({"attended": False}, "runs unattended"),
        ({"terminal": None}, "its terminal is not known"),
        ({"terminal": {"TERM_PROGRAM": "vscode"}}, "cannot jump to vscode"),
    ],
)
def test_a_session_without_a_reachable_terminal_is_an_error(
    tmp_path: Path, fields: dict[str, Any], reason: str
) -> None:
    scene = ActionScene(tmp_path)
    with pytest.raises(AcdError, match=reason):
        asyncio.run(scene.actions.jump(row(status="question", **({"terminal": TMUX} | fields))))
    assert scene.plans == []


def test_the_message_of_closing_names_the_key_that_resurrects(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    assert asyncio.run(scene.actions.close(row(status="working"))) == (
        "api is closed; r resurrects it"
    )
    plain = row(status="working", session_id=None)
    assert asyncio.run(scene.actions.close(plain)) == "api is closed"
    assert scene.requests == ["RM one", "RM one"]


def test_a_closed_session_is_not_closed_again(tmp_path: Path) -> None:
    scene = ActionScene(tmp_path)
    assert "closed already" in asyncio.run(scene.actions.close(row()))
    assert scene.requests == []
