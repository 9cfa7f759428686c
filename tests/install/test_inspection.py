"""The report of the installation, as `acd status` and `acd doctor` get it."""

from __future__ import annotations

import shutil
import subprocess
import sys

from acd.install.hook_command import real_python
from acd.install.inspection import InstallReport, inspect_installation
from testing.user_home import User


def inspect(user: User) -> InstallReport:
    return inspect_installation(user.environ)


def test_before_an_install_hooks_and_service_are_missing(user: User) -> None:
    found = inspect(user)
    assert (found.hooks["claude-code"].state, found.service.state) == ("missing", "missing")
    assert found.service.manager is None
    assert not found.service.listening


def test_after_an_install_the_hooks_are_current(user: User) -> None:
    user.install()
    assert inspect(user).hooks["claude-code"].state == "current"
    assert inspect(user).hooks["claude-code"].reasons == ()
    assert inspect(user).hooks["claude-code"].where == user.settings


def test_each_difference_of_the_hooks_is_a_reason(user: User) -> None:
    user.install()
    installed = user.settings.read_text()
    user.claude("2.1.329")
    assert "no hook on PostToolBatch" in str(inspect(user).hooks["claude-code"].reasons)
    user.install()
    user.claude("1.0.85")
    assert "a hook that the installed client may not support" in str(
        inspect(user).hooks["claude-code"].reasons
    )
    user.environ["PATH"] = "/usr/bin:/bin"

    user.settings.write_text(installed.replace(str(real_python()), "/opt/gone/python3"))
    [gone, outdated] = inspect(user).hooks["claude-code"].reasons
    assert gone == "/opt/gone/python3 is gone"
    assert outdated.startswith("an outdated hook on Elicitation, ")

    user.settings.write_text(installed)
    user.hook.write_text("changed")
    assert inspect(user).hooks["claude-code"].reasons == (f"not this version's hook: {user.hook}",)
    user.hook.unlink()
    assert f"{user.hook} is gone" in inspect(user).hooks["claude-code"].reasons
    assert inspect(user).hooks["claude-code"].state == "stale"

    user.settings.write_text('{"disableAllHooks": true, ' + installed.lstrip("{"))
    assert (
        "disableAllHooks is set, so none of them runs" in inspect(user).hooks["claude-code"].reasons
    )

    user.settings.write_text("{")
    assert inspect(user).hooks["claude-code"].state == "unknown"
    assert "line 1, column 2" in inspect(user).hooks["claude-code"].reasons[0]


def test_status_shows_the_hooks(user: User) -> None:
    user.install()
    assert str(user.settings) in user.acd("status").stdout


def test_no_test_here_reaches_a_service_manager(user: User) -> None:
    if shutil.which("systemctl"):
        done = subprocess.run(
            ["systemctl", "--user", "show-environment"],
            env=user.environ,
            capture_output=True,
            check=False,
        )
        assert done.returncode != 0
    assert sys.platform == "darwin" or inspect(user).service.manager is None
