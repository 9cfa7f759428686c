"""Random lives of a store: whatever clients, hooks, clocks and other sources may do to it.

Responsible for the strategy and for living through it as the daemon does:
commands as lines, and a record of each change. It refuses to know what a test
looks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from acd.agents.claude_code.events import EVENTS as CLAUDE_CODE
from acd.daemon.commands import Commands
from acd.protocol import parse_request
from acd.sessions.corrections import CORRECTIONS
from acd.sessions.events import HookEvent
from acd.sessions.metadata import Refused
from acd.sessions.records import apply_record, correction_record
from acd.sessions.status import STATUSES
from acd.sessions.store import Rules, Store
from acd.sessions.values import NS, Json, Now
from testing.event_scenes import HERE, START, payload_of

IDS = ("a", "b", "c")

_ids = st.sampled_from([*IDS, IDS[0], IDS[0]])
_some = st.sampled_from

# Pools rather than strategies of their own: a life has many steps, and is to be made quickly.
_metadata = _some(
    [
        {"working_dir": "/w", "session_id": "x"},
        {"prompt": "what?", "name": "n"},
        {"agent_type": "other", "extra": [1, {"a": None}]},
        {"more": {"b": "\ud800"}, "working_dir": "/"},
        {"extra": "longer than some rules allow it to be"},
    ]
)
_usage = _some([{}, {"input_tokens": 1, "cost": 0.5}, {"context": ["x" * 50]}])
_meta: st.SearchStrategy[Json] = _some(
    [
        {},
        {"pid": 100},
        {"pid": 200},
        {"pid": 100, "attended": False, "config_dir": "/c", "TMUX_PANE": "%1"},
        {"pid": 200, "attended": True, "host": HERE},
        {"pid": 100, "host": "elsewhere"},
        {"host": "elsewhere"},
    ]
)
_fields: st.SearchStrategy[Json] = _some(
    [
        {},
        {"cwd": "/w", "prompt_id": "p1"},
        {"cwd": "/v", "prompt_id": "p2", "last_assistant_message": "said"},
        {"agent_id": "a1", "tool_input": {"command": "asked"}},
        {"agent_id": "a2"},
        {"tool_use_id": "t1", "tool_name": "Read", "tool_input": {"file_path": "/1"}},
        {"tool_use_id": "t2", "tool_name": "Read", "tool_input": {"file_path": "/2"}},
        {"tool_name": "Read", "tool_input": {"file_path": "/2"}},
    ]
)
_labels = _some([*CLAUDE_CODE, "SomethingNew", "Notification/something_new"])

_LATE = st.sampled_from([0, 0, 0, 1, 2 * NS, -1, -3600 * NS])
"""How much before its arrival something happened, in nanoseconds; below 0 by a clock ahead."""


class Life:
    """One store, the clock, and the records of all that changed."""

    def __init__(self, rules: Rules):
        self.store = Store(rules)
        self.now = START
        self.records: list[tuple[Now, str]] = []
        self._commands = Commands(
            self.store, local_host=HERE, is_dir=lambda path: path == "/w", observe=_observe
        )

    def line(self, line: str) -> str | None:
        """A request, as the server treats it; returns the reply."""
        try:
            request = parse_request(line)
            outcome = self._commands.handlers[type(request)](request, line, self.now)
            assert outcome is not None, line
            reply, _, record = outcome
        except Refused as refused:
            return f"ERR {refused}"
        if record is not None:
            self.records += [(self.now, each) for each in record.split("\n")]
        return reply

    def hook(
        self,
        session: str,
        label: str,
        late: int = 0,
        meta: Json | None = None,
        fields: Json | None = None,
    ) -> str | None:
        """An event of an agent that happened a little before now (or after it, by its clock)."""
        payload = json.dumps(payload_of(label, session, **(fields or {})))
        stamped = {"at": self.now.wall - late} | (meta or {})
        return self.line(f"HOOK claude-code {json.dumps(stamped, separators=(',', ':'))} {payload}")

    def wait(self, wall: int, boot: int) -> None:
        self.now = Now(self.now.wall + wall, self.now.boot + boot)

    def correct(self, session: str, source: Any, says: str, late: int) -> None:
        at = self.now.wall - late
        self.store.correct(session, source, says, at, self.now)
        self.records.append((self.now, correction_record(session, source, says, at)))

    def expire(self) -> None:
        for change in self.store.expire(self.now):
            self.records.append((self.now, f"DELETE {change.session.id}"))


def _observe(event: HookEvent) -> HookEvent:
    """As if every process had begun at a time that its pid tells."""
    return replace(event, pid_start=event.pid * 7) if event.pid is not None else event


Step = Callable[[Life], object]


def _hook(session: str, label: str, late: int, meta: Json, fields: Json) -> Step:
    return lambda life: life.hook(session, label, late, meta, fields)


def _line(words: tuple[str, ...]) -> Step:
    return lambda life: life.line(" ".join(words))


def _wait(seconds: float, jump: float) -> Step:
    return lambda life: life.wait(int((seconds + jump) * NS), int(seconds * NS))


hooks = st.builds(_hook, _ids, _labels, _LATE, _meta, _fields)
steps: st.SearchStrategy[Step] = st.one_of(
    hooks,
    hooks,  # the most of what there is
    st.tuples(st.just("SET"), _ids, _some([*STATUSES])).map(_line),
    st.tuples(st.just("SET"), _ids, _some([*STATUSES]), _metadata.map(json.dumps)).map(_line),
    st.tuples(_some(["RM", "DELETE", "RESURRECT"]), _ids).map(_line),
    st.tuples(st.just("API_USAGE"), _ids, _usage.map(json.dumps)).map(_line),
    st.builds(_wait, _some([0.0, 0.001, 1.0, 40.0]), _some([0.0, 0.0, 5.0, -3600.0])),
    st.builds(
        lambda session, said, late: lambda life: life.correct(session, *said, late),
        _ids,
        _some([*CORRECTIONS, ("registry", "waiting")]),
        _LATE,
    ),
    st.just(lambda life: life.expire()),
)

rules = st.builds(
    Rules,
    history_depth=_some([50, 2, 0]),
    retention_seconds=_some([30.0, 0.0]),
    question_as_attention=st.booleans(),
    keep_text=st.booleans(),
    max_sessions=_some([10, 2]),
    max_metadata=_some([16_384, 40]),
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A store to which everything has happened already."""
    life = Life(draw(rules))
    # Left to themselves, lists are short, and little happens in them.
    least = draw(st.sampled_from([0, 12, 25]))
    for step in draw(st.lists(steps, min_size=least, max_size=40)):
        step(life)
    return life


def replay(records: list[tuple[Now, str]], rules: Rules) -> Store:
    """What the records come to, as the journal reads them."""
    store = Store(replace(rules, max_sessions=1 << 62, max_metadata=1 << 62))
    for now, record in records:
        apply_record(store, record, now)
    store.rules = rules
    store.order_closed()
    return store
