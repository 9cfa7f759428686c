"""`acd install` and `acd uninstall` with the real Codex."""

from __future__ import annotations

import json
from typing import Any

from testing.e2e.codex.home import CodexHome
from testing.e2e.codex.scenes import ExecRun


def run(home: CodexHome) -> str:
    with ExecRun(home, "Hello") as started:
        _, output = started.wait()
    return output


def trust_all(home: CodexHome) -> None:
    """Trusts every hook as it is now, as the user's review in Codex does."""
    script = f"""
import os
from acd.agents.codex.app_server import app_server
with app_server(os.environ) as codex:
    listed = codex.request("hooks/list", {{"cwds": [{str(home.config_dir)!r}]}})
    state = {{
        hook["key"]: {{"trusted_hash": hook["currentHash"]}}
        for each in listed["data"]
        for hook in each["hooks"]
    }}
    edit = {{"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}}
    codex.request("config/batchWrite", {{"edits": [edit]}})
"""
    home.python("-c", script)


def test_hooks_before_acds_keep_their_trust_and_one_behind_loses_it(home: CodexHome) -> None:
    path = home.config_dir / "hooks.json"
    before, behind = home.root / "before", home.root / "behind"
    theirs: list[dict[str, Any]] = [
        {"hooks": [{"type": "command", "command": f"touch {proof}", "timeout": 5}]}
        for proof in (before, behind)
    ]
    path.write_text(json.dumps({"hooks": {"Stop": theirs[:1]}}))
    trust_all(home)
    home.acd("install", "--hooks-only", "--agent", "codex", "--trust")
    output = run(home)
    assert before.exists(), output
    hooks = json.loads(path.read_bytes())
    hooks["hooks"]["Stop"].append(theirs[1])
    path.write_text(json.dumps(hooks))
    trust_all(home)
    output = run(home)
    assert behind.exists(), output
    before.unlink()
    behind.unlink()
    assert (
        f"review these hooks again, because they move to another position: Stop (touch {behind})"
        in home.acd("uninstall", "--yes")
    )
    assert json.loads(path.read_bytes()) == {"hooks": {"Stop": theirs}}
    output = run(home)
    assert before.exists(), output
    assert not behind.exists(), output


def test_hooks_without_a_review_do_not_run_and_acd_prints_it(home: CodexHome) -> None:
    output = home.acd("install", "--hooks-only", "--agent", "codex")
    assert "Codex runs none of these hooks before you trust them" in output
    run(home)
    assert json.loads(home.acd("list", "--json")) == []
    assert "not trusted yet" in home.acd("status")
    assert "Codex trusts acd's" in home.acd("install", "--hooks-only", "--trust")
    assert "not trusted yet" not in home.acd("status")
    run(home)
    [session] = json.loads(home.acd("list", "--json"))
    assert (session["agent_type"], session["status"]) == ("codex", "closed")
