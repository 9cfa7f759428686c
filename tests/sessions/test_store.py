"""Commands on the store: their changes, and their errors."""

from __future__ import annotations

import itertools

import pytest

from acd.sessions.status import REVIVALS, STATUSES, TRANSITIONS
from acd.sessions.values import ID_LENGTH, NS, Refused
from testing.event_scenes import START, StoreScene, contents, described


@pytest.mark.parametrize(
    ("before", "after"), list(itertools.product([None, *STATUSES], STATUSES)), ids=str
)
def test_a_set_is_applied_exactly_where_the_table_allows_it(before: str | None, after: str) -> None:
    scene = StoreScene()
    if before is not None:
        scene.set("s", before)
    origin = None if before is None else STATUSES[before]

    if STATUSES[after] in TRANSITIONS[origin]:
        scene.set("s", after)
        assert scene.status() == after
    else:
        held = contents(scene.store)
        with pytest.raises(Refused, match=r"^session closed$"):
            scene.set("s", after)
        assert contents(scene.store) == held


def test_the_table_allows_everything_but_leaving_closed() -> None:
    everything = frozenset(STATUSES.values())
    assert {origin: to for origin, to in TRANSITIONS.items() if to != everything} == {
        "closed": {"closed"}
    }
    assert REVIVALS == {"closed": "working"}


def test_the_first_set_creates_the_session_with_an_update() -> None:
    scene = StoreScene()
    assert described(scene.set("s", "working")) == [("update", "s", "working", 0)]
    assert scene.session().history is None


def test_a_transition_is_recorded_with_the_time_spent_before_it() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    scene.wait(90.5)
    assert described(scene.set("s", "attention")) == [("update", "s", "attention", 90)]
    [transition] = scene.session().history or []
    assert transition == (scene.now.wall, "working", "attention", int(90.5 * NS))


def test_the_same_status_again_moves_since_and_records_no_history() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    scene.wait(7)
    assert described(scene.set("s", "working")) == [("update", "s", "working", 7)]
    session = scene.session()
    assert (session.since, session.history) == (scene.now.wall, None)
    assert session.elapsed(scene.now) == 0


def test_the_newest_transitions_are_kept() -> None:
    scene = StoreScene(history_depth=3)
    for status in ("working", "attention", "question", "working", "closed"):
        scene.set("s", status)
    history = scene.session().history or []
    assert [transition.to for transition in history] == ["question", "working", "closed"]


def test_with_a_history_depth_of_0_no_transition_is_kept() -> None:
    scene = StoreScene(history_depth=0)
    scene.set("s", "working")
    scene.set("s", "attention")
    assert not scene.session().history


def test_durations_come_from_the_clock_that_does_not_jump() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    scene.wait(10)
    scene.step_wall_clock(-3600)
    assert described(scene.set("s", "attention")) == [("update", "s", "attention", 10)]
    [transition] = scene.session().history or []
    assert transition.duration == 10 * NS
    assert transition.at == START.wall + (10 - 3600) * NS


def test_rm_closes_a_session_and_keeps_it() -> None:
    scene = StoreScene()
    scene.set("s", "question", working_dir="/w")
    assert described(scene.close("s")) == [("update", "s", "closed", 0)]
    assert scene.session().working_dir == "/w"
    assert [session.id for session in scene.store.list_all()] == ["s"]


def test_delete_removes_a_session_at_once_whatever_its_status() -> None:
    for status in STATUSES:
        scene = StoreScene()
        scene.set("s", status)
        assert described(scene.store.delete("s")) == [("removed", "s", status, 0)]
        assert contents(scene.store) == {}
        assert set(scene.store.counts().values()) == {0}


@pytest.mark.parametrize("command", ["get", "close", "delete", "resurrect", "set_api_usage"])
def test_an_unknown_session_is_not_found(command: str) -> None:
    scene = StoreScene()
    arguments: dict[str, tuple[object, ...]] = {
        "close": (scene.now,),
        "resurrect": (scene.now,),
        "set_api_usage": ({},),
    }
    with pytest.raises(Refused, match=r"^session not found$"):
        getattr(scene.store, command)("nobody", *arguments.get(command, ()))


# RESURRECT ------------------------------------------------------------------


def test_a_closed_session_is_resurrected_as_working_with_its_metadata() -> None:
    scene = StoreScene()
    scene.set("s", "attention", session_id="agent-id", working_dir="/w", colour="red")
    scene.close("s")
    scene.wait(60)
    assert described(scene.resurrect("s")) == [("update", "s", "working", 60)]
    session = scene.session()
    assert (session.working_dir, session.metadata) == ("/w", {"colour": "red"})
    assert session.evidence == "resume"
    assert session.closed_at is None


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "closed"])
def test_an_open_session_cannot_be_resurrected(status: str) -> None:
    scene = StoreScene()
    scene.set("s", status, session_id="agent-id")
    with pytest.raises(Refused, match=r"^session not closed$"):
        scene.resurrect("s")


def test_a_session_without_an_id_to_resume_with_is_not_resumable() -> None:
    scene = StoreScene()
    scene.set("s", "closed")
    with pytest.raises(Refused, match=r"^not resumable$"):
        scene.resurrect("s")


def test_a_resurrected_session_does_not_expire() -> None:
    scene = StoreScene(retention_seconds=60)
    scene.set("s", "closed", session_id="agent-id")
    scene.resurrect("s")
    scene.wait(3600)
    assert scene.store.next_expiry() is None
    assert scene.expire() == []


# Metadata -------------------------------------------------------------------


def test_a_later_set_without_a_key_leaves_its_value() -> None:
    scene = StoreScene()
    scene.set("s", "working", working_dir="/w", name="n", prompt="p", a=1)
    scene.set("s", "attention", prompt="q", b=2)
    session = scene.session()
    assert (session.working_dir, session.name, session.prompt) == ("/w", "n", "q")
    assert session.metadata == {"a": 1, "b": 2}


def test_unknown_keys_are_kept_whatever_their_type() -> None:
    scene = StoreScene()
    scene.set("s", "working", ticket=12, tags=["a", {"b": None}], done=False)
    shown = scene.session().to_wire_whole(scene.now)
    assert shown["metadata"] == {"ticket": 12, "tags": ["a", {"b": None}], "done": False}


def test_a_prompt_is_cut_to_its_first_200_characters() -> None:
    scene = StoreScene()
    scene.set("s", "question", prompt="x" * 199 + "yz")
    assert scene.session().prompt == "x" * 199 + "y"


def test_metadata_that_grows_too_large_is_refused_and_changes_nothing() -> None:
    scene = StoreScene(max_metadata=100)
    scene.set("s", "working", first="x" * 60)
    held = contents(scene.store)
    with pytest.raises(Refused, match=r"^invalid metadata: .* at most 100 bytes$"):
        scene.set("s", "attention", second="x" * 60)
    assert contents(scene.store) == held


def test_metadata_may_be_exactly_as_large_as_the_limit() -> None:
    scene = StoreScene(max_metadata=100)
    scene.set("s", "working", k="x" * (100 - len('{"k": ""}')))
    with pytest.raises(Refused):
        scene.set("s", "working", k="x" * (101 - len('{"k": ""}')))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "api", "working_dir": "/home/me/proj"}, "api"),
        ({"working_dir": "/home/me/proj"}, "proj"),
        ({"working_dir": "/home/me/proj/"}, "proj"),
        ({"working_dir": "/"}, "/"),
        ({"working_dir": ""}, "01234567"),
        ({}, "01234567"),
    ],
)
def test_the_display_name_is_the_name_or_the_directory_or_the_id(
    given: dict[str, str], shown: str
) -> None:
    scene = StoreScene()
    scene.set("0123456789abcdef", "working", **given)
    assert scene.session("0123456789abcdef").display_name == shown


def test_api_usage_is_kept_as_it_was_sent_and_leaves_the_status() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    scene.wait(5)
    scene.store.set_api_usage("s", {"input_tokens": 12, "cost": 0.5})
    shown = scene.session().to_wire(scene.now)
    assert shown["api_usage"] == {"input_tokens": 12, "cost": 0.5}
    assert (shown["status"], shown["elapsed"]) == ("working", 5)


# Expiry ---------------------------------------------------------------------


def test_a_closed_session_expires_when_its_retention_is_over_and_not_before() -> None:
    scene = StoreScene(retention_seconds=60)
    scene.set("s", "closed")
    assert scene.store.next_expiry() == scene.now.boot + 60 * NS
    scene.wait(59.999)
    assert scene.expire() == []
    scene.wait(0.001)
    assert described(scene.expire()) == [("removed", "s", "closed", 0)]
    assert scene.store.next_expiry() is None


def test_sessions_expire_in_the_order_in_which_they_closed() -> None:
    scene = StoreScene(retention_seconds=60)
    for session in ("a", "b", "c"):
        scene.set(session, "working")
    for session in ("c", "a"):
        scene.close(session)
        scene.wait(1)
    scene.wait(60)
    assert [change.session.id for change in scene.expire()] == ["c", "a"]
    assert scene.statuses() == {"b": "working"}


def test_closing_a_closed_session_again_does_not_prolong_its_retention() -> None:
    scene = StoreScene(retention_seconds=60)
    scene.set("s", "closed")
    scene.wait(30)
    scene.close("s")
    scene.wait(30)
    assert len(scene.expire()) == 1


def test_a_step_of_the_wall_clock_expires_nothing() -> None:
    scene = StoreScene(retention_seconds=60)
    scene.set("s", "closed")
    scene.step_wall_clock(86_400)
    assert scene.expire() == []


def test_without_retention_a_session_expires_as_soon_as_it_closes() -> None:
    scene = StoreScene(retention_seconds=0)
    scene.set("s", "closed")
    assert len(scene.expire()) == 1


# Limits ---------------------------------------------------------------------


def test_a_new_session_beyond_the_limit_replaces_the_one_that_closed_first() -> None:
    scene = StoreScene(max_sessions=3)
    for session in ("open", "late", "early"):
        scene.set(session, "working")
    scene.close("early")
    scene.wait(1)
    scene.close("late")
    assert described(scene.set("new", "working")) == [
        ("removed", "early", "closed", 0),
        ("update", "new", "working", 0),
    ]
    assert set(scene.statuses()) == {"open", "late", "new"}


def test_with_every_session_open_a_new_one_is_refused_and_none_is_lost() -> None:
    scene = StoreScene(max_sessions=2)
    scene.set("a", "working")
    scene.set("b", "attention")
    with pytest.raises(Refused, match=r"^too many sessions: at most 2$"):
        scene.set("c", "working")
    assert scene.statuses() == {"a": "working", "b": "attention"}


def test_a_hook_makes_room_as_a_set_does() -> None:
    scene = StoreScene(max_sessions=1)
    scene.set("old", "closed")
    assert described(scene.hook("UserPromptSubmit", "new")) == [
        ("removed", "old", "closed", 0),
        ("update", "new", "working", 0),
    ]


def test_at_the_limit_present_sessions_still_change() -> None:
    scene = StoreScene(max_sessions=1)
    scene.set("s", "working")
    scene.set("s", "attention")
    assert scene.status() == "attention"


# Ids ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "session",
    ["x", "x" * ID_LENGTH, "-rf", "../../etc/passwd", "sitzung-\u00fc\u6f22", "$(id)", "[]"],
)
def test_an_id_may_be_any_printable_word(session: str) -> None:
    scene = StoreScene()
    scene.set(session, "working")
    assert scene.status(session) == "working"


@pytest.mark.parametrize(
    "session",
    [
        "",
        "x" * (ID_LENGTH + 1),
        "a b",
        "a\tb",
        "a\u00a0b",
        "a\x1b[2J",
        "a\u202eb",
        "a\x00b",
        "\ud800",
    ],
    ids=ascii,
)
def test_an_id_that_is_no_printable_word_is_refused(session: str) -> None:
    scene = StoreScene()
    with pytest.raises(Refused, match=r"^invalid session id: must be 1 to 128 print"):
        scene.set(session, "working")
    assert contents(scene.store) == {}


# On the wire ----------------------------------------------------------------


def test_a_session_shows_every_field_that_the_protocol_promises() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    promised = {
        *("id", "status", "since", "elapsed", "working_dir", "display_name", "agent_type"),
        *("session_id", "closed", "evidence", "prompt", "api_usage", "pid", "terminal"),
        *("attended", "host"),
    }
    shown = scene.session().to_wire(scene.now)
    assert promised <= shown.keys()
    assert promised | {"history"} <= scene.session().to_wire_whole(scene.now).keys()
    assert shown["agent_type"] == "claude-code"
    assert shown["since"] == START.wall / NS


def test_a_transition_shows_its_times_in_seconds() -> None:
    scene = StoreScene()
    scene.set("s", "working")
    scene.wait(1.5)
    scene.set("s", "closed")
    [transition] = scene.session().history or []
    assert transition.to_wire() == {
        "at": START.wall / NS + 1.5,
        "from": "working",
        "to": "closed",
        "duration": 1.5,
    }
