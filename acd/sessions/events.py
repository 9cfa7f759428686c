"""An agent's hook event, reduced to the facts that acd keeps."""

from typing import Final, NamedTuple, Self

from acd.sessions.fields import (
    HINT_LENGTH,
    boolean,
    positive,
    process_id,
    short_text,
    text,
)
from acd.sessions.signals import MAIN, WITH_STATUS, Signal, Translator
from acd.sessions.status import QUESTION, STATUSES, Status
from acd.sessions.values import Json, Refused

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
"""The environment variables that identify a session's terminal, as a hook passes them on."""

RECORD_KEYS: Final = (
    *("agent", "session", "name", "kind", "status", "at", "subagent", "prompt_id", "cwd"),
    *("text", "pid", "parent", "host", "config_dir", "attended", "terminal", "goes_on"),
    *("pid_start", "tool_use_id", "call", "transcript"),
)
"""The keys of an event's record, in their order."""


class HookEvent(NamedTuple):
    """All that is kept of a hook's payload: nothing else is stored or sent on."""

    agent: str
    session: str
    name: str
    kind: str | None
    """With the name, the event's label in the evidence log; the signal holds its meaning."""
    signal: Signal
    at: int | None
    """When the hook began, unix nanoseconds."""
    subagent: str | None
    prompt_id: str | None
    """The user's prompt that the event belongs to."""
    cwd: str | None
    text: str | None
    """The question or the agent's last message, at most PROMPT_LENGTH characters."""
    pid: int | None
    """The agent's process, where the agent names it."""
    parent: int | None
    """The hook's parent process, where the agent names no pid."""
    host: str | None
    """The machine that the agent runs on; None for this one."""
    config_dir: str | None
    attended: bool | None
    terminal: dict[str, str] | None
    pid_start: int | None = None
    """When the process began, in the unit of the process watch; it excludes a reused pid."""
    tool_use_id: str | None = None
    """The tool call that begins or has ended."""
    call: int | None = None
    """A checksum of the tool and its input, where a call begins or asks (agents/tool_calls.py)."""
    transcript: str | None = None
    """The file that the agent's observer reads; a subagent has its own."""

    @property
    def label(self) -> str:
        """`name` or `name/kind`."""
        return f"{self.name}/{self.kind}" if self.kind else self.name

    @property
    def status(self) -> Status | None:
        """The status that the signal sets; None for none."""
        return self.signal.status

    @property
    def actor(self) -> str:
        """The agent that the event is about: a subagent's id, or MAIN."""
        return self.subagent or MAIN

    @property
    def goes_on(self) -> bool | None:
        """True where a subagent goes on or ends, so that its question is over; else None."""
        if self.signal.goes_on:
            return True
        return (self.subagent is not None and self.status not in {None, QUESTION}) or None

    def without_text(self) -> Self:
        """The event without its text, for `sessions.keep_text = false`."""
        return self._replace(text=None)

    def to_record(self) -> Json:
        """The event as journals and recordings keep it; keys without a value are left out."""
        values = ((key, getattr(self, key)) for key in RECORD_KEYS)
        return {key: value for key, value in values if value is not None}

    @classmethod
    def from_record(cls, record: Json, translator: Translator) -> Self:
        """The inverse of to_record: missing keys are None, unknown ones are ignored.

        Raises Refused where agent, session or name is missing.
        """
        agent, name = short_text(record, "agent"), short_text(record, "name")
        session = text(record, "session")
        if agent is None or session is None or name is None:
            raise Refused("not a hook event's record")
        kind, subagent = short_text(record, "kind"), short_text(record, "subagent")
        signal = translator.event(agent, name, kind, subagent is not None)
        # The recorded status counts: the version that wrote it had a table of its own.
        status = STATUSES.get(text(record, "status") or "")
        if signal.status != status:
            signal = WITH_STATUS[status]
        if status is None:
            goes_on = subagent is not None and boolean(record, "goes_on") is True
            signal = signal._replace(goes_on=goes_on)
        terminal = record.get("terminal")
        return cls(
            agent=agent,
            session=session,
            name=name,
            kind=kind,
            signal=signal,
            at=positive(record, "at"),
            subagent=subagent,
            prompt_id=short_text(record, "prompt_id"),
            cwd=text(record, "cwd"),
            text=text(record, "text"),
            pid=process_id(record, "pid"),
            parent=process_id(record, "parent"),
            host=short_text(record, "host"),
            config_dir=text(record, "config_dir"),
            attended=boolean(record, "attended"),
            terminal=terminal_hints(terminal) if isinstance(terminal, dict) else None,
            pid_start=positive(record, "pid_start"),
            tool_use_id=short_text(record, "tool_use_id"),
            call=positive(record, "call"),
            transcript=text(record, "transcript"),
        )


def terminal_hints(fields: Json) -> dict[str, str] | None:
    """The terminal hints among the fields; None for none."""
    return {
        hint: value for hint in TERMINAL_HINTS if (value := text(fields, hint, HINT_LENGTH))
    } or None
