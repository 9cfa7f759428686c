"""One row of the dashboard: a session's facts, made harmless and short.

Responsible for reading a session from the wire defensively, and for the names
that tell sessions apart. It refuses to know the other fields of the screen
and how a row is drawn. All text in a row is printable and one line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from acd.sessions.status import NEEDS_YOU, STATUSES, Status
from acd.sessions.values import NS, Json, Now
from acd.text import one_line, printable
from acd.ui.dashboard.timeline import Timeline

_ID_LENGTH: Final = 4
"""Characters of an id that are shown, at least, to tell sessions of one name apart."""


class Row:
    """A session as it is shown. The model alone changes it."""

    __slots__ = (
        "context",
        "cost",
        "directory",
        "entered",
        "id",
        "label",
        "model",
        "name",
        "prompt",
        "prompt_is_old",
        "session",
        "since",
        "status",
        "timeline",
        "wants_history",
    )

    def __init__(self, session: Json, now: Now, *, home: str | None, wants_history: bool):
        self.id: str = session["id"]
        self.wants_history = wants_history
        """Whether something of its past is not known."""
        self.timeline = Timeline(STATUSES[session["status"]], float(session["since"]))
        self.prompt = ""
        """What it asks or last said, as far as that was told while we looked."""
        self.take(session, now, home=home)
        self.label = self.name
        """What tells it from all others; see `label`."""

    def take(self, session: Json, now: Now, *, home: str | None) -> None:
        """The session as the daemon has just told of it."""
        self.session = session
        self.status: Status = STATUSES[session["status"]]
        self.since = float(session["since"])
        self.entered = now.boot - _age(session, now)
        """When it entered its status, nanoseconds on the boot clock."""
        self.timeline.enter(self.status, self.since)
        self.name = one_line(str(session["display_name"]))
        self.directory = shortened(session.get("working_dir"), home)
        if host := session.get("host"):
            # Its home is not ours; as ssh and scp write it.
            self.directory = f"{printable(host)}:{printable(session.get('working_dir') or '')}"
        prompt = one_line(session.get("prompt") or "")
        self.prompt_is_old = not prompt and not self.needs_you
        """Whether what it said is of a former status."""
        if not self.prompt_is_old:
            self.prompt = prompt
        usage = session.get("api_usage") or {}
        self.model, self.context, self.cost = model_of(usage), context_of(usage), cost_of(usage)

    def seconds(self, now: Now) -> float:
        """How long it has had its status."""
        return max(0, now.boot - self.entered) / NS

    @property
    def needs_you(self) -> bool:
        return self.status in NEEDS_YOU

    def searchable(self) -> str:
        """What a filter looks into, in lower case."""
        words = (
            self.label,
            self.name,
            self.directory,
            self.status,
            self.prompt,
            self.model,
            str(self.session.get("agent_type")),
            self.id,
        )
        return "\n".join(words).lower()


def _age(session: Json, now: Now) -> int:
    """Nanoseconds in its status: whole by the boot clock, the rest by the wall clock.

    The wall clock may have been set since; the daemon's own count has not.
    """
    elapsed = int(session["elapsed"]) * NS
    by_wall = now.wall - int(float(session["since"]) * NS)
    return min(max(by_wall, elapsed), elapsed + NS - 1)


def shortened(path: str | None, home: str | None) -> str:
    """A directory for people: `~` for the home."""
    path = path or ""
    if home and (path == home or path.startswith(f"{home}/")):
        path = "~" + path[len(home) :]
    return printable(path)


def model_of(usage: Json) -> str:
    """The model's name, where the agent told it: a string, or Claude Code's object."""
    model = usage.get("model")
    if isinstance(model, dict):
        model = model.get("display_name") or model.get("id")
    return one_line(model) if isinstance(model, str) else ""


def context_of(usage: Json) -> int | None:
    """Per cent of the context window that are used."""
    window = usage.get("context_window")
    value = window.get("used_percentage") if isinstance(window, dict) else None
    if value is None:
        value = usage.get("context_used_percentage")
    number = _number(value)
    return None if number is None else round(number)


def cost_of(usage: Json) -> float | None:
    """US dollars."""
    cost = usage.get("cost")
    value = cost.get("total_cost_usd") if isinstance(cost, dict) else usage.get("cost_usd")
    return _number(value)


def _number(value: Any) -> float | None:
    """A number that can be shown: neither negative nor beyond all reason."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e6 else None


def label(rows: Collection[Row]) -> None:
    """Gives every row a label that no other has.

    Its name; where several share one, as much of the directory's end as tells
    them apart (`work/api`); where that is the same, too, the beginning of the id.
    """
    for name, namesakes in _grouped(rows, lambda row: row.name).items():
        ends = [name] if len(namesakes) == 1 else _by_directory(namesakes)
        for row, end in zip(namesakes, ends, strict=True):
            row.label = end
    for same in _grouped(rows, lambda row: row.label).values():
        for row, tail in zip(same, _by_id(same), strict=True):
            row.label += tail


def _grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _by_directory(rows: list[Row]) -> list[str]:
    """The shortest ends of their directories, whole components, that differ.

    Only for rows that are named after their directories.
    """
    parts = [row.directory.rstrip("/").split("/") for row in rows]
    named_after = all(part[-1] == row.name for part, row in zip(parts, rows, strict=True))
    if not named_after:
        return [row.name for row in rows]
    different = {tuple(part) for part in parts}
    depth = 1
    while len({part[-depth:] for part in different}) < len(different):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


def _by_id(rows: list[Row]) -> list[str]:
    """What of the ids tells them apart; nothing for a row that is alone."""
    if len(rows) == 1:
        return [""]
    length = _ID_LENGTH
    longest = max(len(row.id) for row in rows)
    while length < longest and len({row.id[:length] for row in rows}) < len(rows):
        length += 1
    return [f" #{printable(row.id[:length])}" for row in rows]
