"""A turn, from its prompt to its end."""

from __future__ import annotations

import pytest

from testing.e2e.agent import INTERRUPTED, ClaudeTui
from testing.e2e.messages_api import SCENARIOS, Failure


def test_a_client_that_has_just_started_waits_for_its_user(agent: ClaudeTui) -> None:
    """A session that has just started is `attention`."""
    agent.expect_still("attention")


def test_a_prompt_makes_it_working(agent: ClaudeTui) -> None:
    """A prompt makes the session `working`."""
    sent = agent.prompt("HELD")
    agent.expect("working", since=sent)


def test_the_end_of_a_turn_is_attention(agent: ClaudeTui) -> None:
    """At the end of a turn the session is `attention`."""
    agent.expect("working", since=agent.prompt("HELD"))
    answer = agent.api.take("HELD")
    answer.release()
    agent.expect("attention", since=answer.wait_answered())


def test_a_tool_that_runs_is_working(agent: ClaudeTui) -> None:
    """While a tool runs, the session is `working`."""
    with agent.home.gate() as gate:
        agent.expect("working", since=agent.prompt("TOOL"))
        gate.wait_reached()
        agent.expect_still("working")
        gate.open()
    agent.expect("attention", since=agent.api.take("AFTER_TOOL").wait_answered())


def test_a_prompt_queued_while_busy_is_worked_on_before_it_is_attention(agent: ClaudeTui) -> None:
    """With a prompt queued, the session is `working` until the end of that prompt's turn."""
    agent.expect("working", since=agent.prompt("HELD first"))
    first = agent.api.take("HELD")
    agent.prompt("HELD second")
    agent.expect_still("working")
    first.release()
    second = agent.api.take("HELD")
    agent.expect("working", since=second.asked, via=("attention",))
    second.release()
    agent.expect("attention", since=second.wait_answered())


def test_an_error_of_the_api_is_attention(agent: ClaudeTui) -> None:
    """After an error of the API, the session is `attention`."""
    for scenario in (name for name, what in SCENARIOS.items() if isinstance(what, Failure)):
        agent.prompt(scenario)
        failed = agent.api.take(scenario).wait_answered()
        agent.expect("attention", since=failed, via=("working",))


def test_compacting_is_working_and_then_attention(agent: ClaudeTui) -> None:
    """During `/compact` the session is `working`, and afterwards `attention`."""
    for _ in range(2):  # 2.1.197 does not compact a single turn
        agent.greet()
    agent.api.hold("SUMMARY")
    agent.expect("working", since=agent.prompt("/compact"))
    summary = agent.api.take("SUMMARY")
    agent.expect_still("working")
    summary.release()
    agent.expect("attention", since=agent.sees("Compacted"))


def test_compacting_with_nothing_to_compact_is_attention(agent: ClaudeTui) -> None:
    """After `/compact` with nothing to compact, the session is `attention`."""
    agent.prompt("/compact")
    agent.expect("attention", since=agent.sees("ompact"), via=("working",))


@pytest.mark.parametrize("keys", [("Escape",), ("C-c",)], ids=["Esc", "Ctrl-C"])
def test_an_interrupt_while_the_answer_streams_is_attention(
    agent: ClaudeTui, keys: tuple[str, ...]
) -> None:
    """After an interrupt while the answer streams, the session is `attention`."""
    agent.expect("working", since=agent.prompt("HELD"))
    agent.sees("Thinking it over")
    agent.expect("attention", since=agent.press(*keys))


def test_an_interrupt_of_a_running_tool_is_attention(agent: ClaudeTui) -> None:
    """After an interrupt while a tool runs, the session is `attention`."""
    with agent.home.gate() as gate:
        agent.expect("working", since=agent.prompt("TOOL"))
        gate.wait_reached()
        agent.expect("attention", since=agent.press("Escape"))
        agent.sees(INTERRUPTED)


def test_a_prompt_after_an_interrupt_is_working(agent: ClaudeTui) -> None:
    """A prompt after an interrupt makes the session `working`."""
    agent.expect("working", since=agent.prompt("HELD first"))
    agent.sees("Thinking it over")
    agent.expect("attention", since=agent.press("Escape"))
    agent.sees(INTERRUPTED)
    agent.expect("working", since=agent.prompt("HELD second"))
    agent.expect_still("working")
