"""The usual path does as little as it can: what it imports, calls and costs."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.bench import bench_hook
from tests.hook.place import INTERPRETER, PROMPT, Place, payload


def imported(place: Place, command: list[str]) -> set[str]:
    """Every module that a run of the interpreter imports, built-in ones included."""
    ended = place.run(PROMPT, [command[0], "-X", "importtime", *command[1:]])
    names = re.findall(rb"^import time:[^|]*\|[^|]*\|\s*(\S+)$", ended.stderr, re.MULTILINE)
    return {name.decode() for name in names} - {"package"}  # the table's head


def test_the_usual_path_imports_one_module_that_is_not_there_anyway(place: Place) -> None:
    place.listen()
    bare = imported(place, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(place, place.command()) - bare == {"_socket"}


def test_codex_takes_the_same_path(place: Place) -> None:
    place.listen()
    bare = imported(place, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(place, place.command("codex")) - bare == {"_socket"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_the_usual_path_makes_no_surprising_system_call(place: Place) -> None:
    place.listen()
    log = place.root / "strace"
    marker = str(place.hook)
    command = ["strace", "-f", "-o", str(log), *place.command()]
    assert place.run(payload("PreToolUse-Bash"), command).silent
    calls = log.read_text().splitlines()
    # The script is opened once to look at it and once to be compiled.
    compiled = max(number for number, call in enumerate(calls) if marker in call)
    own = [re.sub(r"^\d+ +", "", call) for call in calls[compiled:]]
    names = [call.partition("(")[0] for call in own if "(" in call]
    assert {name: names.count(name) for name in ("socket", "connect", "sendto", "setitimer")} == {
        "socket": 1,
        "connect": 1,
        "sendto": 1,
        "setitimer": 1,
    }
    assert names[-1] == "exit_group"
    assert not set(names) & {"clone", "clone3", "fork", "vfork", "execve", "bind", "listen"}
    assert not set(names) & {"write", "writev", "mkdir", "unlink", "rename", "chmod", "flock"}
    # It sleeps for nothing, waits for no answer, and opens nothing to write.
    assert not set(names) & {"select", "clock_nanosleep", "recvfrom", "recvmsg"}
    assert not [call for call in own if re.search(r"O_(WRONLY|RDWR|CREAT)", call)]


def test_it_costs_at_most_a_quarter_more_than_a_bare_interpreter() -> None:
    # The bound's own measurement takes more pairs; the median of these is near enough.
    assert bench_hook.measure(pairs=100)["ratio"] <= 1.25
