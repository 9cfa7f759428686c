"""A fake Messages API on loopback, with which the real client runs without an account.

A word of the last user text names the scenario, and with it the answer; without one the
answer is a greeting, and after a tool's result a closing text. A *held* answer stops
before its last block until the test releases it: the test decides how long a turn lasts.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from testing.e2e.exchanges import Exchange, Exchanges

JSON = dict[str, Any]


@dataclass(frozen=True)
class TextReply:
    text: str


@dataclass(frozen=True)
class ToolUse:
    name: str
    input: Mapping[str, object]


@dataclass(frozen=True)
class ModelAnswer:
    """The model's content blocks, in their order."""

    blocks: tuple[TextReply | ToolUse, ...]

    @property
    def stop_reason(self) -> str:
        return "tool_use" if any(isinstance(b, ToolUse) for b in self.blocks) else "end_turn"


@dataclass(frozen=True)
class Failure:
    """An HTTP status and the API's error type."""

    status: int
    type: str


def _call(name: str, **input_: object) -> ModelAnswer:
    return ModelAnswer((TextReply(f"Calling {name}."), ToolUse(name, input_)))


def _calls(*tools: ToolUse) -> ModelAnswer:
    return ModelAnswer((TextReply("Calling several."), *tools))


def _subagent(prompt: str) -> ModelAnswer:
    return _call(
        "Agent",
        description="a helper",
        prompt=prompt,
        subagent_type="general-purpose",
        run_in_background=True,
    )


# A tool runs until the test opens its gate (home.Gate); the client asks for a
# permission for `touch`.
_WAIT = "./wait-at-the-gate"
_WAIT_AFTER_PERMISSION = "touch made-by-a-tool && ./wait-at-the-gate"

SCENARIOS: Mapping[str, ModelAnswer | Failure] = {
    "HELD": ModelAnswer((TextReply("Thinking it over, "), TextReply("and done."))),
    "TOOL": _call("Bash", command=_WAIT, description="Wait at the gate"),
    "PERMISSION": _call(
        "Bash", command=_WAIT_AFTER_PERMISSION, description="Touch, then wait at the gate"
    ),
    # Two tools at once: one runs until the test opens the gate, the other asks. The client
    # runs only read-only tools at the same time.
    "SIDEBYSIDE": _calls(
        ToolUse("mcp__asker__wait", {}), ToolUse("Read", {"file_path": "/etc/hostname"})
    ),
    "BOTHASK": _calls(
        ToolUse("Read", {"file_path": "/etc/hostname"}),
        ToolUse("Read", {"file_path": "/etc/passwd"}),
    ),
    "ASK": _call(
        "AskUserQuestion",
        questions=[
            {
                "question": "Which colour?",
                "header": "Colour",
                "multiSelect": False,
                "options": [
                    {"label": "Red", "description": "like a rose"},
                    {"label": "Blue", "description": "like the sea"},
                ],
            }
        ],
    ),
    "PLAN": _call("ExitPlanMode", plan="# A plan\n1. Do it."),
    "ELICIT": _call("mcp__asker__ask"),
    "BACKGROUND": _call(
        "Bash", command=_WAIT, description="Wait in the background", run_in_background=True
    ),
    "SUBAGENT": _subagent("HELD"),
    "SUBAGENTASKS": _subagent("HELDPERMISSION"),
    "HELDPERMISSION": ModelAnswer(
        (
            TextReply("Thinking it over, "),
            ToolUse("Bash", {"command": _WAIT_AFTER_PERMISSION, "description": "Touch, then wait"}),
        ),
    ),
    "ERROR400": Failure(400, "invalid_request_error"),
    "ERROR401": Failure(401, "authentication_error"),
    "ERROR429": Failure(429, "rate_limit_error"),
    "ERROR500": Failure(500, "api_error"),
    "ERROR529": Failure(529, "overloaded_error"),
}

# Always held; hold() adds others.
HELD = frozenset({"HELD", "HELDPERMISSION"})

GREETING = ModelAnswer((TextReply("Hello from the model."),))
AFTER_TOOL = ModelAnswer((TextReply("The tool is done."),))
NOTED = ModelAnswer((TextReply("Noted."),))
SUMMARY = ModelAnswer((TextReply("<analysis>short</analysis><summary>A short talk.</summary>"),))


def choose(body: Mapping[str, Any]) -> tuple[str, ModelAnswer | Failure]:
    """The scenario's name and its answer for one request to /v1/messages."""
    messages = [m for m in body.get("messages") or [] if m.get("role") == "user"]
    if not messages:
        return "GREETING", GREETING
    prompt = next((text for m in reversed(messages) if (text := _last_text(m))), "")
    if "create a detailed summary" in prompt or "Respond with TEXT ONLY" in prompt:
        return "SUMMARY", SUMMARY
    if "<task-notification>" in json.dumps(messages[-1]):
        return "NOTED", NOTED
    if _ends_in_tool_result(messages[-1]):
        return "AFTER_TOOL", AFTER_TOOL
    if not body.get("tools"):
        return "ASIDE", GREETING  # a request of the client's own
    for word in re.findall(r"[A-Z0-9]+", prompt):
        if word in SCENARIOS:
            return word, SCENARIOS[word]
    return "GREETING", GREETING


def _blocks(message: Mapping[str, Any]) -> list[JSON]:
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return [b for b in content or [] if b.get("type") != "text" or _spoken(b["text"])]


def _spoken(text: str) -> str:
    """The user's text, without the client's additions and replacements."""
    text = re.sub(r"<system-reminder>.*?</system-reminder>", "", text, flags=re.DOTALL).strip()
    return "" if text.startswith("[Request interrupted") else text


def _last_text(message: Mapping[str, Any]) -> str:
    texts = [_spoken(b["text"]) for b in _blocks(message) if b.get("type") == "text"]
    return texts[-1] if texts else ""


def _ends_in_tool_result(message: Mapping[str, Any]) -> bool:
    # The client appends a prompt after an interrupt to the interrupted tool's result:
    # only the last block decides.
    blocks = _blocks(message)
    return bool(blocks) and blocks[-1].get("type") == "tool_result"


class MessagesAPI(Exchanges):
    """The server, on an ephemeral loopback port; it ends with its `with`."""

    def __init__(self) -> None:
        super().__init__(HELD)
        api = self

        class MessagesHandler(_MessagesHandler):
            server_api = api

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), MessagesHandler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _MessagesHandler(BaseHTTPRequestHandler):
    server_api: MessagesAPI
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._reply(200, {})

    def do_GET(self) -> None:
        self._reply(200, {"data": [], "has_more": False})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if "count_tokens" in self.path:
            self._reply(200, {"input_tokens": 42})
        elif self.path.startswith("/v1/messages"):
            self._message(json.loads(raw))
        else:
            self._reply(200, {})

    def _message(self, body: JSON) -> None:
        scenario, answer = choose(body)
        try:
            with self.server_api.exchange(scenario) as exchange:
                if isinstance(answer, Failure):
                    error = {
                        "type": answer.type,
                        "message": f"the test wants {scenario}",
                    }
                    # Without the header the client retries for minutes.
                    self._reply(
                        answer.status,
                        {"type": "error", "error": error},
                        ("x-should-retry", "false"),
                    )
                elif body.get("stream"):
                    self._stream(body, answer, exchange)
                else:
                    message = _message_of(body)
                    message["content"] = [_whole(b) for b in answer.blocks]
                    message["stop_reason"] = answer.stop_reason
                    self._reply(200, message)
        except (BrokenPipeError, ConnectionResetError):
            # The client closed the connection: an Esc, or its end.
            self.close_connection = True

    def _stream(self, body: JSON, answer: ModelAnswer, exchange: Exchange) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", f"req_{uuid.uuid4().hex[:16]}")
        self.end_headers()
        self._event("message_start", message=_message_of(body))
        for index, block in enumerate(answer.blocks):
            if index == len(answer.blocks) - 1:
                exchange.wait_released()
            self._block(index, block)
        self._event(
            "message_delta",
            delta={"stop_reason": answer.stop_reason, "stop_sequence": None},
            usage={"output_tokens": 9},
        )
        self._event("message_stop")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _block(self, index: int, block: TextReply | ToolUse) -> None:
        whole = _whole(block)
        if isinstance(block, TextReply):
            start: JSON = {"type": "text", "text": ""}
            delta: JSON = {"type": "text_delta", "text": block.text}
        else:
            start = {**whole, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(whole["input"])}
        self._event("content_block_start", index=index, content_block=start)
        self._event("content_block_delta", index=index, delta=delta)
        self._event("content_block_stop", index=index)

    def _event(self, name: str, **fields: object) -> None:
        data = f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _reply(self, status: int, document: JSON, *headers: tuple[str, str]) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _message_of(body: JSON) -> JSON:
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 100,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 9,
        },
    }


def _whole(block: TextReply | ToolUse) -> JSON:
    if isinstance(block, TextReply):
        return {"type": "text", "text": block.text}
    return {
        "type": "tool_use",
        "id": f"toolu_{uuid.uuid4().hex[:20]}",
        "name": block.name,
        "input": dict(block.input),
    }
