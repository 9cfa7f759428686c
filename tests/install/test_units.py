"""The systemd units: what systemd itself says of them, and what they must and must not hold."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.install import systemd
from acd.install.hook_command import real_python

analyzed = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")

EXPOSURE = 2.0
"""The most that `systemd-analyze security` may find, of 10."""
EXPOSURE_OF_COMMANDS = 3.0
"""Where a command of the user's own runs, which may need a network."""


def analyze(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    return subprocess.run(
        ["systemd-analyze", *arguments], env=environ, capture_output=True, text=True, check=False
    )


def settings(name: str) -> dict[str, list[str]]:
    """Each key of the unit and its values in their order."""
    found: dict[str, list[str]] = {}
    for line in systemd.rendered(name, real_python()).decode().splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    paths = [tmp_path / name for name in (systemd.SOCKET, systemd.SERVICE, systemd.NOTIFY)]
    for path in paths:
        path.write_bytes(systemd.rendered(path.name, real_python()))
    return [str(path) for path in paths]


@analyzed
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path, units: list[str]) -> None:
    # An unknown key only warns, with status 0.
    done = analyze(tmp_path, "verify", "--user", "--man=no", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@analyzed
def test_systemd_would_say_something_about_an_unknown_key(tmp_path: Path, units: list[str]) -> None:
    service = Path(units[1])
    service.write_text(service.read_text() + "PrivateEverything=yes\n")
    assert "PrivateEverything" in analyze(tmp_path, "verify", "--user", "--man=no", *units).stderr


@analyzed
def test_the_service_is_exposed_as_little_as_promised(tmp_path: Path, units: list[str]) -> None:
    done = analyze(tmp_path, "security", "--user", "--offline=true", units[1])
    exposure = re.search(r"exposure level for acd\.service: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= EXPOSURE


@analyzed
def test_the_notifications_are_exposed_as_little_as_promised(
    tmp_path: Path, units: list[str]
) -> None:
    done = analyze(tmp_path, "security", "--user", "--offline=true", units[2])
    exposure = re.search(r"exposure level for acd-notify\.service: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= EXPOSURE_OF_COMMANDS


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_sandboxing_is_not_silently_ignored(unit: str) -> None:
    # systemd.exec(5): in a user's manager it needs PrivateUsers=.
    assert settings(unit)["PrivateUsers"] == ["yes"]


def test_the_notifications_come_and_go_with_the_service() -> None:
    found = settings(systemd.NOTIFY)
    for key in ("BindsTo", "PartOf", "After", "WantedBy"):
        assert found[key] == [systemd.SERVICE]


def test_the_sockets_directory_outlives_the_daemon() -> None:
    assert "RuntimeDirectory" not in settings(systemd.SERVICE)


def test_quick_idle_cycles_are_no_reason_to_give_up() -> None:
    assert settings(systemd.SERVICE)["StartLimitIntervalSec"] == ["0"]


def test_a_program_that_is_gone_is_not_started_for_ever() -> None:
    assert int(settings(systemd.SOCKET)["TriggerLimitBurst"][0]) > 0


def test_the_socket_is_private_where_clients_look_for_it() -> None:
    socket = settings(systemd.SOCKET)
    assert socket["ListenStream"] == ["%t/acd/acd.sock"]
    assert socket["SocketMode"] == ["0600"]
    assert socket["DirectoryMode"] == ["0700"]
    assert socket["FileDescriptorName"] == ["acd"]


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_only_the_state_beside_the_socket_may_be_written(unit: str) -> None:
    service = settings(unit)
    assert service["ReadWritePaths"] == ["-%t/acd"]
    assert (service["ProtectSystem"], service["ProtectHome"]) == (["strict"], ["read-only"])


def test_the_service_starts_the_program_that_installed_it() -> None:
    assert settings(systemd.SERVICE)["ExecStart"] == [f"{real_python()} -I -m acd daemon"]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/opt/acd/bin/python", "/opt/acd/bin/python"),
        ("/opt/a b/python", '"/opt/a b/python"'),
        ("/opt/50%/$HOME/python", "/opt/50%%/$HOME/python"),
        ("/opt/o'hara/$HOME/python", '/usr/bin/env "/opt/o\'hara/$$HOME/python"'),
        ('/opt/"/python', '/usr/bin/env "/opt/\\"/python"'),
        ("/opt/\\/python", '/usr/bin/env "/opt/\\\\/python"'),
    ],
)
def test_a_path_is_quoted_for_systemd(path: str, word: str) -> None:
    assert systemd.quoted(Path(path)) == word


@pytest.mark.parametrize("path", ["/opt/a\nb/python", "/opt/o'hara/a=b/python"])
def test_a_path_that_a_unit_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(AcdError, match="cannot stand in a unit file"):
        systemd.quoted(Path(path))
