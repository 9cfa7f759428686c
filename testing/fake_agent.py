"""A process that stands for Claude Code, with hooks and a registry file like the real one's."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from testing.support import LineClient

ASKS: dict[str, Any] = {"tool_name": "Bash", "tool_input": {"command": "make"}}


class FakeAgent:
    """A process with a session and a configuration directory."""

    def __init__(self, config_dir: Path, session: str):
        self.session = session
        self.config_dir = config_dir
        self.registry = config_dir / "sessions"
        self.process = subprocess.Popen(["sleep", "1000"])

    @property
    def file(self) -> Path:
        return self.registry / f"{self.process.pid}.json"

    def end(self) -> None:
        """Kills the process."""
        self.process.kill()
        self.process.wait()

    def hook(self, client: LineClient, event: str, *, at: int | None = None, **fields: Any) -> None:
        """Sends an event of its session."""
        pid = {"pid": self.process.pid}
        meta = {"at": at or time.time_ns(), "config_dir": str(self.config_dir), **pid}
        payload = {"session_id": self.session, "hook_event_name": event, "cwd": "/", **fields}
        packed = json.dumps(meta, separators=(",", ":"))
        assert client.ask(f"HOOK claude-code {packed} {json.dumps(payload)}") == "OK"

    def entry(self, status: str, /, **fields: Any) -> str:
        """The content of its registry file, with a time later than every earlier event."""
        return json.dumps(
            {
                "pid": self.process.pid,
                "sessionId": self.session,
                "status": status,
                "statusUpdatedAt": time.time_ns() // 1_000_000 + 1,
                **fields,
            }
        )

    def registers(self, status: str, /, **fields: Any) -> None:
        """Writes its registry file."""
        self.registry.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.entry(status, **fields))


def next_update(subscriber: LineClient) -> tuple[str, str]:
    """The session and the status of the next push."""
    _, session, status, *_ = subscriber.line().split(" ")
    return session, status


def wait_for_the_read(agent: FakeAgent, client: LineClient) -> None:
    """Waits until a file that is written after the agent's has been read."""
    other = FakeAgent(agent.config_dir, "later")
    try:
        other.hook(client, "UserPromptSubmit")
        other.registers("idle")
        while client.get("later")["status"] != "attention":
            pass
    finally:
        other.end()
