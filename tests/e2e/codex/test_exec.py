"""`codex exec`, which runs in one process and asks nobody."""

from __future__ import annotations

import pytest

from testing.e2e.codex.scenes import Stage


def test_a_run_is_working_and_closed_when_it_has_ended(stage: Stage) -> None:
    with stage.exec("HELD") as run:
        answer = stage.api.take("HELD")
        session = stage.session()
        stage.acd.expect(session, "working", since=answer.asked, via=("attention",))
        shown = stage.acd.session(session)
        assert (shown["pid"], shown["attended"]) == (run.pid, False)
        assert shown["agent_type"] == "codex"
        answer.release()
        ended, said = run.wait()
        assert "Thinking it over" in said
        stage.acd.expect(session, "closed", since=ended, via=("attention",))


def test_a_run_that_is_killed_is_closed(stage: Stage) -> None:
    with stage.exec("HELD") as run:
        answer = stage.api.take("HELD")
        session = stage.session()
        stage.acd.expect(session, "working", since=answer.asked, via=("attention",))
        stage.acd.expect(session, "closed", since=run.kill())
        assert stage.acd.session(session)["evidence"] == "process"


def test_a_run_whose_tool_runs_is_working(stage: Stage) -> None:
    with stage.home.gate() as gate, stage.exec("TOOL") as run:
        reached = gate.wait_reached()
        session = stage.session()
        stage.acd.expect(session, "working", since=reached, via=("attention",))
        stage.acd.expect_still(session, "working")
        gate.open()
        ended, _ = run.wait()
        stage.acd.expect(session, "closed", since=ended, via=("attention",))


@pytest.mark.parametrize("scenario", ["ERROR400", "FAILED"])
def test_a_run_whose_model_fails_is_closed_at_its_end(stage: Stage, scenario: str) -> None:
    with stage.exec(scenario) as run:
        ended, _ = run.wait()
        session = stage.session()
        stage.acd.expect(session, "closed", since=ended, via=("attention", "working"))


def test_resurrecting_a_run_gives_codexs_own_command(stage: Stage) -> None:
    with stage.exec("Hello") as run:
        ended, _ = run.wait()
        session = stage.session()
        stage.acd.expect(session, "closed", since=ended, via=("attention", "working"))
    answer = stage.acd.request(f"RESURRECT {session}")
    assert f'"argv": ["codex", "resume", "{session}"]' in answer


def test_a_run_that_goes_on_with_a_conversation_is_the_same_session(stage: Stage) -> None:
    with stage.exec("Hello") as run:
        ended, _ = run.wait()
        session = stage.session()
        stage.acd.expect(session, "closed", since=ended, via=("attention", "working"))
    with stage.exec("resume", session, "HELD") as again:
        answer = stage.api.take("HELD")
        stage.acd.expect(session, "working", since=answer.asked, via=("attention",))
        assert stage.acd.session(session)["pid"] == again.pid
        answer.release()
        ended, _ = again.wait()
        stage.acd.expect(session, "closed", since=ended, via=("attention",))
