"""What `acd install` and `acd uninstall` mean to the real Codex."""

from __future__ import annotations

import json
from typing import Any

from acd.agents.codex.trust import Spot, trusted_hash
from testing.e2e.codex.home import CodexHome
from testing.e2e.codex.scenes import ExecRun


def run(home: CodexHome) -> str:
    with ExecRun(home, "Hello") as started:
        _, said = started.wait()
    return said


def test_a_hook_that_stands_behind_acds_still_runs_when_those_are_gone(home: CodexHome) -> None:
    home.acd("install", "--hooks-only", "--agent", "codex", "--trust")
    proof = home.root / "ran"
    theirs: dict[str, Any] = {"type": "command", "command": f"touch {proof}", "timeout": 5}
    path, config = home.config_dir / "hooks.json", home.config_dir / "config.toml"
    hooks = json.loads(path.read_bytes())
    hooks["hooks"]["Stop"].append({"hooks": [theirs]})
    path.write_text(json.dumps(hooks))
    # As their user's review leaves it.
    place = Spot("Stop", 1, 0)
    with config.open("a") as file:
        trusted = trusted_hash(place, theirs)
        file.write(f'\n[hooks.state."{place.key(path)}"]\ntrusted_hash = "{trusted}"\n')
    said = run(home)
    assert proof.exists(), said
    proof.unlink()
    home.acd("uninstall", "--yes")
    assert json.loads(path.read_bytes()) == {"hooks": {"Stop": [{"hooks": [theirs]}]}}
    said = run(home)
    assert proof.exists(), said


def test_hooks_that_nobody_trusted_do_not_run_and_acd_says_so(home: CodexHome) -> None:
    told = home.acd("install", "--hooks-only", "--agent", "codex")
    assert "Codex runs none of these hooks before you trust them" in told
    run(home)
    assert json.loads(home.acd("list", "--json")) == []
    assert "not trusted yet" in home.acd("status")
    assert "Codex trusts acd's" in home.acd("install", "--hooks-only", "--trust")
    assert "not trusted yet" not in home.acd("status")
    run(home)
    [session] = json.loads(home.acd("list", "--json"))
    assert (session["agent_type"], session["status"]) == ("codex", "closed")
