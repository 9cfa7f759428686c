"""One session: its fields in memory and on the wire."""

from typing import NamedTuple

from acd.sessions.activity import AgentActivity
from acd.sessions.events import HookEvent
from acd.sessions.status import CLOSED, Status
from acd.sessions.values import EVIDENCE_LENGTH, NS, Json, Now


class Transition(NamedTuple):
    """A change from one status to another; times in nanoseconds."""

    at: int
    """Unix time."""
    origin: Status
    to: Status
    duration: int
    """How long the previous status lasted."""

    def to_wire(self) -> Json:
        """The transition with times in seconds."""
        return {
            "at": self.at / NS,
            "from": self.origin,
            "to": self.to,
            "duration": self.duration / NS,
        }


class EvidenceEntry(NamedTuple):
    """An entry of a session's evidence log: a signal, and its outcome."""

    at: int
    """When it was true, by its own source: unix nanoseconds."""
    source: str
    what: str
    """An event's label or an observation's word."""
    outcome: str = ""
    """What it changed, or why it changed nothing."""

    def to_wire(self) -> Json:
        """The entry with its time in seconds."""
        return self._asdict() | {"at": self.at / NS}


class Session:
    """All that is known about one session. Only the store changes it.

    Times are nanoseconds: `entered` and `closed_at` on the boot clock, `since`
    unix time.
    """

    __slots__ = (
        "activity",
        "agent_type",
        "api_usage",
        "attended",
        "closed_at",
        "config_dir",
        "entered",
        "evidence",
        "evidence_log",
        "history",
        "host",
        "id",
        "metadata",
        "name",
        "pid",
        "pid_start",
        "prompt",
        "resume_id",
        "since",
        "status",
        "superseded_by",
        "terminal",
        "transcript",
        "working_dir",
    )

    def __init__(self, session_id: str, status: Status, now: Now, agent_type: str):
        self.id = session_id
        self.status: Status = status
        self.since = now.wall
        self.entered = now.boot
        self.evidence = "set"
        self.history: list[Transition] | None = None
        self.evidence_log: list[EvidenceEntry] | None = None

        self.working_dir: str | None = None
        self.name: str | None = None
        self.agent_type = agent_type
        self.resume_id: str | None = None
        self.prompt: str | None = None
        self.metadata: Json | None = None  # SET's keys that have no field of their own
        self.api_usage: Json | None = None

        # Where the agent runs, by its hooks.
        self.pid: int | None = None
        self.pid_start: int | None = None
        self.host: str | None = None
        self.config_dir: str | None = None
        self.terminal: dict[str, str] | None = None
        self.attended: bool | None = None
        self.transcript: str | None = None

        self.activity: AgentActivity | None = None
        """None before the first signal."""
        self.superseded_by: str | None = None
        self.closed_at: int | None = now.boot if status == CLOSED else None

    @property
    def display_name(self) -> str:
        """The given name, else the directory's name, else the first 8 characters of the id."""
        if self.name:
            return self.name
        if self.working_dir:
            return self.working_dir.rstrip("/").rpartition("/")[2] or self.working_dir
        return self.id[:8]

    def asking(self) -> dict[str, str]:
        """The subagents with an open question, to the transcript of each."""
        questions = self.activity.questions if self.activity is not None else ()
        return {each.asker: each.transcript for each in questions if each.transcript}

    def log_evidence(self, entry: EvidenceEntry, outcome: str) -> None:
        """Appends an entry to the evidence log, which keeps the newest EVIDENCE_LENGTH."""
        if self.evidence_log is None:
            self.evidence_log = []
        self.evidence_log.append(entry._replace(outcome=outcome))
        if len(self.evidence_log) > EVIDENCE_LENGTH:
            del self.evidence_log[0]

    def ensure_activity(self, now: Now) -> AgentActivity:
        """The activity, without times that a clock set back has left in the future."""
        if self.activity is None:
            self.activity = AgentActivity(self.status)
        self.activity.drop_future(now.wall)
        return self.activity

    def update_origin(self, event: HookEvent) -> None:
        """Keeps where the agent runs, except its process; a missing field changes nothing."""
        if event.pid_start is not None:
            self.pid_start = event.pid_start
        self.config_dir = event.config_dir or self.config_dir
        self.terminal = event.terminal or self.terminal
        if event.subagent is None:
            self.transcript = event.transcript or self.transcript
        if event.attended is not None:
            self.attended = event.attended
        if self.working_dir is None:
            self.working_dir = event.cwd
        if self.resume_id is None:
            self.resume_id = event.session

    def elapsed(self, now: Now) -> int:
        """Whole seconds since the session entered its present status."""
        return (now.boot - self.entered) // NS

    def to_wire(self, now: Now) -> Json:
        """The session as in LIST and STATE."""
        return {
            "id": self.id,
            "status": self.status,
            "since": self.since / NS,
            "elapsed": self.elapsed(now),
            "working_dir": self.working_dir,
            "display_name": self.display_name,
            "agent_type": self.agent_type,
            "session_id": self.resume_id,
            "closed": self.status == CLOSED,
            "evidence": self.evidence,
            "prompt": self.prompt,
            "api_usage": self.api_usage,
            "pid": self.pid,
            "terminal": self.terminal,
            "attended": self.attended,
            "host": self.host,
            "superseded_by": self.superseded_by,
        }

    def to_wire_whole(self, now: Now) -> Json:
        """The session as in GET: with its history, metadata and evidence log."""
        return self.to_wire(now) | {
            "history": [transition.to_wire() for transition in self.history or ()],
            "metadata": self.metadata or {},
            "trail": [entry.to_wire() for entry in self.evidence_log or ()],
        }
