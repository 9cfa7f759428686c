"""Both agents at once, in one daemon."""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e import agent as claude
from tests.e2e.client import VERSIONS, ClientUnavailable, installed, registry_answers
from tests.e2e.home import Home
from tests.e2e.installation import installed_hooks
from tests.e2e.messages_api import MessagesAPI

from .scenes import Stage


def test_each_agent_has_its_own_sessions_and_statuses(stage: Stage) -> None:
    try:
        executable = installed(VERSIONS[0])
    except ClientUnavailable as reason:
        if os.environ.get("ACD_CI") == "1" and registry_answers():
            pytest.fail(f"Claude Code {VERSIONS[0]} could be had, and was not: {reason}")
        pytest.skip(f"no Claude Code {VERSIONS[0]} beside Codex: {reason}")
    with (
        MessagesAPI() as model,
        installed_hooks(executable) as hooks,
        Home(model.url, hooks) as home,
        stage.exec("HELD"),
    ):
        home.environment["ACD_SOCKET"] = str(stage.home.socket)
        asked = stage.api.take("HELD")
        codex = stage.session()
        stage.acd.expect(codex, "working", since=asked.asked, via=("attention",))
        other = claude.Stage(executable, home, model, stage.acd)
        with other.print_run("Hello") as run:
            ended, _ = run.wait()
            stage.acd.expect(run.session, "closed", since=ended, via=("attention", "working"))
        shown = json.loads(stage.home.acd("list", "--json"))
        listed = {each["id"]: (each["agent_type"], each["status"]) for each in shown}
        assert listed[codex] == ("codex", "working")
        assert run.session in {each["id"] for each in stage.acd.sessions()}
        assert stage.acd.session(run.session)["agent_type"] == "claude-code"
