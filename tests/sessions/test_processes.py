"""Which sessions run in a process, and which are superseded."""

from __future__ import annotations

import pytest

from acd.sessions.processes import Process
from acd.sessions.values import Refused
from testing.event_scenes import StoreScene, described


def test_after_clear_the_old_session_is_closed_and_superseded_by_the_new() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", "old", meta={"pid": 100})
    scene.hook("SessionEnd/clear", "old", meta={"pid": 100})
    scene.wait(0.01)
    scene.hook("SessionStart/clear", "new", meta={"pid": 100})
    assert scene.statuses() == {"old": "closed", "new": "attention"}
    assert scene.session("old").superseded_by == "new"


def test_a_superseded_session_is_not_resurrected_by_mistake() -> None:
    scene = StoreScene()
    scene.hook("SessionEnd/clear", "old", meta={"pid": 100})
    scene.hook("SessionStart/clear", "new", meta={"pid": 100})
    with pytest.raises(Refused, match=r"^not resumable$"):
        scene.resurrect("old")


def test_a_new_session_in_the_process_closes_the_one_without_an_end_event() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash", "old", meta={"pid": 100})
    scene.wait(4)
    assert described(scene.hook("SessionStart/clear", "new", meta={"pid": 100})) == [
        ("update", "old", "closed", 4),
        ("update", "new", "attention", 0),
    ]


def test_the_old_sessions_late_events_change_nothing_after_clear() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", "old", meta={"pid": 100})
    scene.hook("SessionStart/clear", "new", meta={"pid": 100})
    scene.wait(1)
    for label in ("SessionEnd/clear", "PostToolUse", "Stop"):
        assert scene.hook(label, "old", meta={"pid": 100}) == []
    assert scene.statuses() == {"old": "closed", "new": "attention"}


def test_the_end_of_an_unknown_session_does_not_close_the_running_one() -> None:
    scene = StoreScene()
    before = scene.now
    scene.wait(1)
    scene.hook("SessionStart/clear", "new", meta={"pid": 100})
    scene.hook("SessionEnd/clear", "old", meta={"pid": 100}, at=before)
    scene.hook("SessionEnd/clear", "older", meta={"pid": 100})
    assert (scene.status("new"), scene.session("new").superseded_by) == ("attention", None)


def test_resuming_another_conversation_in_the_same_process_swaps_the_two() -> None:
    scene = StoreScene()
    scene.hook("SessionStart/startup", "one", meta={"pid": 100})
    scene.hook("SessionEnd/resume", "one", meta={"pid": 100})
    scene.hook("SessionStart/resume", "two", meta={"pid": 100})
    scene.wait(1)
    scene.hook("SessionEnd/resume", "two", meta={"pid": 100})
    scene.hook("SessionStart/resume", "one", meta={"pid": 100})
    assert scene.statuses() == {"one": "attention", "two": "closed"}
    assert scene.session("one").superseded_by is None
    assert scene.session("two").superseded_by == "one"


def test_resuming_a_closed_session_in_another_process_revives_it_there() -> None:
    scene = StoreScene()
    scene.hook("Stop", meta={"pid": 100}, last_assistant_message="bye")
    scene.hook("SessionEnd/other", meta={"pid": 100})
    scene.wait(30)
    assert described(scene.hook("SessionStart/resume", meta={"pid": 200})) == [
        ("update", "s", "attention", 30)
    ]
    session = scene.session()
    assert (session.pid, session.prompt, session.evidence) == (200, None, "resume")
    assert session.closed_at is None
    assert scene.store.sessions_of(Process(None, 100)) == []


@pytest.mark.parametrize("source", ["startup", "clear", "fork", "compact", "unheard-of"])
def test_only_a_resume_revives_a_closed_session(source: str) -> None:
    scene = StoreScene()
    scene.set("s", "closed")
    assert scene.hook(f"SessionStart/{source}") == []
    assert scene.status() == "closed"


def test_a_resume_revives_a_session_even_if_it_came_from_a_subagent() -> None:
    scene = StoreScene()
    scene.set("s", "closed")
    scene.hook("SessionStart/resume", agent_id="a1")
    assert scene.status() != "closed"


def test_a_fork_does_not_change_a_session_of_another_process() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", "one", meta={"pid": 100})
    scene.hook("SessionStart/fork", "two", meta={"pid": 200})
    assert scene.statuses() == {"one": "working", "two": "attention"}


def test_a_pid_that_was_used_before_is_another_process() -> None:
    scene = StoreScene()
    scene.hook("SessionEnd/other", "old", meta={"pid": 100}, pid_start=1)
    scene.wait(5)
    changes = scene.hook("SessionStart/startup", "new", meta={"pid": 100}, pid_start=2)
    assert described(changes) == [("update", "new", "attention", 0)]
    assert scene.session("old").superseded_by is None


def test_the_same_pid_on_another_machine_is_another_process() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", "here", meta={"pid": 100})
    scene.hook("UserPromptSubmit", "there", meta={"pid": 100, "host": "elsewhere"})
    assert scene.statuses() == {"here": "working", "there": "working"}
    assert [s.id for s in scene.store.sessions_of(Process("elsewhere", 100))] == ["there"]


def test_a_session_that_moves_to_another_process_is_found_only_there() -> None:
    scene = StoreScene()
    scene.hook("Stop", meta={"pid": 100})
    scene.hook("Stop", meta={"pid": 200})
    assert scene.store.sessions_of(Process(None, 100)) == []
    assert [s.id for s in scene.store.sessions_of(Process(None, 200))] == ["s"]


def test_a_session_that_moves_to_another_machine_has_no_pid() -> None:
    scene = StoreScene()
    scene.hook("Stop", meta={"pid": 100})
    scene.hook("Stop", meta={"host": "elsewhere"})
    assert (scene.session().host, scene.session().pid) == ("elsewhere", None)
    assert scene.store.sessions_of(Process(None, 100)) == []


def test_a_new_process_does_not_get_the_start_time_of_the_old_one() -> None:
    scene = StoreScene()
    scene.hook("Stop", meta={"pid": 100}, pid_start=1)
    scene.hook("Stop", meta={"pid": 200})
    assert scene.session().pid_start is None


def test_a_missing_origin_leaves_the_earlier_one() -> None:
    scene = StoreScene()
    known = {"pid": 100, "attended": False, "config_dir": "/c", "TMUX_PANE": "%1"}
    scene.hook("UserPromptSubmit", meta=known, cwd="/w", pid_start=1)
    scene.hook("Stop")
    session = scene.session()
    assert (session.pid, session.pid_start, session.attended) == (100, 1, False)
    assert (session.config_dir, session.terminal) == ("/c", {"TMUX_PANE": "%1"})
    assert session.working_dir == "/w"


def test_a_session_keeps_the_directory_in_which_it_began() -> None:
    scene = StoreScene()
    scene.hook("UserPromptSubmit", cwd="/w")
    scene.hook("Stop", cwd="/w/sub")
    assert scene.session().working_dir == "/w"


def test_a_hook_gives_a_session_the_id_to_resume_it_with() -> None:
    scene = StoreScene()
    scene.set("by-set", "working")
    scene.hook("Stop", "by-set")
    scene.hook("Stop", "by-hook")
    assert scene.session("by-set").resume_id == "by-set"
    assert scene.session("by-hook").resume_id == "by-hook"


def test_a_deleted_session_is_found_in_no_process() -> None:
    scene = StoreScene()
    scene.hook("Stop", meta={"pid": 100})
    scene.store.delete("s")
    assert scene.store.sessions_of(Process(None, 100)) == []
