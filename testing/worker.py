"""A client that records what it sent and what was acknowledged, and checks the state against it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from testing.support import LineClient

STATUSES = ("working", "attention", "question")


@dataclass
class Known:
    """The expected state of one session."""

    status: str
    name: str | None = None
    tokens: int | None = None
    transitions: list[tuple[str, str]] = field(default_factory=list)

    def to(self, status: str) -> None:
        if status != self.status:
            self.transitions.append((self.status, status))
            self.status = status

    @classmethod
    def seen(cls, session: dict[str, Any]) -> Known:
        """The state of a session in a reply to GET."""
        named = session["display_name"] != session["id"][:8]
        usage = session["api_usage"]
        return cls(
            session["status"],
            session["display_name"] if named else None,
            usage["input_tokens"] if usage else None,
            [(passed["from"], passed["to"]) for passed in session["history"]],
        )


Sessions = dict[str, Known]


def apply(sessions: Sessions, line: str) -> None:
    """Applies a request to the expected state, by the table of the protocol."""
    verb, name, *rest = line.split(" ", 3)
    found = sessions.get(name)
    match verb:
        case "SET":
            status = rest[0]
            if found is None:
                found = sessions[name] = Known(status)
            elif found.status == "closed" != status:
                return
            found.to(status)
            if len(rest) > 1:
                found.name = json.loads(rest[1])["name"]
        case "RM" if found is not None:
            found.to("closed")
        case "DELETE":
            sessions.pop(name, None)
        case "API_USAGE" if found is not None:
            found.tokens = json.loads(" ".join(rest))["input_tokens"]


class Worker:
    """Sends requests for its own sessions, in batches."""

    def __init__(self, name: str, seed: int):
        self.name = name
        self._chance = random.Random(seed)
        self.acknowledged: Sessions = {}
        """The state after every request that was answered."""
        self.sent: list[str] = []
        """The requests without a reply: some first ones were applied, and none after them."""
        self.lines = 0
        """Requests that were answered so far."""

    def line(self) -> str:
        chance = self._chance
        session = f"{self.name}-{chance.randrange(6)}"
        kind = chance.randrange(10)
        if kind < 5:
            return f"SET {session} {chance.choice(STATUSES)}"
        if kind < 7:
            named = json.dumps({"name": f"n{chance.randrange(1000)} ü"})
            return f"SET {session} {chance.choice(STATUSES)} {named}"
        if kind == 7:
            return f'API_USAGE {session} {{"input_tokens": {chance.randrange(1000)}}}'
        return f"{chance.choice(('RM', 'DELETE'))} {session}"

    def work(self, client: LineClient, batch: int) -> None:
        """Sends batches and reads their replies until the daemon ends."""
        try:
            while True:
                self.sent = [self.line() for _ in range(batch)]
                client.send(*self.sent)
                for _ in range(batch):
                    reply = client.line()
                    assert reply == "OK" or reply.startswith("ERR session "), reply
                    apply(self.acknowledged, self.sent.pop(0))
                    self.lines += 1
        except (EOFError, ConnectionError):
            return

    def check(self, client: LineClient) -> int:
        """Compares with the daemon's state; returns how many unanswered requests it had applied."""
        mine = [name for name in client.sessions() if name.startswith(f"{self.name}-")]
        found = {name: Known.seen(client.get(name)) for name in mine}
        for done in range(len(self.sent) + 1):
            if found == self.acknowledged:
                self.sent = []
                return done
            if done < len(self.sent):
                apply(self.acknowledged, self.sent[done])
        raise AssertionError(f"{self.name}: {found} is not a possible state")
