"""The statuses that observers and the end of a process correct."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from acd.agents.catalog import TRANSLATOR
from acd.sessions.signals import EFFECTS, HOOK
from acd.sessions.status import STATUSES, Status
from acd.sessions.values import NS, Now
from testing.event_scenes import StoreScene, described
from testing.strategies import WORDS

ALLOWED = {
    ("registry", "asking", "working"): "question",  # a dialog is open
    ("registry", "idle", "working"): "attention",  # interrupted with Esc
    ("registry", "idle", "question"): "attention",  # the dialog was dismissed
    ("registry", "busy", "question"): "working",  # the dialog was answered
    ("registry", "failed", "working"): "attention",  # the turn ended with an error
    ("registry", "aborted", "working"): "attention",  # the hook of the interrupt was missed
    ("registry", "aborted", "question"): "attention",
    ("process", "ended", "working"): "closed",
    ("process", "ended", "attention"): "closed",
    ("process", "ended", "question"): "closed",
}
"""(source, word, status) to the status that follows; all other combinations change nothing."""

_WORDS = ["idle", "busy", "asking", "waiting", "shell", "failed", "aborted", "ended"]

_LEADS_TO: dict[Status, str] = {
    "working": "UserPromptSubmit",
    "question": "PermissionRequest/Bash",
    "attention": "Stop",
    "closed": "SessionEnd",
}


def test_a_failed_turn_leaves_a_subagents_question_open() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.wait(1)
    scene.observe("registry", "failed")
    assert scene.status() == "question"


def test_the_table_holds_these_corrections_and_no_others() -> None:
    rows = {
        (source, word): EFFECTS.get((source, TRANSLATOR.observation(word)))
        for source, word in WORDS
    }
    table = {
        (source, word, before): after
        for (source, word), row in rows.items()
        for before, after in (row or {}).items()
    }
    assert table == ALLOWED
    reached = {(source, TRANSLATOR.observation(word)) for source, word in WORDS}
    assert {key for key in EFFECTS if key[0] != HOOK} <= reached


@pytest.mark.parametrize(
    ("observed", "before"),
    list(
        itertools.product(
            [
                *itertools.product(["registry"], _WORDS),
                *itertools.product(["process"], ["ended", "idle", "busy"]),
            ],
            STATUSES.values(),
        )
    ),
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_an_observation_changes_a_status_as_in_the_table(
    observed: tuple[str, str], before: Status
) -> None:
    scene = StoreScene()
    scene.hook(_LEADS_TO[before])
    scene.wait(1)
    changes = scene.observe(*observed)  # type: ignore[arg-type]
    after = ALLOWED.get((*observed, before))
    assert scene.status() == (after or before)
    assert described(changes) == ([("update", "s", after, 1)] if after else [])
    assert scene.session().evidence == (observed[0] if after else "hook")


@pytest.mark.parametrize("word", ["idle", "busy"])
def test_a_question_is_closed_when_idle_or_busy_is_observed(word: str) -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", tool_input={"command": "make"})
    scene.wait(1)
    scene.observe("registry", word)
    assert scene.session().prompt is None
    scene.wait(1)
    scene.hook("SubagentStart", agent_id="a2")
    assert scene.status() != "question"


def test_idle_is_not_the_end_while_background_tasks_run() -> None:
    scene = StoreScene()
    scene.hook("Stop/background")
    scene.wait(1)
    assert scene.observe("registry", "idle") == []
    assert scene.status() == "working"


def test_after_a_dismissed_question_background_tasks_are_working() -> None:
    scene = StoreScene()
    scene.hook("Stop/background")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.wait(1)
    scene.observe("registry", "idle")
    assert scene.status() == "working"


def test_a_correction_that_no_longer_holds_is_gone() -> None:
    scene = StoreScene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.wait(1)
    scene.observe("registry", "busy")
    assert scene.status() == "working"


def test_the_next_hook_overrules_a_correction() -> None:
    scene = StoreScene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.wait(1)
    scene.hook("PreToolUse")
    assert scene.status() == "working"


def test_a_set_overrules_a_correction() -> None:
    scene = StoreScene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.set("s", "question")
    assert scene.status() == "question"


def test_the_end_of_a_process_counts_whatever_the_clock_of_the_last_hook() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", at=Now(scene.now.wall + 10**12, 0))
    scene.observe("process", "ended")
    assert scene.status() == "closed"


def test_an_observation_of_an_unknown_session_is_ignored() -> None:
    scene = StoreScene()
    assert scene.observe("process", "ended", "nobody") == []
    assert scene.statuses() == {}


def test_question_as_attention_does_not_hide_a_question_from_corrections() -> None:
    scene = StoreScene(question_as_attention=True)
    scene.hook("PermissionRequest/Bash")
    scene.wait(1)
    scene.observe("registry", "busy")
    assert scene.status() == "working"


# A question that is observed, with and without the hook that reports it.

ASKS = "PermissionRequest/Bash"
BASH: dict[str, Any] = {"tool_name": "Bash", "tool_input": {"command": "make"}}


def asking() -> StoreScene:
    """A tool call with an observed permission request."""
    scene = StoreScene()
    scene.hook("PreToolUse", tool_use_id="t1", **BASH)
    scene.wait(1)
    scene.observe("registry", "asking")
    return scene


def test_a_question_that_is_only_observed_has_no_text() -> None:
    scene = asking()
    assert (scene.status(), scene.session().prompt) == ("question", None)
    assert scene.session().evidence == "registry"


@pytest.mark.parametrize(("word", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_an_observed_question_is_closed_by_an_observation(word: str, becomes: str) -> None:
    scene = asking()
    scene.wait(1)
    scene.observe("registry", word)
    assert scene.status() == becomes


@pytest.mark.parametrize("seconds", [-0.5, 0.5], ids=["older", "newer"])
def test_the_hook_gives_the_observed_question_its_text(seconds: float) -> None:
    scene = asking()
    asked = scene.now._replace(wall=scene.now.wall + int(seconds * NS))
    scene.wait(1)
    scene.hook(ASKS, at=asked, **BASH)
    assert (scene.status(), scene.session().prompt) == ("question", "Bash: make")
    assert len(scene.activity().questions) == 1


@pytest.mark.parametrize("asks_first", [True, False], ids=["hook first", "registry first"])
@pytest.mark.parametrize(("word", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_a_question_of_both_sources_ends_as_one(asks_first: bool, word: str, becomes: str) -> None:
    scene = StoreScene()
    scene.hook("PreToolUse", tool_use_id="t1", **BASH)
    for hook in (asks_first, not asks_first):
        scene.wait(1)
        if hook:
            scene.hook(ASKS, **BASH)
        else:
            scene.observe("registry", "asking")
    assert scene.status() == "question"
    scene.wait(1)
    scene.observe("registry", word)
    assert scene.status() == becomes


def test_a_question_that_arrives_after_its_answer_is_not_open() -> None:
    scene = asking()
    asked = scene.now
    scene.wait(1)
    scene.observe("registry", "busy")
    scene.hook(ASKS, at=asked, **BASH)
    assert scene.status() == "working"


def test_the_end_of_a_tool_closes_its_observed_question() -> None:
    scene = asking()
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t1", tool_name="Bash")
    assert scene.status() == "working"


def test_a_hook_that_is_newer_than_the_observed_question_closes_it() -> None:
    # With tools side by side only a hook names the call of a question.
    scene = asking()
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t2", tool_name="Read", agent_id="a1")
    assert scene.status() == "working"


def test_with_the_hook_the_end_of_another_tool_leaves_the_question_open() -> None:
    scene = asking()
    scene.hook(ASKS, **BASH)
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t2", tool_name="Read", agent_id="a1")
    assert scene.status() == "question"


def test_background_tasks_may_open_a_dialog_and_are_working_after_it() -> None:
    scene = StoreScene()
    scene.hook("Stop/background")
    scene.wait(1)
    scene.observe("registry", "asking")
    assert scene.status() == "question"
    scene.wait(1)
    scene.observe("registry", "idle")
    assert scene.status() == "working"


def test_the_word_waiting_of_old_journals_has_no_meaning() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit")
    scene.wait(1)
    assert scene.observe("registry", "waiting") == []
    assert scene.status() == "working"
