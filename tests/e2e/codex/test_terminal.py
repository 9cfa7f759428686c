"""Codex in a terminal, in one process (`features.daemon_auto_start = false`)."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from .scenes import Stage, Tui


@pytest.fixture
def tui(stage: Stage) -> Iterator[Tui]:
    with stage.interactive() as tui:
        yield tui


@pytest.fixture
def session(stage: Stage, tui: Tui) -> str:
    """The conversation, after one turn."""
    tui.prompt("Hello")
    answered = stage.api.take("GREETING").wait_answered()
    session = stage.session()
    stage.acd.expect(session, "attention", since=answered, via=("working",))
    return session


def test_a_turn_is_working_and_then_attention(stage: Stage, tui: Tui, session: str) -> None:
    shown = stage.acd.session(session)
    assert shown["pid"] == tui.pid
    assert "TMUX_PANE" in shown["terminal"]
    assert shown["prompt"] == "Hello from the model."
    stage.acd.expect(session, "working", since=tui.prompt("HELD"))
    answer = stage.api.take("HELD")
    answer.release()
    stage.acd.expect(session, "attention", since=answer.wait_answered())


def test_an_interrupt_is_attention(stage: Stage, tui: Tui, session: str) -> None:
    stage.acd.expect(session, "working", since=tui.prompt("HELD"))
    stage.api.take("HELD")
    stage.acd.expect(session, "attention", since=tui.terminal.press("Escape"))


@pytest.mark.parametrize("scenario", ["ERROR400", "ERROR500", "FAILED"])
def test_a_turn_that_fails_is_attention(
    stage: Stage, tui: Tui, session: str, scenario: str
) -> None:
    tui.prompt(scenario)
    failed = stage.api.take(scenario).wait_answered()
    stage.acd.expect(session, "attention", since=failed, via=("working",))
    assert stage.acd.session(session)["evidence"] == "registry"


def test_a_permission_is_a_question_until_the_tool_has_ended(
    stage: Stage, tui: Tui, session: str
) -> None:
    with stage.home.gate() as gate:
        tui.prompt("PERMISSION")
        asked = tui.terminal.wait_for("Would you like to run")
        stage.acd.expect(session, "question", since=asked, via=("working",))
        tui.terminal.press("y")
        gate.wait_reached()
        # The grant itself is silent in this mode.
        stage.acd.expect_still(session, "question", 0.2)
        gate.open()
        answer = stage.api.take("AFTER_TOOL")
        stage.acd.expect(session, "attention", since=answer.wait_answered(), via=("working",))


def test_a_denied_permission_is_attention(stage: Stage, tui: Tui, session: str) -> None:
    tui.prompt("PERMISSION")
    asked = tui.terminal.wait_for("Would you like to run")
    stage.acd.expect(session, "question", since=asked, via=("working",))
    stage.acd.expect(session, "attention", since=tui.terminal.press("Escape"))


def test_after_clear_the_next_prompt_begins_another_session(
    stage: Stage, tui: Tui, session: str
) -> None:
    tui.prompt("/clear")
    sent = tui.prompt("HELD")
    answer = stage.api.take("HELD")
    other = stage.session(session)
    stage.acd.expect(other, "working", since=sent, via=("attention",))
    stage.acd.expect(session, "closed", since=sent)
    assert stage.acd.session(session)["superseded_by"] == other
    answer.release()


def test_a_client_that_is_killed_is_closed(stage: Stage, tui: Tui, session: str) -> None:
    stage.acd.expect(session, "closed", since=tui.terminal.signal(signal.SIGKILL))


def test_a_resumed_session_is_the_same_one(stage: Stage, tui: Tui, session: str) -> None:
    stage.acd.expect(session, "closed", since=tui.terminal.signal(signal.SIGKILL))
    with stage.interactive("resume", session) as again:
        stage.acd.expect(session, "working", since=again.prompt("HELD"), via=("attention",))
        answer = stage.api.take("HELD")
        assert [each["id"] for each in stage.acd.sessions()] == [session]
        answer.release()
        stage.acd.expect(session, "attention", since=answer.wait_answered())


def test_an_interrupt_of_a_running_tool_is_attention(stage: Stage, tui: Tui, session: str) -> None:
    with stage.home.gate() as gate:
        stage.acd.expect(session, "working", since=tui.prompt("TOOL"))
        gate.wait_reached()
        stage.acd.expect_still(session, "working")
        stage.acd.expect(session, "attention", since=tui.terminal.press("Escape"))


def test_compacting_is_working_and_then_attention(stage: Stage, tui: Tui, session: str) -> None:
    stage.api.hold("GREETING")
    stage.acd.expect(session, "working", since=tui.prompt("/compact"))
    summary = stage.api.take("GREETING")
    stage.acd.expect_still(session, "working")
    summary.release()
    stage.acd.expect(session, "attention", since=tui.terminal.wait_for("compacted"))


def test_leaving_closes_it(stage: Stage, tui: Tui, session: str) -> None:
    tui.prompt("/quit")
    stage.acd.expect(session, "closed", since=tui.terminal.wait_exit())


def test_a_subagent_is_no_session_and_its_work_is_not_the_sessions(
    stage: Stage, tui: Tui, session: str
) -> None:
    tui.prompt("SUBAGENT")
    helper = stage.api.take("HELD")
    ended = stage.api.take("AFTER_TOOL").wait_answered()
    stage.acd.expect(session, "attention", since=ended, via=("working",))
    stage.acd.expect_still(session, "attention")
    assert [each["id"] for each in stage.acd.sessions()] == [session]
    helper.release()
    stage.acd.expect_still(session, "attention")
