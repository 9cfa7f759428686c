"""acd's status line in Claude Code's settings: added only where there is none, and removed."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.claude_code import status_line
from acd.agents.settings import hook_entries
from acd.agents.settings.hook_entries import SettingsError, merge, unmerge
from testing.checkout import CHECKOUT
from testing.settings_samples import ACCEPTED, PLAIN
from testing.settings_strategies import AGENT_NAME, WANTED, settings_texts
from testing.support import LineClient
from testing.user_home import User

OURS = {"type": "command", "command": "exec /usr/bin/python3 -I -S /data/acd/acd_statusline.py"}
NEWER = {**OURS, "command": "exec /opt/python3 -I -S /data/acd/acd_statusline.py || :"}
OTHER = {"type": "command", "command": "~/.claude/line.sh acd_statusline.py.old"}
FREE = {
    name: content
    for name, content in ACCEPTED.items()
    if status_line.owner(hook_entries.decode(content)) == "none"
}
"""The samples without a status line."""
accepted = pytest.mark.parametrize("content", FREE.values(), ids=FREE)


@accepted
def test_removal_restores_every_byte(content: bytes) -> None:
    text = hook_entries.decode(content)
    merged = status_line.merge(text, OURS["command"])
    assert json.loads(merged.removeprefix("\ufeff"))["statusLine"] == OURS
    assert status_line.unmerge(merged, text) == text


@accepted
def test_with_the_hooks_in_any_order_nothing_is_left(content: bytes) -> None:
    text = hook_entries.decode(content)
    put: list[Callable[[str], str]] = [
        lambda text: merge(text, WANTED, AGENT_NAME),
        lambda text: status_line.merge(text, OURS["command"]),
    ]
    take: list[Callable[[str], str]] = [
        lambda merged: unmerge(merged, AGENT_NAME, text),
        lambda merged: status_line.unmerge(merged, text),
    ]
    for first, second in itertools.permutations(put):
        for third, fourth in itertools.permutations(take):
            assert fourth(third(second(first(text)))) == text


@given(settings_texts())
def test_removal_is_the_inverse_of_addition(text: str) -> None:
    if status_line.owner(text) == "none":
        merged = status_line.merge(text, OURS["command"])
        assert status_line.unmerge(merged, text) == text


def test_an_outdated_one_is_replaced_where_it_stands() -> None:
    text = status_line.merge(hook_entries.decode(PLAIN), OURS["command"])
    renewed = status_line.merge(text, NEWER["command"])
    assert json.loads(renewed)["statusLine"] == NEWER
    assert status_line.unmerge(renewed).encode() == PLAIN
    assert status_line.merge(renewed, NEWER["command"]) == renewed


@pytest.mark.parametrize("value", [OTHER, None, "x", {}, [], {"command": 3}])
def test_one_of_another_program_is_never_changed(value: object) -> None:
    text = json.dumps({"statusLine": value})
    assert status_line.owner(text) == "other"
    assert status_line.merge(text, OURS["command"]) == text
    assert status_line.unmerge(text) == text


@pytest.mark.parametrize("text", ["[]", "3", "{", '{"statusLine": 1, "statusLine": 2}'])
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        status_line.merge(text, OURS["command"])


@given(st.text())
def test_another_command_is_not_recognized_as_acds(command: str) -> None:
    assert not status_line.is_ours({"command": command})


# As users run it -------------------------------------------------------------


def test_it_is_set_on_request_and_shows_the_sessions_that_need_the_user(user: User) -> None:
    user.write(PLAIN)
    assert "Status line" not in user.install()
    output = user.install("--statusline")
    assert f"Status line for Claude Code: in {user.settings}" in output
    with LineClient(user.socket) as client:
        client.ask('SET a question {"name": "api"}')
    line = json.loads(user.settings.read_bytes())["statusLine"]
    assert line["type"] == "command"
    done = subprocess.run(
        ["/bin/sh", "-c", line["command"]],
        input=(CHECKOUT / "tests/fixtures/claude-code-2.1.329/statusLine.json").read_bytes(),
        env={**user.environ, "NO_COLOR": "1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == "Opus 5.5 · 0% context · $0.00 │ ▲ api asks\n"


def test_a_second_request_changes_nothing_and_an_install_without_one_keeps_it(user: User) -> None:
    user.install("--statusline")
    before = user.settings.read_bytes()
    assert "Status line" not in user.install("--statusline")
    user.install()
    assert user.settings.read_bytes() == before


def test_an_upgrade_keeps_ours_current(user: User) -> None:
    user.install("--statusline")
    before = user.settings.read_bytes()
    user.settings.write_bytes(before.replace(b"acd_statusline.py ||", b"acd_statusline.py old ||"))
    user.install()
    assert user.settings.read_bytes() == before


def test_another_one_stays_and_a_note_reports_it(user: User) -> None:
    content = json.dumps({"statusLine": OTHER}, indent=2).encode()
    user.write(content)
    output = user.install("--statusline", "--no-hooks")
    assert "has a statusLine of its own, which stays" in output
    assert user.settings.read_bytes() == content


def test_without_the_hooks_the_first_original_is_kept_all_the_same(user: User) -> None:
    user.write(PLAIN)
    user.install("--statusline", "--no-hooks")
    assert user.backup.read_bytes() == PLAIN
    user.install("--statusline")
    assert user.backup.read_bytes() == PLAIN


@pytest.mark.parametrize("options", [("--statusline",), ("--statusline", "--no-hooks")])
@pytest.mark.parametrize("content", [None, PLAIN, b"{}\n", b""])
def test_uninstall_takes_it_out_and_leaves_no_trace(
    user: User, content: bytes | None, options: tuple[str, ...]
) -> None:
    if content is not None:
        user.write(content)
    before = settled(user)
    user.install(*options)
    assert b"acd_statusline.py" in user.settings.read_bytes()
    user.uninstall()
    assert settled(user) == before


def settled(user: User) -> dict[str, str]:
    """Returns the agent's files, and those of acd's that are left."""
    return {path: what for path, what in user.files().items() if not path.startswith(".local")} | {
        path: what for path, what in user.files().items() if "acd/" in path
    }


def test_when_the_files_are_gone_the_command_prints_nothing(user: User) -> None:
    user.install("--statusline")
    user.hook.with_name("acd_statusline.py").unlink()
    command = json.loads(user.settings.read_bytes())["statusLine"]["command"]
    done = subprocess.run(["/bin/sh", "-c", command], input=b"{}", capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
