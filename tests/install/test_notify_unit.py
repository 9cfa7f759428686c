"""The notifier's unit on a real systemd: its life cycle, and what its sandbox allows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

import pytest

from testing.service_user import NEEDS_MANAGER, ServiceUser
from testing.system.user_manager import HOME, RUNTIME

pytestmark = NEEDS_MANAGER

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")

_NOTIFY = "echo $ACD_SESSION $ACD_STATUS >>$XDG_RUNTIME_DIR/acd/output"
COMMAND = f"[notify]\ngrace_seconds = 0\ncommand = ['sh', '-c', '{_NOTIFY}']\n"


@pytest.fixture
def user(service_user: ServiceUser) -> ServiceUser:
    """The user for whom it is installed."""
    return service_user


def until(reached: Callable[[], bool]) -> None:
    """Waits for a change that systemd sends no signal for."""
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_notifications_come_and_go_with_the_daemon(user: ServiceUser) -> None:
    def state() -> str:
        return user.unit("acd-notify.service", "ActiveState")

    def output() -> str:
        return user.run("cat", f"{RUNTIME}/acd/output", check=False).stdout

    user.configure(COMMAND)
    user.run_acd("install")
    user.request("SET one question")
    until(lambda: output() == "one question\n")
    user.run("systemctl", "--user", "stop", "acd.service")
    assert state() == "inactive"
    assert user.unit("acd-notify.service", "Result") == "success"
    # One has been notified, two has not.
    user.request("SET two question")
    until(lambda: "two" in output())
    assert output() == "one question\ntwo question\n"
    assert (state(), user.unit("acd-notify.service", "PrivateUsers")) == ("active", "yes")
    process = user.unit("acd-notify.service", "MainPID")
    user.run_acd("install")
    until(lambda: state() == "active")
    assert user.unit("acd-notify.service", "MainPID") not in {"0", process}


def test_notifications_do_not_keep_the_daemon_and_end_with_it(user: ServiceUser) -> None:
    user.configure(COMMAND)
    user.run_acd("install")
    user.request("SET one working")
    user.await_subscriber()
    pid = user.daemon_pid()
    user.configure(f"[daemon]\nidle_timeout_minutes = 0.001\n{COMMAND}")
    user.run("kill", "-HUP", str(pid))
    user.await_end(pid)
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "inactive")


def test_the_notifications_unit_is_there_only_where_they_are_configured(user: ServiceUser) -> None:
    user.run_acd("install")
    without = user.files()
    user.configure(COMMAND)
    user.run_acd("install")
    assert user.unit("acd-notify.service", "UnitFileState") == "enabled"
    user.configure("")
    user.request("PING")
    assert "The unit of the notifications removed." in user.run_acd("install")
    assert user.unit("acd-notify.service", "ActiveState") == "inactive"
    assert user.unit("acd-notify.service", "LoadState") == "not-found"
    left = user.files()
    assert {name for name in left if not name.startswith(".config/acd")} == without.keys()
    user.configure(COMMAND)
    user.run_acd("install")
    user.run_acd("uninstall", "--yes")
    assert [path for path in user.files() if "acd-notify" in path] == []
    assert user.unit("acd-notify.service", "ActiveState") == "inactive"


def test_in_its_sandbox_the_notifier_reaches_the_desktop(user: ServiceUser) -> None:
    user.configure("[notify]\ndesktop = true\ngrace_seconds = 0\n")
    user.run_acd("install")
    server = user.popen(str(user.program), "-I", "-c", _DESKTOP)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    user.request("SET one question")
    assert server.stdout.readline() == "one: question\n"
    server.communicate(timeout=20)


@needs_tmux
def test_in_its_sandbox_the_notifier_finds_the_pane_in_focus(user: ServiceUser) -> None:
    user.configure(COMMAND)
    user.run_acd("install")
    behind, front = _two_panes(user)
    user.request("SET begin working")
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "active")
    _question(user, "front", front)
    _question(user, "behind", behind)
    until(lambda: _output(user) != "")
    assert _output(user) == "behind question\n"
    _tmux(user, "kill-server")


@needs_tmux
def test_in_its_sandbox_a_click_leads_to_the_sessions_pane(
    user: ServiceUser,
) -> None:
    user.configure("[notify]\ndesktop = true\ngrace_seconds = 0\n")
    user.run_acd("install")
    behind, front = _two_panes(user)
    server = user.popen(str(user.program), "-I", "-c", _DESKTOP)
    assert server.stdin is not None and server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    _question(user, "behind", behind)
    assert server.stdout.readline() == "behind: question\n"
    assert _seen(user) == front
    server.stdin.write("click\n")
    server.stdin.flush()
    until(lambda: _seen(user) == behind)
    server.communicate(timeout=20)
    _tmux(user, "kill-server")


def _tmux(user: ServiceUser, *words: str) -> str:
    command = ("tmux", "-S", "inner", "-f", "/dev/null", *words)
    return user.run(*command, environment={"TERM": "screen-256color"}).stdout.strip()


def _two_panes(user: ServiceUser) -> tuple[str, str]:
    """Returns a pane in the background, and the one that the client shows."""
    behind = _tmux(user, "new-session", "-d", "-P", "-F", "#{pane_id}", "sleep 1000")
    front = _tmux(user, "new-window", "-P", "-F", "#{pane_id}", "sleep 1000")
    # The client is a pane of another server.
    attach = "env -u TMUX tmux -S inner attach"
    user.run("tmux", "-S", "outer", "-f", "/dev/null", "new-session", "-d", attach)
    until(lambda: _seen(user) == front)
    return behind, front


def _seen(user: ServiceUser) -> str:
    """Returns the pane that the client shows."""
    return _tmux(user, "list-clients", "-F", "#{pane_id}")


def _question(user: ServiceUser, name: str, pane: str) -> None:
    server = _tmux(user, "display-message", "-p", "#{pid}")
    hints = f'{{"TMUX":"{HOME}/inner,{server},0","TMUX_PANE":"{pane}"}}'
    event = f'{{"session_id":"{name}","hook_event_name":"PermissionRequest"}}'
    assert user.request(f"HOOK claude-code {hints} {event}") == ["OK"]


def _output(user: ServiceUser) -> str:
    return user.run("cat", f"{RUNTIME}/acd/output", check=False).stdout


def test_doctor_checks_the_notifiers_unit(user: ServiceUser) -> None:
    def doctor() -> str:
        [line] = [
            line for line in user.run_acd("doctor", check=False).splitlines() if " notify " in line
        ]
        return line

    def status() -> str:
        [line] = [
            line for line in user.run_acd("status", check=False).splitlines() if "  notify " in line
        ]
        return " ".join(line.split())

    user.run_acd("install")
    assert status() == "notify off"
    user.configure(COMMAND)
    assert "✗ notify " in doctor()
    assert status() == "notify acd-notify.service is not installed; acd install"
    user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.service")
    assert status() == "notify acd-notify.service comes with the daemon"
    user.request("SET one working")
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "active")
    assert "✓ notify " in doctor()
    assert status() == "notify acd-notify.service runs"
    user.run("systemctl", "--user", "kill", "-s", "KILL", "acd-notify.service")
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "failed")
    assert "✗ notify   acd-notify.service has failed" in doctor()
    user.run("systemctl", "--user", "reset-failed", "acd-notify.service")
    assert "✗ notify   acd-notify.service does not run, and the daemon does" in doctor()
    user.run("systemctl", "--user", "disable", "acd-notify.service")
    assert status() == "notify acd-notify.service is not enabled; acd install"
    user.run_acd("install")
    until(lambda: "runs" in status())
    user.configure("[notify]\ndesktop = true\n")
    problem = "no program on the session bus shows notifications"
    assert problem in user.run_acd("doctor", check=False)


# A notification server for one notification, which a line on stdin clicks.
_DESKTOP = r"""
import sys
from jeepney import DBusAddress, new_method_call, new_method_return, new_signal
from jeepney.io.blocking import open_dbus_connection
connection = open_dbus_connection()
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
name = ("org.freedesktop.Notifications", 0)
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", name))
print("ready", flush=True)
while True:
    call = connection.receive()
    if call.header.message_type.name != "method_call":
        continue
    if call.body:
        connection.send(new_method_return(call, "u", (1,)))
        print(call.body[3][2:], flush=True)
        if sys.stdin.readline():
            path = "/org/freedesktop/Notifications"
            shown = DBusAddress(path, interface="org.freedesktop.Notifications")
            connection.send(new_signal(shown, "ActionInvoked", "us", (1, call.body[5][0])))
        break
    connection.send(new_method_return(call, "as", (["actions"],)))
"""
