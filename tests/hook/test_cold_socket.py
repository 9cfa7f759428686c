"""A service manager's socket without a daemon: the hook waits for the reply to its event."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.hook_home import PROMPT, WAIT, BacklogListener, HookHome, wait_until_asleep
from testing.strace import needs_strace

pytestmark = pytest.mark.slow  # they wait for replies that do not come


@pytest.fixture
def manager(home: HookHome) -> Iterator[BacklogListener]:
    """A service manager's socket, until the test ends or closes it."""
    listener = home.listen(runs=False)
    yield listener
    listener.close()


def sent(home: HookHome) -> subprocess.Popen[bytes]:
    """A hook that has its event, and waits."""
    hook = home.start()
    assert hook.stdin is not None
    hook.stdin.write(PROMPT)
    hook.stdin.close()
    return hook


def ended_silently(hook: subprocess.Popen[bytes]) -> bool:
    with hook:
        assert hook.stdout is not None
        assert hook.stderr is not None
        return (hook.wait(WAIT), hook.stdout.read(), hook.stderr.read()) == (0, b"", b"")


def test_the_hook_ends_as_soon_as_the_daemon_has_answered(
    home: HookHome, manager: BacklogListener
) -> None:
    home.allow_time()
    hook = sent(home)
    line = manager.answer_one()
    assert json.loads(line.split(b" ", 3)[3])["hook_event_name"] == "UserPromptSubmit"
    assert ended_silently(hook)
    assert home.given_up() == 0
    assert manager.raw() is None


def test_when_the_service_fails_the_hook_starts_a_daemon_for_its_event(
    home: HookHome, manager: BacklogListener
) -> None:
    home.allow_time()
    home.install_daemon()
    hooks = [sent(home) for _ in range(3)]
    for hook in hooks:
        wait_until_asleep(hook)
    manager.close()  # as systemd does after too many failed starts
    assert all(ended_silently(hook) for hook in hooks)
    assert len(home.daemon_lines()) == 3
    assert len(home.daemon_pids()) == 1
    assert home.given_up() == 0


def test_no_event_is_lost_without_a_reply_in_time(home: HookHome, manager: BacklogListener) -> None:
    assert home.run().silent
    assert manager.line().event["hook_event_name"] == "UserPromptSubmit"
    assert home.given_up() == 0


def test_after_a_daemon_has_ended_the_socket_is_cold_again(
    home: HookHome, manager: BacklogListener
) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait(WAIT)
    home.socket.with_name("acd.sock.daemon").write_text(f"{ended.pid}\n")
    hook = sent(home)
    manager.answer_one()
    assert ended_silently(hook)


@pytest.mark.parametrize("owner", ["", "0\n", "garbage", "9" * 30])
def test_whatever_the_owner_file_holds_the_event_arrives_once(
    home: HookHome, manager: BacklogListener, owner: str
) -> None:
    home.socket.with_name("acd.sock.daemon").write_text(owner)
    assert home.run().silent
    assert manager.raw() is not None
    assert manager.raw() is None


@needs_strace
def test_a_hook_awaits_no_reply_of_a_running_daemon(home: HookHome) -> None:
    listener = home.listen()
    Path(f"{home.socket}.daemon").write_text(f"{os.getpid()}\n")
    log = home.root / "strace"
    assert home.run(PROMPT, ["strace", "-o", str(log), *home.command()]).silent
    assert "recvfrom(" not in log.read_text()
    assert listener.line()
