"""A Model Context Protocol server over stdio: `ask` asks the user for a name, `wait` waits.

It implements initialize, tools/list, tools/call and elicitation/create (specification
2025-06-18).
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

TOOL = {
    "name": "ask",
    "description": "Ask the user for a name",
    "inputSchema": {"type": "object", "properties": {}},
}
WAIT = {
    "name": "wait",
    "description": "Wait until the file that is named `gate` can be read",
    "inputSchema": {"type": "object", "properties": {}},
    "annotations": {"readOnlyHint": True},
}
QUESTION = {
    "message": "What is your name?",
    "requestedSchema": {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
    },
}
_ELICITATION = "elicitation-1"


def main() -> None:
    called: object = None
    for line in sys.stdin:
        message = json.loads(line)
        number, method = message.get("id"), message.get("method")
        if method == "initialize":
            version = message["params"]["protocolVersion"]
            _answer(
                number,
                {
                    "protocolVersion": version,
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "asker", "version": "1"},
                },
            )
        elif method == "tools/list":
            _answer(number, {"tools": [TOOL, WAIT]})
        elif method == "tools/call" and message["params"]["name"] == "wait":
            # In a thread: the client sends other requests meanwhile, and waits for their replies.
            threading.Thread(target=_wait, args=(number,), daemon=True).start()
        elif method == "tools/call":
            called = number
            _send({"id": _ELICITATION, "method": "elicitation/create", "params": QUESTION})
        elif number == _ELICITATION and method is None:
            reply = message.get("result", message.get("error"))
            _answer(called, {"content": [{"type": "text", "text": json.dumps(reply)}]})
        elif number is not None:
            _answer(number, {})


def _wait(number: object) -> None:
    Path("gate").read_bytes()
    _answer(number, {"content": [{"type": "text", "text": "waited"}]})


def _answer(number: object, result: dict[str, Any]) -> None:
    _send({"id": number, "result": result})


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
