"""The hook's usual path imports, calls and executes little. Its time is in checks.bench."""

from __future__ import annotations

import os
import re

import pytest

from acd.install.bytecode import Compile
from testing.hook_home import INTERPRETER, PROMPT, HookHome, payload
from testing.strace import needs_strace

SYSTEM_CALLS = 95
"""86 on Python 3.11 and Linux 6.18."""
INSTRUCTIONS = 5_000
"""4,170 on Python 3.11; each character of a path or a host name takes some."""

COUNT = """
import posix, sys
count = 0
def trace(frame, event, arg):
    global count
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    count += event == "opcode"
    return trace
def end(status, leave=posix._exit):
    sys.settrace(None)
    posix.write(2, b"%d" % count)
    leave(status)
posix._exit = end
hook = sys.argv.pop(1)
sys.path.insert(0, hook.rpartition("/")[0])
import acd_hook_event
sys.settrace(trace)
acd_hook_event.main()
end(0)
"""
"""Runs a hook, and writes to stderr how many Python instructions its main() took."""


def imported(home: HookHome, command: list[str]) -> set[str]:
    """All modules that a run of the interpreter imports."""
    ended = home.run(PROMPT, [command[0], "-X", "importtime", *command[1:]])
    names = re.findall(rb"^import time:[^|]*\|[^|]*\|\s*(\S+)$", ended.stderr, re.MULTILINE)
    return {name.decode() for name in names} - {"package"}  # the table's head


def test_the_usual_path_imports_its_module_and_one_that_a_bare_interpreter_does_not_have(
    home: HookHome,
) -> None:
    home.listen()
    bare = imported(home, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(home, home.command()) - bare == {"acd_hook_event", "_socket"}


def test_a_hook_of_codex_imports_the_same_modules(home: HookHome) -> None:
    home.listen()
    bare = imported(home, [INTERPRETER, "-I", "-S", "-c", "pass"])
    assert imported(home, home.command("codex")) - bare == {"acd_hook_event", "_socket"}


@needs_strace
def test_the_usual_path_makes_no_surprising_system_call(home: HookHome) -> None:
    home.listen()
    calls = home.system_calls(payload("PreToolUse-Bash"))
    names = [call.partition("(")[0] for call in calls if "(" in call]
    assert {name: names.count(name) for name in ("socket", "connect", "sendto", "setitimer")} == {
        "socket": 1,
        "connect": 1,
        "sendto": 1,
        "setitimer": 1,
    }
    assert names[-1] == "exit_group"
    assert not set(names) & {"clone", "clone3", "fork", "vfork", "execve", "bind", "listen"}
    assert not set(names) & {"write", "writev", "mkdir", "unlink", "rename", "chmod", "flock"}
    # It does not sleep, waits for no reply, and opens nothing for writing.
    assert not set(names) & {"select", "clock_nanosleep", "recvfrom", "recvmsg"}
    assert not [call for call in calls if re.search(r"O_(WRONLY|RDWR|CREAT)", call)]


@needs_strace
def test_the_usual_path_makes_few_system_calls(home: HookHome) -> None:
    home.listen()
    assert len(home.system_calls(payload("PreToolUse-Bash"))) <= SYSTEM_CALLS


def test_the_usual_path_takes_few_python_instructions(home: HookHome) -> None:
    home.listen()
    counting = [INTERPRETER, "-I", "-S", "-c", COUNT, str(home.hook), "claude-code"]
    ended = home.run(payload("PreToolUse-Bash"), counting)
    assert (ended.status, ended.stdout) == (0, b"")
    assert 100 < int(ended.stderr) <= INSTRUCTIONS


def opened(home: HookHome) -> list[str]:
    """The files that a run of the hook opens, in order, from its script on."""
    calls = "\n".join(home.system_calls(payload("PreToolUse-Bash")))
    return re.findall(r'^openat\([^,]*, "([^"]*)".* = \d+$', calls, re.MULTILINE)


@needs_strace
def test_the_work_is_loaded_from_bytecode_and_its_source_is_not_opened(home: HookHome) -> None:
    home.listen()
    module = home.program / "acd_hook_event.py"
    assert str(Compile(module).path) in opened(home)
    assert str(module) not in opened(home)


@pytest.mark.parametrize("there", ["missing", "another version's", "of another source"])
def test_the_hook_works_without_current_bytecode(home: HookHome, there: str) -> None:
    listener = home.listen()
    module = home.program / "acd_hook_event.py"
    bytecode = Compile(module).path
    if there == "missing":
        bytecode.unlink()
    elif there == "another version's":
        bytecode.write_bytes(b"\0\0\r\n" + bytecode.read_bytes()[4:])
    else:
        os.utime(module, (1, 1))
    before = bytecode.read_bytes() if bytecode.exists() else None
    assert Compile(module).is_needed()
    assert home.run().silent
    assert listener.line().event["hook_event_name"] == "UserPromptSubmit"
    assert (bytecode.read_bytes() if bytecode.exists() else None) == before
