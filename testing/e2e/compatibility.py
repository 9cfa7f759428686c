"""The tables in docs/compatibility.md: each behaviour and client version, from a test run.

The first line of a test's docstring is the behaviour. The tables are written with
`ACD_WRITE_DOCS=1` only, and only those of the agents in the run.
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from testing.checkout import CHECKOUT

PAGE = CHECKOUT / "docs" / "compatibility.md"
BEGIN = "<!-- {}: written by the end-to-end tests: ACD_WRITE_DOCS=1 tests/run tests/e2e -->"
END = "<!-- {}: end of the generated table -->"

_TRIED = "acd-tried"
_DELAY = "acd-delay"


@dataclass
class _Table:
    columns: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)


_tables: defaultdict[str, _Table] = defaultdict(_Table)
_outcomes: dict[str, str] = {}


def note(
    item: pytest.Function, agent: str, column: str, delays: list[float], *, parameter: str = ""
) -> None:
    """Adds a test's table, column and longest delay to its report.

    `column` is a version, or a mode in which the agent runs; `parameter` is its name in
    the test's parameters.
    """
    item.user_properties.append((_TRIED, (agent, column, _behaviour(item, parameter))))
    if delays:
        item.user_properties.append((_DELAY, max(delays)))


def take(report: pytest.TestReport) -> None:
    """pytest_runtest_logreport: stores the outcome of one behaviour."""
    noted = dict(report.user_properties)
    tried = noted.get(_TRIED)
    # note() runs at a fixture's end: its properties are in the teardown's report, which
    # comes after the call's.
    if report.when == "call":
        # An expected failure is a property of that client; its reason describes it.
        reason = str(getattr(report, "wasxfail", ""))
        _outcomes[report.nodeid] = f"no: {reason}" if reason else report.outcome
    elif report.when == "teardown" and isinstance(tried, tuple):
        agent, column, named = tried
        outcome = _outcomes.pop(report.nodeid, "skipped")
        table = _tables[agent]
        if column not in table.columns:
            table.columns.append(column)
        delay = noted.get(_DELAY)
        row = table.cells.setdefault(named, {})
        row[column] = _cell(outcome, delay if isinstance(delay, float) else None)


def write() -> None:
    """pytest_sessionfinish: with ACD_WRITE_DOCS=1, replaces the tables of the agents in the run."""
    # Under pytest-xdist one worker runs all of them, and the others have no tables.
    if os.environ.get("ACD_WRITE_DOCS") != "1" or not _tables:
        return
    page = PAGE.read_text()
    for agent, table in _tables.items():
        begin, end = BEGIN.format(agent), END.format(agent)
        before, found, rest = page.partition(begin)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise pytest.UsageError(f"{PAGE} has no place for the table: {begin} … {end}")
        page = f"{before}{begin}\n\n{_markdown(table)}\n{end}{after}"
    PAGE.write_text(page)


def _markdown(table: _Table) -> str:
    lines = [
        "| behaviour | " + " | ".join(table.columns) + " |",
        "|---|" + "---|" * len(table.columns),
    ]
    for named, cells in table.cells.items():
        row = " | ".join(cells.get(column, "-") for column in table.columns)
        lines.append(f"| {named} | {row} |")
    return "\n".join(lines) + "\n"


def _behaviour(item: pytest.Function, parameter: str) -> str:
    sentence = (item.function.__doc__ or item.name).partition("\n")[0].removesuffix(".")
    others = other_parameters(item, parameter)
    return f"{sentence} ({others})" if others else sentence


def other_parameters(item: pytest.Function, parameter: str) -> str:
    """The test's parameters except the column's."""
    _, _, parameters = item.name.removesuffix("]").partition("[")
    return parameters.replace(parameter, "").strip("-")


def _cell(outcome: str, delay: float | None) -> str:
    if outcome != "passed":
        return {"failed": "**no**", "skipped": "not tried"}.get(outcome, outcome)
    return "yes" if delay is None else f"yes, {delay * 1000:.0f} ms"
