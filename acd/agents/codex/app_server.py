"""A client of `codex app-server`: JSON-RPC over its standard input and output, one message a line.

Measured on 0.169.0.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any, Final

from acd import __version__
from acd.errors import AcdError
from acd.system import programs
from acd.system.environment import minimal

ANSWER_SECONDS: Final = 30.0
"""The time limit of a conversation with Codex, which takes 0.2 s (1.6 s in a new home)."""

REVIEW: Final = "start codex and review the hooks there"
"""The hint of every error."""


class AppServer:
    """A conversation with `codex app-server`: JSON-RPC, one message a line."""

    def __init__(self, requests: IO[str], replies: IO[str]):
        self._requests = requests
        self._replies = replies
        self._count = 0

    def request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the result. Raises AcdError."""
        self._count += 1
        self.send(method, params, id=self._count)
        for line in self._replies:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if not isinstance(message, dict) or message.get("id") != self._count:
                continue
            if not isinstance(result := message.get("result"), dict):
                raise AcdError(
                    f"codex app-server: {method}: {json.dumps(message.get('error'))}", hint=REVIEW
                )
            return result
        raise unexpected_reply()

    def send(self, method: str, params: Mapping[str, Any], **more: int) -> None:
        """Sends a message without waiting for a reply."""
        with suppress(BrokenPipeError):  # then request() finds no reply
            self._requests.write(json.dumps({"method": method, "params": params, **more}) + "\n")
            self._requests.flush()


@contextmanager
def app_server(environ: Mapping[str, str]) -> Iterator[AppServer]:
    """Starts and initializes `codex app-server`, and ends it afterwards. Raises AcdError."""
    program = programs.which("codex", environ)
    if program is None:
        raise AcdError(
            "there is no codex on PATH, so its hooks cannot be trusted from here", hint=REVIEW
        )
    own = {name: environ[name] for name in ("CODEX_HOME",) if name in environ}
    argv = [program, "app-server"]
    with programs.process_group(argv, environ=minimal(environ) | own) as process:
        late = threading.Timer(ANSWER_SECONDS, programs.kill_group, [process])
        late.start()
        try:
            assert process.stdin is not None  # noqa: S101 - both are pipes
            assert process.stdout is not None  # noqa: S101
            codex = AppServer(process.stdin, process.stdout)
            info = {"name": "acd", "title": "acd", "version": __version__}
            codex.request("initialize", {"clientInfo": info})
            codex.send("initialized", {})
            yield codex
            with suppress(BrokenPipeError):
                process.stdin.close()  # the server then exits
            process.wait()
        finally:
            late.cancel()


def unexpected_reply() -> AcdError:
    """Returns the error for a missing or malformed reply."""
    return AcdError("codex app-server sent no reply, or an unexpected one", hint=REVIEW)
