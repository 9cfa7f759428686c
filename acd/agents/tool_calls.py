"""Reads the tool call in a hook's payload: `tool_name` and `tool_input`."""

from __future__ import annotations

import json
from binascii import crc32

from acd.sessions.fields import long_text, text
from acd.sessions.metadata import is_text
from acd.sessions.values import Json


def call_digest(payload: Json) -> int | None:
    """A checksum of a tool's name and input; None where one is missing.

    It is equal for a call and for its permission request, so it leaves out the
    description, in which the two may differ (measured on Codex).
    """
    tool, tool_input = text(payload, "tool_name"), payload.get("tool_input")
    if tool is None or not isinstance(tool_input, dict):
        return None
    input_ = {key: value for key, value in tool_input.items() if key != "description"}
    try:
        return crc32(json.dumps([tool, input_], sort_keys=True).encode())
    except RecursionError:
        return None


def tool_question(payload: Json) -> str:
    """A tool and its main argument, `Bash: touch x`, or the first question in its input."""
    tool = text(payload, "tool_name") or "?"
    tool_input = payload.get("tool_input")
    if not isinstance(tool_input, dict):
        return tool
    match tool_input.get("questions"):
        case [{"question": str() as question}, *_] if is_text(question):
            return question
    keys = ("command", "file_path", "url", "plan", "description")
    argument = next(filter(None, (long_text(tool_input, key) for key in keys)), None)
    return f"{tool}: {argument}" if argument else tool
