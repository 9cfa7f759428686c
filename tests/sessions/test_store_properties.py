"""Invariants of the store after any steps in any order, by any clock."""

from __future__ import annotations

import itertools
import json

from hypothesis import assume, given
from hypothesis import strategies as st

from acd.agents.catalog import TRANSLATOR
from acd.sessions.activity import AgentActivity
from acd.sessions.processes import Process
from acd.sessions.questions import MAX_OPEN
from acd.sessions.session import Session
from acd.sessions.signals import EFFECTS, Source
from acd.sessions.status import REVIVALS, STATUSES, TRANSITIONS, Status
from acd.sessions.store import Store
from acd.sessions.values import EVIDENCE_LENGTH
from testing.event_scenes import STATUS_OF, StoreScene, contents, event_of, observation_of
from testing.strategies import IDS, StoreRun, StoreStep, hooks, steps, store_runs

WORDS = ["idle", "busy", "asking", "waiting", "shell", "anything else"]
"""Words of the registry, and some without a meaning."""


def check_session(run: StoreRun, session: Session) -> None:
    rules = run.store.rules
    assert session.status in STATUSES
    assert (session.closed_at is not None) == (session.status == "closed")
    assert len(session.evidence_log or ()) <= EVIDENCE_LENGTH
    assert session.activity is None or len(session.activity.questions) <= MAX_OPEN
    assert session.entered <= run.now.boot
    history = session.history or []
    assert len(history) <= rules.history_depth
    assert all(transition.duration >= 0 for transition in history)
    assert all(before.to == after.origin for before, after in itertools.pairwise(history))
    assert not history or history[-1].to == session.status
    for transition in history:
        assert transition.origin != transition.to
        assert (
            transition.to in TRANSITIONS[transition.origin]
            or transition.origin in REVIVALS  # an agent's own resume as well
        )


def check_indexes(store: Store) -> None:
    everyone = list(store.list_all())
    closed = [session for session in everyone if session.status == "closed"]
    assert store.has_closed == bool(closed)
    assert sum(store.counts().values()) == len(everyone)
    for session in everyone:
        if session.pid is not None:
            assert session in store.sessions_of(Process(session.host, session.pid))
    for host, pid in itertools.product([None, "elsewhere"], [100, 200]):
        for session in store.sessions_of(Process(host, pid)):
            assert (session.host, session.pid) == (host, pid)
            assert store.sessions.get(session.id) is session


@given(store_runs())
def test_a_store_is_consistent_after_any_steps(run: StoreRun) -> None:
    for session in run.store.list_all():
        check_session(run, session)
    check_indexes(run.store)
    assert len(run.store.sessions) <= run.store.rules.max_sessions


@given(store_runs())
def test_a_session_is_ascii_json_after_any_steps(run: StoreRun) -> None:
    for session in run.store.list_all():
        shown = json.dumps(session.to_wire_whole(run.now), allow_nan=False)
        assert shown.isascii()
        assert json.loads(shown)["status"] == session.status


@given(store_runs())
def test_sessions_expire_in_the_order_in_which_they_closed(run: StoreRun) -> None:
    closed_at = {session.id: session.closed_at for session in run.store.list_all()}
    run.wait(0, 1 << 60)
    times = [closed_at[change.session.id] for change in run.store.expire(run.now)]
    assert None not in times
    assert times == sorted(times, key=lambda at: at or 0)
    assert not run.store.has_closed


@given(store_runs(), steps)
def test_a_refused_command_changes_nothing(run: StoreRun, step: StoreStep) -> None:
    before = json.dumps(contents(run.store))
    reply = step(run)
    if isinstance(reply, str) and reply.startswith("ERR "):
        assert json.dumps(contents(run.store)) == before


def started(run: StoreRun) -> tuple[Session, AgentActivity]:
    """A session with an activity, all of whose times are in the past."""
    name = next(iter(run.store.sessions), IDS[0])
    run.hook(name, "SessionStart/resume")
    session = run.store.get(name)
    assert session.activity is not None
    return session, session.activity


def all_but_the_log(run: StoreRun) -> str:
    seen = {name: fields | {"evidence_log": None} for name, fields in contents(run.store).items()}
    return json.dumps(seen)


@given(store_runs(), st.sampled_from([*STATUS_OF, "SomethingNew"]))
def test_a_stale_event_changes_only_the_evidence_log(run: StoreRun, label: str) -> None:
    session, activity = started(run)
    before = all_but_the_log(run)
    meta = {"at": activity.newest_at - 1, "pid": 300, "host": "elsewhere", "TMUX": "t"}
    event = event_of(label, session.id, meta=meta, agent_id="a9", cwd="/z")

    assert run.store.apply_hook(event, run.now) == []

    assert all_but_the_log(run) == before
    assert (session.evidence_log or [])[-1].outcome.startswith("no change: ")


@given(store_runs(), st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_a_stale_observation_changes_only_the_evidence_log(
    run: StoreRun, newer: str, older: str
) -> None:
    session, _ = started(run)
    run.observe(session.id, "registry", newer, 0)
    before = all_but_the_log(run)
    stale = observation_of("registry", older, run.now.wall - 1)
    assert run.store.apply_observation(session.id, stale, run.now) == []
    assert all_but_the_log(run) == before


MAIN_AGENT = [
    label
    for label, status in STATUS_OF.items()
    if status not in {None, "closed"} and label not in {"Stop/background", "UserPromptSubmit"}
]
"""Events of one agent without background tasks, queued prompts and ends."""


@given(st.lists(st.sampled_from(MAIN_AGENT), min_size=1, max_size=8), st.randoms())
def test_the_newest_event_sets_the_status_in_any_order_of_arrival(labels, random) -> None:  # type: ignore[no-untyped-def]
    scene = StoreScene()
    happened = []
    for label in labels:
        scene.wait(0.001)
        happened.append((label, scene.now))
    random.shuffle(happened)
    for label, at in happened:
        scene.hook(label, at=at)
    assert scene.status() == STATUS_OF[labels[-1]]


def may_become(run: StoreRun, session: Session, source: Source, word: str) -> set[str]:
    """The statuses that a session may have after an observation."""
    row = EFFECTS.get((source, TRANSLATOR.observation(word)), {})
    shown: set[Status] = {session.status, row.get(session.status, session.status)}
    if source == "registry" and session.status != "closed" and session.activity is not None:
        # An earlier observation may have hidden the status by the hooks.
        hook_status = session.activity.hook_status
        shown |= {hook_status, row.get(hook_status, hook_status)}
        if word == "idle" and session.activity.background:
            shown.add("working")
    folded = run.store.rules.question_as_attention
    return {"attention" if folded and status == "question" else status for status in shown}


@given(
    store_runs(),
    st.sampled_from(IDS),
    st.sampled_from([("process", "ended"), *(("registry", word) for word in WORDS)]),
)
def test_an_observation_corrects_only_what_the_table_allows(
    run: StoreRun, name: str, observed: tuple[Source, str]
) -> None:
    session = run.store.sessions.get(name)
    assume(session is not None)
    assert session is not None
    allowed = may_become(run, session, *observed)
    others = {other: fields for other, fields in contents(run.store).items() if other != name}
    run.observe(name, *observed, 0)
    assert session.status in allowed
    assert {o: fields for o, fields in contents(run.store).items() if o != name} == others


@given(store_runs(), hooks)
def test_a_hook_returns_a_change_of_each_session_whose_status_moved(
    run: StoreRun, hook: StoreStep
) -> None:
    before = {session.id: session.status for session in run.store.list_all()}
    seen: list[str] = []
    apply_hook = run.store.apply_hook

    def watched(event, now):  # type: ignore[no-untyped-def]
        changes = apply_hook(event, now)
        seen.extend(change.session.id for change in changes)
        return changes

    run.store.apply_hook = watched  # type: ignore[method-assign]
    hook(run)
    after = {session.id: session.status for session in run.store.list_all()}
    moved = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert moved <= set(seen)
