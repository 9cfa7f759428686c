"""The sandbox levels and start limits on a real systemd, with and without namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.install.systemd.sandbox import LEVELS
from testing.cli_runs import until
from testing.service_user import NEEDS_MANAGER, ServiceUser

pytestmark = NEEDS_MANAGER

UNITS = ".config/systemd/user"
NOTIFY = "[notify]\ncommand = ['true']\n"
NO_USER_NAMESPACE = "full does not start here: 217/USER, no user namespace can be made"


@pytest.fixture
def user(program: Path) -> Iterator[ServiceUser]:
    """A user who can make no namespace of any kind."""
    with ServiceUser(restricted=True) as new:
        new.program = program
        yield new


def failed_starts(user: ServiceUser, unit: str) -> int:
    """Returns how many starts of the unit have failed."""
    user.run("journalctl", "--user", "--sync", check=False)
    log = user.run("journalctl", f"--user-unit={unit}", "-o", "cat", check=False).stdout
    return log.count("Main process exited")


def found(user: ServiceUser, command: str, what: str) -> str:
    """Returns the lines of `acd status` or `acd doctor` on a subject, with the remedy."""
    lines = user.run_acd(command, check=False).splitlines()
    text = [
        f"{line} {following.strip()}" if "→" in following else line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if f" {what} " in line and "→" not in line
    ]
    return "\n".join(" ".join(line.split()) for line in text)


def test_where_no_user_namespace_can_be_made_the_service_starts_without_what_needs_one(
    user: ServiceUser,
) -> None:
    user.configure(NOTIFY)
    text = user.run_acd("install")
    for unit in ("acd.service", "acd-notify.service"):
        assert f"{unit} has the sandbox level reduced, because {NO_USER_NAMESPACE}\n" in text
    assert "(systemd)" in text
    assert user.request("SET one working") == ["OK"]
    for unit in ("acd.service", "acd-notify.service"):
        assert user.unit(unit, "ActiveState") == "active"
        assert user.unit(unit, "PrivateUsers") == "no"
        assert user.unit(unit, "RestrictSUIDSGID") == "yes"
        assert failed_starts(user, unit) == 0
    reduced = f"reduced, because {NO_USER_NAMESPACE}"
    assert found(user, "status", "sandbox") == f"sandbox {reduced}"
    assert found(user, "doctor", "sandbox") == (
        f"· sandbox acd.service: {reduced}\n· sandbox acd-notify.service: {reduced}"
    )


def test_the_level_follows_the_namespaces_that_can_be_made(user: ServiceUser) -> None:
    user.configure(NOTIFY)
    user.run_acd("install")
    user.request("SET one working")
    user.allow_user_namespaces(allowed=True)
    assert found(user, "doctor", "sandbox").splitlines() == [
        f"✗ sandbox {unit}: reduced is installed, and the strongest that starts here is full"
        " → acd install"
        for unit in ("acd.service", "acd-notify.service")
    ]
    assert "sandbox level" not in user.run_acd("install")
    assert found(user, "status", "sandbox") == "sandbox full"
    assert found(user, "doctor", "sandbox") == (
        "✓ sandbox acd.service: full\n✓ sandbox acd-notify.service: full"
    )
    assert list(user.sessions()) == ["one"]
    assert user.unit("acd.service", "PrivateUsers") == "yes"
    assert user.unit("acd-notify.service", "PrivateUsers") == "yes"

    user.allow_user_namespaces(allowed=False)
    assert found(user, "doctor", "sandbox").splitlines() == [
        f"✗ sandbox {unit}: full is installed, and the strongest that starts here is reduced,"
        f" because {NO_USER_NAMESPACE} → acd install"
        for unit in ("acd.service", "acd-notify.service")
    ]
    user.run_acd("install")
    assert list(user.sessions()) == ["one"]
    assert user.unit("acd.service", "PrivateUsers") == "no"


def test_where_the_namespaces_of_a_mount_cannot_be_made_the_level_is_reduced_too(
    user: ServiceUser,
) -> None:
    user.allow_user_namespaces(allowed=True)
    user.root("sh", "-c", "echo 0 >/proc/sys/user/max_mnt_namespaces")
    text = user.run_acd("install")
    why = "full does not start here: 226/NAMESPACE, its namespaces cannot be set up"
    assert f"acd.service has the sandbox level reduced, because {why}\n" in text
    assert user.request("SET one working") == ["OK"]


def test_a_service_that_cannot_start_any_more_is_tried_five_times_and_events_arrive(
    user: ServiceUser,
) -> None:
    user.allow_user_namespaces(allowed=True)
    user.run_acd("install")
    user.request("SET one working")
    user.run_acd("stop")
    user.allow_user_namespaces(allowed=False)
    user.run_acd("set", "two", "question")
    assert failed_starts(user, "acd.service") == 5
    assert user.unit("acd.socket", "Result") == "service-start-limit-hit"
    assert user.sessions().keys() == {"one", "two"}
    assert "started by a hook or a command" in user.run_acd("status")
    assert "acd.socket has failed, because acd.service did not start" in found(
        user, "doctor", "service"
    )
    assert "reduced" in user.run_acd("install")
    assert user.sessions().keys() == {"one", "two"}
    assert "started by systemd" in user.run_acd("status")
    assert failed_starts(user, "acd.service") == 5


@pytest.mark.parametrize("level", LEVELS)
def test_starts_that_succeed_are_not_counted_at_any_level(level: str, user: ServiceUser) -> None:
    user.allow_user_namespaces(allowed=level == "full")
    user.configure(NOTIFY)
    user.run_acd("install")
    if level == "minimal":
        lower(user)
    for _ in range(7):
        assert user.request("PING", "STOP") == ["OK", "OK"]
    assert user.unit("acd.socket", "ActiveState") == "active"
    assert user.request("PING") == ["OK"]
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "active")


def test_a_program_that_ends_at_each_start_is_tried_five_times(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run_acd("stop")
    user.write(f"{UNITS}/acd.service.d/broken.conf", "[Service]\nExecStart=\nExecStart=false\n")
    user.systemctl("daemon-reload")
    # systemd resets this connection when it gives up.
    with user.popen(str(user.program), "-m", "acd", "record", "recording") as recorder:
        assert recorder.stderr is not None
        assert recorder.stderr.readline() == "recording to recording; Ctrl-C ends it\n"
        user.run_acd("stop")
        recorder.communicate(timeout=20)
    assert failed_starts(user, "acd.service") == 5
    done = user.run(str(user.program), "-m", "acd", "install", check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "the service does not start" in done.stderr
    assert "acd install --no-service" in done.stderr


def test_a_notifier_that_cannot_start_is_tried_no_more_than_five_times(user: ServiceUser) -> None:
    user.configure(NOTIFY)
    user.run_acd("install")
    user.write(f"{UNITS}/acd-notify.service.d/x.conf", "[Service]\nPrivateUsers=yes\n")
    user.systemctl("daemon-reload")
    user.systemctl("restart", "acd.service")
    for _ in range(7):
        user.run("systemctl", "--user", "start", "--wait", "acd-notify.service", check=False)
    assert failed_starts(user, "acd-notify.service") == 5
    assert "✗ notify acd-notify.service has failed" in found(user, "doctor", "notify")
    user.run("rm", "-r", f"{UNITS}/acd-notify.service.d")
    user.systemctl("daemon-reload")
    user.run_acd("install")
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "active")


def test_without_a_session_bus_the_level_is_found_all_the_same(user: ServiceUser) -> None:
    no_bus = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}
    text = user.run_acd("install", environment=no_bus)
    assert f"acd.service has the sandbox level reduced, because {NO_USER_NAMESPACE}\n" in text


def test_a_try_of_the_sandbox_leaves_nothing_behind(user: ServiceUser) -> None:
    user.run_acd("install", "--dry-run")
    assert "acd" not in user.systemctl("list-units", "--all", "--plain", "--no-legend")


def test_a_setting_that_this_systemd_does_not_support_does_not_weaken_the_level(
    user: ServiceUser,
) -> None:
    script = (
        "import os; from acd.install.systemd.manager import UserManager\n"
        "print(UserManager(os.environ).failure(['true'], ['ProtectAll=yes', 'UMask=0077']))"
    )
    assert user.run(str(user.program), "-I", "-c", script).stdout == "None\n"


def test_where_systemd_starts_no_level_hooks_start_the_daemon_until_it_does(
    user: ServiceUser,
) -> None:
    user.run_acd("install")
    user.request("SET one working")
    # A setting of all services (systemd.unit(5), type-level drop-ins).
    user.write(f"{UNITS}/service.d/none.conf", "[Service]\nExecStartPre=false\n")
    user.systemctl("daemon-reload")
    assert "✗ sandbox systemd starts acd.service at no level of its sandbox" in found(
        user, "doctor", "sandbox"
    )
    text = user.run_acd("install")
    assert "systemd starts acd.service at no level of its sandbox" in text
    assert "so the first hook starts the daemon.\n" in text
    assert "(spawned)" in text
    assert not (user.home / UNITS / "acd.service").exists()
    assert list(user.sessions()) == ["one"]
    user.run("rm", "-r", f"{UNITS}/service.d")
    user.systemctl("daemon-reload")
    assert "(systemd)" in user.run_acd("install")
    assert list(user.sessions()) == ["one"]


def lower(user: ServiceUser) -> None:
    """Installs the units at the minimal level."""
    script = (
        "from pathlib import Path; import sys; from acd.install.systemd import sandbox, units\n"
        "minimal = sandbox.Sandbox('minimal', 'so')\n"
        "for name in (units.SERVICE, units.NOTIFY):\n"
        "    unit = units.rendered(name, Path(sys.executable), minimal)\n"
        f"    Path({UNITS!r}, name).write_bytes(unit)\n"
    )
    user.run(str(user.program), "-I", "-c", script)
    user.systemctl("daemon-reload")
    user.systemctl("stop", "acd.service")
