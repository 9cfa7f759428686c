"""Subagents of Codex, which have their session's id and run beside its turns."""

from __future__ import annotations

from testing.e2e.codex.scenes import PERMISSION_DIALOG, CodexTui
from testing.e2e.messages_api import Failure


def test_a_subagent_is_no_session_and_its_work_is_not_the_sessions(tui: CodexTui) -> None:
    """A subagent is not a session, and its work does not change the session's status."""
    tui.prompt("SUBAGENT")
    helper = tui.api.take("HELD")
    ended = tui.api.take("AFTER_TOOL").wait_answered()
    tui.expect("attention", since=ended, via=("working",))
    tui.expect_still("attention")
    assert [each["id"] for each in tui.acd.sessions()] == [tui.session]
    helper.release()
    helper.wait_answered()
    tui.expect_still("attention")


def test_a_permission_that_a_subagent_asks_for_is_a_question_until_its_tool_has_ended(
    tui: CodexTui,
) -> None:
    """A subagent's permission request is a `question` until its tool has ended."""
    with tui.home.gate() as gate:
        tui.prompt("SUBAGENTASKS")
        tui.api.take("AFTER_TOOL").wait_answered()
        tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working", "attention"))
        tui.expect_still("question")
        tui.answer(PERMISSION_DIALOG, "y")
        gate.wait_reached()
        tui.expect_still("question")
        tui.expect("attention", since=gate.open())


def test_a_subagents_question_stays_one_when_the_main_agent_stops(tui: CodexTui) -> None:
    """A subagent's permission request stays a `question` when the main agent stops."""
    tui.api.hold("AFTER_TOOL")
    tui.expect("working", since=tui.prompt("SUBAGENTASKS"))
    main = tui.api.take("AFTER_TOOL")
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG))
    main.release()
    main.wait_answered()
    tui.expect_still("question")


def test_a_permission_denied_to_a_subagent_is_what_the_main_agent_does_working(
    tui: CodexTui,
) -> None:
    """After a subagent's permission is denied, the session shows what the main agent does."""
    tui.api.hold("AFTER_TOOL")
    tui.expect("working", since=tui.prompt("SUBAGENTASKS"))
    main = tui.api.take("AFTER_TOOL")
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG))
    tui.expect("working", since=tui.answer(PERMISSION_DIALOG, "Escape"))
    tui.expect_still("working")
    main.release()
    tui.expect("attention", since=main.wait_answered())


def test_a_permission_denied_to_a_subagent_when_the_main_agent_has_stopped_is_attention(
    tui: CodexTui,
) -> None:
    """After a subagent's permission is denied, a session without other work is `attention`."""
    tui.prompt("SUBAGENTASKS")
    tui.api.take("AFTER_TOOL").wait_answered()
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working", "attention"))
    tui.expect("attention", since=tui.answer(PERMISSION_DIALOG, "Escape"))


def test_a_subagents_permission_denied_while_no_daemon_ran_is_seen_by_the_next_client(
    tui: CodexTui,
) -> None:
    """A subagent's permission denied while no daemon runs shows when the next client connects."""
    tui.prompt("SUBAGENTASKS")
    tui.api.take("AFTER_TOOL").wait_answered()
    tui.expect("question", since=tui.sees(PERMISSION_DIALOG), via=("working", "attention"))
    tui.acd.kill()
    tui.answer(PERMISSION_DIALOG, "Escape")
    tui.expect("attention", since=tui.acd.ask(), via=("question",))


def test_a_turn_that_fails_while_a_subagent_works_is_attention(tui: CodexTui) -> None:
    """After a turn fails while a subagent works, the session is `attention`."""
    tui.api.fail("AFTER_TOOL", Failure(400, "invalid_request_error"))
    tui.prompt("SUBAGENT")
    helper = tui.api.take("HELD")
    failed = tui.api.take("AFTER_TOOL").wait_answered()
    tui.expect("attention", since=failed, via=("working",))
    helper.release()
    helper.wait_answered()
    tui.expect_still("attention")
