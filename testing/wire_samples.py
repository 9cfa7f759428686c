"""Every request of the protocol, and its reply and pushes, literally.

`…` stands for any text (further fields of a session); times are those of the
fixed clock in peer.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SESSION = "SET s working"
CLOSED = 'SET s closed {"session_id": "agent-id", "working_dir": "/w"}'

_JSON = (
    '{"id": "s", "status": "working", "since": 1800000000.0, "elapsed": 0, "working_dir": null,'
    ' "display_name": "s", "agent_type": "claude-code", "session_id": null, "closed": false,'
    ' "evidence": "set", "prompt": null, "api_usage": null, "pid": null, "terminal": null,'
    ' "attended": null, "host": null, …'
)
_NOT_FOUND = "ERR session not found"
_META = '{"at":1800000000000000000,"pid":7}'


def event(name: str, session: str = "s", **fields: str) -> str:
    more = "".join(f', "{key}": "{value}"' for key, value in fields.items())
    return (
        f'HOOK claude-code {_META} {{"session_id": "{session}", "hook_event_name": "{name}"{more}}}'
    )


@dataclass(frozen=True)
class Sample:
    """A request and its reply, after the `setup` requests on another connection."""

    request: str
    reply: str
    setup: tuple[str, ...] = ()
    pushed: tuple[str, ...] = ()
    """What a subscriber on another connection gets."""


SAMPLES = [
    # SET
    Sample("SET s working", "OK", pushed=("UPDATE s working 0",)),
    Sample("SET s attention", "OK", (SESSION,), ("UPDATE s attention 0",)),
    Sample("SET s question", "OK", (SESSION,), ("UPDATE s question 0",)),
    Sample("SET s closed", "OK", (SESSION,), ("UPDATE s closed 0",)),
    Sample("SET s working", "OK", (SESSION,), ("UPDATE s working 0",)),
    Sample('SET s working {"name": "n", "colour": "red"}', "OK", pushed=("UPDATE s working 0",)),
    Sample('SET s working   { "name" : "n" }  ', "OK", pushed=("UPDATE s working 0",)),
    Sample("SET  s\tworking", "OK", pushed=("UPDATE s working 0",)),
    Sample("SET sitzung-ü working", "OK", pushed=("UPDATE sitzung-ü working 0",)),
    Sample("set s working", "OK", pushed=("UPDATE s working 0",)),
    Sample("SeT s working", "OK", pushed=("UPDATE s working 0",)),
    Sample("SET s closed", "OK", (CLOSED,), ("UPDATE s closed 0",)),
    Sample("SET s working", "ERR session closed", (CLOSED,)),
    Sample("SET s asleep", "ERR invalid status"),
    Sample("SET s WORKING", "ERR invalid status"),
    Sample("SET", "ERR usage: SET <session> <status> [metadata_json]"),
    Sample("SET s", "ERR usage: SET <session> <status> [metadata_json]"),
    Sample("SET\ts\tworking", "ERR usage: SET <session> <status> [metadata_json]"),
    Sample("SET s working []", "ERR invalid metadata: must be a JSON object"),
    Sample("SET s working {", "ERR invalid metadata: Expecting property name …"),
    Sample('SET s working {"name": 1}', "ERR invalid metadata: name must be a string"),
    Sample("SET s working {} x", "ERR invalid metadata: text after the object at character 3"),
    Sample(f"SET {'x' * 129} working", "ERR invalid session id: must be 1 to 128 printable …"),
    # RM, DELETE
    Sample("RM s", "OK", (SESSION,), ("UPDATE s closed 0",)),
    Sample("RM s", "OK", (CLOSED,), ("UPDATE s closed 0",)),
    Sample("rm s", "OK", (SESSION,), ("UPDATE s closed 0",)),
    Sample("RM s", _NOT_FOUND),
    Sample("RM", "ERR usage: RM <session>"),
    Sample("RM s t", "ERR usage: RM <session>"),
    Sample("DELETE s", "OK", (SESSION,), ("REMOVED s",)),
    Sample("DELETE s", "OK", (CLOSED,), ("REMOVED s",)),
    Sample("DELETE s", _NOT_FOUND),
    Sample("DELETE", "ERR usage: DELETE <session>"),
    # GET, HISTORY, LIST
    Sample("GET s", f'OK {_JSON}"history": [], "metadata": {{}}, …}}', (SESSION,)),
    Sample(
        "GET s",
        'OK {…"display_name": "n"…"metadata": {"a": 1}…}',
        ('SET s working {"name": "n", "a": 1}',),
    ),
    Sample("GET s", _NOT_FOUND),
    Sample("GET", "ERR usage: GET <session>"),
    Sample("HISTORY s", "OK []", (SESSION,)),
    Sample(
        "HISTORY s",
        'OK [{"at": 1800000000.0, "from": "working", "to": "attention", "duration": 0.0},'
        ' {"at": 1800000000.0, "from": "attention", "to": "closed", "duration": 0.0}]',
        (SESSION, "SET s attention", "RM s"),
    ),
    Sample("HISTORY s", _NOT_FOUND),
    Sample("HISTORY", "ERR usage: HISTORY <session>"),
    Sample("LIST", "STATE []"),
    Sample("list", "STATE []"),
    Sample("LIST all", "ERR usage: LIST"),
    Sample("LIST", f"STATE [{_JSON}}}]", (SESSION,)),
    Sample("LIST", 'STATE [{"id": "s", …}, {"id": "t", …}]', (SESSION, "SET t question")),
    # SUBSCRIBE
    Sample("SUBSCRIBE", "STATE []"),
    Sample("SUBSCRIBE", f"STATE [{_JSON}}}]", (SESSION,)),
    Sample("SUBSCRIBE json", "STATE []"),
    Sample("SUBSCRIBE passive", "STATE []"),
    Sample("SUBSCRIBE json passive", "STATE []"),
    Sample("subscribe JSON", "STATE []"),
    Sample("SUBSCRIBE", "STATE []", ("SUBSCRIBE json",)),
    Sample("SUBSCRIBE loudly", "ERR usage: SUBSCRIBE [json] [passive]"),
    Sample("SUBSCRIBE passive json", "ERR usage: SUBSCRIBE [json] [passive]"),
    # RESURRECT
    Sample(
        "RESURRECT s",
        'OK {"argv": ["claude", "--resume", "agent-id"], "cwd": "/w"}',
        (CLOSED,),
        ("UPDATE s working 0",),
    ),
    Sample("RESURRECT s", _NOT_FOUND),
    Sample("RESURRECT s", "ERR session not closed", (SESSION,)),
    Sample("RESURRECT s", "ERR not resumable", ('SET s closed {"working_dir": "/w"}',)),
    Sample("RESURRECT s", "ERR not resumable", ('SET s closed {"session_id": "-x"}',)),
    Sample("RESURRECT s", "ERR not resumable", (r'SET s closed {"session_id": "x\u0007"}',)),
    Sample("RESURRECT s", "ERR working directory missing", ('SET s closed {"session_id": "x"}',)),
    Sample(
        "RESURRECT s",
        "ERR working directory missing",
        ('SET s closed {"session_id": "x", "working_dir": "/gone"}',),
    ),
    Sample(
        "RESURRECT s",
        "ERR working directory missing",
        ('SET s closed {"session_id": "x", "working_dir": "w"}',),
    ),
    Sample("RESURRECT", "ERR usage: RESURRECT <session>"),
    # API_USAGE
    Sample('API_USAGE s {"input_tokens": 1, "output_tokens": 2, "cost": 0.5}', "OK", (SESSION,)),
    Sample("API_USAGE s {}", _NOT_FOUND),
    Sample("API_USAGE s", "ERR usage: API_USAGE <session> <json>", (SESSION,)),
    Sample("API_USAGE s []", "ERR invalid api usage: must be a JSON object", (SESSION,)),
    Sample(
        'API_USAGE s {"input_tokens": -1}',
        "ERR invalid api usage: input_tokens must be a whole number, 0 or more",
        (SESSION,),
    ),
    # HOOK
    Sample(event("UserPromptSubmit"), "OK", pushed=("UPDATE s working 0",)),
    Sample(event("Stop"), "OK", (SESSION,), ("UPDATE s attention 0",)),
    Sample(event("PermissionRequest"), "OK", (SESSION,), ("UPDATE s question 0",)),
    Sample(event("SessionEnd"), "OK", (SESSION,), ("UPDATE s closed 0",)),
    Sample(event("SubagentStart"), "OK", (SESSION,)),
    Sample(event("SomethingNew"), "OK"),
    Sample(event("Stop"), "OK", (CLOSED,)),
    Sample(event("SessionStart", source="resume"), "OK", (CLOSED,), ("UPDATE s attention 0",)),
    Sample(
        event("SessionStart", "t", source="clear"),
        "OK",
        (event("UserPromptSubmit"),),
        ("UPDATE s closed 0", "UPDATE t attention 0"),
    ),
    Sample('HOOK claude-code {} {"session_id": "s"}', "ERR invalid event: hook_event_name must …"),
    Sample("HOOK claude-code {} {}", "ERR invalid event: session_id must be a string"),
    Sample("HOOK claude-code {} x", "ERR invalid event: Expecting value at character 1"),
    Sample("HOOK claude-code [] {}", "ERR invalid meta: must be a JSON object"),
    Sample("HOOK nobody {} {}", "ERR unknown agent: must be one of claude-code…"),
    Sample("HOOK claude-code {}", "ERR usage: HOOK <agent> <meta_json> <event_json>"),
    Sample("HOOK", "ERR usage: HOOK <agent> <meta_json> <event_json>"),
    # INFO, PING, STOP, RECORD
    Sample(
        "INFO",
        'OK {"version": "1.2.3", "protocol": 1, "pid": 42, "uptime": 1.5, …"connections": …}',
    ),
    Sample("PING", "OK"),
    Sample("PING pong", "ERR usage: PING"),
    Sample("STOP now", "ERR usage: STOP"),
    Sample("INFO all", "ERR usage: INFO"),
    Sample("RECORD all", "ERR usage: RECORD"),
    Sample("ping", "OK"),
    Sample("STOP", "OK"),
    # anything else
    Sample("", "ERR unknown command"),
    Sample("   ", "ERR unknown command"),
    Sample("HELLO", "ERR unknown command"),
    Sample("SETS s working", "ERR unknown command"),
    Sample("\x1b[2J", "ERR unknown command"),
]


def matches(expected: str, line: str) -> bool:
    """Whether a line is the expected one, in which `…` matches any text."""
    pattern = ".*".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, line) is not None
