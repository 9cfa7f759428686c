"""`codex exec`, which runs in one process and opens no dialogs."""

from __future__ import annotations

import pytest

from testing.e2e.codex.scenes import CodexTestbed


def test_a_run_is_working_and_closed_when_it_has_ended(testbed: CodexTestbed) -> None:
    """A run is `working`, and `closed` when it has ended."""
    with testbed.exec("HELD") as run:
        answer = testbed.api.take("HELD")
        session = testbed.session()
        testbed.acd.expect(session, "working", since=answer.asked, via=("attention",))
        shown = testbed.acd.session(session)
        assert (shown["pid"], shown["attended"]) == (run.pid, False)
        assert shown["agent_type"] == "codex"
        answer.release()
        ended, output = run.wait()
        assert "Thinking it over" in output
        testbed.acd.expect(session, "closed", since=ended, via=("attention",))


def test_a_run_that_is_killed_is_closed(testbed: CodexTestbed) -> None:
    """A run that is killed is `closed`."""
    with testbed.exec("HELD") as run:
        answer = testbed.api.take("HELD")
        session = testbed.session()
        testbed.acd.expect(session, "working", since=answer.asked, via=("attention",))
        testbed.acd.expect(session, "closed", since=run.kill())
        assert testbed.acd.session(session)["evidence"] == "process"


def test_a_run_whose_tool_runs_is_working(testbed: CodexTestbed) -> None:
    """While a tool of a run executes, the run is `working`."""
    with testbed.home.gate() as gate, testbed.exec("TOOL") as run:
        reached = gate.wait_reached()
        session = testbed.session()
        testbed.acd.expect(session, "working", since=reached, via=("attention",))
        testbed.acd.expect_still(session, "working")
        gate.open()
        ended, _ = run.wait()
        testbed.acd.expect(session, "closed", since=ended, via=("attention",))


@pytest.mark.parametrize("scenario", ["ERROR400", "FAILED"])
def test_a_run_whose_model_fails_is_closed_at_its_end(testbed: CodexTestbed, scenario: str) -> None:
    """A run whose model fails is `closed` when it has ended."""
    with testbed.exec(scenario) as run:
        ended, _ = run.wait()
        session = testbed.session()
        testbed.acd.expect(session, "closed", since=ended, via=("attention", "working"))


def test_resurrecting_a_run_gives_codexs_own_command(testbed: CodexTestbed) -> None:
    """RESURRECT of a run returns Codex's own command for it."""
    with testbed.exec("Hello") as run:
        ended, _ = run.wait()
        session = testbed.session()
        testbed.acd.expect(session, "closed", since=ended, via=("attention", "working"))
    answer = testbed.acd.request(f"RESURRECT {session}")
    assert f'"argv": ["codex", "resume", "{session}"]' in answer


def test_a_run_that_goes_on_with_a_conversation_is_the_same_session(testbed: CodexTestbed) -> None:
    """A run that resumes a conversation is the same session."""
    with testbed.exec("Hello") as run:
        ended, _ = run.wait()
        session = testbed.session()
        testbed.acd.expect(session, "closed", since=ended, via=("attention", "working"))
    with testbed.exec("resume", session, "HELD") as again:
        answer = testbed.api.take("HELD")
        testbed.acd.expect(session, "working", since=answer.asked, via=("attention",))
        assert testbed.acd.session(session)["pid"] == again.pid
        answer.release()
        ended, _ = again.wait()
        testbed.acd.expect(session, "closed", since=ended, via=("attention",))
