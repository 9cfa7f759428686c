"""Without a socket, the hook binds one and starts the daemon; its event is not lost."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from testing.hook_home import HOOK_FILES, INTERPRETER, PROMPT, WAIT, Ended, HookHome, payload
from testing.strace import needs_strace

pytestmark = pytest.mark.slow  # they start daemons, and make system calls fail with strace

# Runs a command and waits for all processes that it left: it is their subreaper.
REAPER = """
import ctypes, os, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
status = subprocess.call(sys.argv[1:])
try:
    while True:
        os.wait()
except ChildProcessError:
    sys.exit(status)
"""


def kill_and_wait(pid: int) -> None:
    """Kills a process that is not a child of this one, and waits for its end."""
    with os.fdopen(os.pidfd_open(pid)) as end:
        os.kill(pid, signal.SIGKILL)
        assert select.select([end], [], [], WAIT)[0]


def test_the_first_event_starts_the_daemon_and_arrives(home: HookHome) -> None:
    home.install_daemon()
    assert home.run().silent
    assert [line.event for line in home.daemon_lines()] == [json.loads(PROMPT)]
    assert len(home.daemon_pids()) == 1


def test_later_events_go_to_the_same_daemon_in_their_order(home: HookHome) -> None:
    home.install_daemon()
    for number in range(5):
        assert home.run(b'{"session_id": "%d"}' % number).silent
    assert [line.event["session_id"] for line in home.daemon_lines()] == list("01234")
    assert len(home.daemon_pids()) == 1


def test_a_long_event_starts_the_daemon_as_well(home: HookHome) -> None:
    home.install_daemon()
    assert home.run(PROMPT.replace(b"BIGCTX", b"x" * 100_000)).silent
    [line] = home.daemon_lines()
    assert line.event["prompt"] == "x" * 1000


def test_fifty_hooks_at_once_start_one_daemon_and_lose_no_event(home: HookHome) -> None:
    home.allow_time()
    home.install_daemon()
    gate = home.root / "gate"
    os.mkfifo(gate)
    # Each is a shell until the gate opens: a hook's lifetime starts with its process.
    waits = ["/bin/sh", "-c", f'read _ < {shlex.quote(str(gate))}; exec "$@"', "sh"]
    # Open for both, so that a later shell does not block either.
    opened = os.open(gate, os.O_RDWR)
    hooks = [home.start([*waits, *home.command()]) for _ in range(50)]
    for number, hook in enumerate(hooks):
        assert hook.stdin is not None
        hook.stdin.write(b'{"session_id": "%d"}' % number)
        hook.stdin.close()
    os.write(opened, b"\n" * 50)
    for hook in hooks:
        with hook:
            assert hook.stdout is not None
            assert hook.stderr is not None
            assert (hook.wait(WAIT), hook.stdout.read(), hook.stderr.read()) == (0, b"", b"")
    os.close(opened)
    arrived = sorted(int(line.event["session_id"]) for line in home.daemon_lines())
    assert arrived == list(range(50))
    assert len(home.daemon_pids()) == 1
    assert home.given_up() == 0


def test_after_the_daemon_was_killed_the_next_event_starts_another(home: HookHome) -> None:
    home.install_daemon()
    home.run()
    first = home.ask_daemon()["pid"]
    kill_and_wait(first)
    assert home.socket.exists()
    assert home.run(payload("Stop")).silent
    assert [line.event["hook_event_name"] for line in home.daemon_lines()] == ["Stop"]
    assert home.ask_daemon()["pid"] != first


def test_the_hook_does_not_wait_for_a_daemon_that_is_slow_to_start(home: HookHome) -> None:
    program = home.install_daemon()
    gate = home.root / "gate"
    os.mkfifo(gate)
    slow = program.read_text().replace(
        "    at_start =", f"    open({str(gate)!r}).read()\n    at_start ="
    )
    program.write_text(slow)
    for _ in range(3):
        assert home.run().silent
    gate.write_text("")  # the hook continues
    assert len(home.daemon_lines()) == 3


# The daemon's environment and descriptors.


@pytest.fixture(name="report")
def _report(home: HookHome) -> dict[str, Any]:
    home.install_daemon()
    home.environ |= {
        "ANTHROPIC_API_KEY": "secret",
        "CLAUDE_PID": "1",
        "LANG": "C.UTF-8",
        "LC_TIME": "C.UTF-8",
        "LD_LIBRARY_PATH": "/nowhere",
        "LISTEN_FDS": "7",
        "LISTEN_FDNAMES": "another",
        "LOGNAME": "somebody",
        "PYTHONPATH": "/nowhere",
        "TMPDIR": "/tmp",
        "TMUX_PANE": "%1",
        "USER": "somebody",
        "XDG_RUNTIME_DIR": "/run/user/0",
    }
    reading, writing = os.pipe()
    blocked = [signal.SIGUSR1, signal.SIGALRM, signal.SIGTERM]

    def leave_a_mess() -> None:
        os.umask(0)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        for number in (signal.SIGUSR2, signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

    assert home.run(preexec_fn=leave_a_mess, pass_fds=[reading, writing]).silent
    for fd in (reading, writing):
        os.close(fd)
    return home.ask_daemon()


def test_the_daemon_gets_only_the_environment_that_it_needs(
    home: HookHome, report: dict[str, Any]
) -> None:
    environ = report["environ"]
    assert environ.pop("LISTEN_PID") == str(report["pid"])
    # The interpreter may set this one in the C locale.
    environ.pop("LC_CTYPE", None)
    assert environ == {
        "ACD_SOCKET": str(home.socket),
        "HOME": str(home.home),
        "LANG": "C.UTF-8",
        "LC_TIME": "C.UTF-8",
        "LISTEN_FDNAMES": "acd-spawned",
        "LISTEN_FDS": "1",
        "LOGNAME": "somebody",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": "/tmp",
        "USER": "somebody",
        "XDG_RUNTIME_DIR": "/run/user/0",
    }


def test_the_daemon_is_detached(home: HookHome, report: dict[str, Any]) -> None:
    assert report["argv"] == [str(home.program / "venv/bin/acd"), "daemon"]
    assert report["is_session_leader"]
    assert report["cwd"] == "/"
    assert report["umask"] == 0o077


def test_the_daemon_has_the_listener_and_no_other_file(report: dict[str, Any]) -> None:
    files = report["open_files"]
    assert {fd: files[fd] for fd in ("0", "1", "2")} == dict.fromkeys("012", "/dev/null")
    assert re.fullmatch(r"socket:\[\d+\]", files["3"])
    assert len(files) == 4


def test_the_daemon_starts_with_default_signals_and_no_timer(report: dict[str, Any]) -> None:
    assert int(report["blocked_signals"], 16) == 0
    assert report["ignored_signals"] == 0
    assert report["timer"] == [0, 0]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-"])
def test_the_listener_is_fd_3_even_where_the_agent_closed_files(
    home: HookHome, closed: str
) -> None:
    home.install_daemon()
    command = ["/bin/sh", "-c", f'"$@" {closed}', "sh", *home.command()]
    if closed == "<&-":
        # Without stdin there is no event, and no daemon is started.
        assert home.run(command=command).silent
        assert home.daemon_pids() == []
        return
    assert home.run(command=command).silent
    assert len(home.daemon_lines()) == 1
    assert home.ask_daemon()["open_files"].keys() == set("0123")


# The search for the program.


def test_the_program_beside_the_hook_comes_first(home: HookHome) -> None:
    beside = home.install_daemon()
    checkout = home.install_daemon(home.program.parent / ".venv" / "bin")
    in_home = home.install_daemon(home.home / ".local" / "bin")
    on_path = home.install_daemon(home.root / "bin")
    found = []
    for candidate in (beside, checkout, in_home, on_path):
        home.run(environ={"PATH": f"/usr/bin:{home.root}/bin"})
        report = home.ask_daemon()
        found.append(Path(report["argv"][0]).resolve())
        home.ask_daemon("STOP")
        home.socket.unlink()
        candidate.unlink()
    assert found == [beside, checkout, in_home, on_path]


@pytest.mark.parametrize("path", [".", "", "bin", "bin:/usr/bin", ":/usr/bin"])
def test_a_program_in_the_agents_directory_is_never_run(home: HookHome, path: str) -> None:
    for directory in (home.home, home.home / "bin"):
        home.install_daemon(directory)
    assert home.run(environ={"PATH": path, "HOME": "."}, cwd=home.home).silent
    assert home.daemon_pids() == []
    assert not home.socket.exists()


def test_a_program_that_may_not_be_run_is_passed_over(home: HookHome) -> None:
    home.install_daemon().chmod(0o644)
    other = home.install_daemon(home.home / ".local" / "bin")
    home.run()
    assert home.ask_daemon()["argv"][0] == str(other)


def test_a_program_that_cannot_be_started_leaves_no_socket_and_is_counted(home: HookHome) -> None:
    home.install_daemon().write_text("#!/nonexistent\n")
    assert home.run(command=[INTERPRETER, "-c", REAPER, *home.command()]).silent
    assert home.given_up() == 1
    assert not home.socket.exists()


# The files that the hook leaves.


def test_no_file_is_accessible_to_others_even_under_umask_0(home: HookHome) -> None:
    home.install_daemon()
    home_before = {path: path.stat().st_mode for path in home.root.rglob("*")}
    assert home.run(preexec_fn=lambda: os.umask(0)).silent
    home.given_up_file.unlink(missing_ok=True)
    home.ask_daemon("STOP")
    home.install_daemon().unlink()
    assert home.run(preexec_fn=lambda: os.umask(0)).silent  # this event is lost

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.lstat().st_mode)

    assert mode(home.directory) == 0o700
    assert mode(home.socket) == 0o600
    made = {path.name: mode(path) for path in home.directory.iterdir()}
    assert made == {
        "acd.sock": 0o600,
        "acd.sock.daemon": 0o600,
        "acd.sock.lock": 0o600,
        "acd.sock.given-up": 0o600,
    }
    elsewhere = {
        path
        for path in set(home.root.rglob("*")) - home_before.keys()
        if home.directory not in (path, *path.parents)
    }
    assert {path.name for path in elsewhere} == {"pids"}  # the fake daemon's file


def test_the_hook_leaves_no_bytecode_beside_itself(home: HookHome) -> None:
    home.install_daemon()
    shutil.rmtree(home.program / "__pycache__")
    home.run()
    home.run(PROMPT.replace(b"BIGCTX", b"x" * 100_000))
    assert len(home.daemon_lines()) == 2
    assert {path.name for path in home.program.iterdir()} == {*HOOK_FILES, "venv"}


def test_a_lock_that_is_a_symlink_is_not_followed(home: HookHome) -> None:
    home.install_daemon()
    lock = home.make_directory() / "acd.sock.lock"
    lock.symlink_to(home.root / "victim")
    assert home.run().silent
    assert not (home.root / "victim").exists()
    assert home.daemon_pids() == []


# Faults at each system call.


FAULTS = [
    ("socket", "EMFILE"),
    ("mkdir", "EACCES"),
    ("mkdir", "EROFS"),
    ("flock", "ENOLCK"),
    ("flock", "EAGAIN"),
    ("bind", "ENOSPC"),
    ("bind", "EADDRINUSE"),
    ("listen", "EADDRINUSE"),
    ("connect", "EACCES"),
    ("connect", "EAGAIN"),
    ("connect", "EINTR"),
    ("sendto", "EPIPE"),
    ("sendto", "EAGAIN"),
    ("clone", "EAGAIN"),
    ("clone", "ENOMEM"),
    ("setsid", "EPERM"),
    ("chdir", "EACCES"),
    ("setitimer", "EINVAL"),
    ("rt_sigaction", "EINVAL"),
    ("read", "EIO"),
    ("uname", "EFAULT"),
]


def run_with_fault(home: HookHome, syscall: str, error: str) -> Ended:
    """Runs the hook; each such call after the interpreter's start fails with the error."""
    log = home.root / "strace"
    bare = [INTERPRETER, "-I", "-S", "-c", "import posix; posix._exit(0)"]
    home.run(command=["strace", "-f", "-o", str(log), "-e", f"trace={syscall}", *bare])
    before = log.read_text().count(f"{syscall}(")  # the interpreter's start succeeds
    inject = f"inject={syscall}:error={error}:when={before + 1}+"
    return home.run(command=["strace", "-f", "-o", str(log), "-e", inject, *home.command()])


@needs_strace
@pytest.mark.parametrize(("syscall", "error"), FAULTS)
def test_a_fault_is_silent_and_the_next_event_arrives(
    home: HookHome, syscall: str, error: str
) -> None:
    home.install_daemon()
    assert run_with_fault(home, syscall, error).silent
    assert home.run(payload("Stop")).silent
    assert home.daemon_lines()[-1].event["hook_event_name"] == "Stop"


@needs_strace
@pytest.mark.parametrize(
    ("syscall", "error"), [("bind", "ENOSPC"), ("listen", "EADDRINUSE"), ("clone", "EAGAIN")]
)
def test_an_activation_that_fails_leaves_no_socket_and_is_counted(
    home: HookHome, syscall: str, error: str
) -> None:
    home.install_daemon()
    assert run_with_fault(home, syscall, error).silent
    assert not home.socket.exists()
    assert home.given_up() == 1


@needs_strace
def test_the_socket_is_private_before_it_can_be_reached(home: HookHome) -> None:
    home.install_daemon()
    log = home.root / "strace"
    traced = "umask,bind,listen,connect,sendto,clone,fork,vfork,mkdir,unlink,chmod,fchmod,fchmodat"
    command = ["strace", "-o", str(log), "-e", f"trace={traced}", *home.command()]
    assert home.run(command=command, preexec_fn=lambda: os.umask(0)).silent
    calls = [line.partition("(")[0] for line in log.read_text().splitlines() if "(" in line]
    assert calls == [
        *("mkdir", "connect", "connect"),  # no listener: before the lock, and under it
        *("umask", "bind", "listen"),
        *("connect", "sendto"),  # its line, into its own backlog
        "clone",
    ]
    assert re.search(r"umask\(0177\)", log.read_text())
    assert len(home.daemon_lines()) == 1
