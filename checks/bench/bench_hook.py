"""The hook's wall time beside a bare interpreter's, started in the same way.

Both run in turns, so that the machine's load affects both; the result is the ratio of
the medians. A socket whose backlog is emptied between the runs replaces the daemon. The
start of the daemon and events beyond the line's limit are not measured.
"""

from __future__ import annotations

import os
import time

from checks.bench.measurement import Bound, Measurement, Samples, compare
from testing.hook_home import INTERPRETER, HookHome, payload

BOUND = 1.25
"""The highest ratio to a bare interpreter's wall time."""

# The environment of a hook of an agent in a terminal.
_ENVIRON = {
    "ANTHROPIC_API_KEY": "x" * 100,
    "CLAUDECODE": "1",
    "CLAUDE_CODE_ENTRYPOINT": "cli",
    "CLAUDE_CODE_SESSION_ATTENDED": "1",
    "CLAUDE_PID": "4711",
    "LANG": "C.UTF-8",
    "TERM": "tmux-256color",
    "TERM_PROGRAM": "tmux",
    "TMUX": "/tmp/tmux-1000/default,4242,0",
    "TMUX_PANE": "%7",
}


def wall(command: list[str], environ: dict[str, str], stdin: bytes) -> float:
    """Seconds from the start of a process until its exit status is read."""
    reading, writing = os.pipe()
    os.write(writing, stdin)
    os.close(writing)
    actions = [(os.POSIX_SPAWN_DUP2, reading, 0)]
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environ, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    seconds = time.perf_counter() - begin
    os.close(reading)
    if status:
        raise RuntimeError(f"{command} ended with {status}")
    return seconds


def _taken_in(where: HookHome, pairs: int) -> Samples:
    listener = where.listen()
    environ = where.environ | _ENVIRON
    event = payload("PreToolUse-Bash")
    bare_command = [INTERPRETER, "-I", "-S", "-c", "pass"]
    samples = Samples([], [])
    for _ in range(pairs):
        samples.bare.append([wall(bare_command, environ, event)])
        samples.ours.append([wall(where.command(), environ, event)])
        listener.line()  # raises if the hook sent no line
    return samples


def row(*, quick: bool = False) -> Measurement:
    """The median wall time and the bare interpreter's."""
    with HookHome() as where:
        samples = _taken_in(where, 50 if quick else 300)
    return compare("hook process", samples, bound=Bound(BOUND))
