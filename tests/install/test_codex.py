"""Codex's hooks: added, trusted and removed, with what Codex will ask about.

The real Codex is in tests/e2e/codex.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from acd.agents.codex.hooks import HOOKED_EVENTS
from acd.agents.codex.trust import HookPosition, moved, positions
from acd.install.inspection import inspect_installation
from testing.user_home import User

# All events of 0.169.0.
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

APP_SERVER = """#!{python}
import json, os, sys
home = os.path.join(os.environ["HOME"], ".codex")
hooks, store = os.path.join(home, "hooks.json"), os.path.join(home, "trusted.json")
for line in sys.stdin:
    message = json.loads(line)
    trusted = json.load(open(store)) if os.path.exists(store) else {{}}
    if message["method"] == "config/batchWrite":
        [edit] = message["params"]["edits"]
        json.dump(trusted | edit["value"], open(store, "w"))
    found = [
        {{
            "key": (key := f"{{hooks}}:{{event}}:{{index}}:0"),
            "sourcePath": hooks,
            "command": group["hooks"][0]["command"],
            "currentHash": (now := str(group)),
            "trustStatus": "trusted" if trusted.get(key) == {{"trusted_hash": now}} else "modified",
        }}
        for event, groups in json.load(open(hooks))["hooks"].items()
        for index, group in enumerate(groups)
    ]
    if "id" in message:
        reply = {{"id": message["id"], "result": {{"data": [{{"hooks": found}}]}}}}
        print(json.dumps(reply), flush=True)
"""
"""A stand-in for `codex app-server`, which keeps its trust in trusted.json."""


class Codex:
    """The configuration of a user's Codex."""

    def __init__(self, user: User):
        self.home = user.home / ".codex"
        self.home.mkdir()
        self.hooks = self.home / "hooks.json"
        self.config = self.home / "config.toml"

    def events(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = json.loads(self.hooks.read_bytes())["hooks"]
        return found

    def trust(self) -> None:
        """Writes what Codex writes once its user has reviewed all hooks."""
        lines = ['model = "gpt-5.4" # mine', "", "[hooks.state]", ""]
        for event, groups in self.events().items():
            for index, group in enumerate(groups):
                position = HookPosition(event, index, 0)
                assert len(group["hooks"]) == 1
                lines += [
                    f'[hooks.state."{position.key(self.hooks)}"]',
                    'trusted_hash = "sha256:0"',
                    "",
                ]
        self.config.write_text("\n".join([*lines, "[tui]", "notifications = true", ""]))

    def program(self, user: User) -> None:
        """Puts a codex on PATH."""
        program = user.home / "bin/codex"
        program.parent.mkdir()
        program.write_text(APP_SERVER.format(python=sys.executable))
        program.chmod(0o755)
        user.environ["PATH"] = f"{program.parent}:{user.environ['PATH']}"

    def append(self, event: str) -> None:
        """Appends a hook of the user behind acd's."""
        value = json.loads(self.hooks.read_bytes())
        value["hooks"][event].append({"hooks": [THEIRS]})
        self.hooks.write_text(json.dumps(value))


@pytest.fixture
def codex(user: User) -> Codex:
    return Codex(user)


def test_only_events_of_codex_are_hooked() -> None:
    assert set(HOOKED_EVENTS) <= set(KNOWN)


def test_the_hooks_go_to_the_agent_that_is_here_and_come_last(user: User, codex: Codex) -> None:
    codex.hooks.write_text(
        json.dumps({"description": "d", "hooks": {"Stop": [{"hooks": [THEIRS]}]}})
    )
    output = user.install()
    assert f"Hooks for Codex: {len(HOOKED_EVENTS)} in {codex.hooks}" in output
    assert not user.settings.exists()
    assert set(codex.events()) == set(HOOKED_EVENTS)
    first, ours = codex.events()["Stop"]
    assert first == {"hooks": [THEIRS]}
    assert ours["hooks"][0]["command"].endswith("acd_hook.py codex || :")
    assert json.loads(codex.hooks.read_bytes())["description"] == "d"


def test_an_agent_that_is_named_is_the_only_one(user: User, codex: Codex) -> None:
    user.write(b"{}")
    output = user.install("--agent", "claude-code")
    assert "Claude Code" in output
    assert not codex.hooks.exists()
    user.install("--agent", "all")
    assert codex.hooks.exists()


def test_current_hooks_are_not_rewritten(user: User, codex: Codex) -> None:
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
    merged = codex.hooks.read_bytes()
    user.install()
    assert codex.hooks.read_bytes() == merged
    other.unlink()
    user.install()
    assert codex.events()["Stop"][0]["hooks"][0]["command"] == ours


def test_without_trust_install_and_status_show_what_codex_will_ask(
    user: User, codex: Codex
) -> None:
    assert "Codex runs none of these hooks before you trust them" in user.install()
    [part] = inspect_installation(user.environ).hooks.values()
    assert part.state == "untrusted"
    assert "Codex runs none of them" in part.reasons[0]
    assert "not trusted yet" in user.acd("status").stdout


def test_hooks_that_are_trusted_are_current(user: User, codex: Codex) -> None:
    user.install()
    codex.trust()
    assert inspect_installation(user.environ).hooks["codex"].state == "current"
    assert "trust them" not in user.install()


def test_a_hook_that_is_disabled_or_was_never_reviewed_is_not_trusted(
    user: User, codex: Codex
) -> None:
    user.install()
    codex.trust()
    trusted = codex.config.read_text()
    key = HookPosition("Stop", 0, 0).key(codex.hooks)
    table = f'[hooks.state."{key}"]'
    for changed in (
        trusted.replace(table, f"{table}\nenabled = false"),
        trusted.replace(key, f"{key}0"),
    ):
        codex.config.write_text(changed)
        assert (
            "Codex does not run Stop: "
            in inspect_installation(user.environ).hooks["codex"].reasons[0]
        )


def test_with_trust_codex_stores_the_hashes_that_it_computes(user: User, codex: Codex) -> None:
    codex.program(user)
    codex.hooks.write_text(json.dumps({"hooks": {"Stop": [{"hooks": [THEIRS]}]}}))
    assert f"Codex trusts acd's {len(HOOKED_EVENTS)} hooks." in user.install("--trust")
    stored = json.loads((codex.home / "trusted.json").read_bytes())
    assert len(stored) == len(HOOKED_EVENTS)
    assert f"{codex.hooks}:Stop:0:0" not in stored
    assert not codex.config.exists()


def test_a_changed_command_has_to_be_reviewed_again_and_install_prints_it(
    user: User, codex: Codex
) -> None:
    user.install()
    codex.trust()
    gone = codex.hooks.read_text().replace("acd_hook.py codex", "old/acd_hook.py codex")
    codex.hooks.write_text(gone)
    assert "Codex runs none of these hooks before you trust them" in user.install()


def test_trust_without_a_codex_to_ask_is_an_error(user: User, codex: Codex) -> None:
    done = user.acd("install", "--trust", check=False)
    assert done.returncode != 0
    assert "there is no codex on PATH" in done.stderr


def test_status_shows_both_agents(user: User, codex: Codex) -> None:
    user.write(b"{}")
    user.install()
    status = user.acd("status").stdout
    assert "hooks, claude-code" in status
    assert "hooks, codex" in status


def test_uninstalling_leaves_the_file_as_it_was_and_never_writes_the_configuration(
    user: User, codex: Codex
) -> None:
    before = b'{\n  "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}\n}\n'
    codex.hooks.write_bytes(before)
    user.install()
    codex.trust()
    config = codex.config.read_bytes()
    assert "review these hooks again" not in user.uninstall()
    assert codex.hooks.read_bytes() == before
    assert codex.config.read_bytes() == config


def test_uninstalling_names_the_hooks_that_codex_asks_about_again(user: User, codex: Codex) -> None:
    user.install()
    codex.append("Stop")
    codex.append("PreToolUse")
    note = "Codex asks you to review these hooks again, because they move to another position:"
    for output in (user.acd("uninstall", "--dry-run").stdout, user.uninstall()):
        assert f"{note} PreToolUse (notify-send done), Stop (notify-send done)\n" in output
    assert codex.events() == {"PreToolUse": [{"hooks": [THEIRS]}], "Stop": [{"hooks": [THEIRS]}]}


# --- The parts --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "key"),
    [("Stop", "stop"), ("PreToolUse", "pre_tool_use"), ("PostModelRequest", "post_model_request")],
)
def test_a_position_has_the_name_that_codex_gives_it(event: str, key: str) -> None:
    assert HookPosition(event, 2, 1).key(Path("/c/hooks.json")) == f"/c/hooks.json:{key}:2:1"


OURS = {"type": "command", "command": "python /d/acd_hook.py codex"}


def hooks(*groups: list[dict[str, str]]) -> bytes:
    return json.dumps({"hooks": {"Stop": [{"hooks": group} for group in groups]}}).encode()


def test_no_hook_changes_its_position_if_acds_was_the_last() -> None:
    assert moved(hooks([THEIRS], [OURS]), hooks([THEIRS])) is None
    assert moved(hooks([THEIRS]), hooks([THEIRS], [OURS])) is None


@pytest.mark.parametrize("before", [hooks([OURS], [THEIRS]), hooks([OURS, THEIRS])])
def test_a_hook_after_acds_changes_its_position_when_acds_is_removed(before: bytes) -> None:
    note = moved(before, hooks([THEIRS]))
    assert note is not None
    assert note.endswith("Stop (notify-send done)")


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b'{"hooks": 3}', b'{"hooks": {"Stop": [1, {"hooks": 2}]}}']
)
def test_a_file_of_another_shape_has_no_hooks(content: bytes | None) -> None:
    assert positions(content) == {}
