"""Generates parts of docs/ from the code, and the files of packaging/: `python -m tools.docs`.

A part stands between `<!-- NAME: made by python -m tools.docs -->` and `<!-- end -->`.
tests/test_docs.py fails if one is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from acd.agents.agent import Agent
from acd.agents.catalog import AGENTS
from acd.cli.config_text import options, toml
from acd.sessions.signals import EFFECTS, HOOK_EFFECTS, OPEN, SIGNALS, Signal
from acd.sessions.status import CLOSED, REVIVALS, STATUSES, TRANSITIONS
from acd.ui.bars.template import SUMMARY, TEMPLATE_FIELDS

DOCS = Path(__file__).parent.parent / "docs"

_PART = re.compile(
    r"(?P<head><!-- (?P<name>[\w-]+): made by python -m tools\.docs -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def state_diagram() -> str:
    """The transition table as a diagram, without the arrows from a status to itself."""
    arrows = [
        f"    {origin or '[*]'} --> {to}"
        for origin, allowed in TRANSITIONS.items()
        for to in STATUSES.values()
        if to in allowed and to != origin
    ]
    arrows += [f"    {origin} --> {to}: RESURRECT" for origin, to in REVIVALS.items()]
    arrows.append(f"    {CLOSED} --> {HOOK_EFFECTS['STARTED']}: STARTED (resumed)")
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


def transitions() -> str:
    """Each status, and which statuses may follow it."""
    return _table(
        ["from", *STATUSES],
        (
            [f"`{origin}`" if origin else "(none yet)"]
            + ["yes" if to in allowed else "no" for to in STATUSES.values()]
            for origin, allowed in TRANSITIONS.items()
        ),
    )


def signals() -> str:
    """Every kind of signal, and its meaning."""
    return _table(["signal", "meaning"], ([f"`{kind}`", what] for kind, what in SIGNALS.items()))


def _name(signal: Signal) -> str:
    details = {
        "resumed": signal.resumed,
        "background tasks": signal.background,
        "a subagent continues": signal.goes_on,
    }
    return ", ".join([f"`{signal.kind}`", *(name for name, holds in details.items() if holds)])


def events_of(agent: Agent) -> str:
    """Each signal, and the agent's events that mean it."""
    events: dict[str, list[str]] = {}
    for event, signal in agent.events.items():
        events.setdefault(_name(signal), []).append(event)
    return _table(["signal", "events"], ([name, _code(found)] for name, found in events.items()))


def observations() -> str:
    """The words of each agent's observer, and the signals that they mean."""
    rows = [
        [agent.title, f"`{word}`", f"`{kind}`"]
        for agent in AGENTS.values()
        for word, kind in agent.observations.items()
    ]
    return _table(["agent", "word", "signal"], rows)


def effects() -> str:
    """The table over (activity, signal)."""
    rows = [
        [source, f"`{kind}`", *(f"`{row[status]}`" if status in row else "" for status in OPEN)]
        for (source, kind), row in EFFECTS.items()
    ]
    return _table(["source", "signal", *(f"in `{status}`" for status in OPEN)], rows)


def limits() -> str:
    """The options of the section `limits`."""
    return _table(
        ["key", "default", "meaning"],
        (
            [f"`{key}`", f"{default:,}", meaning]
            for section, key, default, meaning in options()
            if section == "limits"
        ),
    )


def every_option() -> str:
    """All options of the configuration file."""
    rows = [
        [f"`{section}.{key}`", f"`{toml(default)}`", meaning]
        for section, key, default, meaning in options()
    ]
    return _table(["option", "default", "meaning"], rows)


def bar_fields() -> str:
    """The fields of a bar's template."""
    rows = [[f"`{{{SUMMARY}}}`", "the text that the bar shows without a template"]]
    rows += [[f"`{{{name}}}`", what] for name, (what, _) in TEMPLATE_FIELDS.items()]
    return _table(["field", "meaning"], rows)


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "state-diagram": state_diagram,
    "transitions": transitions,
    **{f"{agent.name}-events": partial(events_of, agent) for agent in AGENTS.values()},
    "signals": signals,
    "observations": observations,
    "effects": effects,
    "limits": limits,
    "options": every_option,
    "bar-fields": bar_fields,
}


def renew(text: str) -> str:
    """The document with its parts generated anew. Raises KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part['head']}{PARTS[part['name']]()}\n{part['end']}", text)


def main() -> int:
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text("utf-8")
        if (new := renew(text)) != text:
            path.write_text(new, "utf-8")
            print(f"written: {path.relative_to(DOCS.parent)}")
    from tools import packaging_files  # the manual contains parts of these pages

    for path in packaging_files.write():
        print(f"written: {path.relative_to(DOCS.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
