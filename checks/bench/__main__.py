"""Measures every row of the table in docs/performance.md beside its bare counterpart.

    python -m checks.bench [--quick] [--only NAME]... [--json]

That page describes the rows. Only the ratios mean something: both sides are
measured in turns, on the same cores, in one run.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from typing import Final

from checks.bench import (
    bench_bar,
    bench_connect,
    bench_flood,
    bench_hook,
    bench_idle,
    bench_journal,
    bench_list,
    bench_many_sessions,
    bench_memory,
    bench_pipeline,
    bench_round_trip,
    bench_start,
    bench_subscribers,
    bench_tail,
)
from checks.bench.measurement import Measurement, render

ROW_SECONDS: Final = 300

ROWS: Final[dict[str, Callable[..., Measurement]]] = {
    "round-trip": bench_round_trip.measure,
    "connect": bench_connect.measure,
    "pipeline": bench_pipeline.measure,
    "subscribers": bench_subscribers.measure,
    "tail": bench_tail.measure,
    "hook": bench_hook.row,
    "start": bench_start.measure,
    "list": bench_list.measure,
    "memory": bench_memory.measure_python,
    "rss": bench_memory.measure_rss,
    "many-sessions": bench_many_sessions.measure,
    "idle": bench_idle.measure,
    "new-metadata": bench_round_trip.measure_new,
    "event": bench_round_trip.measure_event,
    "journal": bench_journal.measure,
    "flood": bench_flood.measure,
    "bar": bench_bar.measure,
    "bar-stopped": bench_bar.measure_stopped,
    "status-line": bench_bar.measure_status_line,
}


def _too_long(*_: object) -> None:
    raise TimeoutError(f"a row takes more than {ROW_SECONDS} s: something hangs")


def _show_progress(name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{name}", end="\r", file=sys.stderr, flush=True)


def main() -> None:
    """Measures the rows, and prints them as a table or as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m checks.bench", description="Measures acd beside minimal programs."
    )
    parser.add_argument("--quick", action="store_true", help="fewer batches, wider spread")
    parser.add_argument(
        "--only", action="append", choices=ROWS, metavar="NAME", help=f"one of {', '.join(ROWS)}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, in seconds and bytes")
    asked = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    rows = []
    for name in asked.only or ROWS:
        _show_progress(name)
        signal.alarm(ROW_SECONDS)
        rows.append(ROWS[name](quick=asked.quick))
        signal.alarm(0)
    _show_progress("")
    print(json.dumps([row.to_json() for row in rows], indent=2) if asked.json else render(rows))


if __name__ == "__main__":
    main()
