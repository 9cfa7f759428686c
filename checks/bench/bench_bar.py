"""The time of a status bar's command and of a status line, each beside its minimum.

    python -m checks.bench.bench_bar

A bar runs `acd bar tmux` every few seconds; the counterpart is the same interpreter with
`import click`, which every command of the usual path needs. Claude Code runs the status
line at each message; the counterpart is the bare interpreter. A real daemon with eight
sessions replies to both.
"""

from __future__ import annotations

import sys

from checks.bench.bench_hook import wall
from checks.bench.measurement import Bound, Measurement, Samples, compare, render
from testing.checkout import CHECKOUT
from testing.hook_home import INTERPRETER, payload
from testing.support import DaemonHome

_LOOK = ["/bin/sh", "-c", f"exec {sys.executable} -I -m acd bar tmux >/dev/null"]
_CLICK = ["/bin/sh", "-c", f"exec {sys.executable} -I -c 'import click'"]
_SCRIPT = CHECKOUT / "hooks/acd_statusline.py"
_STATUS_LINE = ["/bin/sh", "-c", f"exec {INTERPRETER} -I -S {_SCRIPT} >/dev/null"]
_BARE = ["/bin/sh", "-c", f"exec {INTERPRETER} -I -S -c pass"]


def _taken(
    where: DaemonHome, ours: list[str], bare: list[str], stdin: bytes, pairs: int
) -> Samples:
    samples = Samples([], [])
    for _ in range(pairs):
        samples.bare.append([wall(bare, where.environ, stdin)])
        samples.ours.append([wall(ours, where.environ, stdin)])
    return samples


def _with_sessions(where: DaemonHome) -> None:
    where.start()
    where.ask(*(f'SET s{number} question {{"prompt": "Bash: make"}}' for number in range(8)))


def measure(*, quick: bool = False) -> Measurement:
    """`acd bar` with a daemon that runs."""
    with DaemonHome() as where:
        _with_sessions(where)
        samples = _taken(where, _LOOK, _CLICK, b"", 30 if quick else 150)
    return compare("acd bar, one look", samples, bound=Bound(1.25))


def measure_stopped(*, quick: bool = False) -> Measurement:
    """`acd bar` without a daemon: it reads the state file."""
    with DaemonHome() as where:
        _with_sessions(where)
        where.ask("STOP")
        samples = _taken(where, _LOOK, _CLICK, b"", 30 if quick else 150)
    return compare("acd bar, no daemon", samples, bound=Bound(1.75))


def measure_status_line(*, quick: bool = False) -> Measurement:
    """The status line with a daemon that runs."""
    with DaemonHome() as where:
        _with_sessions(where)
        status = payload("statusLine")
        samples = _taken(where, _STATUS_LINE, _BARE, status, 30 if quick else 150)
    return compare("status line process", samples, bound=Bound(2.0))


def main() -> None:
    """Prints the rows."""
    print(render([measure(), measure_stopped(), measure_status_line()]))


if __name__ == "__main__":
    main()
