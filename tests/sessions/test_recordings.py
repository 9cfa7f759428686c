"""Recorded runs of the real client: their replay shows the status that was true.

tests/e2e made the recordings with Claude Code 2.1.329 and 2.1.197. A line
`# truth <session> <status> via <statuses>` is the true status at the time of the line
`# at <unix ns>` before it; acd has half a second to show it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agents.catalog import DEFAULT, TRANSLATOR
from acd.sessions.recording import replay
from acd.sessions.records import apply_record
from acd.sessions.store import Store
from acd.sessions.values import NS, Now
from testing.checkout import FIXTURES

RECORDINGS = sorted((FIXTURES / "recordings").rglob("*.rec"))
WITHIN = NS // 2


class Truth(NamedTuple):
    at: int
    session: str
    status: str


class RecordedSignal(NamedTuple):
    """A record, and when it arrived."""

    now: Now
    line: str

    @property
    def source(self) -> str:
        """The source, within which the order is fixed."""
        return self.line.split()[2] if self.line.startswith("CORRECT") else "hook"


def truths(recording: Path) -> list[Truth]:
    found, at = [], 0
    for line in recording.read_text().splitlines():
        match line.split():
            case ["#", "at", moment]:
                at = int(moment)
            case ["#", "truth", session, status, "via", *_]:
                found.append(Truth(at, session, status))
    return found


def signals(recording: Path) -> list[RecordedSignal]:
    return [
        RecordedSignal(now, line)
        for now, line, _ in replay(iter(recording.read_text().splitlines()), TRANSLATOR)
    ]


def statuses_of(store: Store) -> dict[str, str]:
    return {session.id: session.status for session in store.list_all()}


def name(recording: Path) -> str:
    return f"{recording.parent.name}-{recording.stem}"


def test_there_are_recordings_of_both_clients() -> None:
    assert {recording.parent.name for recording in RECORDINGS} == {"2.1.197", "2.1.329"}


@pytest.mark.parametrize("recording", RECORDINGS, ids=name)
def test_the_true_status_is_shown_within_half_a_second(recording: Path) -> None:
    shown: list[tuple[int, dict[str, str]]] = []
    for now, _, store in replay(iter(recording.read_text().splitlines()), TRANSLATOR):
        shown.append((now.wall, statuses_of(store)))
    for truth in truths(recording):
        at_its_time = [
            statuses.get(truth.session)
            for at, statuses in shown
            if truth.at <= at <= truth.at + WITHIN
        ]
        before = [statuses.get(truth.session) for at, statuses in shown if at < truth.at]
        assert truth.status in [*before[-1:], *at_its_time], truth


@pytest.mark.parametrize("recording", RECORDINGS, ids=name)
def test_a_recording_holds_no_text(recording: Path) -> None:
    assert not {'"text":', '"prompt":', '"said":'} & set(recording.read_text().split())


@settings(max_examples=15)
@given(st.data())
@pytest.mark.parametrize("recording", RECORDINGS, ids=name)
def test_the_last_status_does_not_depend_on_the_order_of_the_sources(
    recording: Path, data: st.DataObject
) -> None:
    recorded = signals(recording)
    in_order = Store(DEFAULT.name)
    for signal in recorded:
        apply_record(in_order, signal.line, signal.now, TRANSLATOR)

    queues = {
        source: [signal for signal in recorded if signal.source == source]
        for source in {signal.source for signal in recorded}
    }
    last = recorded[-1].now
    mixed = Store(DEFAULT.name)
    while queues:
        # A process is watched from its session's first event on.
        known = [
            source
            for source, queue in queues.items()
            if source != "process" or queue[0].line.split()[1] in mixed.sessions
        ]
        source = data.draw(st.sampled_from(sorted(known)))
        # Everything arrives at the end, so that nothing is from the future.
        apply_record(mixed, queues[source].pop(0).line, last, TRANSLATOR)
        if not queues[source]:
            del queues[source]
    assert statuses_of(mixed) == statuses_of(in_order)
