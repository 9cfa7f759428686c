"""All sessions, and every way in which they change.

Each command and each signal is applied whole before the next. Times are arguments; the
changes are returned for the subscribers.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from acd.sessions.activity import AgentActivity
from acd.sessions.events import HookEvent
from acd.sessions.metadata import Metadata, merge_extra
from acd.sessions.processes import Process, Processes
from acd.sessions.rules import SessionRules
from acd.sessions.session import EvidenceEntry, Session, Transition
from acd.sessions.signals import EFFECTS, HOOK, PROCESS, Observation
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
from acd.sessions.values import ID_LENGTH, NS, Json, Now, Refused, is_session_id

_new = tuple.__new__
"""Makes a named tuple in half the time of its own constructor; every SET makes some."""


class Change(NamedTuple):
    """A change that subscribers receive."""

    kind: Literal["update", "removed"]
    session: Session
    elapsed: int
    """Whole seconds in the previous status; 0 for a new session."""


class Store:
    """A plain dict of sessions and the rules by which they change.

    Commands raise Refused, whose text is the reply after `ERR `; then nothing
    has changed. `default_agent` is the agent_type of a session whose SET names none.
    """

    def __init__(self, default_agent: str, rules: SessionRules | None = None):
        self._default_agent = default_agent
        self.rules = rules or SessionRules()
        self.sessions: dict[str, Session] = {}
        self._closed: dict[str, Session] = {}  # the first to expire first
        self._processes = Processes()

    # Commands -----------------------------------------------------------

    def set(
        self, session_id: str, status: Status, metadata: Metadata | None, now: Now
    ) -> list[Change]:
        """SET: sets the status and drops what hooks and observers reported."""
        if status == QUESTION and self.rules.question_as_attention:
            status = ATTENTION
        session = self.sessions.get(session_id)
        extra = None
        if metadata is not None and metadata.extra is not None:
            earlier = session.metadata if session is not None else None
            extra = merge_extra(earlier, metadata.extra, self.rules.max_metadata)
        if session is None:
            session, changes = self._create(session_id, status, now)
            changes.append(Change("update", session, 0))
        else:
            if status not in TRANSITIONS[session.status]:
                raise Refused("session closed")
            # Not by _update: the prompt is the caller's, and the evidence log holds no SET.
            changes = [self._enter(session, status, now)]
        if metadata is not None:
            for field, value in metadata.fields:
                setattr(session, field, value)
            if extra is not None:
                session.metadata = extra
        if session.activity is not None:
            session.activity.reset(status)
        session.evidence = "set"
        return changes

    def get(self, session_id: str) -> Session:
        """The session. Raises Refused."""
        session = self.sessions.get(session_id)
        if session is None:
            raise Refused("session not found")
        return session

    def close(self, session_id: str, now: Now) -> list[Change]:
        """RM: closes the session; it is kept for the retention time."""
        self.get(session_id)
        return self.set(session_id, CLOSED, None, now)

    def delete(self, session_id: str) -> list[Change]:
        """DELETE: removes the session at once."""
        session = self.get(session_id)
        self._discard(session)
        return [Change("removed", session, 0)]

    def check_resurrectable(self, session_id: str) -> Session:
        """The closed session that RESURRECT may reopen. Raises Refused."""
        session = self.get(session_id)
        if session.status not in REVIVALS:
            raise Refused("session not closed")
        if session.resume_id is None or session.superseded_by is not None:
            raise Refused("not resumable")
        return session

    def resurrect(self, session_id: str, now: Now) -> list[Change]:
        """RESURRECT: reopens the closed session as working. Raises Refused."""
        session = self.check_resurrectable(session_id)
        self._revive(session)
        entry = EvidenceEntry(now.wall, "resume", "RESURRECT")
        return [self._update(session, REVIVALS[CLOSED], entry, now)]

    def set_api_usage(self, session_id: str, usage: Json) -> None:
        """API_USAGE: keeps the agent's token counts and costs. Raises Refused."""
        session = self.get(session_id)
        if len(json.dumps(usage)) > self.rules.max_metadata:
            raise Refused(f"invalid api usage: at most {self.rules.max_metadata} bytes")
        session.api_usage = usage

    def list_all(self) -> Iterator[Session]:
        """Every session, in the order of creation."""
        return iter(self.sessions.values())

    def counts(self) -> dict[Status, int]:
        """The number of sessions in each status."""
        counts = Counter(session.status for session in self.sessions.values())
        return {status: counts[status] for status in STATUSES.values()}

    def reconfigure(self, rules: SessionRules, now: Now) -> list[Change]:
        """Applies other rules, to the present sessions as well."""
        self.rules = rules
        changes = []
        for session in self.sessions.values():
            activity = session.activity
            if activity is not None and not rules.keep_text:
                activity.drop_texts()
                if session.evidence != "set":  # a SET's prompt is the user's own
                    session.prompt = None
            status = QUESTION if activity is not None and activity.status == QUESTION else None
            if QUESTION in {session.status, status} and session.status != CLOSED:
                shown: Status = ATTENTION if rules.question_as_attention else QUESTION
                if shown != session.status:
                    # Not by _update: no signal arrived, and the prompt of a SET stays.
                    changes.append(self._enter(session, shown, now))
        return changes

    # Expiry -------------------------------------------------------------

    def expire(self, now: Now) -> list[Change]:
        """Removes the sessions that have been closed for the whole retention time."""
        changes = []
        while (deadline := self.next_expiry()) is not None and now.boot >= deadline:
            session = next(iter(self._closed.values()))
            self._discard(session)
            changes.append(Change("removed", session, 0))
        return changes

    @property
    def has_closed(self) -> bool:
        """Whether any session waits for its expiry."""
        return bool(self._closed)

    def next_expiry(self) -> int | None:
        """The next expiry on the boot clock, in nanoseconds; None for none."""
        first = next(iter(self._closed.values()), None)
        if first is None or first.closed_at is None:
            return None
        return first.closed_at + int(self.rules.retention_seconds * NS)

    # Signals ------------------------------------------------------------

    def apply_hook(self, event: HookEvent, now: Now) -> list[Change]:
        """Applies a hook event. Raises Refused for an invalid session id."""
        # A time in the future counts as now: a clock that ran ahead must not outrank all
        # that follows.
        at = min(event.at or now.wall, now.wall)
        text = event.text if self.rules.keep_text else None
        session = self.sessions.get(event.session)
        if session is None:
            return [] if event.status is None else self._create_by_hook(event, at, text, now)
        activity, before = session.ensure_activity(now), session.status
        entry = EvidenceEntry(at, HOOK, event.label)
        late_by = activity.overtaken_by(event, at)
        if before == CLOSED:
            if late_by or not event.signal.resumed:
                session.log_evidence(entry, "no change: the session is closed")
                return []
            self._revive(session)
        starts = event.signal.kind == "STARTED" and not late_by
        changes = self._supersede_others(session, event, at, now) if starts else []
        if at >= activity.newest_at:
            self._update_origin(session, event)
        if late_by:
            activity.apply_late(event, at)
        else:
            activity.apply(event, at, text)
        after = self._shown(activity)
        if after == before and (late_by or event.status is None):
            late = f"{late_by / NS:.3f} s older than the newest"
            reason = late if late_by else "no meaning for the status"
            session.log_evidence(entry, f"no change: {reason}")
            return changes
        changes.append(self._update(session, after, entry, now))
        if before == CLOSED:
            session.evidence = "resume"
        return changes

    def apply_observation(
        self, session_id: str, observation: Observation, now: Now
    ) -> list[Change]:
        """Applies a signal of another source than hooks; an unknown session is no error."""
        session = self.sessions.get(session_id)
        if session is None or session.status == CLOSED:
            return []
        source, kind, word, at, _ = observation
        at = min(at, now.wall)
        activity, before = session.ensure_activity(now), session.status
        entry = EvidenceEntry(at, source, word)
        if source == PROCESS:
            after = EFFECTS.get((source, kind), {}).get(before, before)
            if at < activity.begun_at:
                after = before  # the process that the session ran in before its last start
            elif after != before:
                activity.reset(after)
        else:
            activity.apply_observation(observation._replace(at=at))
            after = self._shown(activity)
        if after == before:
            session.log_evidence(entry, "no change")
            return []
        return [self._update(session, after, entry, now)]

    def sessions_of(self, process: Process) -> list[Session]:
        """The sessions that run, or ran last, in a process."""
        return self._processes.sessions_of(process)

    def restore(self, session: Session) -> None:
        """Adds a session as it is, in place of one with the same id."""
        if (old := self.sessions.get(session.id)) is not None:
            # `sessions` keeps its place in the order of creation.
            self._closed.pop(old.id, None)
            self._processes.discard(old)
        self._add(session)

    def order_closed(self) -> None:
        """Restores the order of expiry, after sessions were restored in another order."""
        by_time = sorted(self._closed.items(), key=lambda item: item[1].closed_at or 0)
        self._closed = dict(by_time)

    # Parts --------------------------------------------------------------

    def _create(self, session_id: str, status: Status, now: Now) -> tuple[Session, list[Change]]:
        """A new session; at the limit it replaces the one closed longest. Raises Refused."""
        if not is_session_id(session_id):
            raise Refused(
                f"invalid session id: must be 1 to {ID_LENGTH} printable characters"
                " without whitespace"
            )
        changes: list[Change] = []
        if len(self.sessions) >= self.rules.max_sessions:
            oldest = next(iter(self._closed.values()), None)
            if oldest is None:
                raise Refused(f"too many sessions: at most {self.rules.max_sessions}")
            self._discard(oldest)
            changes.append(Change("removed", oldest, 0))
        session = Session(session_id, status, now, self._default_agent)
        self._add(session)
        return session, changes

    def _add(self, session: Session) -> None:
        self.sessions[session.id] = session
        if session.status == CLOSED:
            self._closed[session.id] = session
        self._processes.add(session)

    def _discard(self, session: Session) -> None:
        del self.sessions[session.id]
        self._closed.pop(session.id, None)
        self._processes.discard(session)

    def _enter(self, session: Session, status: Status, now: Now) -> Change:
        """Sets a status; a transition to another one is recorded."""
        before, wall, boot = session.status, now.wall, now.boot
        passed = boot - session.entered
        if status != before:
            history = session.history
            if history is None:
                history = session.history = []
            # A journal may have another boot clock. (max() takes ten times as long.)
            lasted = passed if passed > 0 else 0  # noqa: FURB136
            history.append(_new(Transition, (wall, before, status, lasted)))
            if (over := len(history) - self.rules.history_depth) > 0:
                del history[:over]
            session.status = status
            if status == CLOSED:
                session.closed_at = boot
                self._closed[session.id] = session
            elif before == CLOSED:
                session.closed_at = None
                del self._closed[session.id]
        session.since = wall
        session.entered = boot
        return _new(Change, ("update", session, passed // NS))

    def _update(self, session: Session, status: Status, entry: EvidenceEntry, now: Now) -> Change:
        """Sets what follows from a signal: status, prompt, evidence, and an entry of the log.

        An outcome that the entry already has stays.
        """
        before = session.status
        if status != before:
            change = self._enter(session, status, now)
            outcome = f"{before} → {status}"
        else:
            change = Change("update", session, session.elapsed(now))
            outcome = f"still {status}"
        session.prompt = session.activity.prompt if session.activity is not None else None
        session.evidence = entry.source
        session.log_evidence(entry, entry.outcome or outcome)
        return change

    def _revive(self, session: Session) -> None:
        """Drops what a closed session had of its former process."""
        self._processes.discard(session)
        session.pid = session.pid_start = None
        session.superseded_by = None
        session.prompt = None
        if session.activity is not None:
            session.activity.reset(REVIVALS[CLOSED])

    def _create_by_hook(
        self, event: HookEvent, at: int, text: str | None, now: Now
    ) -> list[Change]:
        activity = AgentActivity(WORKING)
        activity.apply(event, at, text)
        session, changes = self._create(event.session, self._shown(activity), now)
        session.activity = activity
        if session.status != CLOSED:
            changes += self._supersede_others(session, event, at, now)
        session.agent_type = event.agent
        self._update_origin(session, event)
        entry = EvidenceEntry(at, HOOK, event.label, f"created as {session.status}")
        changes.append(self._update(session, session.status, entry, now))
        return changes

    def _shown(self, activity: AgentActivity) -> Status:
        status = activity.status
        return ATTENTION if status == QUESTION and self.rules.question_as_attention else status

    def _supersede_others(
        self, session: Session, event: HookEvent, at: int, now: Now
    ) -> list[Change]:
        """Closes the other sessions of the event's process: it holds one conversation."""
        changes: list[Change] = []
        if event.pid is None:
            return changes
        for other in self.sessions_of(Process(event.host, event.pid)):
            same = event.pid_start is None or other.pid_start in {None, event.pid_start}
            newest_at = other.activity.newest_at if other.activity is not None else 0
            if other is session or not same or at < newest_at <= now.wall:
                continue
            other.superseded_by = session.id
            if other.status != CLOSED:
                if other.activity is not None:
                    other.activity.reset(CLOSED)
                entry = EvidenceEntry(now.wall, HOOK, f"superseded by {session.id}")
                changes.append(self._update(other, CLOSED, entry, now))
        return changes

    def _update_origin(self, session: Session, event: HookEvent) -> None:
        """Keeps where the agent runs, and the session in the index of its process."""
        if event.host != session.host or event.pid not in {None, session.pid}:
            # The start time of the old process is not that of the new one.
            self._processes.discard(session)
            session.host, session.pid, session.pid_start = event.host, event.pid, None
            self._processes.add(session)
        session.update_origin(event)
