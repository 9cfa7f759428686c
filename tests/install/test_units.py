"""The systemd units: systemd's own checks, and the settings that they need and lack."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.install.hook_command import real_python
from acd.install.systemd import sandbox
from acd.install.systemd import units as systemd
from acd.install.systemd.sandbox import LEVELS, Level, Sandbox
from testing.checkout import CHECKOUT

analyzed = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")

EXPOSURE = {
    "full": {systemd.SERVICE: "1.3", systemd.NOTIFY: "2.1"},
    "reduced": {systemd.SERVICE: "5.9", systemd.NOTIFY: "6.2"},
    "minimal": {systemd.SERVICE: "7.8", systemd.NOTIFY: "7.8"},
}
"""The exposure by `systemd-analyze security`, of 10; docs/security.md has these figures."""

NEEDS_USER_NAMESPACE = {
    *("PrivateUsers", "PrivateTmp", "PrivateDevices", "PrivateNetwork", "PrivateMounts"),
    *("ProtectSystem", "ProtectHome", "ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths"),
    *("ProtectClock", "ProtectHostname", "ProtectControlGroups", "CapabilityBoundingSet"),
    *("ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs"),
}
"""Directives that need a user namespace in a user's manager. Without one, systemd 252 ignores
them or fails with 218/CAPABILITIES; later versions make one (systemd.exec(5), PrivateUsers=)."""


def analyze(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    return subprocess.run(
        ["systemd-analyze", *arguments], env=environ, capture_output=True, text=True, check=False
    )


def settings(name: str, level: Level = "full") -> dict[str, list[str]]:
    """Returns each key of the unit and its values in their order."""
    found: dict[str, list[str]] = {}
    text = systemd.rendered(name, real_python(), Sandbox(level)).decode()
    for line in text.splitlines():
        if match := re.match(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> Level:
    """Each level of the sandbox."""
    found: Level = request.param
    return found


@pytest.fixture
def units(tmp_path: Path, level: Level) -> list[str]:
    paths = [tmp_path / name for name in (systemd.SOCKET, systemd.SERVICE, systemd.NOTIFY)]
    for path in paths:
        path.write_bytes(systemd.rendered(path.name, real_python(), Sandbox(level, "so")))
    return [str(path) for path in paths]


@analyzed
def test_systemd_accepts_the_units_without_a_warning(tmp_path: Path, units: list[str]) -> None:
    # An unknown key only warns, with status 0.
    done = analyze(tmp_path, "verify", "--user", "--man=no", *units)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@analyzed
def test_systemd_warns_about_an_unknown_key(tmp_path: Path, units: list[str]) -> None:
    service = Path(units[1])
    service.write_text(service.read_text() + "PrivateEverything=yes\n")
    assert "PrivateEverything" in analyze(tmp_path, "verify", "--user", "--man=no", *units).stderr


@analyzed
def test_the_services_are_exposed_as_little_as_documented(
    tmp_path: Path, units: list[str], level: Level
) -> None:
    for unit in map(Path, units[1:]):
        done = analyze(tmp_path, "security", "--user", "--offline=true", str(unit))
        exposure = re.search(rf"exposure level for {unit.name}: ([0-9.]+)", done.stdout)
        assert exposure is not None, done.stderr
        assert float(exposure[1]) <= float(EXPOSURE[level][unit.name])


def test_the_documentation_has_the_exposure_of_each_level(level: Level) -> None:
    figures = " | ".join(EXPOSURE[level].values())
    pattern = rf"^\| {level} \| [^|]+ \| {re.escape(figures)} \|$"
    assert re.search(pattern, (CHECKOUT / "docs/security.md").read_text(), re.MULTILINE)


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


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_a_service_that_does_not_start_is_tried_a_handful_of_times(unit: str) -> None:
    assert settings(unit)["StartLimitBurst"] == ["5"]


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_the_minimal_sandbox_is_no_new_privileges_and_filters_of_system_calls(unit: str) -> None:
    assert {
        line.partition("=")[0] for line in sandbox.directives(systemd.template(unit), "minimal")
    } == {
        "NoNewPrivileges",
        "SystemCallArchitectures",
        "SystemCallFilter",
        "SystemCallErrorNumber",
    }


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_the_reduced_sandbox_has_nothing_that_needs_a_user_namespace(unit: str) -> None:
    keys = {
        line.partition("=")[0] for line in sandbox.directives(systemd.template(unit), "reduced")
    }
    assert not keys & NEEDS_USER_NAMESPACE
    assert keys > {
        line.partition("=")[0] for line in sandbox.directives(systemd.template(unit), "minimal")
    }


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_a_weaker_sandbox_differs_in_nothing_but_the_sandbox(unit: str, level: Level) -> None:
    full, weaker = settings(unit), settings(unit, level)
    sandboxed = {
        line.partition("=")[0] for line in sandbox.directives(systemd.template(unit), "full")
    }
    left_out = full.keys() - weaker.keys()
    assert left_out <= sandboxed
    assert all(full[key] == values for key, values in weaker.items())


@pytest.mark.parametrize("unit", [systemd.SERVICE, systemd.NOTIFY])
def test_an_installed_unit_holds_its_level_and_the_reason(unit: str, level: Level) -> None:
    installed = Sandbox(level, "" if level == "full" else "full does not start here: 217/USER")
    text = systemd.rendered(unit, real_python(), installed).decode()
    assert sandbox.read_level(text) == installed
    assert sandbox.read_level(systemd.template(unit)) == Sandbox("full")


@pytest.mark.parametrize(
    ("result", "code", "status", "expected"),
    [
        ("exit-code", "1", "217", "217/USER, no user namespace can be made"),
        ("exit-code", "1", "3", "exit status 3"),
        ("signal", "2", "31", "ended by signal 31 (Bad system call)"),
        ("timeout", "0", "0", "result timeout"),
    ],
)
def test_the_reason_of_a_failure_is_in_words(
    result: str, code: str, status: str, expected: str
) -> None:
    assert sandbox.failure(result, code, status) == expected


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
    with pytest.raises(AcdError, match="a unit file cannot hold"):
        systemd.quoted(Path(path))
