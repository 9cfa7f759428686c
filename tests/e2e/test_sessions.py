"""Conversations that begin, change, fork and end."""

from __future__ import annotations

import signal

import pytest

from testing.e2e.agent import PERMISSION_DIALOG, RESUME_DIALOG, ClaudeTestbed, ClaudeTui


def test_exit_is_closed(agent: ClaudeTui) -> None:
    """After `/exit` the session is `closed`."""
    agent.leave()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_client_ended_by_a_signal_is_closed(agent: ClaudeTui, name: str) -> None:
    """After a signal ends Claude Code, the session is `closed`."""
    agent.expect("working", since=agent.prompt("HELD"))
    agent.signal(signal.Signals[name])
    agent.expect("closed", since=agent.terminal.wait_exit())


def test_a_client_killed_with_a_dialog_open_is_closed(agent: ClaudeTui) -> None:
    """After Claude Code is killed while a dialog is open, the session is `closed`."""
    agent.prompt("PERMISSION")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    agent.expect("closed", since=agent.signal(signal.SIGKILL))


def test_clear_closes_the_old_session_as_superseded_and_opens_a_new_one(agent: ClaudeTui) -> None:
    """`/clear` closes the old session as superseded and opens a new one."""
    agent.greet()
    old, cleared = agent.session, agent.prompt("/clear")
    agent.expect("closed", since=cleared, via=("working",))
    agent.follow()
    agent.expect("attention", since=cleared)
    assert [s["id"] for s in agent.acd.sessions() if not s["closed"]] == [agent.session]
    assert agent.acd.request(f"RESURRECT {old}").startswith("ERR ")


def test_resume_in_the_same_process_leaves_one_live_row(agent: ClaudeTui) -> None:
    """After `/resume` in the same process, one session is open."""
    agent.greet()
    first = agent.session
    agent.expect("closed", since=agent.prompt("/clear"), via=("working",))
    second = agent.follow()
    agent.greet("Good day")
    agent.prompt("/resume")
    agent.sees(RESUME_DIALOG)
    agent.sees("· HEAD")  # the list of conversations follows its title
    agent.press("Enter")
    resumed = agent.terminal.wait_until(
        lambda screen: RESUME_DIALOG not in screen and "Hello" in screen, "the first conversation"
    )
    agent.expect("closed", since=resumed, via=("working",))
    agent.session = first
    agent.expect("attention", since=resumed, via=("closed",))
    assert [s["id"] for s in agent.acd.sessions() if not s["closed"]] == [first]
    assert agent.acd.request(f"RESURRECT {second}").startswith("ERR ")


def test_a_closed_session_resumed_is_alive_again(testbed: ClaudeTestbed) -> None:
    """A closed session is open again after it is resumed."""
    with testbed.interactive() as first:
        first.greet()
        first.leave()
    with testbed.interactive("--resume", first.session, session=first.session) as again:
        again.expect("attention", since=again.started)
        again.expect("working", since=again.prompt("HELD"))


def test_a_fork_is_a_session_of_its_own_as_soon_as_it_starts(
    testbed: ClaudeTestbed, version: str, request: pytest.FixtureRequest
) -> None:
    """A fork is a session of its own from its start."""
    if version == "2.1.197":
        why = "its SessionStart names the session that it forked from"
        request.applymarker(pytest.mark.xfail(reason=why))
    with testbed.interactive() as first:
        first.greet()
        first.leave()
    with testbed.interactive("--resume", first.session, "--fork-session") as fork:
        fork.expect("attention", since=fork.started)
        first.expect_still("closed")


def test_a_fork_given_a_prompt_is_a_session_of_its_own(testbed: ClaudeTestbed) -> None:
    """A fork is a session of its own from its first prompt."""
    with testbed.interactive() as first:
        first.greet()
        first.leave()
    with testbed.interactive("--resume", first.session, "--fork-session") as fork:
        sent = fork.prompt("HELD")
        fork.expect("working", since=sent, via=("attention",))
        first.expect("closed", since=sent, via=("attention",))
        first.expect_still("closed")


def test_a_print_run_is_unattended_and_closed_when_it_ends(testbed: ClaudeTestbed) -> None:
    """A `claude -p` run is unattended, and `closed` when it ends."""
    with testbed.print_run("HELD") as run:
        answer = testbed.api.take("HELD")
        testbed.acd.expect(run.session, "working", answer.asked, via=("attention",))
        answer.release()
        ended, output = run.wait()
        assert "and done." in output
        testbed.acd.expect(run.session, "closed", ended, via=("attention",))
        assert testbed.acd.session(run.session)["attended"] is False


def test_a_print_run_that_may_not_use_its_tool_is_closed_when_it_ends(
    testbed: ClaudeTestbed,
) -> None:
    """A `claude -p` run whose tool is not permitted is `closed` when it ends."""
    with testbed.print_run("PERMISSION") as run:
        answer = testbed.api.take("AFTER_TOOL")
        ended, _ = run.wait()
        assert answer.answered is not None
        testbed.acd.expect(run.session, "closed", ended, via=("attention", "working", "question"))
