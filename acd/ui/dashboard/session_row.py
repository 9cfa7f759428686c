"""One session as the dashboard shows it: its fields, checked and made printable."""

from __future__ import annotations

from typing import Any

from acd.agents.catalog import usage_of
from acd.sessions.status import NEEDS_YOU, STATUSES, Status
from acd.sessions.values import NS, Json, Now
from acd.text import one_line, printable, short_path
from acd.ui.timeline.timeline import Timeline


class SessionRow:
    """A session's row. All its texts are single printable lines. Only the model changes it.

    `session` is the session as in STATE or UPDATE.
    """

    __slots__ = (
        "context_percent",
        "cost",
        "directory",
        "entered",
        "id",
        "label",
        "lacks_history",
        "language_model",
        "name",
        "prompt",
        "prompt_is_old",
        "session",
        "since",
        "status",
        "timeline",
    )

    def __init__(self, session: Json, now: Now, *, home: str | None, lacks_history: bool):
        self.id: str = session["id"]
        self.lacks_history = lacks_history
        """Whether the timeline needs the daemon's HISTORY."""
        self.timeline = Timeline(STATUSES[session["status"]], float(session["since"]))
        self.prompt = ""
        """The question or the last message, as far as it came in while the dashboard ran."""
        self.update(session, now, home=home)
        self.label = self.name
        """The name made unique; see `labels.assign_labels`."""

    def update(self, session: Json, now: Now, *, home: str | None) -> None:
        """Takes over a session from STATE or UPDATE. `home` is the user's home directory."""
        self.session = session
        self.status: Status = STATUSES[session["status"]]
        self.since = float(session["since"])
        self.entered = now.boot - _age(session, now)
        """The start of the status, nanoseconds on the boot clock."""
        self.timeline.enter(self.status, self.since)
        self.name = one_line(str(session["display_name"]))
        self.directory = _directory(session, home)
        prompt = one_line(session.get("prompt") or "")
        self.prompt_is_old = not prompt and not self.needs_you
        """Whether the prompt is from an earlier status."""
        if not self.prompt_is_old:
            self.prompt = prompt
        usage = usage_of(session)
        model = usage.get("model")
        self.language_model = one_line(model) if isinstance(model, str) else ""
        context = _number(usage.get("context_used_percentage"))
        self.context_percent = None if context is None else round(context)
        """The used part of the context window in per cent."""
        self.cost = _number(usage.get("cost_usd"))
        """US dollars."""

    def seconds(self, now: Now) -> float:
        """Seconds since the status began."""
        return max(0, now.boot - self.entered) / NS

    @property
    def needs_you(self) -> bool:
        return self.status in NEEDS_YOU

    def searchable(self) -> str:
        """The lower-case text that a filter searches."""
        words = (
            self.label,
            self.name,
            self.directory,
            self.status,
            self.prompt,
            self.language_model,
            str(self.session.get("agent_type")),
            self.id,
        )
        return "\n".join(words).lower()


def _age(session: Json, now: Now) -> int:
    """Nanoseconds since the status began.

    The whole seconds are the daemon's, from its boot clock. The fraction is from the wall clock,
    which may have been set in between.
    """
    elapsed = int(session["elapsed"]) * NS
    by_wall = now.wall - int(float(session["since"]) * NS)
    return min(max(by_wall, elapsed), elapsed + NS - 1)


def _directory(session: Json, home: str | None) -> str:
    """The working directory, with `~` for the home; `host:path` on another host, as scp(1)."""
    path: str = session.get("working_dir") or ""
    if host := session.get("host"):
        return f"{printable(host)}:{printable(path)}"
    return short_path(path, home)


def _number(value: Any) -> float | None:
    """The value if it is a number from 0 to a million, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e6 else None
