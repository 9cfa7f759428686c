"""The records of sessions and changes, and how they are read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.catalog import DEFAULT, TRANSLATOR
from acd.sessions import activity
from acd.sessions.events import HookEvent
from acd.sessions.records import (
    BadRecord,
    apply_record,
    event_record,
    moment_record,
    observation_record,
    read_moment,
    read_session,
    session_record,
)
from acd.sessions.rules import SessionRules
from acd.sessions.signals import EFFECTS, Source
from acd.sessions.store import Store
from acd.sessions.values import Json, Now
from testing.event_scenes import (
    START,
    StoreScene,
    contents,
    event_of,
    fields_of,
    observation_of,
    payload_of,
)
from testing.json_values import any_json
from testing.strategies import WORDS, StoreRun, replay, store_runs

# Round trips ----------------------------------------------------------------


@given(store_runs())
def test_a_session_record_reads_as_the_same_session(run: StoreRun) -> None:
    for session in run.store.list_all():
        verb, _, fields = session_record(session).partition(" ")
        assert verb == "SESSION"
        assert fields_of(read_session(json.loads(fields), TRANSLATOR)) == fields_of(session)


@given(store_runs())
def test_the_records_of_a_store_replayed_make_the_same_store(run: StoreRun) -> None:
    again = replay(run.records, run.store.rules)
    assert contents(again) == contents(run.store)
    assert again.next_expiry() == run.store.next_expiry()


@given(store_runs())
def test_a_session_record_stands_for_all_the_changes_before_it(run: StoreRun) -> None:
    snapshots = [(run.now, session_record(session)) for session in run.store.list_all()]
    assert contents(replay(snapshots, run.store.rules)) == contents(run.store)
    # The same after all records before it.
    twice = replay(run.records + snapshots, run.store.rules)
    assert contents(twice) == contents(run.store)
    assert twice.next_expiry() == run.store.next_expiry()


@given(store_runs())
def test_every_record_is_one_line_of_text(run: StoreRun) -> None:
    for _, record in run.records:
        assert "\n" not in record
        record.encode()
    for session in run.store.list_all():
        assert session_record(session).isascii()


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_moment_is_read_as_it_was_written(wall: int, boot: int) -> None:
    assert read_moment(moment_record(Now(wall, boot))) == (wall, boot)


def test_an_event_reads_as_it_was_written_without_missing_keys() -> None:
    event = event_of("PermissionRequest/Bash", meta={"at": 5, "TMUX": "t"}, agent_id="a1")
    record = event_record(event)
    assert "null" not in record
    assert HookEvent.from_record(json.loads(record.removeprefix("EVENT ")), TRANSLATOR) == event


@pytest.mark.parametrize(("source", "word"), WORDS)
def test_an_observation_is_applied_again_by_its_record(source: Source, word: str) -> None:
    moved = False
    for before in ("UserPromptSubmit", "PermissionRequest/Bash"):
        scene = StoreScene()
        scene.hook(before)
        other = Store(DEFAULT.name)
        apply_record(other, event_record(event_of(before)), scene.now, TRANSLATOR)
        earlier = scene.status()
        scene.wait(1)
        scene.observe(source, word)
        record = observation_record("s", observation_of(source, word, scene.now.wall))
        apply_record(other, record, scene.now, TRANSLATOR)
        assert other.get("s").status == scene.status()
        moved = moved or scene.status() != earlier
    assert moved == ((source, TRANSLATOR.observation(word)) in EFFECTS)


def test_fields_that_a_later_version_may_add_are_ignored() -> None:
    scene = StoreScene()
    scene.hook("PermissionRequest/Bash")
    fields = json.loads(session_record(scene.session()).removeprefix("SESSION "))
    later = fields | {"mood": "good", "belief": fields["belief"] | {"doubt": 1}}
    assert fields_of(read_session(later, TRANSLATOR)) == fields_of(scene.session())


def test_a_verb_in_a_record_may_be_in_any_case_as_on_the_wire() -> None:
    store = Store(DEFAULT.name)
    apply_record(store, "set s working", START, TRANSLATOR)
    apply_record(store, "Rm s", START, TRANSLATOR)
    assert store.get("s").status == "closed"


# Lines that are not records ----------------------------------------------------------

SESSION: Json = {"id": "s", "status": "working", "since": 5, "entered": 5}


_WRONG: list[Json] = [
    {"id": ["s"]},
    {"id": "a b"},
    {"id": ""},
    {"status": "asleep"},
    {"status": []},
    {"since": "now"},
    {"since": None},
    {"pid": [1]},
    {"pid": "1"},
    {"host": 1},
    {"name": 1},
    {"metadata": []},
    {"terminal": {"TMUX": 1}},
    {"attended": "yes"},
    {"closed_at": "5"},
    {"status": "closed", "closed_at": None},
    {"history": 5},
    {"history": [[5, "working"]]},
    {"history": [["now", "working", "closed", 5]]},
    {"history": [[5, "working", "asleep", 5]]},
    {"trail": [5]},
    {"trail": [["now", "hook", "Stop", "still"]]},
    {"belief": []},
    {"belief": {}},
    {"belief": {"base": "asleep"}},
    {"belief": {"base": "working", "newest_at": "now"}},
    {"belief": {"base": "working", "questions": [5]}},
    {"belief": {"base": "working", "questions": {"": 5}}},
    {"belief": {"base": "working", "questions": {"": ["now", None]}}},
    {"belief": {"base": "working", "registry": ["idle"]}},
    {"belief": {"base": "working", "registry": ["idle", "now"]}},
]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "HELLO",
        "@",
        "SET",
        "SET s",
        "SET s asleep",
        "SET s working []",
        "SET s working {",
        f"SET {'x' * 129} working",
        "RM nobody",
        "RM",
        "DELETE nobody",
        "RESURRECT nobody",
        "API_USAGE s",
        "API_USAGE",
        "API_USAGE s {",
        "EVENT",
        "EVENT {}",
        "EVENT []",
        'EVENT {"agent": "claude-code", "session": "a b", "name": "Stop", "status": "attention"}',
        "CORRECT s registry idle",
        "CORRECT s registry idle soon",
        "CORRECT s registry idle ²",
        "CORRECT s registry idle " + "9" * 5_000,
        "CORRECT s gossip idle 5",
        "SESSION",
        "SESSION []",
        "SESSION {}",
        *(f"SESSION {json.dumps(SESSION | wrong)}" for wrong in _WRONG),
    ],
    ids=lambda line: line[:70],
)
def test_a_line_that_is_not_a_record_raises_and_changes_nothing(line: str) -> None:
    store = Store(DEFAULT.name)
    with pytest.raises(BadRecord):
        apply_record(store, line, START, TRANSLATOR)
    assert contents(store) == {}


@pytest.mark.parametrize(
    "line", ["@", "@ 5", "@ 5 5 5", "@ now then", "@ nan 5", "@ -5 5", "@ 1.5 5"]
)
def test_a_line_that_is_not_a_moment_raises(line: str) -> None:
    with pytest.raises(BadRecord, match=r"^not a moment$"):
        read_moment(line)


_FIELDS = [*SESSION, "belief", "history", "trail", "pid", "host", "closed_at", "metadata", "name"]
_ACTIVITY = [
    *(key for key, *_ in activity.STORED_FIELDS),
    *("base", "heard", "questions", "calls", "done", "registry"),
]


@st.composite
def _records(draw: st.DrawFn) -> str:
    """Lines that are almost records."""
    distorted = draw(st.dictionaries(st.sampled_from(_FIELDS), any_json, max_size=2))
    fields = {"base": "working"} | draw(
        st.dictionaries(st.sampled_from(_ACTIVITY), any_json, max_size=2)
    )
    whole: Any = SESSION | {"belief": fields} | distorted
    words = draw(st.lists(st.sampled_from(["s", "working", "registry", "idle", "5", "²", "{}"])))
    verb = draw(
        st.sampled_from(["SET", "RM", "DELETE", "RESURRECT", "API_USAGE", "EVENT", "CORRECT", "@"])
    )
    return draw(
        st.sampled_from(
            [
                f"SESSION {json.dumps(whole)}",
                " ".join([verb, *words]),
                f"{verb} {json.dumps(draw(any_json))}",
                f"EVENT {json.dumps(event_of('Stop').to_record() | distorted)}",
            ]
        )
    )


@given(st.one_of(_records(), st.text()), st.booleans())
def test_any_line_is_a_record_or_raises(line: str, folded: bool) -> None:
    store = Store(DEFAULT.name, SessionRules(question_as_attention=folded))
    try:
        apply_record(store, line, START, TRANSLATOR)
        read_moment(line)
    except BadRecord:
        pass
    # What was accepted can take any change.
    change_all(store)


def change_all(store: Store) -> None:
    for session in list(store.list_all()):
        json.dumps(session.to_wire_whole(START), allow_nan=False)
        session_record(session)
        event = event_of("Stop", session.id, meta={"pid": 7, "at": 5})
        store.apply_hook(event, START)
        store.apply_observation(session.id, observation_of("registry", "idle", 6), START)
        store.close(session.id, START)
    store.order_closed()
    store.expire(START)


def test_payloads_are_not_records() -> None:
    with pytest.raises(BadRecord):
        apply_record(
            Store(DEFAULT.name), f"EVENT {json.dumps(payload_of('Stop'))}", START, TRANSLATOR
        )
