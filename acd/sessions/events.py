"""An agent's hook event, reduced to the few facts that acd keeps.

Responsible for reading payloads defensively, and for what of them is kept:
nothing else is stored or sent on. It refuses to know what an event means to an
agent (acd/agents/) and to the session that it will meet (belief.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from acd.sessions.fields import (
    HINT_LENGTH,
    boolean,
    positive,
    process_id,
    short_text,
    text,
)
from acd.sessions.metadata import Refused
from acd.sessions.status import STATUSES, Status
from acd.sessions.values import Json

TERMINAL_HINTS: Final = (
    "TMUX",
    "TMUX_PANE",
    "KITTY_WINDOW_ID",
    "KITTY_LISTEN_ON",
    "WEZTERM_PANE",
    "WEZTERM_UNIX_SOCKET",
    "ITERM_SESSION_ID",
    "ZELLIJ_PANE_ID",
    "ZELLIJ_SESSION_NAME",
    "TERM_PROGRAM",
)
"""The environment variables that a hook passes on, so that a client can jump there."""


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What acd keeps of a hook's payload. Nothing else of it is stored or sent on."""

    agent: str
    session: str
    name: str
    kind: str | None
    status: Status | None
    """What the agent's table says of it; None for what changes nothing or is not known."""
    at: int | None
    """When the hook began, unix nanoseconds."""
    subagent: str | None
    prompt_id: str | None
    """The user's prompt that the event belongs to."""
    cwd: str | None
    text: str | None
    """What it asks or last said, cut to PROMPT_LENGTH characters."""
    pid: int | None
    """The agent's process, by its own word."""
    parent: int | None
    """The hook's parent process, where the agent does not tell."""
    host: str | None
    """The machine that the agent runs on; None for this one."""
    config_dir: str | None
    attended: bool | None
    terminal: dict[str, str] | None
    goes_on: bool | None = None
    """Whether it shows that a subagent goes on or ends, so that its question is answered."""
    pid_start: int | None = None
    """When the process began, in the unit of the process watch; it rules out a reused pid."""
    tool_use_id: str | None = None
    """The tool call that begins or has ended."""
    call: int | None = None
    """What is begun or asked for (fields.call_digest)."""
    transcript: str | None = None
    """The file that the agent's own evidence reads; a subagent's is its own."""

    @property
    def label(self) -> str:
        """The event as people and the table name it."""
        return f"{self.name}/{self.kind}" if self.kind else self.name

    @property
    def begins(self) -> bool:
        """Whether a conversation begins, anew or again."""
        return self.name == "SessionStart" and self.status is not None

    @property
    def revives(self) -> bool:
        """Whether it takes up a conversation that had ended."""
        return self.label == "SessionStart/resume"

    def without_text(self) -> HookEvent:
        """The event with nothing of what was said, for those who want none of it kept."""
        return replace(self, text=None)

    def to_record(self) -> Json:
        """Its fields that say something, for the journal and for recordings."""
        fields = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: value for name, value in fields if value is not None}

    @classmethod
    def from_record(cls, record: Json) -> HookEvent:
        """The inverse of to_record; fields that are missing are None, others are ignored.

        Raises Refused when the record is not one.
        """
        agent, name = short_text(record, "agent"), short_text(record, "name")
        session = text(record, "session")
        if agent is None or session is None or name is None:
            raise Refused("not a hook event's record")
        given = record.get("terminal")
        return cls(
            agent=agent,
            session=session,
            name=name,
            kind=short_text(record, "kind"),
            status=STATUSES.get(text(record, "status") or ""),
            at=positive(record, "at"),
            subagent=short_text(record, "subagent"),
            prompt_id=short_text(record, "prompt_id"),
            cwd=text(record, "cwd"),
            text=text(record, "text"),
            pid=process_id(record, "pid"),
            parent=process_id(record, "parent"),
            host=short_text(record, "host"),
            config_dir=text(record, "config_dir"),
            attended=boolean(record, "attended"),
            terminal=terminal_hints(given) if isinstance(given, dict) else None,
            goes_on=boolean(record, "goes_on"),
            pid_start=positive(record, "pid_start"),
            tool_use_id=short_text(record, "tool_use_id"),
            call=positive(record, "call"),
            transcript=text(record, "transcript"),
        )


def terminal_hints(fields: Json) -> dict[str, str] | None:
    return {
        hint: value for hint in TERMINAL_HINTS if (value := text(fields, hint, HINT_LENGTH))
    } or None
