"""Background commands and subagents that run after the main agent has stopped."""

from __future__ import annotations

from testing.e2e.agent import PERMISSION_DIALOG, TASK_DIALOG, TASK_HINT, ClaudeTui


def test_a_background_command_keeps_it_working_until_it_is_done(agent: ClaudeTui) -> None:
    """A session stays `working` until its background command has ended."""
    with agent.home.gate() as gate:
        agent.expect("working", since=agent.prompt("BACKGROUND"))
        gate.wait_reached()
        agent.api.take("AFTER_TOOL").wait_answered()
        agent.expect_still("working")
        agent.api.hold("NOTED")
        gate.open()
    noted = agent.api.take("NOTED")
    agent.expect_still("working")
    noted.release()
    agent.expect("attention", since=noted.wait_answered())


def test_a_background_command_that_its_user_stops_is_attention(agent: ClaudeTui) -> None:
    """A session is `attention` after the user has stopped its background command."""
    with agent.home.gate() as gate:
        agent.expect("working", since=agent.prompt("BACKGROUND"))
        gate.wait_reached()
        agent.api.take("AFTER_TOOL").wait_answered()
        agent.sees("1 shell still running")
        agent.expect_still("working")
        agent.press("Down")
        agent.sees(TASK_HINT)
        agent.press("Enter")
        agent.sees(TASK_DIALOG)
        agent.expect("attention", since=agent.answer(TASK_DIALOG, "x"))


def test_a_background_subagent_keeps_it_working_until_it_is_done(agent: ClaudeTui) -> None:
    """A session stays `working` until its background subagent has ended."""
    agent.expect("working", since=agent.prompt("SUBAGENT"))
    subagent = agent.api.take("HELD")
    agent.api.take("AFTER_TOOL").wait_answered()
    agent.expect_still("working")
    agent.api.hold("NOTED")
    subagent.release()
    noted = agent.api.take("NOTED")
    agent.expect_still("working")
    noted.release()
    agent.expect("attention", since=noted.wait_answered())


def test_a_permission_that_a_subagent_asks_for_when_the_main_agent_has_stopped_is_a_question(
    agent: ClaudeTui,
) -> None:
    """A subagent's permission request is a `question` after the main agent has stopped, too."""
    with agent.home.gate() as gate:
        agent.expect("working", since=agent.prompt("SUBAGENTASKS"))
        subagent = agent.api.take("HELDPERMISSION")
        agent.api.take("AFTER_TOOL").wait_answered()
        agent.expect_still("working")
        subagent.release()
        agent.expect("question", since=agent.sees(PERMISSION_DIALOG))
        agent.expect_still("question")
        agent.expect("working", since=agent.answer(PERMISSION_DIALOG, "Enter"))
        gate.wait_reached()
        agent.expect_still("working")
        gate.open()
    agent.expect("attention", since=agent.api.take("NOTED").wait_answered())


def test_a_subagents_question_stays_one_when_the_main_agent_stops(agent: ClaudeTui) -> None:
    """A subagent's permission request stays a `question` when the main agent stops."""
    agent.api.hold("AFTER_TOOL")
    agent.expect("working", since=agent.prompt("SUBAGENTASKS"))
    agent.api.take("HELDPERMISSION").release()
    main = agent.api.take("AFTER_TOOL")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG))
    main.release()
    main.wait_answered()
    agent.expect_still("question")


def test_a_permission_denied_to_a_subagent_is_working_until_all_is_done(agent: ClaudeTui) -> None:
    """After a subagent's permission is denied, the session is `working` until all agents stop."""
    agent.expect("working", since=agent.prompt("SUBAGENTASKS"))
    subagent = agent.api.take("HELDPERMISSION")
    agent.api.take("AFTER_TOOL").wait_answered()
    subagent.release()
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG))
    agent.api.hold("NOTED")
    agent.deny()
    noted = agent.api.take("NOTED")
    agent.expect("working", since=noted.asked)
    noted.release()
    agent.expect("attention", since=noted.wait_answered())
