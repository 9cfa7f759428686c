"""After kill -9 of the daemon, the next hook line or the next client restores the statuses."""

from __future__ import annotations

import signal

from testing.e2e.agent import PERMISSION_DIALOG, ClaudeTestbed, ClaudeTui
from testing.e2e.moment import Moment


def test_a_daemon_killed_is_back_with_the_next_line(agent: ClaudeTui) -> None:
    """After the daemon is killed, the session's next hook starts it again."""
    agent.expect("working", since=agent.prompt("HELD"))
    answer = agent.api.take("HELD")
    agent.acd.kill()
    answer.release()
    ended = answer.wait_answered()
    agent.acd.subscribe()
    agent.expect("attention", since=ended)


def test_an_interrupt_that_a_killed_daemon_missed_is_seen_by_the_next_client(
    agent: ClaudeTui,
) -> None:
    """An interrupt while no daemon runs shows when the next client connects."""
    agent.expect("working", since=agent.prompt("HELD"))
    agent.sees("Thinking it over")
    agent.acd.kill()
    agent.press("Escape")
    agent.sees("Interrupted")
    agent.expect("attention", since=agent.acd.ask(), via=("working",))


def test_a_dialog_dismissed_while_no_daemon_ran_is_seen_by_the_next_client(
    agent: ClaudeTui,
) -> None:
    """The dismissal of a dialog while no daemon runs shows when the next client connects."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.acd.kill()
    agent.answer(PERMISSION_DIALOG, "Escape")
    agent.terminal.wait_gone(PERMISSION_DIALOG)
    agent.expect("attention", since=agent.acd.ask(), via=("question",))


def test_a_client_killed_while_no_daemon_ran_is_closed_for_the_next_client(
    testbed: ClaudeTestbed,
) -> None:
    """The end of Claude Code while no daemon runs shows when the next client connects."""
    with testbed.interactive() as lost:
        lost.expect("attention", since=lost.started)
        lost.expect("working", since=lost.prompt("HELD"))
        testbed.acd.kill()
        lost.signal(signal.SIGKILL)
        lost.terminal.wait_exit()
    lost.expect("closed", since=testbed.acd.ask(), via=("working",))


def test_a_daemon_killed_is_back_with_the_next_line_of_another_session(
    testbed: ClaudeTestbed,
) -> None:
    """A hook of another session starts a killed daemon, and all statuses are right."""
    with testbed.interactive() as one, testbed.interactive() as other:
        one.expect("attention", since=one.started)
        other.expect("attention", since=other.started)
        one.expect("working", since=one.prompt("HELD"))
        one.sees("Thinking it over")
        testbed.acd.kill()
        one.press("Escape")
        one.sees("Interrupted")
        sent = other.prompt("HELD")
        testbed.acd.subscribe()
        other.expect("working", since=sent)
        one.expect("attention", since=Moment.now())
