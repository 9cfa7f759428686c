"""All sessions, and every way in which they change.

Responsible for applying commands and evidence, each whole before the next,
and for returning what changed, so that the shell around it can tell others.
It refuses to know clocks (times are arguments), sockets, files and formats.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from acd.sessions.activity import AgentActivity
from acd.sessions.corrections import CORRECTIONS, Source
from acd.sessions.events import HookEvent
from acd.sessions.metadata import Metadata, Refused
from acd.sessions.processes import Process, Processes
from acd.sessions.session import EvidenceEntry, Session, Transition
from acd.sessions.status import (
    ATTENTION,
    CLOSED,
    QUESTION,
    REVIVALS,
    STATUSES,
    TRANSITIONS,
    WORKING,
    Status,
)
from acd.sessions.values import ID_LENGTH, NS, TRAIL_LENGTH, Json, Now, is_session_id

_new = tuple.__new__
"""Makes a named tuple in half the time of its own constructor, where every SET passes."""


class Change(NamedTuple):
    """Something that subscribers are told."""

    kind: Literal["update", "removed"]
    session: Session
    elapsed: int
    """Whole seconds in the previous status; 0 for a new session."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the configuration the store obeys."""

    history_depth: int = 50
    retention_seconds: float = 30 * 60.0
    question_as_attention: bool = False
    keep_text: bool = True
    max_sessions: int = 10_000
    max_metadata: int = 16_384
    """Bytes of JSON of one session's metadata."""


class Store:
    """A plain dict of sessions and the rules by which they change.

    Commands raise Refused, whose text is the reply behind `ERR `; then
    nothing has changed.
    """

    def __init__(self, rules: Rules | None = None):
        self.rules = rules or Rules()
        self.sessions: dict[str, Session] = {}
        # In the order in which they closed, so that the first expires first.
        self._closed: dict[str, Session] = {}
        self._processes = Processes()

    # Commands -----------------------------------------------------------

    def set(
        self, session_id: str, status: Status, metadata: Metadata | None, now: Now
    ) -> list[Change]:
        """SET: the user's word, obeyed as it is."""
        if status == QUESTION and self.rules.question_as_attention:
            status = ATTENTION
        session = self.sessions.get(session_id)
        extra = None
        if metadata is not None and metadata.extra is not None:
            extra = self._merged_extra(session, metadata.extra)
        if session is None:
            session, changes = self._create(session_id, status, now)
            elapsed = 0
        else:
            if status not in TRANSITIONS[session.status]:
                raise Refused("session closed")
            elapsed = (now.boot - session.entered) // NS
            self._enter(session, status, now)
            changes = []
        if metadata is not None:
            for field, value in metadata.fields:
                setattr(session, field, value)
            if extra is not None:
                session.metadata = extra
        if session.belief is not None:
            session.belief.settle(status)
        session.evidence = "set"
        changes.append(_new(Change, ("update", session, elapsed)))
        return changes

    def get(self, session_id: str) -> Session:
        """The session. Raises Refused."""
        session = self.sessions.get(session_id)
        if session is None:
            raise Refused("session not found")
        return session

    def remove(self, session_id: str, now: Now) -> list[Change]:
        """RM: closes the session, and keeps it for its retention."""
        self.get(session_id)
        return self.set(session_id, CLOSED, None, now)

    def delete(self, session_id: str) -> list[Change]:
        """DELETE: forgets the session at once."""
        session = self.get(session_id)
        self._forget(session)
        return [Change("removed", session, 0)]

    def check_resurrectable(self, session_id: str) -> Session:
        """The closed session that RESURRECT may take up again. Raises Refused."""
        session = self.get(session_id)
        if session.status not in REVIVALS:
            raise Refused("session not closed")
        if session.resume_id is None or session.superseded_by is not None:
            raise Refused("not resumable")
        return session

    def resurrect(self, session_id: str, now: Now) -> list[Change]:
        """RESURRECT: the closed session is working again. Raises Refused."""
        session = self.check_resurrectable(session_id)
        elapsed = session.elapsed(now)
        self._revive(session)
        self._enter(session, REVIVALS[CLOSED], now)
        session.evidence = "resume"
        _trace(session, now.wall, "resume", "RESURRECT", _outcome(CLOSED, session.status))
        return [Change("update", session, elapsed)]

    def set_api_usage(self, session_id: str, usage: Json) -> None:
        """API_USAGE: what the agent spent, as it tells. Raises Refused."""
        session = self.get(session_id)
        if len(json.dumps(usage)) > self.rules.max_metadata:
            raise Refused(f"invalid api usage: at most {self.rules.max_metadata} bytes")
        session.api_usage = usage

    def list_all(self) -> Iterator[Session]:
        """Every session, in the order of their creation."""
        return iter(self.sessions.values())

    def counts(self) -> dict[Status, int]:
        """How many sessions there are in each status."""
        counts = Counter(session.status for session in self.sessions.values())
        return {status: counts[status] for status in STATUSES.values()}

    # Rules --------------------------------------------------------------

    def obey(self, rules: Rules, now: Now) -> list[Change]:
        """Takes up other rules, for what is there already as well."""
        self.rules = rules
        changes = []
        for session in self.sessions.values():
            belief = session.belief
            if belief is not None and not rules.keep_text:
                belief.forget_texts()
                if session.evidence != "set":  # what a SET said was said to acd
                    session.prompt = None
            believed = QUESTION if belief is not None and belief.status == QUESTION else None
            if QUESTION in {session.status, believed} and session.status != CLOSED:
                shown: Status = ATTENTION if rules.question_as_attention else QUESTION
                if shown != session.status:
                    elapsed = session.elapsed(now)
                    self._enter(session, shown, now)
                    changes.append(Change("update", session, elapsed))
        return changes

    # Time ---------------------------------------------------------------

    def expire(self, now: Now) -> list[Change]:
        """Forgets the sessions that have been closed for their whole retention."""
        changes = []
        while (deadline := self.next_expiry()) is not None and now.boot >= deadline:
            session = next(iter(self._closed.values()))
            self._forget(session)
            changes.append(Change("removed", session, 0))
        return changes

    @property
    def has_closed(self) -> bool:
        """Whether any session waits for its expiry."""
        return bool(self._closed)

    def next_expiry(self) -> int | None:
        """When `expire` next has something to do, on the boot clock; None for never."""
        first = next(iter(self._closed.values()), None)
        if first is None or first.closed_at is None:
            return None
        return first.closed_at + int(self.rules.retention_seconds * NS)

    # Evidence -----------------------------------------------------------

    def apply_hook(self, event: HookEvent, now: Now) -> list[Change]:
        """Applies what an agent's hook told. Raises Refused for an impossible session id."""
        # Nothing can have happened after it was heard of: a clock that ran
        # ahead must not outrank everything that follows.
        at = min(event.at or now.wall, now.wall)
        text = event.text if self.rules.keep_text else None
        session = self.sessions.get(event.session)
        if session is None:
            return [] if event.status is None else self._create_by_hook(event, at, text, now)
        belief = _belief(session, now)
        before, elapsed = session.status, session.elapsed(now)
        overtaken_by = belief.overtaken_by(event, at)
        if before == CLOSED and (overtaken_by or not event.revives):
            _trace(session, at, "hook", event.label, "no change: the session is closed")
            return []
        if before == CLOSED:
            self._revive(session)
        begins = event.begins and not overtaken_by
        changes = self._supersede_others(session, event, at, now) if begins else []
        if at >= belief.newest_at:
            self._learn_origin(session, event)
        if overtaken_by:
            belief.hear_late(event, at)
        else:
            belief.hear(event, at, text)
        after = self._shown(belief)
        if after == before and (overtaken_by or event.status is None):
            late = f"{overtaken_by / NS:.3f} s older than the newest"
            why = late if overtaken_by else "says nothing of the status"
            _trace(session, at, "hook", event.label, f"no change: {why}")
            return changes
        if after != before:
            self._enter(session, after, now)
        session.prompt = belief.prompt
        session.evidence = "resume" if before == CLOSED else "hook"
        _trace(session, at, "hook", event.label, _outcome(before, after))
        changes.append(Change("update", session, elapsed))
        return changes

    def correct(
        self,
        session_id: str,
        source: Source,
        says: str,
        at: int,
        now: Now,
        *,
        subagent: str | None = None,
    ) -> list[Change]:
        """Applies what a source beside the hooks told, as far as the table allows.

        `at` is the source's own time, unix nanoseconds. What it tells of a
        subagent is about that one's question alone. Unknown sessions are no
        error: the evidence may outlive them.
        """
        session = self.sessions.get(session_id)
        if session is None or session.status == CLOSED:
            return []
        at = min(at, now.wall)
        before, elapsed = session.status, session.elapsed(now)
        belief = _belief(session, now)
        if source == "process":
            after = CORRECTIONS.get((source, says), {}).get(before, before)
            if at < belief.begun_at:
                after = before  # it was the process of a former life
            elif after != before:
                belief.settle(after)
        elif subagent is None:
            belief.consult(says, at)
            after = self._shown(belief)
        else:
            if QUESTION in CORRECTIONS.get((source, says), {}):
                belief.break_off(subagent, at)
            after = self._shown(belief)
        if after == before:
            _trace(session, at, source, says, "no change")
            return []
        self._enter(session, after, now)
        session.prompt = belief.prompt
        session.evidence = source
        _trace(session, at, source, says, _outcome(before, after))
        return [Change("update", session, elapsed)]

    def sessions_of(self, process: Process) -> list[Session]:
        """The sessions that run, or ran, in a process."""
        return self._processes.sessions_of(process)

    def restore(self, session: Session) -> None:
        """Puts a session in its place as it was, replacing one of the same id."""
        if (old := self.sessions.get(session.id)) is not None:
            # It keeps its place in the order of creation.
            self._closed.pop(old.id, None)
            self._processes.discard(old)
        self._add(session)

    def order_closed(self) -> None:
        """Restores the order of expiry, after sessions were restored in another one."""
        by_time = sorted(self._closed.items(), key=lambda item: item[1].closed_at or 0)
        self._closed = dict(by_time)

    # The parts ----------------------------------------------------------

    def _create(self, session_id: str, status: Status, now: Now) -> tuple[Session, list[Change]]:
        """A new session, and the one that had to make room for it."""
        if not is_session_id(session_id):
            raise Refused(
                f"invalid session id: must be 1 to {ID_LENGTH} printable characters"
                " without whitespace"
            )
        changes = []
        if len(self.sessions) >= self.rules.max_sessions:
            changes = self._make_room()
        session = Session(session_id, status, now)
        self._add(session)
        return session, changes

    def _make_room(self) -> list[Change]:
        """The longest closed goes before an open one is ever refused."""
        oldest = next(iter(self._closed.values()), None)
        if oldest is None:
            raise Refused(f"too many sessions: at most {self.rules.max_sessions}")
        self._forget(oldest)
        return [Change("removed", oldest, 0)]

    def _add(self, session: Session) -> None:
        self.sessions[session.id] = session
        if session.status == CLOSED:
            self._closed[session.id] = session
        self._processes.add(session)

    def _forget(self, session: Session) -> None:
        del self.sessions[session.id]
        self._closed.pop(session.id, None)
        self._processes.discard(session)

    def _enter(self, session: Session, status: Status, now: Now) -> None:
        """Sets a status; a real transition is recorded."""
        before = session.status
        if status != before:
            history = session.history
            if history is None:
                history = session.history = []
            lasted = max(now.boot - session.entered, 0)  # a journal may know another clock
            history.append(_new(Transition, (now.wall, before, status, lasted)))
            if (over := len(history) - self.rules.history_depth) > 0:
                del history[:over]
            session.status = status
            if status == CLOSED:
                session.closed_at = now.boot
                self._closed[session.id] = session
            elif before == CLOSED:
                session.closed_at = None
                del self._closed[session.id]
        session.since = now.wall
        session.entered = now.boot

    def _revive(self, session: Session) -> None:
        """Takes what belonged to the session's former life from it."""
        self._processes.discard(session)
        session.pid = session.pid_start = None
        session.superseded_by = None
        session.prompt = None
        if session.belief is not None:
            session.belief.settle(REVIVALS[CLOSED])

    def _create_by_hook(
        self, event: HookEvent, at: int, text: str | None, now: Now
    ) -> list[Change]:
        belief = AgentActivity(WORKING)
        belief.hear(event, at, text)
        session, changes = self._create(event.session, self._shown(belief), now)
        session.belief = belief
        if session.status != CLOSED:
            changes += self._supersede_others(session, event, at, now)
        session.evidence = "hook"
        session.working_dir = event.cwd
        session.resume_id = event.session
        session.agent_type = event.agent
        session.prompt = belief.prompt
        self._learn_origin(session, event)
        _trace(session, at, "hook", event.label, f"created as {session.status}")
        changes.append(Change("update", session, 0))
        return changes

    def _shown(self, belief: AgentActivity) -> Status:
        status = belief.status
        return ATTENTION if status == QUESTION and self.rules.question_as_attention else status

    def _supersede_others(
        self, session: Session, event: HookEvent, at: int, now: Now
    ) -> list[Change]:
        """One process holds one conversation: the others in it have given way to this one."""
        changes: list[Change] = []
        if event.pid is None:
            return changes
        for other in self.sessions_of(Process(event.host, event.pid)):
            same = event.pid_start is None or other.pid_start in {None, event.pid_start}
            heard = other.belief.newest_at if other.belief is not None else 0
            if other is session or not same or at < heard <= now.wall:
                continue
            other.superseded_by = session.id
            if other.status != CLOSED:
                before, elapsed = other.status, other.elapsed(now)
                if other.belief is not None:
                    other.belief.settle(CLOSED)
                other.prompt = None
                other.evidence = "hook"
                self._enter(other, CLOSED, now)
                _trace(
                    other,
                    now.wall,
                    "hook",
                    f"superseded by {session.id}",
                    _outcome(before, CLOSED),
                )
                changes.append(Change("update", other, elapsed))
        return changes

    def _learn_origin(self, session: Session, event: HookEvent) -> None:
        """Keeps where the agent runs; a hook that does not know takes nothing away."""
        if event.host != session.host or event.pid not in {None, session.pid}:
            # What is not told of the new process is not what it was of the old one.
            self._processes.discard(session)
            session.host, session.pid, session.pid_start = event.host, event.pid, None
            self._processes.add(session)
        if event.pid_start is not None:
            session.pid_start = event.pid_start
        session.config_dir = event.config_dir or session.config_dir
        session.terminal = event.terminal or session.terminal
        if event.subagent is None:
            session.transcript = event.transcript or session.transcript
        if event.attended is not None:
            session.attended = event.attended
        if session.working_dir is None:
            session.working_dir = event.cwd
        if session.resume_id is None:
            session.resume_id = event.session

    def _merged_extra(self, session: Session | None, extra: Json) -> Json:
        """A session's further metadata after a SET, checked before anything changes.

        Raises Refused when it grows too large.
        """
        if session is not None and session.metadata:
            extra = session.metadata | extra
        if len(json.dumps(extra)) > self.rules.max_metadata:
            raise Refused(
                f"invalid metadata: a session's may have at most {self.rules.max_metadata} bytes"
            )
        return extra


def _belief(session: Session, now: Now) -> AgentActivity:
    """What is believed of the session, in an order that the clock has not upset."""
    if session.belief is None:
        session.belief = AgentActivity(session.status)
    session.belief.forget_future(now.wall)
    return session.belief


def _outcome(before: Status, after: Status) -> str:
    return f"{before} → {after}" if before != after else f"still {after}"


def _trace(session: Session, at: int, source: str, what: str, outcome: str) -> None:
    trail = session.trail
    if trail is None:
        trail = session.trail = []
    trail.append(EvidenceEntry(at, source, what, outcome))
    if len(trail) > TRAIL_LENGTH:
        del trail[0]
