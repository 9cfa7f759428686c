"""A turn of Codex in a terminal, from its prompt to its end.

Each scenario runs as one process (`features.daemon_auto_start = false`), and in the
background server that all terminals share, Codex's default.
"""

from __future__ import annotations

import pytest

from testing.e2e.codex.responses_api import BROKEN_OFF, OVERLOADED, StreamFailure
from testing.e2e.codex.scenes import INTERRUPTED, CodexTui
from testing.e2e.messages_api import Failure

# The number of requests of a turn with the retries that home.py configures. Codex waits
# some 200 ms before the first retry, and twice as long before each next one.
_TRIES = {"ERROR500": 6, "ERROR400": 1, "FAILED": 1}


def test_a_prompt_is_working_and_the_end_of_its_turn_attention(tui: CodexTui) -> None:
    """A prompt makes the session `working`, and the end of its turn `attention`."""
    tui.expect("working", since=tui.prompt("HELD"))
    answer = tui.api.take("HELD")
    tui.expect_still("working")
    answer.release()
    tui.expect("attention", since=answer.wait_answered())
    assert tui.acd.session(tui.session)["prompt"] == "Thinking it over, and done."


def test_a_tool_that_runs_is_working(tui: CodexTui) -> None:
    """While a tool runs, the session is `working`."""
    with tui.home.gate() as gate:
        tui.expect("working", since=tui.prompt("TOOL"))
        gate.wait_reached()
        tui.expect_still("working")
        gate.open()
    tui.expect("attention", since=tui.api.take("AFTER_TOOL").wait_answered())


def test_a_prompt_queued_while_busy_is_worked_on_before_it_is_attention(tui: CodexTui) -> None:
    """With a prompt queued, the session is `working` until the end of that prompt's turn."""
    tui.expect("working", since=tui.prompt("HELD first"))
    first = tui.api.take("HELD")
    tui.prompt("HELD second")
    tui.expect_still("working")
    first.release()
    second = tui.api.take("HELD")
    tui.expect("working", since=second.asked, via=("attention",))
    second.release()
    tui.expect("attention", since=second.wait_answered())


def test_an_interrupt_while_the_answer_streams_is_attention(tui: CodexTui) -> None:
    """After an interrupt while the answer streams, the session is `attention`."""
    tui.expect("working", since=tui.prompt("HELD"))
    tui.sees("Thinking it over")
    tui.expect("attention", since=tui.press("Escape"))


def test_an_interrupt_of_a_running_tool_is_attention(tui: CodexTui) -> None:
    """After an interrupt while a tool runs, the session is `attention`."""
    with tui.home.gate() as gate:
        tui.expect("working", since=tui.prompt("TOOL"))
        gate.wait_reached()
        tui.expect("attention", since=tui.press("Escape"))


def test_a_prompt_after_an_interrupt_is_working(tui: CodexTui) -> None:
    """A prompt after an interrupt makes the session `working`."""
    tui.expect("working", since=tui.prompt("HELD first"))
    tui.sees("Thinking it over")
    tui.expect("attention", since=tui.press("Escape"))
    tui.sees(INTERRUPTED)
    tui.expect("working", since=tui.prompt("HELD second"))
    tui.expect_still("working")


@pytest.mark.parametrize("failure", [OVERLOADED, BROKEN_OFF], ids=["overloaded", "broken off"])
def test_a_request_that_is_tried_again_is_working_until_it_is_answered(
    tui: CodexTui, failure: Failure | StreamFailure
) -> None:
    """While Codex repeats a failed request, the session is `working`."""
    tui.api.fail("HELD", failure, failure)
    tui.expect("working", since=tui.prompt("HELD"))
    for _ in range(2):
        tui.api.take("HELD").wait_answered()
    answer = tui.api.take("HELD")
    tui.expect_still("working")
    answer.release()
    tui.expect("attention", since=answer.wait_answered())


@pytest.mark.parametrize("scenario", _TRIES)
def test_a_turn_that_fails_for_good_is_attention(tui: CodexTui, scenario: str) -> None:
    """After a turn has failed, the session is `attention`."""
    tui.prompt(scenario)
    for _ in range(_TRIES[scenario]):
        failed = tui.api.take(scenario).wait_answered()
    tui.expect("attention", since=failed, via=("working",))
    assert tui.acd.session(tui.session)["evidence"] == "registry"
    tui.expect("working", since=tui.prompt("HELD"))


def test_compacting_is_working_and_then_attention(tui: CodexTui) -> None:
    """During `/compact` the session is `working`, and afterwards `attention`."""
    tui.api.hold("GREETING")
    tui.expect("working", since=tui.prompt("/compact"))
    summary = tui.api.take("GREETING")
    tui.expect_still("working")
    summary.release()
    tui.expect("attention", since=tui.sees("compacted"))
