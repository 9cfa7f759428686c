"""What observers and the process correct, and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from acd.agents.catalog import TRANSLATOR
from acd.sessions.signals import EFFECTS, HOOK
from acd.sessions.status import STATUSES, Status
from acd.sessions.values import NS, Now
from testing.event_scenes import Scene, described
from testing.strategies import WORDS

ALLOWED = {
    ("registry", "asking", "working"): "question",  # a dialog is open
    ("registry", "idle", "working"): "attention",  # interrupted with Esc
    ("registry", "idle", "question"): "attention",  # the dialog was dismissed
    ("registry", "busy", "question"): "working",  # the dialog was answered
    ("registry", "failed", "working"): "attention",  # the turn ended with an error
    ("registry", "aborted", "working"): "attention",  # its interrupt was not heard of
    ("registry", "aborted", "question"): "attention",
    ("process", "ended", "working"): "closed",
    ("process", "ended", "attention"): "closed",
    ("process", "ended", "question"): "closed",
}
"""(source, what it says, status) to the status that it may make of it: nothing else."""

_WORDS = ["idle", "busy", "asking", "waiting", "shell", "failed", "aborted", "ended"]

_LEADS_TO: dict[Status, str] = {
    "working": "UserPromptSubmit",
    "question": "PermissionRequest/Bash",
    "attention": "Stop",
    "closed": "SessionEnd",
}


def test_a_failed_turn_leaves_a_subagents_question_open() -> None:
    scene = Scene()
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
    ("said", "before"),
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
def test_a_source_makes_of_a_status_what_the_table_says(
    said: tuple[str, str], before: Status
) -> None:
    scene = Scene()
    scene.hook(_LEADS_TO[before])
    scene.wait(1)
    changes = scene.observe(*said)  # type: ignore[arg-type]
    after = ALLOWED.get((*said, before))
    assert scene.status() == (after or before)
    assert described(changes) == ([("update", "s", after, 1)] if after else [])
    assert scene.session().evidence == (said[0] if after else "hook")


@pytest.mark.parametrize("said", ["idle", "busy"])
def test_what_is_asked_is_over_when_the_registry_has_moved_on(said: str) -> None:
    scene = Scene()
    scene.hook("PermissionRequest/Bash", tool_input={"command": "make"})
    scene.wait(1)
    scene.observe("registry", said)
    assert scene.session().prompt is None
    scene.wait(1)
    scene.hook("SubagentStart", agent_id="a2")
    assert scene.status() != "question"


def test_idle_is_not_the_end_while_background_tasks_run() -> None:
    scene = Scene()
    scene.hook("Stop/background")
    scene.wait(1)
    assert scene.observe("registry", "idle") == []
    assert scene.status() == "working"


def test_a_dismissed_question_while_background_tasks_run_is_work_that_goes_on() -> None:
    scene = Scene()
    scene.hook("Stop/background")
    scene.hook("PermissionRequest/Bash", agent_id="a1")
    scene.wait(1)
    scene.observe("registry", "idle")
    assert scene.status() == "working"


def test_a_correction_that_no_longer_holds_is_gone() -> None:
    scene = Scene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.wait(1)
    scene.observe("registry", "busy")
    assert scene.status() == "working"


def test_the_next_hook_overrules_a_correction() -> None:
    scene = Scene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.wait(1)
    scene.hook("PreToolUse")
    assert scene.status() == "working"


def test_a_set_overrules_a_correction() -> None:
    scene = Scene()
    scene.hook("PreToolUse")
    scene.wait(1)
    scene.observe("registry", "idle")
    scene.set("s", "question")
    assert scene.status() == "question"


def test_the_end_of_a_process_counts_whatever_the_clock_of_the_last_hook_said() -> None:
    scene = Scene()
    scene.hook("UserPromptSubmit", at=Now(scene.now.wall + 10**12, 0))
    scene.observe("process", "ended")
    assert scene.status() == "closed"


def test_a_source_may_speak_of_a_session_that_nobody_knows() -> None:
    scene = Scene()
    assert scene.observe("process", "ended", "nobody") == []
    assert scene.statuses() == {}


def test_question_as_attention_does_not_hide_a_question_from_corrections() -> None:
    scene = Scene(question_as_attention=True)
    scene.hook("PermissionRequest/Bash")
    scene.wait(1)
    scene.observe("registry", "busy")
    assert scene.status() == "working"


# The registry says that it asks, and which hook tells so too is another matter.

ASKS = "PermissionRequest/Bash"
BASH: dict[str, Any] = {"tool_name": "Bash", "tool_input": {"command": "make"}}


def asking() -> Scene:
    """A tool is about to run, and the registry has said that its permission is asked for."""
    scene = Scene()
    scene.hook("PreToolUse", tool_use_id="t1", **BASH)
    scene.wait(1)
    scene.observe("registry", "asking")
    return scene


def test_a_question_that_only_the_registry_tells_of_has_no_text() -> None:
    scene = asking()
    assert (scene.status(), scene.session().prompt) == ("question", None)
    assert scene.session().evidence == "registry"


@pytest.mark.parametrize(("says", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_what_the_registry_asked_is_over_when_it_says_so(says: str, becomes: str) -> None:
    scene = asking()
    scene.wait(1)
    scene.observe("registry", says)
    assert scene.status() == becomes


@pytest.mark.parametrize("seconds", [-0.5, 0.5], ids=["older", "newer"])
def test_the_hook_that_asks_gives_the_registrys_question_its_text(seconds: float) -> None:
    scene = asking()
    asked = scene.now._replace(wall=scene.now.wall + int(seconds * NS))
    scene.wait(1)
    scene.hook(ASKS, at=asked, **BASH)
    assert (scene.status(), scene.session().prompt) == ("question", "Bash: make")
    assert len(scene.activity().questions) == 1


@pytest.mark.parametrize("asks_first", [True, False], ids=["hook first", "registry first"])
@pytest.mark.parametrize(("says", "becomes"), [("busy", "working"), ("idle", "attention")])
def test_a_question_told_by_both_ends_as_one(asks_first: bool, says: str, becomes: str) -> None:
    scene = Scene()
    scene.hook("PreToolUse", tool_use_id="t1", **BASH)
    for hook in (asks_first, not asks_first):
        scene.wait(1)
        if hook:
            scene.hook(ASKS, **BASH)
        else:
            scene.observe("registry", "asking")
    assert scene.status() == "question"
    scene.wait(1)
    scene.observe("registry", says)
    assert scene.status() == becomes


def test_an_asking_hook_that_comes_after_the_answer_asks_nothing() -> None:
    scene = asking()
    asked = scene.now
    scene.wait(1)
    scene.observe("registry", "busy")
    scene.hook(ASKS, at=asked, **BASH)
    assert scene.status() == "working"


def test_a_tool_that_ends_after_it_asked_is_an_answer() -> None:
    scene = asking()
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t1", tool_name="Bash")
    assert scene.status() == "working"


def test_a_hook_that_is_newer_than_the_registrys_question_outranks_it() -> None:
    # Of tools side by side only a hook tells which one asks.
    scene = asking()
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t2", tool_name="Read", agent_id="a1")
    assert scene.status() == "working"


def test_beside_a_hook_that_asks_the_end_of_another_tool_leaves_the_question_open() -> None:
    scene = asking()
    scene.hook(ASKS, **BASH)
    scene.wait(1)
    scene.hook("PostToolUse", tool_use_id="t2", tool_name="Read", agent_id="a1")
    assert scene.status() == "question"


def test_background_tasks_may_ask_and_go_on_when_the_dialog_is_dismissed() -> None:
    scene = Scene()
    scene.hook("Stop/background")
    scene.wait(1)
    scene.observe("registry", "asking")
    assert scene.status() == "question"
    scene.wait(1)
    scene.observe("registry", "idle")
    assert scene.status() == "working"


def test_the_word_waiting_of_old_journals_means_nothing_still() -> None:
    scene = Scene()
    scene.hook("UserPromptSubmit")
    scene.wait(1)
    assert scene.observe("registry", "waiting") == []
    assert scene.status() == "working"
