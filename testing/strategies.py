"""Hypothesis strategies: stores after random commands, hook events, observations and times."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import strategies as st

from acd.agents.catalog import AGENTS, DEFAULT, TRANSLATOR
from acd.agents.claude_code.events import EVENTS
from acd.daemon.commands import Commands
from acd.protocol import parse_request
from acd.sessions.events import HookEvent
from acd.sessions.records import apply_record, observation_record
from acd.sessions.rules import SessionRules
from acd.sessions.signals import OBSERVER, PROCESS, Source
from acd.sessions.status import STATUSES
from acd.sessions.store import Store
from acd.sessions.values import NS, Json, Now, Refused
from testing.event_scenes import HERE, START, observation_of, payload_of

IDS = ("a", "b", "c")

_ids = st.sampled_from([*IDS, IDS[0], IDS[0]])
_some = st.sampled_from

# Samples instead of further strategies: a run has many steps, and is drawn often.
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
_labels = _some([*EVENTS, "SomethingNew", "Notification/something_new"])

WORDS: list[tuple[Source, str]] = [
    *((OBSERVER, word) for agent in AGENTS.values() for word in agent.observations),
    (OBSERVER, "waiting"),
    (PROCESS, "ended"),
]
"""Observations: every word of the agents' observers, and one without a meaning."""

_LATE = st.sampled_from([0, 0, 0, 1, 2 * NS, -1, -3600 * NS])
"""Nanoseconds from an event to its arrival; below 0 where the source's clock is ahead."""


class StoreRun:
    """A store, its clock, and the records of all changes."""

    def __init__(self, rules: SessionRules):
        self.store = Store(DEFAULT.name, rules)
        self.now = START
        self.records: list[tuple[Now, str]] = []
        self._commands = Commands(
            self.store, local_host=HERE, is_dir=lambda path: path == "/w", observe=_observe
        )

    def line(self, line: str) -> str | None:
        """Applies a request line as the server does; returns the reply."""
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
        """Applies a hook event that happened `late` nanoseconds ago; returns the reply."""
        payload = json.dumps(payload_of(label, session, **(fields or {})))
        stamped = {"at": self.now.wall - late} | (meta or {})
        return self.line(f"HOOK claude-code {json.dumps(stamped, separators=(',', ':'))} {payload}")

    def wait(self, wall: int, boot: int) -> None:
        """Advances the two clocks, in nanoseconds."""
        self.now = Now(self.now.wall + wall, self.now.boot + boot)

    def observe(self, session: str, source: Source, word: str, late: int) -> None:
        """Applies an observation that was true `late` nanoseconds ago."""
        observation = observation_of(source, word, self.now.wall - late)
        self.store.apply_observation(session, observation, self.now)
        self.records.append((self.now, observation_record(session, observation)))

    def expire(self) -> None:
        """Removes what has expired."""
        for change in self.store.expire(self.now):
            self.records.append((self.now, f"DELETE {change.session.id}"))


def _observe(event: HookEvent) -> HookEvent:
    """Adds the start time of a process, which is made of its pid."""
    return event._replace(pid_start=event.pid * 7) if event.pid is not None else event


StoreStep = Callable[[StoreRun], object]


def _hook(session: str, label: str, late: int, meta: Json, fields: Json) -> StoreStep:
    return lambda run: run.hook(session, label, late, meta, fields)


def _line(words: tuple[str, ...]) -> StoreStep:
    return lambda run: run.line(" ".join(words))


def _wait(seconds: float, jump: float) -> StoreStep:
    return lambda run: run.wait(int((seconds + jump) * NS), int(seconds * NS))


hooks = st.builds(_hook, _ids, _labels, _LATE, _meta, _fields)
steps: st.SearchStrategy[StoreStep] = st.one_of(
    hooks,
    hooks,  # twice: most steps are events
    st.tuples(st.just("SET"), _ids, _some([*STATUSES])).map(_line),
    st.tuples(st.just("SET"), _ids, _some([*STATUSES]), _metadata.map(json.dumps)).map(_line),
    st.tuples(_some(["RM", "DELETE", "RESURRECT"]), _ids).map(_line),
    st.tuples(st.just("API_USAGE"), _ids, _usage.map(json.dumps)).map(_line),
    st.builds(_wait, _some([0.0, 0.001, 1.0, 40.0]), _some([0.0, 0.0, 5.0, -3600.0])),
    st.builds(
        lambda session, observed, late: lambda run: run.observe(session, *observed, late),
        _ids,
        _some(WORDS),
        _LATE,
    ),
    st.just(lambda run: run.expire()),
)

rules = st.builds(
    SessionRules,
    history_depth=_some([50, 2, 0]),
    retention_seconds=_some([30.0, 0.0]),
    question_as_attention=st.booleans(),
    keep_text=st.booleans(),
    max_sessions=_some([10, 2]),
    max_metadata=_some([16_384, 40]),
)


@st.composite
def store_runs(draw: st.DrawFn) -> StoreRun:
    """A store after random steps."""
    run = StoreRun(draw(rules))
    # Without a minimum, drawn lists are short.
    least = draw(st.sampled_from([0, 12, 25]))
    for step in draw(st.lists(steps, min_size=least, max_size=40)):
        step(run)
    return run


def replay(records: list[tuple[Now, str]], rules: SessionRules) -> Store:
    """The store that the journal reads from the records."""
    store = Store(DEFAULT.name, rules.without_limits())
    for now, record in records:
        apply_record(store, record, now, TRANSLATOR)
    store.rules = rules
    store.order_closed()
    return store
