"""What a recording keeps and leaves out."""

from __future__ import annotations

import json

from acd.agents.catalog import DEFAULT, TRANSLATOR
from acd.sessions.recording import lines, opening, replay, session_records
from acd.sessions.records import apply_record
from acd.sessions.store import Store
from acd.sessions.values import Now

NOW = Now(1_700_000_000 * 10**9, 10**9)
SET = 'SET s question {"name": "for Ada", "prompt": "her words", "mine": 1, "agent_type": "codex"}'


def test_the_prompt_the_name_and_the_users_own_keys_are_left_out_of_a_change() -> None:
    _, change = lines([SET], NOW)
    assert change == 'SET s question {"agent_type": "codex"}'


def test_the_prompt_the_name_and_the_users_own_keys_are_left_out_of_a_session() -> None:
    store = Store(DEFAULT.name)
    apply_record(store, SET, NOW, TRANSLATOR)
    _, session = session_records(store, NOW)
    fields = json.loads(session.removeprefix("SESSION "))
    assert fields["agent_type"] == "codex"
    assert not {"name", "prompt", "metadata"} & fields.keys()


def test_an_event_keeps_its_name() -> None:
    event = 'EVENT {"agent": "claude-code", "session": "s", "name": "Stop", "text": "her words"}'
    _, recorded = lines([event], NOW)
    assert json.loads(recorded.removeprefix("EVENT ")) == {
        "agent": "claude-code",
        "session": "s",
        "name": "Stop",
    }


def test_a_recording_without_these_fields_can_be_replayed() -> None:
    store = Store(DEFAULT.name)
    apply_record(store, SET, NOW, TRANSLATOR)
    recording = [
        opening(),
        *session_records(store, NOW),
        *lines([SET.replace("question", "working")], NOW),
    ]
    *_, (_, _, replayed) = replay(iter(recording), TRANSLATOR)
    [session] = replayed.list_all()
    assert (session.status, session.name, session.prompt) == ("working", None, None)
