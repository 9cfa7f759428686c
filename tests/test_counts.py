"""Counts that decide the speed: system calls, instructions, modules, bytes.

Unlike times, they do not depend on the machine's load. Others are in tests/daemon/
test_timers.py (an idle daemon), tests/hook/test_usual_path.py (the hook) and
tests/sessions/test_memory.py.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from acd.agents.catalog import DEFAULT
from acd.daemon.commands import Commands
from acd.daemon.connection import Connection
from acd.daemon.journal import Journal
from acd.daemon.server import Server
from acd.sessions.store import Store
from acd.system import clock
from checks.bench.bench_round_trip import event_lines
from checks.bench.rig import DAEMON, set_lines
from testing.strace import Attached, needs_strace
from testing.support import DaemonHome, DaemonProcess

MANY: Final = 200


@pytest.fixture(name="home")
def _home() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


@pytest.fixture
def daemon(home: DaemonHome) -> DaemonProcess:
    """A daemon without a service manager: it sends no STATUS, at times that vary."""
    daemon = home.start(environ={"NOTIFY_SOCKET": ""}, wait=False)
    daemon.wait_until_logged("serving")
    return daemon


def sets(count: int) -> list[str]:
    """SET lines with metadata, each a real transition."""
    return [line.decode().rstrip("\n") for line in islice(set_lines(), count)]


# System calls ---------------------------------------------------------------------


def calls_of(daemon: DaemonProcess, home: DaemonHome, work: Callable[[], object]) -> list[str]:
    """The daemon's system calls during the work, as strace(1) prints them."""
    with Attached(daemon.pid, home.root / "strace.log") as trace:
        work()
    return [line.split(None, 1)[1] for line in trace.lines()]


def by_name(calls: list[str]) -> Counter[str]:
    # Other lines are signals, or ends of interrupted calls.
    names = (re.match(r"(\w+)\(", call) for call in calls)
    return Counter(name[1] for name in names if name)


ONCE_IN_A_WHILE: Final = {
    # A check of the journal's file, once a second.
    "fstat",
    "newfstatat",
    # Memory that grows and shrinks.
    "brk",
    "mmap",
    "munmap",
    "madvise",
    "restart_syscall",
}


@needs_strace
def test_a_set_is_one_read_one_journal_write_and_one_reply(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    with home.client() as client:
        lines = sets(2 * MANY)
        for line in lines[:MANY]:
            client.ask(line)
        calls = calls_of(daemon, home, lambda: [client.ask(line) for line in lines[MANY:]])
    found = by_name(calls)
    assert found["read"] == MANY
    assert sum(call.startswith("write(") and '"@ ' in call for call in calls) == MANY
    assert sum(call.startswith("write(") and '"OK\\n"' in call for call in calls) == MANY
    assert found["write"] == 2 * MANY
    # One wait for each SET, and a few for other events. strace does not name the wait
    # during which it attached.
    waits = sum(count for name, count in found.items() if name.startswith("epoll"))
    assert MANY - 1 <= waits <= 1.2 * MANY
    rest = {name for name in found if name not in {"read", "write"} and "epoll" not in name}
    assert rest <= ONCE_IN_A_WHILE
    assert sum(found[name] for name in rest) <= 0.2 * MANY


@needs_strace
def test_pipelined_sets_share_their_system_calls(home: DaemonHome, daemon: DaemonProcess) -> None:
    with home.client() as client:
        lines = sets(10 * MANY)
        client.ask_all(*lines)
        found = by_name(calls_of(daemon, home, lambda: client.ask_all(*lines)))
    assert sum(found.values()) <= 0.2 * len(lines)


@needs_strace
def test_a_connection_with_one_set_is_a_handful_of_system_calls(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    lines = sets(2 * MANY)
    for line in lines[:MANY]:
        home.ask(line)
    calls = calls_of(daemon, home, lambda: [home.ask(line) for line in lines[MANY:]])
    found = by_name(calls)
    # The daemon may close the last connection later.
    assert MANY - 1 <= found["close"] <= 1.1 * MANY
    assert found["accept4"] == found["getsockopt"] == MANY
    assert found["write"] == 2 * MANY
    # accept, the peer (2), epoll_ctl (2), wait (2), read (2), two writes, close
    assert sum(found.values()) <= 13 * MANY


# Instructions ---------------------------------------------------------------------


class Nowhere(asyncio.Transport):
    """A transport that discards its bytes."""

    def write(self, data: object) -> None:
        assert data == b"OK\n"


def instructions(connection: Connection, lines: list[bytes]) -> float:
    """The mean Python instructions of a line, from the received bytes to the sent ones."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode" and frame.f_code.co_filename != __file__
        return trace

    # A debugger's or coverage's, if any.
    former = sys.gettrace()
    sys.settrace(trace)
    try:
        for line in lines:
            connection.data_received(line)
    finally:
        sys.settrace(former)
    return count / len(lines)


def test_a_set_takes_a_bounded_number_of_python_instructions(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    store = Store(DEFAULT.name)
    journal = Journal(tmp_path / "journal", "boot", store)
    journal.load()
    server = Server(
        loop,
        store,
        Commands(store, local_host="here", is_dir=os.path.isdir),
        journal,
        clock.now,
        info=dict,
        stop=lambda reason: None,
        changed=lambda changes: None,
        left=lambda: None,
    )
    connection = Connection(server)
    connection.transport = Nowhere()
    lines = list(islice(set_lines(), MANY))
    try:
        instructions(connection, lines)  # creates the sessions
        taken = instructions(connection, lines)
    finally:
        journal.close()
        loop.close()
    # 580 on Python 3.11.
    assert 100 < taken <= 640


# Bytes ----------------------------------------------------------------------------


def test_the_journal_grows_by_the_line_and_its_moment(
    home: DaemonHome, daemon: DaemonProcess
) -> None:
    lines = sets(MANY)
    with home.client() as client:
        client.ask(lines[0])
        before = home.journal.stat().st_size
        for line in lines[1:]:
            client.ask(line)
    grown = home.journal.stat().st_size - before
    sent = sum(len(line) + 1 for line in lines[1:])
    # `@ <unix time> <time since boot>`, both in nanoseconds
    assert sent < grown <= sent + len("@ 1800000000000000000 100000000000000000\n") * (MANY - 1)


def test_a_hook_s_event_leaves_a_small_record(home: DaemonHome, daemon: DaemonProcess) -> None:
    events = islice(event_lines(str(home.home), [os.getpid()]), MANY)
    lines = [line.decode().rstrip("\n") for line in events]
    with home.client() as client:
        client.ask(lines[0])
        before = home.journal.stat().st_size
        for line in lines[1:]:
            client.ask(line)
    assert 0 < home.journal.stat().st_size - before <= 500 * (MANY - 1)


# Modules --------------------------------------------------------------------------


STANDARD_LIBRARY: Final = {
    "__future__",
    "copy",  # dataclasses'
    "dataclasses",
    "encodings",
    "fnmatch",
    "glob",  # pathlib's, on some versions
    "ipaddress",  # urllib's
    "json",
    "_json",
    "ntpath",  # pathlib's
    "pathlib",
    "resource",
    "urllib",  # pathlib's, for as_uri()
    # of `python -m`
    "importlib",
    "runpy",
}
"""The packages that a start imports beside those of `import uvloop`."""

ABSENT: Final = {"_winapi", "nt", "org", "winreg"}
"""Modules of other systems, which the standard library fails to import."""

OWN: Final = 54
"""Modules of acd, empty packages included; 51 when this was written."""


def imported(log: str) -> set[str]:
    """The modules in the output of `-X importtime`."""
    names = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", log, re.MULTILINE)
    return set(names)


def started(home: DaemonHome, *command: str) -> set[str]:
    """The modules that a daemon has imported when it is ready."""
    daemon = home.start((command[0], "-X", "importtime", *command[1:]))
    daemon.kill()  # an orderly stop would import more
    return imported(daemon.log())


def bare(home: DaemonHome) -> set[str]:
    """The modules of an interpreter that has imported uvloop."""
    program = "import os, signal, uvloop; os.kill(os.getpid(), signal.SIGKILL)"
    command = (DAEMON[0], "-I", "-X", "importtime", "-c", program)
    daemon = home.start(command, wait=False)
    daemon.end()
    return imported(daemon.log())


def test_the_daemon_s_start_imports_little_more_than_uvloop(home: DaemonHome) -> None:
    more = started(home, *DAEMON) - bare(home)
    own = {name for name in more if name.partition(".")[0] == "acd"}
    assert "acd.daemon.daemon" in own
    assert len(own) <= OWN, sorted(own)
    assert not own & {"acd.cli", "acd.client.blocking", "acd.install", "acd.ui.dashboard"}
    assert {name.partition(".")[0] for name in more - own} <= STANDARD_LIBRARY | ABSENT


def test_only_a_configuration_file_costs_a_parser(home: DaemonHome) -> None:
    assert "tomllib" not in started(home, *DAEMON)
    home.configure("[daemon]\nlog_level = 'error'\n")
    assert "tomllib" in started(home, *DAEMON)


COMPILED: Final = """
import sys
sources = []
sys.addaudithook(lambda name, args: sources.append(args) if name == "compile" else None)
import acd.cli.fast_bar, acd.client.last_state, acd.agents.catalog
print([text for text, file in sources if file == "<string>" and not text.startswith(b"lambda")])
"""


def test_no_annotation_is_compiled_where_a_bar_starts(home: DaemonHome) -> None:
    """A named tuple compiles annotations that are strings, as under `annotations` of
    `__future__`: the first takes 11 million instructions, a tenth of the start of `acd bar`.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-c", COMPILED],
        env=home.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
