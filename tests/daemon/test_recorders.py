"""RECORD: what is pushed, and when a recording ends."""

from __future__ import annotations

import json

from testing.peer import memory_server

PROMPT = 'SET a question {"prompt": "a secret", "working_dir": "/w"}'


def test_a_recording_is_the_sessions_followed_by_each_record() -> None:
    with memory_server() as server:
        server.peer().ask("SET a working")
        recorder = server.peer()
        reply, moment, session = recorder.ask("RECORD")
        assert reply == "OK"
        assert moment.startswith("RECORD @ ")
        assert json.loads(session.removeprefix("RECORD SESSION "))["id"] == "a"
        server.peer().ask("SET b working", "GET b", "RM b")
        assert [line for line in recorder.take() if not line.startswith("RECORD @ ")] == [
            "RECORD SET b working",
            "RECORD RM b",
        ]


def test_a_recording_holds_no_texts_and_the_journal_does() -> None:
    with memory_server() as server:
        recorder = server.peer()
        recorder.ask("RECORD")
        server.peer().ask(PROMPT)
        assert recorder.take()[-1] == 'RECORD SET a question {"working_dir": "/w"}'
        assert server.records == [PROMPT]


def test_a_recording_that_is_read_too_slowly_ends_with_an_error() -> None:
    with memory_server() as server:
        recorder = server.peer()
        recorder.ask("RECORD")
        recorder.fill()
        assert recorder.take() == ["ERR the recording is read too slowly"]
        assert recorder.is_closing
        server.peer().ask("SET a working")
        assert recorder.take() == []


def test_the_end_of_one_recording_leaves_the_others() -> None:
    with memory_server() as server:
        one, other = server.peer(), server.peer()
        one.ask("RECORD")
        other.ask("RECORD")
        one.close()
        server.peer().ask("SET a working")
        assert one.take() == []
        assert other.take()[-1] == "RECORD SET a working"
        other.close()
        assert server.peer().ask("SET a question") == ["OK"]
        assert other.take() == []
