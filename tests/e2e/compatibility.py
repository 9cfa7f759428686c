"""The table in docs/compatibility.md: client version by behaviour, from the test run itself.

A test's name is the behaviour's name. Written only with `ACD_WRITE_DOCS=1`, so
that an ordinary run leaves the checkout as it was.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest

from .home import CHECKOUT

PAGE = CHECKOUT / "docs" / "compatibility.md"
BEGIN = "<!-- Written by the end-to-end tests: ACD_WRITE_DOCS=1 tests/run tests/e2e -->"
END = "<!-- End of what the end-to-end tests write -->"

_VERSION = "acd-client-version"
_DELAY = "acd-delay"


@dataclass
class _Results:
    versions: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, str]] = field(default_factory=dict)


_results = _Results()


def note(item: pytest.Item, version: str, delays: list[float]) -> None:
    """Attach to a test's report which client it tried, and the longest it took acd to know."""
    item.user_properties.append((_VERSION, version))
    if delays:
        item.user_properties.append((_DELAY, max(delays)))


def take(report: pytest.TestReport) -> None:
    """pytest_runtest_logreport: keep the outcome of one behaviour."""
    noted = dict(report.user_properties)
    version = noted.get(_VERSION)
    # What a fixture notes at its end is in the report of the teardown; the
    # call's outcome was reported before.
    if report.when == "call":
        # An expected failure is a fact about that client, and the reason tells it.
        reason = str(getattr(report, "wasxfail", ""))
        _outcomes[report.nodeid] = f"no: {reason}" if reason else report.outcome
    elif report.when == "teardown" and isinstance(version, str):
        outcome = _outcomes.pop(report.nodeid, "skipped")
        if version not in _results.versions:
            _results.versions.append(version)
        delay = noted.get(_DELAY)
        row = _results.cells.setdefault(behaviour(report.nodeid.rpartition("::")[2], version), {})
        row[version] = _cell(outcome, delay if isinstance(delay, float) else None)


_outcomes: dict[str, str] = {}


def write() -> None:
    """pytest_sessionfinish: replace the table in the page, if that was asked for."""
    if os.environ.get("ACD_WRITE_DOCS") != "1" or not _results.cells:
        return
    page = PAGE.read_text() if PAGE.exists() else f"# Compatibility\n\n{BEGIN}\n{END}\n"
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise pytest.UsageError(f"{PAGE} has no place for the table: {BEGIN} … {END}")
    PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n{END}{after}")


def table() -> str:
    """The results as a Markdown table."""
    versions = _results.versions
    lines = [
        "| behaviour | " + " | ".join(versions) + " |",
        "|---|" + "---|" * len(versions),
    ]
    for behaviour, cells in _results.cells.items():
        row = " | ".join(cells.get(version, "not tried") for version in versions)
        lines.append(f"| {behaviour} | {row} |")
    return "\n".join(lines) + "\n"


def behaviour(item_name: str, version: str) -> str:
    """A test's name as a sentence, with its parameters other than the client's version."""
    name, _, parameters = item_name.rstrip("]").partition("[")
    sentence = name.removeprefix("test_").replace("_", " ")
    sentence = sentence[:1].upper() + sentence[1:]
    others = parameters.replace(version, "").strip("-")
    return f"{sentence} ({others})" if others else sentence


def _cell(outcome: str, delay: float | None) -> str:
    if outcome != "passed":
        return {"failed": "**no**", "skipped": "not tried"}.get(outcome, outcome)
    return "yes" if delay is None else f"yes, {delay * 1000:.0f} ms"
