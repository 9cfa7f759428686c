"""One request on an open connection, and its reply; client and server on one core.

A SET whose metadata the session had before, as a script sends it again and
again; a SET whose metadata is new each time; and, with no bound of its own, a
hook's event.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.bench.rig import alternate, bare, daemon, on_core, round_trips, set_lines
from tests.bench.row import Bound, Row, compare

_PAYLOADS = Path(__file__).parents[1] / "fixtures" / "claude-code-2.1.329"
_TURN = ("UserPromptSubmit", "PreToolUse-Bash", "PostToolUse-Bash", "Stop")


def event_lines(config_dir: str, sessions: int = 10) -> Iterator[bytes]:
    """A turn of each session, again and again, as the hook of a process of this machine tells it.

    All have this process's pid: it lives, and it is what is looked at.
    """
    payloads = [json.loads((_PAYLOADS / f"{name}.json").read_text()) for name in _TURN]
    meta = {"pid": os.getpid(), "attended": True, "config_dir": config_dir, "TMUX_PANE": "%7"}
    for number in count():
        event = payloads[number // sessions % len(payloads)]
        whole = json.dumps(event | {"session_id": f"session-{number % sessions}"})
        now = json.dumps({"at": time.time_ns()} | meta, separators=(",", ":"))
        yield f"HOOK claude-code {now} {whole}\n".encode()


def _measure(what: str, lines: Iterator[bytes], bound: Bound | None, *, quick: bool) -> Row:
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


def measure(*, quick: bool = False) -> Row:
    """The median round trip of a SET, beside the bare server's."""
    return _measure("SET round trip", set_lines(), Bound(1.5), quick=quick)


def measure_new(*, quick: bool = False) -> Row:
    """The same with metadata that is new each time."""
    lines = set_lines(projects=1000)
    return _measure("SET, metadata new each time", lines, Bound(1.5), quick=quick)


def measure_event(*, quick: bool = False) -> Row:
    """The median round trip of a hook's event, beside the bare server's."""
    with tempfile.TemporaryDirectory() as config_dir:
        Path(config_dir, "sessions").mkdir()
        return _measure("a hook's event", event_lines(config_dir), None, quick=quick)
