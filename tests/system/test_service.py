"""acd as a service of a real `systemd --user`: its start, stop, kill and status."""

from __future__ import annotations

import json

import pytest

from testing.system.acd_user import CHECKOUT, DATA, AcdUser

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

SECRET = "the prompt nobody else may read"


def journal(user: AcdUser) -> list[dict[str, str]]:
    """The daemon's log."""
    user.run("journalctl", "--user", "--sync", check=False)
    lines = user.run("journalctl", "--user-unit=acd.service", "-o", "json").stdout.splitlines()
    entries: list[dict[str, str]] = [json.loads(line) for line in lines]
    return [entry for entry in entries if entry.get("_SYSTEMD_USER_UNIT") == "acd.service"]


def test_the_first_set_after_a_login_starts_the_daemon(user: AcdUser) -> None:
    assert user.unit("acd.socket", "ActiveState") == "active"
    assert user.daemon_state() == "inactive"
    user.acd("set", "one", "working")
    assert user.daemon_state() == "active"
    assert "one" in user.acd("list")


def test_a_hook_as_the_settings_name_it_reaches_the_daemon(user: AcdUser) -> None:
    settings = json.loads((user.home / ".claude/settings.json").read_text())
    [hook] = [
        hook
        for group in settings["hooks"]["UserPromptSubmit"]
        for hook in group["hooks"]
        if "acd_hook.py" in json.dumps(hook)
    ]
    event = {"hook_event_name": "UserPromptSubmit", "session_id": "hooked", "cwd": "/tmp"}
    command = ["sh", "-c", hook["command"]]
    if "args" in hook:
        command = [hook["command"], *hook["args"]]
    done = user.run(*command, input=json.dumps(event))
    assert (done.stdout, done.stderr) == ("", "")
    assert user.sessions()["hooked"]["status"] == "working"


def test_systemctl_status_shows_what_waits_for_the_user(user: AcdUser) -> None:
    user.request("SET one question", "SET two working", "SET three working")
    user.await_status("3 sessions")
    status = user.systemctl("status", "acd")
    [line] = [line for line in status.splitlines() if line.strip().startswith("Status:")]
    assert "1 question" in line
    assert "2 working" in line


def test_a_stop_and_a_start_lose_no_session(user: AcdUser) -> None:
    user.request(
        'SET one question {"working_dir": "/tmp", "name": "eins"}', "SET two working", "RM two"
    )
    before = user.sessions()
    user.systemctl("stop", "acd.service")
    assert user.daemon_state() == "inactive"
    after = user.sessions()
    for fields in (*before.values(), *after.values()):
        fields.pop("elapsed")
    assert after == before


def test_twenty_quick_restarts_lose_nothing_and_the_socket_stays(user: AcdUser) -> None:
    for number in range(20):
        assert user.request(f"SET s{number} working", "STOP") == ["OK", "OK"]
    assert user.unit("acd.socket", "ActiveState") == "active"
    assert user.sessions().keys() == {f"s{number}" for number in range(20)}


def test_an_idle_daemon_stops_and_keeps_the_state(user: AcdUser) -> None:
    user.request("SET one question")
    pid = user.daemon_pid()
    user.configure("[daemon]\nidle_timeout_minutes = 0.01\n")
    user.run("kill", "-HUP", str(pid))
    user.await_end(pid)
    assert user.unit("acd.service", "Result") == "success"
    assert user.unit("acd.socket", "ActiveState") == "active"
    assert user.sessions()["one"]["status"] == "question"


def test_after_a_kill_the_next_line_is_served(user: AcdUser) -> None:
    user.request("SET one working")
    pid = user.daemon_pid()
    user.run("kill", "-9", str(pid))
    assert user.request("SET two question") == ["OK"]
    assert user.daemon_pid() not in (0, pid)
    assert {name: session["status"] for name, session in user.sessions().items()} == {
        "one": "working",
        "two": "question",
    }


def test_the_journal_has_fields_and_no_text_of_a_prompt(user: AcdUser) -> None:
    event = {
        "hook_event_name": "UserPromptSubmit",
        "session_id": "two",
        "cwd": "/tmp",
        "prompt": SECRET,
    }
    replies = user.request(
        f"SET one question {json.dumps({'prompt': SECRET})}",
        f'HOOK claude-code {{"at":1}} {json.dumps(event)}',
        f"SET one nonsense {SECRET}",
        f"{SECRET}",
        f'SET one working {{"prompt": "{SECRET}"',
    )
    assert replies[:2] == ["OK", "OK"]
    assert all(reply.startswith("ERR ") for reply in replies[2:])
    user.systemctl("stop", "acd.service")
    entries = journal(user)
    assert entries
    assert SECRET not in json.dumps(entries)
    # systemd-python's handler adds the code's position.
    assert any(entry.get("CODE_FUNC") for entry in entries)


def test_the_sandbox_leaves_the_daemon_what_its_work_needs_and_no_more(user: AcdUser) -> None:
    user.write(".claude/sessions/1.json", "{}")
    user.write(
        ".config/systemd/user/acd.service.d/probe.conf",
        "[Service]\n"
        "ExecStart=\n"
        f"ExecStart={DATA}/venv/bin/python -I {CHECKOUT}/testing/system/sandbox_probe.py\n",
    )
    user.systemctl("daemon-reload")
    [answer] = user.request("PING")
    assert json.loads(answer) == {
        "peer": True,
        "pidfd": True,
        "process start": True,
        "inotify": True,
        "state beside the socket": True,
        "read settings": True,
        "write in home": "Read-only file system",
        "write in run": "Read-only file system",
        "network": "Address family not supported by protocol",
        "new privileges": False,
    }
