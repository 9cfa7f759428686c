"""What version 0.1.0 wrote stays readable: requests, replies, pushes, records and a journal.

tests/fixtures/wire-0.1.0 never changes. Its bytes are those of a daemon of 0.1.0, of its hook, its
status line and its commands. NAME.requests and NAME.replies are the two directions of connections:
`samples` of every request and every error, `clients` of the real programs, `subscribe`, `watch`
(SUBSCRIBE json) and `record` of subscribers. The programs' changes are also in `journal`.
expected.json holds the requests as objects, what 0.1.0 itself read from the replies, and its
sessions at the end.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from acd import protocol
from acd.agents.catalog import TRANSLATOR
from acd.client.session import ClientSession, MatchedReply
from acd.config import LimitsConfig
from acd.protocol import (
    LineDecoder,
    LineError,
    Message,
    Ping,
    Request,
    parse_message,
    parse_request,
)
from acd.sessions import recording
from acd.sessions.values import Now, Refused
from testing.checkout import FIXTURES
from testing.journaled_store import load
from testing.support import DaemonHome

FIXTURE = FIXTURES / "wire-0.1.0"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "expected.json").read_text("utf-8"))
SESSIONS: dict[str, Any] = EXPECTED["sessions"]
CONNECTIONS = ["samples", "clients", "subscribe", "watch", "record"]


def sent(name: str) -> list[Request | Refused | LineError]:
    """The requests of a connection, as the daemon reads them."""
    lines = LineDecoder(LimitsConfig().max_line).feed((FIXTURE / f"{name}.requests").read_bytes())
    return [line if isinstance(line, LineError) else _read(line) for line in lines]


def _read(line: str) -> Request | Refused:
    try:
        return parse_request(line)
    except Refused as refused:
        return refused


def expected_messages(name: str) -> list[Message]:
    return [getattr(protocol, kind)(*fields) for kind, *fields in EXPECTED[name]["replies"]]


@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_request_is_read_as_the_same_object(name: str) -> None:
    objects = [
        [type(each).__name__, *(each.args if isinstance(each, Refused) else each)]
        for each in sent(name)
    ]
    assert objects == EXPECTED[name]["requests"]


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_request_is_refused_only_with_the_same_reply(name: str) -> None:
    for request, reply in zip(sent(name), expected_messages(name), strict=False):
        if isinstance(request, Refused | LineError):
            [text] = request.args if isinstance(request, Refused) else request
            assert repr(reply) == repr(protocol.Err(text))


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_reply_and_push_is_read_as_the_same_object(name: str, size: int) -> None:
    session = ClientSession()
    requests = sent(name)
    for request in requests:
        # A line that is no request gets an ERR, as any other request may.
        session.send(Ping() if isinstance(request, Refused | LineError) else request)
    data = (FIXTURE / f"{name}.replies").read_bytes()
    received = [
        each
        for start in range(0, len(data), size)
        for each in session.receive(data[start : start + size])
    ]
    messages = [each.reply if isinstance(each, MatchedReply) else each for each in received]
    # Named tuples of different types can be equal.
    assert list(map(repr, messages)) == list(map(repr, expected_messages(name)))
    assert sum(isinstance(each, MatchedReply) for each in received) == len(requests)


def test_the_daemon_answers_every_sample_as_before(home: DaemonHome) -> None:
    home.start()
    requests = (FIXTURE / "samples.requests").read_bytes().splitlines(keepends=True)
    for request, before in zip(requests, expected_messages("samples"), strict=True):
        with home.client() as client:
            client.sock.sendall(request)
            assert_extends(parse_message(client.line()), before)


def assert_extends(now: Message, before: Message) -> None:
    """Objects may have more fields than before; times and other numbers may differ."""
    assert type(now) is type(before)
    if isinstance(now, protocol.Ok) and now.text:
        assert isinstance(before, protocol.Ok)
        assert extends(now.json(), before.json()), now
    else:
        assert extends(list(now), list(before)), now


def extends(now: object, before: object) -> bool:
    match now, before:
        case dict(), dict():
            fields = before.keys() - {"version", "socket"}
            return all(key in now and extends(now[key], before[key]) for key in fields)
        case list(), list():
            return len(now) == len(before) and all(map(extends, now, before))
        case (int() | float(), int() | float()) if not isinstance(now, bool):
            return True
    return now == before


@pytest.mark.parametrize("session_id", SESSIONS)
def test_a_session_of_the_journal_is_as_it_was(tmp_path: Path, session_id: str) -> None:
    path = Path(shutil.copy(FIXTURE / "journal", tmp_path / "acd.sock.journal"))
    store = load(path, path.read_text("utf-8").split(None, 3)[2])
    assert store.sessions.keys() == SESSIONS.keys()
    shown = json.loads(json.dumps(store.get(session_id).to_wire_whole(Now(*EXPECTED["at"]))))
    now, before = map(without_outcomes, (shown, SESSIONS[session_id]))
    assert {field: now.get(field) for field in before} == before
    assert path.read_bytes() == (FIXTURE / "journal").read_bytes()


def without_outcomes(session: dict[str, Any]) -> dict[str, Any]:
    """The session without the prose of its evidence log."""
    return {**session, "trail": [{**each, "outcome": ""} for each in session["trail"]]}


def test_a_recording_leads_to_the_same_statuses() -> None:
    pushes = map(parse_message, (FIXTURE / "record.replies").read_text("utf-8").splitlines())
    lines = [each.text for each in pushes if isinstance(each, protocol.Recorded)]
    *_, (_, _, store) = recording.replay(iter(["acd-recording 1 0.1.0", *lines]), TRANSLATOR)
    statuses = {session.id: session.status for session in store.list_all()}
    assert statuses == {session_id: each["status"] for session_id, each in SESSIONS.items()}
