"""Codex conversations that begin, change and end, in their own process or a shared one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from acd.agents.codex.writer_lock import lock_path, owner_of
from acd.agents.observer import WatchTarget
from testing.e2e.codex.modes import (
    not_in_a_shared_server,
    only_in_a_shared_server,
    only_in_one_process,
)
from testing.e2e.codex.scenes import FORKED, RESUME_DIALOG, TURN_OVER, CodexTestbed, CodexTui
from testing.e2e.moment import Moment

_UNLOAD_SECONDS = 100


def live(tui: CodexTui) -> list[str]:
    return [each["id"] for each in tui.acd.sessions() if not each["closed"]]


@only_in_one_process
def test_a_session_has_the_pid_and_the_terminal_of_its_process(tui: CodexTui) -> None:
    """A session has the pid and the terminal of its process."""
    shown = tui.acd.session(tui.session)
    assert shown["pid"] == tui.pid
    assert "TMUX_PANE" in shown["terminal"]


@not_in_a_shared_server("the server unloads it a minute later")
def test_leaving_closes_it(tui: CodexTui) -> None:
    """After `/quit` the session is `closed`."""
    tui.prompt("/quit")
    tui.expect("closed", since=tui.terminal.wait_exit())


@not_in_a_shared_server("the server continues the turn")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_client_ended_by_a_signal_is_closed(tui: CodexTui, name: str) -> None:
    """After a signal ends Codex in the terminal, the session is `closed`."""
    tui.expect("working", since=tui.prompt("HELD"))
    tui.signal(signal.Signals[name])
    tui.expect("closed", since=tui.terminal.wait_exit())


@pytest.mark.parametrize("command", ["/clear", "/new"])
def test_the_next_prompt_after_another_conversation_was_asked_for_begins_a_session(
    tui: CodexTui, command: str
) -> None:
    """The first prompt of a new conversation begins a session."""
    tui.prompt(command)
    sent = tui.prompt("HELD")
    answer = tui.api.take("HELD")
    tui.follow()
    tui.expect("working", since=sent, via=("attention",))
    answer.release()
    tui.expect("attention", since=answer.wait_answered())


@not_in_a_shared_server("the server unloads it a minute later")
@pytest.mark.parametrize("command", ["/clear", "/new"])
def test_the_next_prompt_after_another_conversation_was_asked_for_closes_the_old_one(
    tui: CodexTui, command: str
) -> None:
    """The first prompt of a new conversation closes the old one's session."""
    old = tui.session
    tui.prompt(command)
    sent = tui.prompt("HELD")
    tui.acd.expect(old, "closed", sent)
    tui.follow()
    assert tui.testbed.acd.session(old)["superseded_by"] == tui.session
    assert tui.acd.request(f"RESURRECT {old}").startswith("ERR ")


def test_a_conversation_taken_up_in_another_terminal_is_the_same_session(
    testbed: CodexTestbed, tui: CodexTui
) -> None:
    """A conversation that is resumed in another terminal is the same session."""
    tui.prompt("/quit")
    tui.terminal.wait_exit()
    with testbed.interactive("resume", tui.session, session=tui.session) as again:
        again.prompt("HELD")
        answer = testbed.api.take("HELD")
        # Codex takes a while to load it; no hook reports that.
        again.expect("working", since=answer.asked, via=("attention", "closed"))
        assert live(again) == [tui.session]
        answer.release()
        again.expect("attention", since=answer.wait_answered())


def test_a_fork_is_a_session_of_its_own(tui: CodexTui) -> None:
    """A fork is a session of its own from its first prompt."""
    tui.prompt("/fork")
    tui.sees(FORKED)
    sent = tui.prompt("HELD")
    tui.follow()
    tui.expect("working", since=sent, via=("attention",))


def go_back(tui: CodexTui) -> str:
    """Begins a second conversation and returns to the first; returns the second's id."""
    first = tui.session
    tui.prompt("/clear")
    tui.greet("Good day")
    second, tui.session = tui.session, first
    tui.prompt("/resume")
    tui.sees(RESUME_DIALOG)
    tui.sees("Good day")
    tui.terminal.type("Hello")  # it filters the list
    tui.terminal.wait_gone("Good day")
    tui.press("Enter")
    tui.terminal.wait_until(
        lambda screen: RESUME_DIALOG not in screen and TURN_OVER in screen, "the first conversation"
    )
    return second


def test_a_conversation_taken_up_in_the_same_terminal_is_alive_again(tui: CodexTui) -> None:
    """A conversation that is resumed in the same terminal is open again."""
    go_back(tui)
    tui.prompt("HELD")
    answer = tui.api.take("HELD")
    tui.expect("working", since=answer.asked, via=("attention", "closed"))
    answer.release()
    tui.expect("attention", since=answer.wait_answered())


@not_in_a_shared_server("the server unloads it a minute later")
def test_a_conversation_taken_up_in_the_same_terminal_closes_the_one_before(tui: CodexTui) -> None:
    """A conversation that is resumed in the same terminal closes the one before."""
    second = go_back(tui)
    tui.prompt("HELD")
    answer = tui.api.take("HELD")
    tui.acd.expect(second, "closed", answer.asked)
    assert live(tui) == [tui.session]


@only_in_a_shared_server
def test_a_session_of_a_server_has_neither_pid_nor_terminal(tui: CodexTui) -> None:
    """A session of the shared server has no pid and no terminal."""
    shown = tui.acd.session(tui.session)
    assert (shown["pid"], shown["terminal"]) == (None, None)


@only_in_a_shared_server
def test_a_server_that_is_killed_closes_its_sessions(testbed: CodexTestbed, tui: CodexTui) -> None:
    """After the shared server is killed, its sessions are `closed`."""
    tui.expect("working", since=tui.prompt("HELD"))
    found = servers(testbed)
    assert found
    moment = Moment.now()
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    tui.expect("closed", since=moment)
    assert testbed.acd.session(tui.session)["evidence"] == "process"


@only_in_a_shared_server
@pytest.mark.timeout(300)
def test_a_session_that_the_server_lets_go_of_is_closed(
    testbed: CodexTestbed, tui: CodexTui
) -> None:
    """After the shared server has unloaded a session, the session is `closed`."""
    tui.prompt("/quit")
    tui.terminal.wait_exit()
    lock = lock_path(WatchTarget(tui.session, None, str(testbed.home.config_dir), None))
    assert lock is not None
    deadline = time.monotonic() + _UNLOAD_SECONDS
    while owner_of(lock) is not None:
        assert time.monotonic() < deadline, f"the server keeps it for {_UNLOAD_SECONDS} s"
        time.sleep(0.05)
    tui.expect("closed", since=Moment.now())


def servers(testbed: CodexTestbed) -> list[int]:
    """The pids of the servers in the home's network, by their arguments."""
    found = []
    for pid in testbed.home.network.pids():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"app-server" in words:
            found.append(pid)
    return found
