"""An agent that only lives, and writes the registry file that the real client was seen to write."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from testing.support import Client

ASKS: dict[str, Any] = {"tool_name": "Bash", "tool_input": {"command": "make"}}


class Agent:
    """A process, a configuration directory, and a session in both."""

    def __init__(self, config_dir: Path, session: str):
        self.session = session
        self.config_dir = config_dir
        self.registry = config_dir / "sessions"
        self.process = subprocess.Popen(["sleep", "1000"])

    @property
    def file(self) -> Path:
        return self.registry / f"{self.process.pid}.json"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def hook(self, client: Client, event: str, *, at: int | None = None, **fields: Any) -> None:
        pid = {"pid": self.process.pid}
        meta = {"at": at or time.time_ns(), "config_dir": str(self.config_dir), **pid}
        payload = {"session_id": self.session, "hook_event_name": event, "cwd": "/", **fields}
        packed = json.dumps(meta, separators=(",", ":"))
        assert client.ask(f"HOOK claude-code {packed} {json.dumps(payload)}") == "OK"

    def entry(self, says: str, **fields: Any) -> str:
        """What its registry file says; the time is a moment after all that was before."""
        return json.dumps(
            {
                "pid": self.process.pid,
                "sessionId": self.session,
                "status": says,
                "statusUpdatedAt": time.time_ns() // 1_000_000 + 1,
                **fields,
            }
        )

    def registers(self, says: str, **fields: Any) -> None:
        self.registry.mkdir(parents=True, exist_ok=True)
        self.file.write_text(self.entry(says, **fields))


def told(subscriber: Client) -> tuple[str, str]:
    """The next push: a session, and its status."""
    _, session, status, *_ = subscriber.line().split(" ")
    return session, status


def wait_for_the_look(agent: Agent, client: Client) -> None:
    """Another session's file, written later, has been looked at: so has the first one's."""
    other = Agent(agent.config_dir, "later")
    try:
        other.hook(client, "UserPromptSubmit")
        other.registers("idle")
        while client.get("later")["status"] != "attention":
            pass
    finally:
        other.end()
