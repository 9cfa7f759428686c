"""The usual path does as little as it can: what it imports, calls and costs."""

from __future__ import annotations

import os
import re
import shutil

import pytest

from acd.install.bytecode import Compile
from checks.bench import bench_hook
from testing.hook_home import INTERPRETER, PROMPT, Place, payload


def imported(place: Place, command: list[str]) -> set[str]:
    """Every module that a run of the interpreter imports, built-in ones included."""
    ended = place.run(PROMPT, [command[0], "-X", "importtime", *command[1:]])
    names = re.findall(rb"^import time:[^|]*\|[^|]*\|\s*(\S+)$", ended.stderr, re.MULTILINE)
    return {name.decode() for name in names} - {"package"}  # the table's head


def test_the_usual_path_imports_itself_and_one_module_that_is_not_there_anyway(
    place: Place,
) -> None:
    place.listen()
    bare = imported(place, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(place, place.command()) - bare == {"acd_hook_event", "_socket"}


def test_codex_takes_the_same_path(place: Place) -> None:
    place.listen()
    bare = imported(place, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(place, place.command("codex")) - bare == {"acd_hook_event", "_socket"}


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


def opened(place: Place) -> list[str]:
    """The files that a run of the hook opens, by name, from its script on."""
    log = place.root / "strace"
    command = ["strace", "-f", "-e", "trace=openat", "-o", str(log), *place.command()]
    assert place.run(payload("PreToolUse-Bash"), command).silent
    names = re.findall(r'openat\([^,]*, "([^"]*)".* = \d+$', log.read_text(), re.MULTILINE)
    return names[names.index(str(place.hook)) :]


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_the_work_is_loaded_from_bytecode_and_its_source_is_not_opened(place: Place) -> None:
    place.listen()
    module = place.program / "acd_hook_event.py"
    assert str(Compile(module).path) in opened(place)
    assert str(module) not in opened(place)


@pytest.mark.parametrize("there", ["missing", "another version's", "of another source"])
def test_without_bytecode_that_fits_the_hook_works_all_the_same(place: Place, there: str) -> None:
    listener = place.listen()
    module = place.program / "acd_hook_event.py"
    bytecode = Compile(module).path
    if there == "missing":
        bytecode.unlink()
    elif there == "another version's":
        bytecode.write_bytes(b"\0\0\r\n" + bytecode.read_bytes()[4:])
    else:
        os.utime(module, (1, 1))
    before = bytecode.read_bytes() if bytecode.exists() else None
    assert Compile(module).is_needed()
    assert place.run().silent
    assert listener.line().event["hook_event_name"] == "UserPromptSubmit"
    assert (bytecode.read_bytes() if bytecode.exists() else None) == before


def test_it_costs_at_most_a_quarter_more_than_a_bare_interpreter() -> None:
    # The bound's own measurement takes more pairs; the median of these is near enough.
    assert bench_hook.measure(pairs=100)["ratio"] <= 1.25
