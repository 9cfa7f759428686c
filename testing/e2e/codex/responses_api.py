"""A fake Responses API, with which the real Codex runs without an account.

Scenarios are chosen, held and released as in messages_api.py.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from testing.e2e.exchanges import Exchange, Exchanges
from testing.e2e.messages_api import Failure, TextReply

JSON = dict[str, Any]


@dataclass(frozen=True)
class FunctionCall:
    """A function call of the model."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class StreamFailure:
    """A stream that ends with an error; Codex retries, depending on its code."""

    code: str


_WAIT = "./wait-at-the-gate"

ModelReply = TextReply | FunctionCall | Failure | StreamFailure

OVERLOADED = Failure(503, "server_is_overloaded")
BROKEN_OFF = StreamFailure("server_error")

SCENARIOS: Mapping[str, ModelReply] = {
    "HELD": TextReply("Thinking it over, and done."),
    "TOOL": FunctionCall("exec_command", {"cmd": _WAIT, "yield_time_ms": 30_000}),
    "PERMISSION": FunctionCall(
        "exec_command",
        {
            "cmd": _WAIT,
            "yield_time_ms": 30_000,
            "sandbox_permissions": "require_escalated",
            "justification": "May I?",
        },
    ),
    "ASK": FunctionCall(
        "request_user_input",
        {
            "questions": [
                {
                    "id": "colour",
                    "header": "Colour",
                    "question": "Which colour?",
                    "options": [
                        {"label": "Red", "description": "like a rose"},
                        {"label": "Blue", "description": "like the sea"},
                    ],
                }
            ]
        },
    ),
    "SUBAGENTASKS": FunctionCall(
        "spawn_agent", {"message": "PERMISSION, please", "task_name": "helper"}
    ),
    "SUBAGENT": FunctionCall("spawn_agent", {"message": "HELD by a helper", "task_name": "helper"}),
    "ERROR400": Failure(400, "invalid_request_error"),
    "ERROR500": Failure(500, "server_error"),
    "FAILED": StreamFailure("invalid_prompt"),
}
HELD = frozenset({"HELD"})
GREETING = TextReply("Hello from the model.")
TITLE = TextReply("Say hello")
AFTER_TOOL = TextReply("The tool is done.")


def choose(body: Mapping[str, Any]) -> tuple[str, ModelReply]:
    """The scenario's name and its answer for one request to /v1/responses."""
    items = body.get("input") or [{}]
    if items[-1].get("type") in {"function_call_output", "custom_tool_call_output"}:
        return "AFTER_TOOL", AFTER_TOOL
    users = [text for item in items if item.get("role") == "user" if (text := _text(item))]
    prompt = users[-1] if users else ""
    if prompt.startswith("Generate a concise, single-line task title"):
        return "TITLE", TITLE  # a request of Codex's own, in a thread without hooks
    for word in re.findall(r"[A-Z0-9]+", prompt):
        if word in SCENARIOS:
            return word, SCENARIOS[word]
    return "GREETING", GREETING


def _text(item: Mapping[str, Any]) -> str:
    parts = item.get("content") or []
    text = "\n".join(part.get("text", "") for part in parts if isinstance(part, dict))
    return "" if text.lstrip().startswith("<") else text  # the client's additions are in tags


class ResponsesAPI(Exchanges):
    """The server, on a listening socket; it ends with its `with`."""

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(HELD)
        self._failing: dict[str, list[Failure | StreamFailure]] = {}
        api = self

        class ResponsesHandler(_ResponsesHandler):
            server_api = api

        address = listening.getsockname()
        self.url = f"http://127.0.0.1:{address[1]}/v1"
        self._server = ThreadingHTTPServer(address, ResponsesHandler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def fail(self, scenario: str, *failures: Failure | StreamFailure) -> None:
        """Lets the next requests of that scenario fail, each with one of these."""
        self._failing[scenario] = list(failures)

    def failure(self, scenario: str) -> Failure | StreamFailure | None:
        """The failure of this request of the scenario, for the handler."""
        failing = self._failing.get(scenario)
        return failing.pop(0) if failing else None

    def forget(self) -> None:
        self._failing.clear()
        super().forget()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()
        self._server.shutdown()
        self._server.server_close()


class _ResponsesHandler(BaseHTTPRequestHandler):
    server_api: ResponsesAPI
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._reply(200, {"object": "list", "data": [], "models": []})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        scenario, answer = choose(body)
        answer = self.server_api.failure(scenario) or answer
        try:
            with self.server_api.exchange(scenario) as exchange:
                if isinstance(answer, Failure):
                    error = {"message": f"asked for {scenario}", "type": answer.type}
                    self._reply(answer.status, {"error": error})
                else:
                    self._stream(answer, exchange, body.get("tools") or [])
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client closed the connection: an Esc, or its end

    def _stream(
        self,
        answer: TextReply | FunctionCall | StreamFailure,
        exchange: Exchange,
        tools: list[JSON],
    ) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        response: JSON = {"id": f"resp_{uuid.uuid4().hex[:12]}", "output": []}
        self._event("response.created", response=response | {"status": "in_progress"})
        if isinstance(answer, StreamFailure):
            error = {"code": answer.code, "message": "the test wants a failure"}
            self._event("response.failed", response=response | {"status": "failed", "error": error})
            return
        item, delta = _item(answer)
        for group in tools:
            if any(tool.get("name") == item.get("name") for tool in group.get("tools", [])):
                item["namespace"] = group["name"]
        self._event(
            "response.output_item.added", output_index=0, item=item | {"status": "in_progress"}
        )
        if delta is not None:
            self._event("response.output_text.delta", item_id=item["id"], output_index=0,
                        content_index=0, delta=delta)  # fmt: skip
        exchange.wait_released()
        self._event("response.output_item.done", output_index=0, item=item)
        usage = {
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 10,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 110,
        }
        self._event(
            "response.completed", response=response | {"status": "completed", "usage": usage}
        )

    def _event(self, name: str, **fields: object) -> None:
        data = json.dumps({"type": name, **fields})
        self.wfile.write(f"event: {name}\ndata: {data}\n\n".encode())
        self.wfile.flush()

    def _reply(self, status: int, document: JSON) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _item(answer: TextReply | FunctionCall) -> tuple[JSON, str | None]:
    name = uuid.uuid4().hex[:12]
    if isinstance(answer, TextReply):
        content = [{"type": "output_text", "text": answer.text, "annotations": []}]
        message = {"type": "message", "id": f"msg_{name}", "role": "assistant", "content": content}
        return message | {"status": "completed"}, answer.text
    call = {
        "type": "function_call",
        "id": f"fc_{name}",
        "call_id": f"call_{name}",
        "name": answer.name,
        "arguments": json.dumps(dict(answer.arguments)),
    }
    return call, None
