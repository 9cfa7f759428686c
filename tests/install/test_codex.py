"""Codex's hooks: put in, trusted, taken out, and nobody else's trust lost.

The hashes are Codex's own, of 0.169.0; that it gives them itself is tried with
the real one in tests/e2e.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from acd.agents.codex.hooks import EVENTS
from acd.agents.codex.trust import NotPlain, Spot, moves, rekeyed, trusted_hash
from acd.install import report
from testing.user_home import User

# All that 0.169.0 knows.
KNOWN = [
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PreCompact",
    "PostCompact",
    "SubagentStart",
    "SubagentStop",
    "Stop",
    "Interrupt",
    "PreModelRequest",
    "PostModelRequest",
]

THEIRS = {"type": "command", "command": "notify-send done"}
HASH = "sha256:6c809232879e7b395cebff7e2948458815867d284465aff3b230d7834b76a8e0"


class Codex:
    """A user's Codex, of which only the configuration is there."""

    def __init__(self, user: User):
        self.home = user.home / ".codex"
        self.home.mkdir()
        self.hooks = self.home / "hooks.json"
        self.config = self.home / "config.toml"

    def events(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = json.loads(self.hooks.read_bytes())["hooks"]
        return found

    def trust(self) -> None:
        """What Codex writes when its user has reviewed all the hooks."""
        lines = ['model = "gpt-5.4" # mine', "", "[hooks.state]", ""]
        for event, groups in self.events().items():
            for index, group in enumerate(groups):
                spot = Spot(event, index, 0)
                [handler] = group["hooks"]
                lines += [
                    f'[hooks.state."{spot.key(self.hooks)}"]',
                    f'trusted_hash = "{trusted_hash(spot, handler)}"',
                    "",
                ]
        self.config.write_text("\n".join([*lines, "[tui]", "notifications = true", ""]))

    def state(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = tomllib.loads(self.config.read_text())["hooks"]["state"]
        return found

    def append(self, event: str) -> None:
        """Somebody puts a hook of their own behind ours."""
        value = json.loads(self.hooks.read_bytes())
        value["hooks"][event].append({"hooks": [THEIRS]})
        self.hooks.write_text(json.dumps(value))


@pytest.fixture
def codex(user: User) -> Codex:
    return Codex(user)


def test_only_events_that_codex_knows_are_hooked() -> None:
    assert set(EVENTS) <= set(KNOWN)


def test_the_hooks_are_put_where_the_agent_is_and_come_last(user: User, codex: Codex) -> None:
    codex.hooks.write_text(
        json.dumps({"description": "d", "hooks": {"Stop": [{"hooks": [THEIRS]}]}})
    )
    told = user.install()
    assert f"Hooks for Codex: {len(EVENTS)} in {codex.hooks}" in told
    assert not user.settings.exists()
    assert set(codex.events()) == set(EVENTS)
    first, ours = codex.events()["Stop"]
    assert first == {"hooks": [THEIRS]}
    assert ours["hooks"][0]["command"].endswith("acd_hook.py codex || :")
    assert json.loads(codex.hooks.read_bytes())["description"] == "d"


def test_an_agent_that_is_named_is_the_only_one(user: User, codex: Codex) -> None:
    user.write(b"{}")
    told = user.install("--agent", "claude-code")
    assert "Claude Code" in told
    assert not codex.hooks.exists()
    user.install("--agent", "all")
    assert codex.hooks.exists()


def test_what_is_there_and_current_is_left_alone(user: User, codex: Codex) -> None:
    user.install()
    before = codex.hooks.stat().st_mtime_ns
    user.install()
    assert codex.hooks.stat().st_mtime_ns == before


def test_no_hook_is_async_and_the_clamp_is_kept(user: User, codex: Codex) -> None:
    user.install()
    for event, [group] in codex.events().items():
        [handler] = group["hooks"]
        assert "async" not in handler
        assert handler["timeout"] == (3 if event in {"SessionEnd", "Interrupt"} else 5)


def test_the_command_stays_while_its_python_is_there(user: User, codex: Codex) -> None:
    user.install()
    ours = codex.events()["Stop"][0]["hooks"][0]["command"]
    python = ours.split()[2]
    other = user.home / "python3"
    other.symlink_to(python)
    codex.hooks.write_text(codex.hooks.read_text().replace(python, str(other)))
    kept = codex.hooks.read_bytes()
    user.install()
    assert codex.hooks.read_bytes() == kept
    other.unlink()
    user.install()
    assert codex.events()["Stop"][0]["hooks"][0]["command"] == ours


def test_without_trust_it_is_told_what_codex_will_ask(user: User, codex: Codex) -> None:
    assert "Codex runs none of these hooks before you trust them" in user.install()
    [part] = report(user.environ).agents.values()
    assert part.state == "untrusted"
    assert "Codex runs none of them" in part.reasons[0]
    assert "not trusted yet" in user.acd("status").stdout


def test_hooks_that_are_trusted_are_current(user: User, codex: Codex) -> None:
    user.install()
    codex.trust()
    assert report(user.environ).agents["codex"].state == "current"
    assert "trust them" not in user.install()


def test_a_hook_that_was_changed_or_switched_off_is_not_trusted(user: User, codex: Codex) -> None:
    user.install()
    codex.trust()
    trusted = codex.config.read_text()
    key = Spot("Stop", 0, 0).key(codex.hooks)
    switched_off = trusted.replace(
        f'[hooks.state."{key}"]', f'[hooks.state."{key}"]\nenabled = false'
    )
    codex.config.write_text(switched_off)
    assert "Codex does not run Stop: " in report(user.environ).agents["codex"].reasons[0]
    codex.config.write_text(trusted.replace(codex.state()[key]["trusted_hash"], HASH))
    assert "Codex does not run Stop: " in report(user.environ).agents["codex"].reasons[0]


def test_trust_without_a_codex_to_ask_is_an_error(user: User, codex: Codex) -> None:
    done = user.acd("install", "--trust", check=False)
    assert done.returncode != 0
    assert "there is no codex on PATH" in done.stderr


def test_both_agents_are_told_apart_in_the_status(user: User, codex: Codex) -> None:
    user.write(b"{}")
    user.install()
    status = user.acd("status").stdout
    assert "hooks, claude-code" in status
    assert "hooks, codex" in status


def test_uninstalling_leaves_the_file_and_the_configuration_as_they_were(
    user: User, codex: Codex
) -> None:
    before = b'{\n  "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}\n}\n'
    codex.hooks.write_bytes(before)
    codex.trust()
    config = codex.config.read_bytes()
    user.install()
    codex.trust()
    user.uninstall()
    assert codex.hooks.read_bytes() == before
    assert codex.config.read_bytes() == config


def test_what_stands_behind_ours_is_still_trusted_when_ours_is_gone(
    user: User, codex: Codex
) -> None:
    user.install()
    codex.append("Stop")
    codex.append("PreToolUse")
    codex.trust()
    user.uninstall()
    assert codex.events() == {"Stop": [{"hooks": [THEIRS]}], "PreToolUse": [{"hooks": [THEIRS]}]}
    assert codex.state() == {
        spot.key(codex.hooks): {"trusted_hash": trusted_hash(spot, THEIRS)}
        for spot in (Spot("Stop", 0, 0), Spot("PreToolUse", 0, 0))
    }
    text = codex.config.read_text()
    assert text.startswith('model = "gpt-5.4" # mine\n')
    assert text.endswith("[tui]\nnotifications = true\n")


def test_a_configuration_of_another_style_is_left_alone_and_that_is_told(
    user: User, codex: Codex
) -> None:
    user.install()
    codex.append("Stop")
    key = Spot("Stop", 1, 0).key(codex.hooks)
    codex.config.write_text(f'hooks.state = {{ "{key}" = {{ trusted_hash = "{HASH}" }} }}\n')
    before = codex.config.read_bytes()
    assert "Codex asks you to review them again" in user.uninstall()
    assert codex.config.read_bytes() == before


# --- The parts --------------------------------------------------------------------


def test_the_hash_is_codexs_own() -> None:
    handler = {"type": "command", "command": "echo other", "timeout": 600}
    assert trusted_hash(Spot("Stop", 0, 0), handler) == HASH


@pytest.mark.parametrize(
    ("event", "key"),
    [("Stop", "stop"), ("PreToolUse", "pre_tool_use"), ("PostModelRequest", "post_model_request")],
)
def test_a_place_is_named_as_codex_names_it(event: str, key: str) -> None:
    assert Spot(event, 2, 1).key(Path("/c/hooks.json")) == f"/c/hooks.json:{key}:2:1"


def test_nothing_moves_where_ours_was_last() -> None:
    ours = {"type": "command", "command": "python /d/acd_hook.py codex"}
    before = {"hooks": {"Stop": [{"hooks": [THEIRS]}, {"hooks": [ours]}]}}
    after = {"hooks": {"Stop": [{"hooks": [THEIRS]}]}}
    moved = moves(json.dumps(before).encode(), json.dumps(after).encode(), "codex")
    assert moved == {Spot("Stop", 1, 0): None}


def test_within_a_group_handlers_move_as_well() -> None:
    ours = {"type": "command", "command": "python /d/acd_hook.py codex"}
    before = {"hooks": {"Stop": [{"hooks": [ours, THEIRS]}]}}
    after = {"hooks": {"Stop": [{"hooks": [THEIRS]}]}}
    moved = moves(json.dumps(before).encode(), json.dumps(after).encode(), "codex")
    assert moved == {Spot("Stop", 0, 1): Spot("Stop", 0, 0), Spot("Stop", 0, 0): None}


def test_a_place_that_another_has_left_is_taken() -> None:
    text = b"".join(
        b'[hooks.state."/h:stop:%d:0"]\ntrusted_hash = "%d" # kept\n\n' % (index, index)
        for index in range(3)
    )
    names = {"/h:stop:0:0": None, "/h:stop:1:0": "/h:stop:0:0", "/h:stop:2:0": "/h:stop:1:0"}
    assert rekeyed(text, names) == (
        b'[hooks.state."/h:stop:0:0"]\ntrusted_hash = "1" # kept\n\n'
        b'[hooks.state."/h:stop:1:0"]\ntrusted_hash = "2" # kept\n\n'
    )


def test_what_looks_like_a_table_in_a_text_is_none() -> None:
    text = b'note = """\n[hooks.state."/h:stop:0:0"]\n"""\n[hooks.state."/h:stop:0:0"]\nx = 1\n'
    with pytest.raises(NotPlain):
        rekeyed(text, {"/h:stop:0:0": "/h:stop:1:0"})
