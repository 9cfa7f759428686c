"""Reads a hook's payload, and reduces it to the facts that acd keeps (HookEvent)."""

from __future__ import annotations

from acd.agents.agent import Agent
from acd.agents.tool_calls import call_digest
from acd.sessions.events import HookEvent, terminal_hints
from acd.sessions.fields import (
    NAME_LENGTH,
    boolean,
    positive,
    process_id,
    prompt_line,
    short_text,
    text,
)
from acd.sessions.values import Json, Refused


def read_hook_event(agent: Agent, meta: Json, payload: Json, *, local_host: str) -> HookEvent:
    """Reduces a hook's payload, and `meta`, which the hook added to it.

    `local_host` is this machine's node name: an event of another machine (through
    a forwarded socket) proves nothing about processes and files here.
    Raises Refused when session or event are not named.
    """
    session = text(payload, "session_id")
    name = short_text(payload, "hook_event_name")
    if session is None:
        raise Refused("invalid event: session_id must be a string")
    if name is None:
        raise Refused("invalid event: hook_event_name must be a string")
    host = short_text(meta, "host")
    kind = agent.kind(name, payload)
    if kind is not None and len(kind) > NAME_LENGTH:
        kind = None
    subagent = None if name in agent.session_events else short_text(payload, "agent_id")
    return HookEvent(
        agent=agent.name,
        session=session,
        name=name,
        kind=kind,
        signal=agent.signal(name, kind, by_subagent=subagent is not None),
        at=positive(meta, "at"),
        subagent=subagent,
        prompt_id=short_text(payload, "prompt_id"),
        cwd=text(payload, "cwd"),
        text=prompt_line(agent.text(name, payload)),
        pid=process_id(meta, "pid"),
        parent=process_id(meta, "ppid"),
        host=None if host in {None, local_host} else host,
        config_dir=text(meta, "config_dir"),
        attended=boolean(meta, "attended"),
        terminal=terminal_hints(meta),
        tool_use_id=short_text(payload, "tool_use_id"),
        call=call_digest(payload) if name in agent.call_events else None,
        transcript=agent.transcript(payload),
    )
