"""What an agent's hook event means: one table, and the reading of payloads.

Responsible for reducing a payload to the few facts that acd keeps, reading
every field defensively (payloads come from programs that change; a wrong type
is a missing field, never an exception), and for the table from event to
status. It refuses to know the session that the event will meet (store.py).

The Claude Code table was measured on 2.1.329 and 2.1.197; the hooks' own
documentation names the events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from acd.core.metadata import Refused, is_text
from acd.core.session import PROMPT_LENGTH, Json, is_whole
from acd.core.status import ATTENTION, CLOSED, QUESTION, WORKING, Status

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

CLAUDE_CODE: Final[Mapping[str, Status | None]] = {
    "UserPromptSubmit": WORKING,
    "PreToolUse": WORKING,
    "PreToolUse/AskUserQuestion": QUESTION,
    "PreToolUse/ExitPlanMode": QUESTION,
    "PostToolUse": WORKING,
    "PostToolUseFailure": WORKING,
    "PostToolBatch": WORKING,
    "PermissionRequest": QUESTION,
    "Elicitation": QUESTION,
    "ElicitationResult": WORKING,
    "PreCompact": WORKING,
    "PostCompact/manual": ATTENTION,
    "Notification/permission_prompt": QUESTION,
    "Notification/elicitation_dialog": QUESTION,
    "Notification/elicitation_url_dialog": QUESTION,
    "Notification/worker_permission_prompt": QUESTION,
    "Notification/agent_needs_input": QUESTION,
    "Notification/idle_prompt": ATTENTION,
    "SessionStart/startup": ATTENTION,
    "SessionStart/resume": ATTENTION,
    "SessionStart/clear": ATTENTION,
    "SessionStart/fork": ATTENTION,
    "Stop": ATTENTION,
    "Stop/background": WORKING,
    "StopFailure": ATTENTION,
    "SessionEnd": CLOSED,
    # Known, and without a meaning for the status. Every other name is treated
    # alike, so that a newer client does no harm.
    "SubagentStart": None,
    "SubagentStop": None,
    "SessionStart/compact": None,
    "PostCompact/auto": None,
}
"""Event, or event/kind where the kind decides, to the status it sets; None changes nothing."""

AGENTS: Final[Mapping[str, Mapping[str, Status | None]]] = {"claude-code": CLAUDE_CODE}

_RESUME: Final[Mapping[str, tuple[str, ...]]] = {"claude-code": ("claude", "--resume")}

FIELD_LENGTH: Final = 4096
"""Characters of a field that is a name or a path (Linux's PATH_MAX); a longer one is no such."""
MAX_TEXT: Final = 1 << 20
"""Characters of a text of which the beginning is kept."""

_OF_THE_SESSION: Final = frozenset({"SessionStart", "SessionEnd"})

# The field that tells the kinds of one event apart.
_KIND_FIELD: Final = {
    "PreToolUse": "tool_name",
    "PermissionRequest": "tool_name",
    "Notification": "notification_type",
    "SessionStart": "source",
    "SessionEnd": "reason",
    "PostCompact": "trigger",
    "StopFailure": "error",
}


@dataclass(frozen=True, slots=True)
class HookEvent:
    """What acd keeps of a hook's payload. Nothing else of it is stored or sent on."""

    agent: str
    session: str
    name: str
    kind: str | None
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
    pid_start: int | None = None
    """When the process began, in the unit of the process watch; it rules out a reused pid."""

    @property
    def label(self) -> str:
        """The event as people and the table name it."""
        return f"{self.name}/{self.kind}" if self.kind else self.name

    @property
    def status(self) -> Status | None:
        """What the table says; None for what changes nothing or is not known."""
        table = AGENTS[self.agent]
        return table.get(self.label, table.get(self.name))

    @property
    def begins(self) -> bool:
        """Whether a conversation begins, anew or again."""
        return self.name == "SessionStart" and self.status is not None

    @property
    def revives(self) -> bool:
        """Whether it takes up a conversation that had ended."""
        return self.label == "SessionStart/resume"

    @property
    def ends_subagent(self) -> bool:
        return self.name == "SubagentStop" and self.subagent is not None

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
        agent, session, name = (_text(record, key) for key in ("agent", "session", "name"))
        if agent is None or agent not in AGENTS or session is None or name is None:
            raise Refused("not a hook event's record")
        given = record.get("terminal")
        return cls(
            agent=agent,
            session=session,
            name=name,
            kind=_text(record, "kind"),
            at=_positive(record, "at"),
            subagent=_text(record, "subagent"),
            prompt_id=_text(record, "prompt_id"),
            cwd=_text(record, "cwd"),
            text=_text(record, "text"),
            pid=_positive(record, "pid"),
            parent=_positive(record, "parent"),
            host=_text(record, "host"),
            config_dir=_text(record, "config_dir"),
            attended=_bool(record, "attended"),
            terminal=_terminal(given) if isinstance(given, dict) else None,
            pid_start=_positive(record, "pid_start"),
        )


def read_hook_event(agent: str, meta: Json, payload: Json, *, local_host: str) -> HookEvent:
    """Reduces a hook's payload and what the hook added to it.

    `local_host` is this machine's node name: an event from another one (a
    forwarded socket) proves nothing about processes and files here.
    Raises Refused when the agent is unknown, or session or event are not named.
    """
    if agent not in AGENTS:
        raise Refused(f"unknown agent: must be one of {', '.join(AGENTS)}")
    session = _text(payload, "session_id")
    name = _text(payload, "hook_event_name")
    if session is None:
        raise Refused("invalid event: session_id must be a string")
    if name is None:
        raise Refused("invalid event: hook_event_name must be a string")
    host = _text(meta, "host")
    return HookEvent(
        agent=agent,
        session=session,
        name=name,
        kind=_kind(name, payload),
        at=_positive(meta, "at"),
        # These two are about the session, whoever's hook tells of them.
        subagent=None if name in _OF_THE_SESSION else _text(payload, "agent_id"),
        prompt_id=_text(payload, "prompt_id"),
        cwd=_text(payload, "cwd"),
        text=_said(name, payload),
        pid=_positive(meta, "pid"),
        parent=_positive(meta, "ppid"),
        host=None if host in {None, local_host} else host,
        config_dir=_text(meta, "config_dir"),
        attended=_bool(meta, "attended"),
        terminal=_terminal(meta),
    )


def resume_argv(agent: str, resume_id: str | None) -> list[str] | None:
    """The command that takes a conversation up again, or None where there is none.

    An id that the agent's command line would take for an option is refused.
    """
    if agent not in _RESUME or not resume_id or resume_id.startswith("-"):
        return None
    return [*_RESUME[agent], resume_id]


def _kind(name: str, payload: Json) -> str | None:
    if name == "Stop":
        tasks = payload.get("background_tasks")
        return "background" if isinstance(tasks, list) and tasks else None
    return _text(payload, _KIND_FIELD[name]) if name in _KIND_FIELD else None


def _said(name: str, payload: Json) -> str | None:
    """What the event asks or tells, in one line of at most PROMPT_LENGTH characters."""
    match name:
        case "PermissionRequest" | "PreToolUse":
            said = _asked(payload)
        case "Stop" | "StopFailure":
            said = _text(payload, "last_assistant_message", MAX_TEXT)
        case "Elicitation" | "Notification":
            said = _text(payload, "message", MAX_TEXT)
        case _:
            said = None
    return " ".join(said.split())[:PROMPT_LENGTH] or None if said else None


def _asked(payload: Json) -> str | None:
    """A tool and what it is about: `Bash: touch x`, or the question itself."""
    tool = _text(payload, "tool_name") or "?"
    given = payload.get("tool_input")
    if not isinstance(given, dict):
        return tool
    match given.get("questions"):
        case [{"question": str() as question}, *_] if is_text(question):
            return question
    about = (
        _text(given, key, MAX_TEXT)
        for key in ("command", "file_path", "url", "plan", "description")
    )
    detail = next(filter(None, about), None)
    return f"{tool}: {detail}" if detail else tool


def _text(fields: Json, key: str, limit: int = FIELD_LENGTH) -> str | None:
    value = fields.get(key)
    if isinstance(value, str) and 0 < len(value) <= limit and is_text(value):
        return value
    return None


def _bool(fields: Json, key: str) -> bool | None:
    value = fields.get(key)
    return value if isinstance(value, bool) else None


def _terminal(fields: Json) -> dict[str, str] | None:
    return {hint: value for hint in TERMINAL_HINTS if (value := _text(fields, hint))} or None


def _positive(fields: Json, key: str) -> int | None:
    value = fields.get(key)
    return value if value and is_whole(value) else None


def status_names(table: Mapping[str, Any]) -> dict[str, list[str]]:
    """The table turned round, for documentation: status (or `unchanged`) to events."""
    turned: dict[str, list[str]] = {}
    for event, status in table.items():
        turned.setdefault(status or "unchanged", []).append(event)
    return turned
