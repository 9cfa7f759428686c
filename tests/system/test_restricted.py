"""install.sh and its service where no user namespace can be made, as on Ubuntu 23.10."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from testing.system.acd_user import AcdUser
from testing.system.installation import SETTINGS, Installation

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

WHY = "full does not start here: 217/USER, no user namespace can be made"


@pytest.fixture
def restricted(installation: Installation) -> Iterator[AcdUser]:
    """A user with acd installed, whose system then forbids user namespaces."""
    with AcdUser(template=installation.home, restricted=True) as user:
        yield user


def failed_starts(user: AcdUser) -> int:
    user.run("journalctl", "--user", "--sync", check=False)
    output = user.run("journalctl", "--user-unit=acd.service", "-o", "cat", check=False).stdout
    return output.count("Main process exited")


def hook_command(user: AcdUser) -> list[str]:
    """The hook's argument vector, from the agent's settings."""
    settings = json.loads((user.home / ".claude/settings.json").read_text())
    [group] = settings["hooks"]["UserPromptSubmit"]
    [hook] = group["hooks"]
    return ["sh", "-c", hook["command"]]


def event(session: str) -> str:
    return json.dumps({"session_id": session, "hook_event_name": "UserPromptSubmit", "cwd": "/tmp"})


def send_event(user: AcdUser, session: str) -> None:
    done = user.run(*hook_command(user), input=event(session))
    assert (done.stdout, done.stderr) == ("", "")


def test_a_new_user_gets_a_service_with_a_weaker_sandbox_and_a_line_about_it() -> None:
    with AcdUser(restricted=True) as user:
        user.clone()
        user.write(".claude/settings.json", SETTINGS)
        done = user.install()
        assert f"acd.service has the sandbox level reduced, because {WHY}\n" in done.stdout
        assert "Installed acd " in done.stdout
        assert done.stderr == ""
        user.systemctl("stop", "acd.service")
        send_event(user, "one")
        assert user.sessions()["one"]["status"] == "working"
        assert user.daemon_state() == "active"
        assert failed_starts(user) == 0
        assert user.acd("doctor").endswith("no problems\n")


def test_a_service_that_a_restriction_keeps_from_starting_is_repaired_by_an_install(
    restricted: AcdUser,
) -> None:
    restricted.acd("set", "one", "working")
    assert failed_starts(restricted) == 5
    # Without a listener, a hook binds the socket and starts the daemon.
    restricted.acd("stop")
    send_event(restricted, "two")
    assert restricted.sessions().keys() == {"one", "two"}
    assert failed_starts(restricted) == 5
    done = restricted.run("acd", "doctor", check=False)
    assert done.returncode == 1
    assert f"the strongest that starts here is reduced, because {WHY}\n" in done.stdout
    restricted.acd("install")
    assert restricted.acd("doctor").endswith("no problems\n")
    assert restricted.sessions().keys() == {"one", "two"}
    assert restricted.daemon_state() == "active"
    assert failed_starts(restricted) == 5


def test_no_event_is_lost_of_those_that_wait_while_systemd_tries(restricted: AcdUser) -> None:
    names = {f"session-{number}" for number in range(10)}
    hooks = [restricted.popen(*hook_command(restricted)) for _ in names]
    for hook, name in zip(hooks, names, strict=True):
        assert hook.communicate(event(name)) == ("", "")
        assert hook.returncode == 0
    assert restricted.sessions().keys() == names
    assert failed_starts(restricted) == 5
    assert "lost" not in restricted.acd("status")
