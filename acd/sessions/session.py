"""One session: its present status, how it came there, and what is known about it.

Responsible for the shape of a session in memory, on the wire and in the
journal. It refuses to know which changes are allowed (status.py) and who
makes them (store.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from acd.sessions.activity import AgentActivity
from acd.sessions.status import CLOSED, Status
from acd.sessions.values import DEFAULT_AGENT, NS, Json, Now

if TYPE_CHECKING:
    pass


class Transition(NamedTuple):
    """A real change of status; times in nanoseconds."""

    at: int
    """Unix time."""
    origin: Status
    to: Status
    duration: int
    """How long the previous status lasted."""

    def to_wire(self) -> Json:
        """With times in seconds."""
        return {
            "at": self.at / NS,
            "from": self.origin,
            "to": self.to,
            "duration": self.duration / NS,
        }


class EvidenceEntry(NamedTuple):
    """A piece of evidence that was weighed, and what came of it."""

    at: int
    """When it was true, by its own source: unix nanoseconds."""
    source: str
    what: str
    outcome: str
    """What it changed, or why it changed nothing."""

    def to_wire(self) -> Json:
        """With the time in seconds."""
        return self._asdict() | {"at": self.at / NS}


class Session:
    """All that is known about one session. The store alone changes it.

    Times are nanoseconds: `entered` and `closed_at` on the boot clock, `since`
    unix time.
    """

    __slots__ = (
        "agent_type",
        "api_usage",
        "attended",
        "belief",
        "closed_at",
        "config_dir",
        "entered",
        "evidence",
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
        "trail",
        "transcript",
        "working_dir",
    )

    def __init__(self, session_id: str, status: Status, now: Now):
        self.id = session_id
        self.status: Status = status
        self.since = now.wall
        self.entered = now.boot
        self.evidence = "set"
        self.history: list[Transition] | None = None
        self.trail: list[EvidenceEntry] | None = None

        self.working_dir: str | None = None
        self.name: str | None = None
        self.agent_type = DEFAULT_AGENT
        self.resume_id: str | None = None
        self.prompt: str | None = None
        self.metadata: Json | None = None  # the keys that have no field of their own
        self.api_usage: Json | None = None

        # Where the agent runs, as its hooks tell.
        self.pid: int | None = None
        self.pid_start: int | None = None
        self.host: str | None = None
        self.config_dir: str | None = None
        self.terminal: dict[str, str] | None = None
        self.attended: bool | None = None
        self.transcript: str | None = None

        self.belief: AgentActivity | None = None
        """What the status is made of, once hooks have spoken."""
        self.superseded_by: str | None = None
        self.closed_at: int | None = now.boot if status == CLOSED else None

    @property
    def display_name(self) -> str:
        """The name given, else the directory's, else the start of the id."""
        if self.name:
            return self.name
        if self.working_dir:
            return self.working_dir.rstrip("/").rpartition("/")[2] or self.working_dir
        return self.id[:8]

    def asking(self) -> dict[str, str]:
        """The subagents that wait for an answer, and the file in which each writes itself down."""
        questions = self.belief.questions if self.belief is not None else ()
        return {asked.asker: asked.transcript for asked in questions if asked.transcript}

    def elapsed(self, now: Now) -> int:
        """Whole seconds in the present status."""
        return (now.boot - self.entered) // NS

    def to_wire(self, now: Now) -> Json:
        """The session as LIST and STATE show it."""
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
        """The session as GET shows it: with its history, metadata and evidence."""
        return self.to_wire(now) | {
            "history": [transition.to_wire() for transition in self.history or ()],
            "metadata": self.metadata or {},
            "trail": [trace.to_wire() for trace in self.trail or ()],
        }
