"""`acd install` and `acd uninstall` on a real systemd, as an unprivileged user."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.service_user import NEEDS_MANAGER, ServiceUser
from testing.system.user_manager import HOME, RUNTIME

pytestmark = NEEDS_MANAGER

UNITS = ".config/systemd/user"
NO_MANAGER = {"XDG_RUNTIME_DIR": str(HOME / "run"), "DBUS_SESSION_BUS_ADDRESS": ""}


@pytest.fixture
def user(service_user: ServiceUser) -> ServiceUser:
    """The user for whom it is installed."""
    return service_user


def test_after_install_the_first_request_starts_the_daemon_in_its_sandbox(
    user: ServiceUser,
) -> None:
    output = user.run_acd("install")
    assert f"systemd holds {RUNTIME}/acd/acd.sock" in output
    assert "(systemd)" in output
    assert user.unit("acd.socket", "UnitFileState") == "enabled"
    user.run("systemctl", "--user", "stop", "acd.service")
    assert user.daemon_pid() == 0
    assert user.request("SET one working") == ["OK"]
    assert user.daemon_state() == "active"
    assert user.unit("acd.service", "PrivateUsers") == "yes"


def test_a_daemon_that_a_hook_started_hands_over_its_sessions(user: ServiceUser) -> None:
    output = user.run_acd("install", "--no-service")
    assert "(spawned)" in output
    assert user.request("SET one working", "SET two question") == ["OK", "OK"]
    [spawned] = user.run("pgrep", "-f", "acd daemon").stdout.split()
    output = user.run_acd("install")
    assert "(systemd)" in output
    assert {name: each["status"] for name, each in user.sessions().items()} == {
        "one": "working",
        "two": "question",
    }
    assert user.run("pgrep", "-f", "acd daemon").stdout.split() == [str(user.daemon_pid())]
    assert str(user.daemon_pid()) != spawned


def test_an_upgrade_restarts_the_daemon_and_leaves_the_socket_open(user: ServiceUser) -> None:
    user.run_acd("install")
    assert user.request("SET one working") == ["OK"]
    socket = user.run("stat", "--format=%i", f"{RUNTIME}/acd/acd.sock").stdout
    since = user.unit("acd.socket", "ActiveEnterTimestampMonotonic")
    before = user.daemon_pid()
    output = user.run_acd("install")
    assert "its socket stayed open" in output
    assert user.daemon_pid() not in {0, before}
    assert user.run("stat", "--format=%i", f"{RUNTIME}/acd/acd.sock").stdout == socket
    assert user.unit("acd.socket", "ActiveEnterTimestampMonotonic") == since
    assert list(user.sessions()) == ["one"]


def test_other_units_are_put_in_place_of_outdated_ones(user: ServiceUser) -> None:
    user.run_acd("install")
    assert user.request("SET one working") == ["OK"]
    current = user.files()
    for name in ("acd.socket", "acd.service"):
        unit = user.home / UNITS / name
        user.write(f"{UNITS}/{name}", unit.read_text() + "# old\n")
    user.run("systemctl", "--user", "daemon-reload")
    user.run_acd("install")
    assert user.files() == current
    assert user.unit("acd.socket", "NeedDaemonReload") == "no"
    assert user.unit("acd.service", "NeedDaemonReload") == "no"
    assert list(user.sessions()) == ["one"]


def test_a_socket_that_failed_or_vanished_works_again(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("rm", "-r", f"{RUNTIME}/acd")
    assert "systemd holds" in user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.socket")
    assert "systemd holds" in user.run_acd("install")
    assert user.request("PING") == ["OK"]


def test_a_missing_program_fails_the_socket_unit_and_an_install_repairs_it(
    user: ServiceUser,
) -> None:
    user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.service")
    drop_in = f"{UNITS}/acd.service.d/gone.conf"
    user.write(drop_in, "[Service]\nExecStart=\nExecStart=/nowhere/python\n")
    user.run("systemctl", "--user", "daemon-reload")
    # systemctl start does not wait for what the socket starts; this returns at its failure.
    user.run("python3", "-I", "-c", _UNTIL_REFUSED, timeout=60)
    assert user.unit("acd.socket", "Result") == "service-start-limit-hit"
    user.run("rm", "-r", f"{UNITS}/acd.service.d")
    user.run_acd("install")
    assert user.request("PING") == ["OK"]


# Connects and reads to the end, for as long as the socket is open.
_UNTIL_REFUSED = r"""
import os, socket, sys
path = os.environ["XDG_RUNTIME_DIR"] + "/acd/acd.sock"
while True:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(30)
        try:
            peer.connect(path)
            peer.recv(1)
        except (ConnectionRefusedError, FileNotFoundError):
            sys.exit()
        except ConnectionResetError:
            pass
"""


def test_without_a_reachable_manager_a_note_shows_that_hooks_start_the_daemon(
    user: ServiceUser,
) -> None:
    user.run("mkdir", "-m", "700", "run")
    output = user.run_acd("install", environment=NO_MANAGER)
    assert "No service manager answers here" in output
    assert not (user.home / UNITS).exists()


def test_without_a_login_session_the_manager_is_found_all_the_same(user: ServiceUser) -> None:
    script = 'unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS; exec "$0" -m acd install'
    output = user.run("sh", "-c", script, str(user.program)).stdout
    assert f"systemd holds {RUNTIME}/acd/acd.sock" in output


def test_a_directory_that_systemd_does_not_read_is_refused(user: ServiceUser) -> None:
    user.run_acd("install")
    before = user.files()
    elsewhere = {"XDG_CONFIG_HOME": str(HOME / "elsewhere")}
    command = (str(user.program), "-m", "acd", "install")
    done = user.run(*command, environment=elsewhere, check=False)
    assert done.returncode == 1
    assert f"does not read units from {HOME}/elsewhere/systemd/user" in done.stderr
    assert user.files() == before


def test_the_units_of_another_home_are_left_alone(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("mkdir", "-m", "700", "other")
    other = {"HOME": str(HOME / "other"), "ACD_SOCKET": str(HOME / "other/acd.sock")}
    user.run_acd("install", "--no-service", environment=other)
    user.run_acd("uninstall", "--yes", environment=other)
    assert user.unit("acd.socket", "ActiveState") == "active"
    assert user.unit("acd.socket", "UnitFileState") == "enabled"


def test_a_dry_run_starts_and_changes_nothing(user: ServiceUser) -> None:
    before = user.files()
    output = user.run_acd("install", "--dry-run")
    assert user.files() == before
    for name in ("acd.socket", "acd.service"):
        assert f"would write {HOME}/{UNITS}/{name}" in output
        assert user.unit(name, "LoadState") == "not-found"
    user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.service")
    user.run_acd("install", "--dry-run")
    user.run_acd("install", "--dry-run", "--no-service")
    assert user.daemon_pid() == 0


def test_each_problem_of_the_service_is_reported(user: ServiceUser) -> None:
    assert "no units of acd" in user.run_acd("status", check=False)
    user.run_acd("install")
    assert "systemd, " in (output := user.run_acd("status")), output
    assert "acd.socket is inactive" not in output
    user.run("systemctl", "--user", "disable", "--now", "acd.socket")
    output = user.run_acd("status", check=False)
    assert "acd.socket is not enabled" in output
    assert "acd.socket is inactive" in output


def test_uninstall_leaves_no_unit_no_process_and_no_file(user: ServiceUser) -> None:
    before = user.files()
    user.run_acd("install")
    assert user.request("SET one working") == ["OK"]
    output = user.run_acd("uninstall", "--yes")
    assert "The systemd units removed." in output
    left = user.files()
    assert {path: left.get(path) for path in before} == before
    assert [path for path in left if "acd" in path] == []
    for name in ("acd.socket", "acd.service"):
        assert user.unit(name, "LoadState") == "not-found"
        assert user.unit(name, "ActiveState") == "inactive"
    assert not Path("/proc", str(user.daemon_pid() or "none")).exists()
    assert user.run("ls", "-A", f"{RUNTIME}/acd", check=False).returncode != 0
    assert user.run_acd("uninstall", "--yes") == "Nothing of acd is installed here.\n"


def test_units_are_removed_although_their_files_are_gone(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("sh", "-c", f"rm -r {UNITS}/acd.* .local/share/acd")
    user.run_acd("uninstall", "--yes")
    assert user.unit("acd.socket", "ActiveState") == "inactive"
    assert not (user.home / UNITS / "sockets.target.wants").exists()


def test_units_are_removed_although_no_manager_answers(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("mkdir", "-m", "700", "run")
    user.run_acd("uninstall", "--yes", environment=NO_MANAGER)
    assert [path for path in user.files() if "acd" in path] == []
