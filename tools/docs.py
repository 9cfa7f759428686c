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
from acd.agents.claude_code import events as claude_code
from acd.config import options, toml
from acd.sessions.corrections import CORRECTIONS
from acd.sessions.status import CLOSED, REVIVALS, STATUSES, TRANSITIONS
from acd.ui.bars.template import FIELDS, SUMMARY

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
    """The transition table as a picture. A status may always follow itself; that is left out."""
    arrows = [
        f"    {origin or '[*]'} --> {to}"
        for origin, allowed in TRANSITIONS.items()
        for to in STATUSES.values()
        if to in allowed and to != origin
    ]
    arrows += [f"    {origin} --> {to}: RESURRECT" for origin, to in REVIVALS.items()]
    resumed = claude_code.EVENTS["SessionStart/resume"]
    arrows.append(f"    {CLOSED} --> {resumed}: SessionStart/resume")
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


def transitions() -> str:
    """From each status to those that may follow."""
    return _table(
        ["from", *STATUSES],
        (
            [f"`{origin}`" if origin else "(none yet)"]
            + ["yes" if to in allowed else "no" for to in STATUSES.values()]
            for origin, allowed in TRANSITIONS.items()
        ),
    )


def events_of(agent: Agent) -> str:
    """Each status, and the agent's events that set it."""
    turned: dict[str, list[str]] = {}
    for event, status in agent.events.items():
        turned.setdefault(status or "unchanged", []).append(event)
    return _table(
        ["status", "events"],
        (
            [f"`{status}`" if status in STATUSES else status, _code(events)]
            for status, events in turned.items()
        ),
    )


def corrections() -> str:
    """What each source beside the hooks may make of a status."""
    return _table(
        ["source", "says", "corrects", "to"],
        (
            [source, f"`{says}`", f"`{before}`", f"`{after}`"]
            for (source, says), table in CORRECTIONS.items()
            for before, after in table.items()
        ),
    )


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
    rows += [[f"`{{{name}}}`", what] for name, (what, _) in FIELDS.items()]
    return _table(["field", "meaning"], rows)


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "state-diagram": state_diagram,
    "transitions": transitions,
    **{f"{agent.name}-events": partial(events_of, agent) for agent in AGENTS.values()},
    "corrections": corrections,
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
