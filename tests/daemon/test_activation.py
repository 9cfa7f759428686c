"""The daemon adopts a listener of a service manager.

The service manager is systemd-socket-activate, or this test where it has to
misbehave. launchd is a stub in C, which checks acd's call only.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from acd.errors import EXIT_UNSAFE_SOCKET
from acd.system.activation import adopt
from testing.service_manager import activate, listener, output
from testing.strace import Strace
from testing.support import DAEMON, DaemonHome

WITHOUT_SYSTEMD = (
    sys.executable,
    "-c",
    "import sys; sys.modules['systemd'] = None; sys.argv[1:] = ['daemon'];"
    "from acd.__main__ import main; sys.exit(main())",
)
"""`acd daemon` where systemd-python is not installed."""

CASES = [
    pytest.param(DAEMON, id="systemd-python", marks=pytest.mark.needs_systemd_python),
    pytest.param(WITHOUT_SYSTEMD, id="protocol"),
]


@pytest.mark.parametrize("command", CASES)
def test_an_inherited_listener_is_served(home: DaemonHome, command: Sequence[str]) -> None:
    with listener(home) as sock:
        activate(home, [sock], command)
        with home.client() as client:
            assert client.ask("PING") == "OK"
            assert client.info()["activation"] == "systemd"


@pytest.mark.parametrize("command", CASES)
def test_its_file_stays_when_the_daemon_stops(home: DaemonHome, command: Sequence[str]) -> None:
    with listener(home) as sock:
        before = home.socket.stat()
        daemon = activate(home, [sock], command)
        assert daemon.stop() == 0
        after = home.socket.stat()
        assert (after.st_ino, after.st_mode, after.st_ctime_ns) == (
            before.st_ino,
            before.st_mode,
            before.st_ctime_ns,
        )


@pytest.mark.parametrize("command", CASES)
def test_an_inherited_socket_is_never_bound_unlinked_or_chmodded(
    home: DaemonHome, strace: Strace, command: Sequence[str]
) -> None:
    with listener(home) as sock:
        daemon = activate(home, [sock], strace.of(command, "bind,unlink,unlinkat,%file"))
        assert home.ask("SET one working", "STOP") == ["OK", "OK"]
        assert daemon.end() == 0
    calls = strace.calls()
    assert [call for call in calls if "acd.sock.journal" in call], "strace recorded the calls"
    touching = ("bind(", "unlink", "chmod", "chown", "rename")
    assert not [call for call in calls if call.startswith(touching) and 'acd.sock"' in call]


def test_requests_sent_before_the_start_are_served(home: DaemonHome) -> None:
    with listener(home) as sock, home.client() as client:
        client.send("SET early working", "PING")
        activate(home, [sock])
        assert client.lines(2) == ["OK", "OK"]


def test_the_socket_of_systemd_socket_activate_is_adopted(home: DaemonHome) -> None:
    home.directory.mkdir(mode=0o700)
    activator = shutil.which("systemd-socket-activate")
    if activator is None:
        pytest.skip("systemd-socket-activate is not here")
    keep = [f"-E{name}={value}" for name, value in home.environ.items()]
    command = [activator, *keep, f"--listen={home.socket}", "--fdname=acd", *DAEMON]
    with subprocess.Popen(command, env=home.environ, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert b"Listening on" in process.stderr.readline()
            with home.client() as client:
                client.send("INFO", "STOP")
                assert '"activation": "systemd"' in client.line()
                assert client.line() == "OK"
            assert process.wait(20) == 0
            assert home.socket.exists()
        finally:
            process.kill()


@pytest.mark.parametrize("command", CASES)
def test_the_variables_of_another_process_are_ignored(
    home: DaemonHome, command: Sequence[str]
) -> None:
    with listener(home) as sock:
        home.environ["ACD_SOCKET"] = str(home.root / "own" / "acd.sock")
        daemon = activate(home, [sock], command, LISTEN_PID=str(os.getpid()))
        assert "(bound)" in daemon.log()


@pytest.mark.parametrize("command", CASES)
def test_two_sockets_are_refused_with_a_hint(home: DaemonHome, command: Sequence[str]) -> None:
    with listener(home) as sock:
        daemon = activate(home, [sock, sock], command, LISTEN_FDNAMES="acd:acd", wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert daemon.log() == (
        "acd: 2 sockets were inherited, and acd serves one\n"
        "     give the socket unit exactly one ListenStream=\n"
    )


@pytest.mark.parametrize("command", CASES)
@pytest.mark.parametrize(
    "kind", [pytest.param(socket.SOCK_DGRAM, id="datagram"), pytest.param(None, id="connected")]
)
def test_a_socket_that_does_not_listen_is_refused(
    home: DaemonHome, command: Sequence[str], kind: int | None
) -> None:
    sock = listener(home, kind) if kind is not None else socket.socketpair()[0]
    with sock:
        daemon = activate(home, [sock], command, wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert daemon.log().startswith(
        "acd: inherited descriptor 3 is not a listening Unix stream socket\n"
    )


def test_a_listener_of_another_family_is_refused(home: DaemonHome) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        daemon = activate(home, [sock], wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert "is not a listening Unix stream socket" in daemon.log()


def test_an_abstract_listener_is_refused_because_it_has_no_private_directory(
    home: DaemonHome,
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind("")  # unix(7): autobind
        sock.listen()
        daemon = activate(home, [sock], wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert "has no path" in daemon.log()


@pytest.mark.parametrize("command", CASES)
def test_a_descriptor_that_is_not_a_socket_is_refused(
    home: DaemonHome, command: Sequence[str]
) -> None:
    with (home.root / "file").open("w") as file:
        daemon = activate(home, [file], command, wait=False)
        assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert daemon.log().startswith("acd: inherited descriptor 3")
    assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("command", CASES)
@pytest.mark.parametrize("count", ["1", "2", "999999", "²", "-1", "x", ""])
def test_a_wrong_count_is_refused_without_a_traceback(
    home: DaemonHome, command: Sequence[str], count: str
) -> None:
    # No descriptor is inherited: 3 is closed.
    daemon = activate(home, [], command, LISTEN_FDS=count, wait=False)
    assert daemon.end() == EXIT_UNSAFE_SOCKET
    assert daemon.log().startswith("acd: LISTEN_FDS=")
    assert " does not match the inherited descriptors: " in daemon.log()
    assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("command", CASES)
def test_a_child_does_not_inherit_the_variables(home: DaemonHome, command: Sequence[str]) -> None:
    program = """
import os
from acd.system.activation import adopt
adopt(os.environ)
os.execve("/usr/bin/env", ["env"], os.environ)
"""
    if command is WITHOUT_SYSTEMD:
        program = f"import sys; sys.modules['systemd'] = None\n{program}"
    with listener(home) as sock:
        assert "LISTEN_" not in output([sock], program)


def test_the_protocol_assigns_names_to_descriptors_in_order() -> None:
    program = """
import os
from acd.system.activation import listen_fds_by_protocol
print(listen_fds_by_protocol(os.environ, os.getpid()))
print([os.get_inheritable(fd) for fd in (3, 4)])
"""
    with socket.socket() as one, socket.socket() as other:
        found = output([one, other], program)
    assert found == "{3: 'acd', 4: 'unknown'}\n[False, False]\n"


# A listener that a hook or a client has bound ----------------------------


def test_a_spawned_daemon_unlinks_its_socket_when_it_stops(home: DaemonHome) -> None:
    with listener(home) as sock:
        daemon = activate(home, [sock], LISTEN_FDNAMES="acd-spawned")
        with home.client() as client:
            assert client.info()["activation"] == "spawned"
    assert daemon.stop() == 0
    assert not home.socket.exists()


def test_it_leaves_a_socket_that_replaced_its_own(home: DaemonHome) -> None:
    with listener(home) as sock:
        daemon = activate(home, [sock], LISTEN_FDNAMES="acd-spawned")
    with listener(home):
        assert daemon.stop() == 0
        assert home.socket.exists()


def test_a_listener_without_its_file_is_served(home: DaemonHome) -> None:
    with listener(home) as sock, home.client() as client:
        home.socket.unlink()
        daemon = activate(home, [sock], LISTEN_FDNAMES="acd-spawned")
        assert client.ask("PING") == "OK"
        assert daemon.stop() == 0


# launchd ------------------------------------------------------------------

STUB = r"""
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* launch(3): returns an errno value; the caller frees the array. */
int launch_activate_socket(const char *name, int **fds, size_t *count) {
    const char *error = getenv("STUB_ERROR");
    if (error) return atoi(error);
    if (strcmp(name, "acd")) return ENOENT;
    *count = 1;
    *fds = malloc(sizeof(int));
    **fds = atoi(getenv("STUB_FD"));
    return 0;
}
"""


@pytest.fixture(scope="module")
def launchd_stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not here")
    directory = tmp_path_factory.mktemp("launchd")
    source, library = directory / "stub.c", directory / "libstub.so"
    source.write_text(STUB)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def adopt_from_launchd(stub: Path, fd: int, **environ: str) -> str:
    """The result of `adopt` in a process with sys.platform of macOS."""
    program = """
        import os, sys
        sys.platform = "darwin"
        from acd.system.activation import adopt
        from acd.errors import AcdError
        try:
            found = adopt(os.environ)
        except AcdError as error:
            print(error.message)
        else:
            print(found and (found.activation, found.owned, str(found.path)))
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={"LD_PRELOAD": str(stub), "STUB_FD": str(fd), **environ},
        pass_fds=[fd],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.rstrip("\n")


def test_a_listener_of_launchd_is_adopted_and_not_owned(
    home: DaemonHome, launchd_stub: Path
) -> None:
    with listener(home) as sock:
        found = adopt_from_launchd(launchd_stub, sock.fileno())
    assert found == str(("launchd", False, str(home.socket)))


@pytest.mark.parametrize("number", [errno.ESRCH, errno.ENOENT])
def test_outside_a_launchd_job_nothing_is_adopted(
    home: DaemonHome, launchd_stub: Path, number: int
) -> None:
    with listener(home) as sock:
        found = adopt_from_launchd(launchd_stub, sock.fileno(), STUB_ERROR=str(number))
    assert found == "None"


def test_an_error_of_launchd_is_reported(home: DaemonHome, launchd_stub: Path) -> None:
    with listener(home) as sock:
        found = adopt_from_launchd(launchd_stub, sock.fileno(), STUB_ERROR=str(errno.EALREADY))
    assert found == f"launchd does not hand over the socket: {os.strerror(errno.EALREADY)}"


def test_without_an_inherited_socket_nothing_is_adopted() -> None:
    assert adopt({"HOME": "/"}) is None
