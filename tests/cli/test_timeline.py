"""`acd timeline`: the history of a real daemon as a chart, an image and JSON."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from testing.cli_runs import on_terminal
from testing.command_line import Acd
from testing.support import DaemonHome

HOUR = 3600


@pytest.fixture
def remembering(alone: DaemonHome) -> DaemonHome:
    """A daemon that restored six hours of two sessions from a journal."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    wall, since_boot = time.time_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME) + 10**15
    lines = [f"acd-journal 1 {boot}"]
    for hours, line in (
        (6, 'SET a working {"name": "api"}'),
        (5, 'SET b working {"name": "web"}'),
        (4, "SET a question"),
        (3, "SET a working"),
        (2, "SET b attention"),
        (1, "SET a attention"),
        (1, "RM b"),
    ):
        ago = hours * HOUR * 10**9
        lines += [f"@ {wall - ago} {since_boot - ago}", line]
    alone.directory.mkdir(mode=0o700)
    alone.journal.write_text("\n".join([*lines, ""]))
    alone.configure("[sessions]\nclosed_session_retention_minutes = 600\n")
    alone.start()
    return alone


def elapsed(printed: dict[str, Any]) -> float:
    """Seconds from the moment of the journal's times to that of the printed JSON."""
    api = printed["sessions"][0]
    since: float = api["stretches"][-1]["start"]
    return float(printed["until"]) - since - HOUR


def test_each_session_has_its_waiting_and_working_time(remembering: DaemonHome, acd: Acd) -> None:
    ran = acd("timeline")
    assert ran.code == 0
    _, api, web, _, legend, total = ran.lines
    assert api.startswith("api  ")
    assert [*api.split()[-4:]] == ["2h", "0m", "4h", "0m"]
    assert [*web.split()[-4:]] == ["1h", "0m", "3h", "0m"]
    assert [*dict.fromkeys(api.split()[1])] == ["▂", "█", "▅"]
    assert "▂ working" in legend
    assert total == "waited for you: 3h 0m  worked: 7h 0m"


def test_earlier_times_are_left_out(remembering: DaemonHome, acd: Acd) -> None:
    printed = json.loads(acd("timeline", "--json", "--since", "1h30m").out)
    assert printed["until"] - printed["since"] == pytest.approx(1.5 * HOUR)
    assert printed["waited"] == pytest.approx(1.5 * HOUR)
    assert printed["worked"] == pytest.approx(0.5 * HOUR - elapsed(printed))


def test_named_sessions_are_shown_alone(remembering: DaemonHome, acd: Acd) -> None:
    assert [line for line in acd("timeline", "web").lines if line.startswith("api")] == []
    assert acd("timeline", "nobody").code == 1


def test_json_has_the_span_the_sessions_and_the_seconds(remembering: DaemonHome, acd: Acd) -> None:
    printed = json.loads(acd("timeline", "--json", "--since", "8h").out)
    assert printed["until"] - printed["since"] == pytest.approx(8 * HOUR)
    assert [each["display_name"] for each in printed["sessions"]] == ["api", "web"]
    assert printed["waited"] == pytest.approx(3 * HOUR + elapsed(printed))


def test_svg_is_a_file_or_the_output(remembering: DaemonHome, acd: Acd, tmp_path: Path) -> None:
    target = tmp_path / "day.svg"
    assert acd("timeline", "--svg", str(target)).out == f"wrote {target}\n"
    ElementTree.parse(target)
    ElementTree.fromstring(acd("timeline", "--svg", "-").out)


def test_a_file_that_cannot_be_written_is_an_error(remembering: DaemonHome, acd: Acd) -> None:
    ran = acd("timeline", "--svg", "/nowhere/day.svg")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "acd: cannot write /nowhere/day.svg: No such file or directory\n"


def test_on_a_terminal_it_is_as_wide_as_that_and_coloured(remembering: DaemonHome) -> None:
    shown = on_terminal(remembering, "timeline", columns=60)
    assert "\x1b[31m\x1b[1m█" in shown or "\x1b[1m\x1b[31m█" in shown
    assert "\x1b" not in on_terminal(remembering, "timeline", environ={"NO_COLOR": "1"})


def test_a_timeline_without_activity_is_one_line(served: DaemonHome, acd: Acd) -> None:
    assert acd("timeline").out == "no session worked or waited in the last 8h 0m\n"


def test_a_truncated_history_is_mentioned(alone: DaemonHome, acd: Acd) -> None:
    alone.configure("[sessions]\nhistory_depth = 2\n")
    alone.start()
    alone.ask(*(f"SET a {status}" for status in ("working", "question", "working", "attention")))
    assert acd("timeline").lines[-1] == "older changes are missing: a"


@pytest.mark.parametrize("value", ["5", "x", "", "8 h", "-1h", "59s", "9999999d", "400d", "1h-2m"])
def test_an_invalid_span_is_a_usage_error(alone: DaemonHome, acd: Acd, value: str) -> None:
    ran = acd("timeline", "--since", value)
    assert (ran.code, ran.out) == (2, "")
    assert "must be" in ran.err


def test_two_forms_at_once_are_a_usage_error(alone: DaemonHome, acd: Acd) -> None:
    assert acd("timeline", "--json", "--svg", "x.svg").code == 2
