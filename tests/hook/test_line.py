"""The line that the daemon gets, with the agent's event unchanged."""

from __future__ import annotations

import json
import os
import platform
import posix
import signal
import sys
import time
from pathlib import Path
from typing import Any

import acd_hook_event
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd import paths
from testing.checkout import FIXTURES
from testing.hook_home import INTERPRETER, PROMPT, HookHome

TERMINAL = {
    "TMUX": "/tmp/tmux-1000/default,4242,0",
    "TMUX_PANE": "%7",
    "KITTY_WINDOW_ID": "3",
    "KITTY_LISTEN_ON": "unix:/tmp/kitty-1",
    "WEZTERM_PANE": "0",
    "WEZTERM_UNIX_SOCKET": "/run/user/1000/wezterm/gui-sock-1",
    "ITERM_SESSION_ID": "w0t0p0:7C1B",
    "ZELLIJ_PANE_ID": "1",
    "ZELLIJ_SESSION_NAME": "my session",
    "TERM_PROGRAM": "tmux",
}
PAYLOADS = sorted(
    path for agent in ("claude-code", "codex") for path in FIXTURES.glob(f"{agent}-[0-9]*/*.json")
)

INTERPRETERS = sorted({INTERPRETER, os.path.realpath("/usr/bin/python3")})


def test_there_are_payloads_of_both_agents() -> None:
    assert {path.parent.name for path in PAYLOADS} >= {"claude-code-2.1.329", "codex-0.169.0"}


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_payload_arrives_as_it_was_in_one_line(home: HookHome, path: Path) -> None:
    agent = "codex" if path.parent.name.startswith("codex") else "claude-code"
    event = path.read_bytes()
    listener = home.listen()
    assert home.run(event, home.command(agent)).silent
    line = listener.line()
    assert line.agent == agent
    assert line.event_text == event.replace(b"\n", b" ").strip()
    assert line.event == json.loads(event)
    assert listener.raw() is None


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_every_interpreter_sends_the_same_line(home: HookHome, interpreter: str) -> None:
    if not Path(interpreter).exists():
        pytest.skip(f"no {interpreter}")
    listener = home.listen()
    assert home.run(command=home.command(interpreter=interpreter)).silent
    assert listener.line().event == json.loads(PROMPT)


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n", "\n\n"])
def test_a_line_break_between_fields_becomes_a_space(home: HookHome, break_: str) -> None:
    listener = home.listen()
    home.run(f'{{{break_}"session_id":{break_}"a\\nb"}}{break_}'.encode())
    line = listener.line()
    assert line.event == {"session_id": "a\nb"}
    assert line.event_text.decode().split() == ["{", '"session_id":', '"a\\nb"}']


def test_the_hook_does_not_wait_for_the_answer(home: HookHome) -> None:
    listener = home.listen()
    assert home.run().silent  # the connection is not accepted yet, and the hook has ended
    assert listener.line().event["hook_event_name"] == "UserPromptSubmit"


def test_each_event_is_one_connection(home: HookHome) -> None:
    listener = home.listen()
    for number in range(3):
        home.run(b'{"session_id": "%d"}' % number)
    assert [listener.line().event["session_id"] for _ in range(3)] == ["0", "1", "2"]
    assert listener.raw() is None


# Its agents.


@pytest.mark.parametrize(
    "arguments", [[], [""], ["claude"], ["Claude-Code"], ["claude-code x"], ["x\ny"]]
)
def test_an_unknown_agent_sends_nothing(home: HookHome, arguments: list[str]) -> None:
    listener = home.listen()
    assert home.run(command=[*home.command()[:-1], *arguments]).silent
    assert listener.raw() is None


def test_copilot_running_a_projects_claude_hooks_sends_nothing(home: HookHome) -> None:
    listener = home.listen()
    assert home.run(environ={"COPILOT_CLI": "1"}).silent
    assert listener.raw() is None


def test_codex_started_by_copilot_sends_its_events(home: HookHome) -> None:
    listener = home.listen()
    home.run(command=home.command("codex"), environ={"COPILOT_CLI": "1"})
    assert listener.line().agent == "codex"


# The hook's own fields.


def test_these_fields_are_always_added(home: HookHome) -> None:
    listener = home.listen()
    before = time.time_ns()
    home.run()
    meta = listener.line().meta
    assert before < meta.pop("at") < time.time_ns()
    assert meta == {
        "ppid": os.getpid(),
        "config_dir": f"{home.home}/.claude",
        "host": platform.node(),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the start time is read from /proc")
def test_delayed_hooks_have_times_in_the_order_of_their_start(
    home: HookHome,
) -> None:
    listener = home.listen()
    hooks = []
    for _ in range(10):
        hooks.append(home.start())
        os.kill(hooks[-1].pid, signal.SIGSTOP)
    time.sleep(0.02)  # two ticks of the kernel's clock, in which start times are counted
    for hook in reversed(hooks):
        os.kill(hook.pid, signal.SIGCONT)
        hook.communicate(b'{"session_id": "%d"}' % hook.pid)
    at = {line.event["session_id"]: line.meta["at"] for line in (listener.line() for _ in hooks)}
    assert sorted(at, key=lambda pid: at[pid]) == [str(hook.pid) for hook in hooks]


def test_these_fields_are_added_where_they_are_known(home: HookHome) -> None:
    listener = home.listen()
    claude = {
        "CLAUDE_PID": "4711",
        "CLAUDE_CODE_SESSION_ATTENDED": "1",
        "CLAUDE_CONFIG_DIR": "/srv/claude",
    }
    home.run(environ={**TERMINAL, **claude})
    meta = listener.line().meta
    del meta["at"]
    assert meta == {
        "pid": 4711,
        "attended": True,
        "config_dir": "/srv/claude",
        "host": platform.node(),
        **TERMINAL,
    }


def test_a_print_run_is_not_attended(home: HookHome) -> None:
    listener = home.listen()
    home.run(environ={"CLAUDE_CODE_SESSION_ATTENDED": "0"})
    assert listener.line().meta["attended"] is False


@pytest.mark.parametrize(("entered", "attended"), [("cli", True), ("sdk-cli", False)])
def test_an_older_client_is_attended_by_its_entry_point(
    home: HookHome, entered: str, attended: bool
) -> None:
    listener = home.listen()
    home.run(environ={"CLAUDE_CODE_ENTRYPOINT": entered})
    assert listener.line().meta["attended"] is attended


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("CLAUDE_PID", "", "pid"),
        ("CLAUDE_PID", "-1", "pid"),
        ("CLAUDE_PID", "12x", "pid"),
        ("CLAUDE_PID", "9" * 5000, "pid"),
        ("CLAUDE_CODE_SESSION_ATTENDED", "yes", "attended"),
        ("CLAUDE_CODE_SESSION_ATTENDED", "", "attended"),
        ("CLAUDE_CONFIG_DIR", "relative/dir", "config_dir"),
        ("CLAUDE_CONFIG_DIR", "/" + "x" * 4096, "config_dir"),
        ("TMUX", "", "TMUX"),
        ("TMUX", "x" * 513, "TMUX"),
    ],
)
def test_an_invalid_value_is_left_out(home: HookHome, variable: str, value: str, key: str) -> None:
    listener = home.listen()
    home.run(environ={variable: value})
    assert key not in listener.line().meta


def test_without_a_home_no_config_dir_is_added(home: HookHome) -> None:
    listener = home.listen()
    del home.environ["HOME"]
    home.run()
    assert "config_dir" not in listener.line().meta


def test_codex_uses_its_own_variables_alone(home: HookHome) -> None:
    listener = home.listen()
    claude = {"CLAUDE_PID": "1", "CLAUDE_CODE_SESSION_ATTENDED": "1", "CLAUDE_CONFIG_DIR": "/a"}
    home.run(command=home.command("codex"), environ=claude)
    home.run(command=home.command("codex"), environ={**claude, "CODEX_HOME": "/srv/codex"})
    default, given = listener.line().meta, listener.line().meta
    assert set(default) == set(given) == {"at", "ppid", "config_dir", "host"}
    assert default["ppid"] == os.getpid()
    assert default["config_dir"] == f"{home.home}/.codex"
    assert given["config_dir"] == "/srv/codex"


@pytest.mark.parametrize(
    "value",
    [
        "two words",
        'a"b',
        "a\\b",
        "tab\there",
        "line\nbreak",
        "é",
        "日本",
        "😀",
        "\x01",
        "\x7f",
        "\u202e",
    ],
)
def test_a_value_arrives_whatever_characters_it_has(home: HookHome, value: str) -> None:
    listener = home.listen()
    home.run(environ={"ZELLIJ_SESSION_NAME": value, "CLAUDE_CONFIG_DIR": f"/{value}"})
    line = listener.line()
    assert line.meta["ZELLIJ_SESSION_NAME"] == value
    assert line.meta["config_dir"] == f"/{value}"
    assert line.meta_text.isascii()
    assert line.meta_text.decode().isprintable()


def test_a_directory_that_is_not_utf_8_arrives_so_that_it_can_be_opened(home: HookHome) -> None:
    listener = home.listen()
    directory = b"/srv/caf\xe9"
    home.run(environ={"CLAUDE_CONFIG_DIR": os.fsdecode(directory)})
    assert os.fsencode(listener.line().meta["config_dir"]) == directory


@given(st.binary())
def test_a_json_string_is_ascii_without_spaces_and_means_the_same(raw: bytes) -> None:
    text = acd_hook_event.json_string(raw)
    assert text.isascii()
    assert b" " not in text
    assert text.decode().isprintable()
    assert json.loads(text) == raw.decode("utf-8", "surrogateescape")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_json_string_of_text_is_what_the_json_module_reads(text: str) -> None:
    assert json.loads(acd_hook_event.json_string(text.encode())) == text


# The socket's path.


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"ACD_SOCKET": "/x/y.sock", "XDG_RUNTIME_DIR": "/run/user/1"},
        {"ACD_SOCKET": "", "XDG_RUNTIME_DIR": "/run/user/1"},
        {"XDG_RUNTIME_DIR": "/srv/run"},
        {"XDG_RUNTIME_DIR": "relative"},
        {"XDG_RUNTIME_DIR": ""},
    ],
)
def test_hook_and_program_compute_the_same_socket_path(environ: dict[str, str]) -> None:
    environ["HOME"] = "/home/somebody"
    encoded = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
    assert os.fsdecode(acd_hook_event.socket_path(encoded)) == str(paths.socket_path(environ))


@pytest.mark.parametrize("uid_of_run_user", ["ours", "another's", "none"])
def test_without_xdg_runtime_dir_the_socket_is_below_run_user_if_the_user_owns_that(
    monkeypatch: pytest.MonkeyPatch, uid_of_run_user: str
) -> None:
    uid = 54321

    class StatResult:
        st_uid = uid if uid_of_run_user == "ours" else 0

    def stat(path: bytes) -> Any:
        assert path == b"/run/user/54321"
        if uid_of_run_user == "none":
            raise FileNotFoundError
        return StatResult

    monkeypatch.setattr(posix, "getuid", lambda: uid)
    monkeypatch.setattr(posix, "stat", stat)
    expected = {"ours": b"/run/user/54321/acd/acd.sock"}
    assert acd_hook_event.socket_path({}) == expected.get(
        uid_of_run_user, b"/tmp/acd-54321/acd.sock"
    )


def test_the_socket_below_xdg_runtime_dir_is_used(home: HookHome) -> None:
    del home.environ["ACD_SOCKET"]
    runtime = home.root / "runtime"
    (runtime / "acd").mkdir(parents=True, mode=0o700)
    listener = home.listen(runtime / "acd" / "acd.sock")
    home.run(environ={"XDG_RUNTIME_DIR": str(runtime)})
    assert listener.line().event == json.loads(PROMPT)
