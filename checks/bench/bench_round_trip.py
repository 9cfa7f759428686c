"""One request on an open connection, and its reply; client and server on one core.

Three rows: a SET with metadata that the daemon has parsed before, as a script repeats it;
and, without a bound, a SET with new metadata each time, and a hook's event.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from checks.bench.measurement import Bound, Measurement, compare
from checks.bench.rig import alternate, bare, daemon, on_core, round_trips, set_lines
from testing.checkout import FIXTURES

_PAYLOADS = FIXTURES / "claude-code-2.1.329"
_TURN = ("UserPromptSubmit", "PreToolUse-Bash", "PostToolUse-Bash", "Stop")


def event_lines(config_dir: str, pids: Sequence[int]) -> Iterator[bytes]:
    """The HOOK lines of turns, one for each process's session, without end."""
    payloads = [json.loads((_PAYLOADS / f"{name}.json").read_text()) for name in _TURN]
    meta = {"attended": True, "config_dir": config_dir, "TMUX_PANE": "%7"}
    for number in count():
        turn, session = divmod(number, len(pids))
        event = payloads[turn % len(payloads)] | {"session_id": f"session-{session}"}
        whole = {"at": time.time_ns(), "pid": pids[session]} | meta
        packed = json.dumps(whole, separators=(",", ":"))
        yield f"HOOK claude-code {packed} {json.dumps(event)}\n".encode()


@contextlib.contextmanager
def processes(number: int) -> Iterator[list[int]]:
    """Living processes, one for each agent."""
    with contextlib.ExitStack() as stack:
        living = [subprocess.Popen(["sleep", "600"]) for _ in range(number)]
        for process in living:
            stack.enter_context(process)
            stack.callback(process.kill)
        yield [process.pid for process in living]


def _measure(what: str, lines: Iterator[bytes], bound: Bound | None, *, quick: bool) -> Measurement:
    with (
        on_core(),
        daemon() as server,
        bare() as other,
        server.connect() as sock,
        other.connect() as its,
    ):
        samples = alternate(
            lambda: round_trips(sock, lines, 250),
            lambda: round_trips(its, lines, 250),
            batches=20 if quick else 80,
        )
    return compare(what, samples, bound=bound)


def measure(*, quick: bool = False) -> Measurement:
    """The median round trip of a SET and the bare server's."""
    return _measure("SET round trip", set_lines(), Bound(1.5), quick=quick)


def measure_new(*, quick: bool = False) -> Measurement:
    """The same with new metadata each time."""
    lines = set_lines(projects=1000)
    return _measure("SET, metadata new each time", lines, None, quick=quick)


def measure_event(*, quick: bool = False) -> Measurement:
    """The median round trip of a hook's event and the bare server's of a SET."""
    with tempfile.TemporaryDirectory() as config_dir, processes(10) as pids:
        Path(config_dir, "sessions").mkdir()
        return _measure("a hook's event", event_lines(config_dir, pids), None, quick=quick)
