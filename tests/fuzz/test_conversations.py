"""Several clients at once against a real daemon and a model of it.

Hypothesis generates conversations, and shrinks one that fails. The daemon is stopped,
killed and started between their steps.
"""

from __future__ import annotations

import json
import os
import signal
from contextlib import ExitStack
from typing import Any, ClassVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from checks.fuzz.model import EVENTS, ProtocolModel
from testing.daemons import Daemons
from testing.service_manager import listener
from testing.support import DaemonHome, LineClient

NAMES = st.sampled_from(["a", "b", "ü", "--x", "7"])
HOOKED = st.sampled_from(["h1", "h2"])
STATUSES = st.sampled_from(["working", "attention", "question", "closed"])
TEXT = st.sampled_from(["x", "é\u2028", '"\\', "-opt", "y" * 300])
WHO = st.integers(0, 2)

METADATA = st.fixed_dictionaries(
    {},
    optional={
        "working_dir": st.sampled_from(["/", "/nowhere"]),
        "session_id": st.sampled_from(["id-1", "-bad"]),
        "name": TEXT,
        "prompt": TEXT,
        "x": st.integers() | TEXT | st.lists(st.none(), max_size=3),
        "y": st.booleans(),
    },
)

COMMANDS = st.one_of(
    st.builds("SET {} {}".format, NAMES, STATUSES),
    st.builds(
        lambda name, status, given: f"SET {name} {status} {json.dumps(given)}",
        NAMES,
        STATUSES,
        METADATA,
    ),
    st.builds("{} {}".format, st.sampled_from(["RM", "DELETE", "RESURRECT"]), NAMES),
    st.builds('API_USAGE {} {{"input_tokens": {}}}'.format, NAMES, st.integers(0, 9)),
    st.builds(
        lambda name, event: (
            "HOOK claude-code {} "
            + json.dumps({"session_id": name, "hook_event_name": event, "cwd": "/"})
        ),
        HOOKED,
        st.sampled_from(sorted(EVENTS)),
    ),
    st.builds("DELETE {}".format, HOOKED),
)

GARBAGE = st.sampled_from(
    [
        (b"nonsense\n", "ERR unknown command"),
        (b"SET a\n", "ERR usage: SET <session> <status> [metadata_json]"),
        (b"SET a asleep\n", "ERR invalid status"),
        (b'SET a working {"name": 1}\n', "ERR invalid metadata: name must be a string"),
        (b"SET \xff working\n", "ERR not UTF-8 at byte 5 of the line"),
        (b"SET a\0 working\n", "ERR NUL byte in the line"),
        (b"GET " + b"x" * 70_000 + b"\n", "ERR line too long: at most 65536 bytes"),
        (b"HOOK nobody {} {}\n", "ERR unknown agent"),
        (b"HOOK claude-code {} {\n", "ERR invalid event"),
    ]
)


class Conversations(RuleBasedStateMachine):
    """Three clients, some with a subscription, and a daemon that is ended and started."""

    home: ClassVar[DaemonHome]
    daemons: ClassVar[Daemons]

    def __init__(self) -> None:
        super().__init__()
        self.model = ProtocolModel()
        self.clients: list[LineClient] = []
        self.expected: dict[int, list[str]] = {}
        """The pushes that each subscriber has yet to read, by its number."""

    @initialize()
    def begin(self) -> None:
        self.daemon = self.daemons.start()
        self.clients = [self.home.client() for _ in range(3)]

    def teardown(self) -> None:
        for client in self.clients:
            client.close()
        if self.clients:
            self.daemon.kill()
            self.home.journal.unlink()
        log = self.daemons.log.read_text()
        assert "Traceback" not in log, log
        assert "set aside" not in log, log

    # Clients

    @rule(who=WHO, lines=st.lists(COMMANDS, min_size=1, max_size=8))
    def ask(self, who: int, lines: list[str]) -> None:
        """Sends pipelined requests; the replies come with the client's own pushes between."""
        client = self.clients[who]
        client.send(*lines)
        for line in lines:
            reply, pushes = self.model.answer(line)
            if who in self.expected:
                self._read(who)
                assert client.line() == reply, line
                for push in pushes:
                    self._match(client.line(), push)
            else:
                assert client.line() == reply, line
            for other in self.expected.keys() - {who}:
                self.expected[other] += pushes

    @rule(who=WHO, words=st.sampled_from(["", " json", " passive", " json passive"]))
    def subscribe(self, who: int, words: str) -> None:
        client = self.clients[who]
        self._read(who)
        client.send(f"SUBSCRIBE{words}")
        listed = json.loads(client.line().removeprefix("STATE "))
        assert {s["id"]: s["status"] for s in listed} == {
            name: session.status for name, session in self.model.sessions.items()
        }
        self.expected[who] = []

    @rule(who=WHO, what=GARBAGE, pieces=st.integers(1, 5))
    def send_garbage(self, who: int, what: tuple[bytes, str], pieces: int) -> None:
        data, reply = what
        self._read(who)
        for index in range(pieces):
            size = len(data) // pieces + 1
            self.clients[who].sock.sendall(data[index * size : (index + 1) * size])
        assert self.clients[who].line().startswith(reply)

    @rule(who=WHO, half=st.sampled_from([b"", b"SET gone", b"SET gone working", b"\xff"]))
    def close_and_connect_again(self, who: int, half: bytes) -> None:
        self.expected.pop(who, None)
        self.clients[who].sock.sendall(half)
        self.clients[who].close()
        self.clients[who] = self.home.client()

    @rule(line=COMMANDS)
    def send_like_a_hook(self, line: str) -> None:
        """One line on a new connection."""
        with self.home.client() as hook:
            hook.send(line)
            hook.line()  # the model needs the order
        _, pushes = self.model.answer(line)
        for who in self.expected:
            self.expected[who] += pushes

    # The daemon

    @rule(number=st.sampled_from([signal.SIGKILL, signal.SIGTERM]))
    def end_and_start_again(self, number: signal.Signals) -> None:
        for who in self.expected:
            self._read(who)
        self.expected.clear()
        for client in self.clients:
            client.close()
        self.daemon.signal(number)
        self.daemon.end()
        self.begin()

    @invariant()
    def the_daemon_has_the_sessions_of_the_model(self) -> None:
        if not self.clients:
            return
        with self.home.client() as client:
            found = client.sessions()
            assert {name: shown["status"] for name, shown in found.items()} == {
                name: session.status for name, session in self.model.sessions.items()
            }
            for name, session in self.model.sessions.items():
                self._compare(client.get(name), session)

    @staticmethod
    def _compare(shown: dict[str, Any], session: Any) -> None:
        assert shown["metadata"] == session.extra
        assert shown["api_usage"] == session.usage
        assert shown["closed"] == (session.status == "closed")
        assert [(p["from"], p["to"]) for p in shown["history"]] == session.passed
        for key in ("working_dir", "session_id"):
            assert shown[key] == session.known.get(key)
        if shown["evidence"] != "hook":
            assert shown["prompt"] == (session.known.get("prompt", "")[:200] or None)
        if "name" in session.known:
            assert shown["display_name"] == session.known["name"]

    def _read(self, who: int) -> None:
        """Reads the pushes that this client has to get."""
        for push in self.expected.get(who, []):
            self._match(self.clients[who].line(), push)
        if who in self.expected:
            self.expected[who] = []

    @staticmethod
    def _match(line: str, push: str) -> None:
        assert line.split(" ")[: len(push.split(" "))] == push.split(" "), (line, push)


@pytest.mark.timeout(0)
class TestConversations(Conversations.TestCase):  # type: ignore[misc, valid-type] # made at run time
    """One listener for all of them, and a new daemon without a state for each."""

    settings = settings(
        # python -m checks.fuzz takes more.
        max_examples=int(os.environ.get("ACD_FUZZ_EXAMPLES", "25")),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    @classmethod
    def setUpClass(cls) -> None:
        with ExitStack() as stack:
            Conversations.home = stack.enter_context(DaemonHome())
            sock = stack.enter_context(listener(Conversations.home))
            # The journal is compacted every few lines.
            daemons = Daemons(Conversations.home, sock, compact_min=3_000)
            Conversations.daemons = stack.enter_context(daemons)
            cls.addClassCleanup(stack.pop_all().close)
