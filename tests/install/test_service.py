"""`acd install` and `acd uninstall` on a real systemd, as an unprivileged user."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.install.user import ROOT
from tests.system.acd_user import AcdUser
from tests.system.user_manager import HOME, RUNTIME, why_unavailable

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable())),
]

UNITS = ".config/systemd/user"
NO_MANAGER = {"XDG_RUNTIME_DIR": str(HOME / "run"), "DBUS_SESSION_BUS_ADDRESS": ""}


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """The Python of a virtual environment with acd that every user can run."""
    # Not pytest's: those are closed to others. The path is one that needs quoting.
    place = Path(tempfile.mkdtemp(prefix="acd-program-"))
    place.chmod(0o755)
    environment = place / "o'hara's 100% $HOME"
    try:
        subprocess.run(["/usr/bin/python3", "-m", "venv", environment], check=True)
        subprocess.run(
            [environment / "bin/python", "-m", "pip", "install", "--quiet", f"{ROOT}[notify]"],
            check=True,
            capture_output=True,
        )
        yield environment / "bin/python"
    finally:
        shutil.rmtree(place)


class ServiceUser(AcdUser):
    """The test user, for whom an acd lies ready."""

    program: Path

    def run_acd(
        self, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> str:
        """What `acd ARGUMENTS` prints."""
        # Not bin/acd: what pip makes of it does not stand every path.
        command = (str(self.program), "-m", "acd", *arguments)
        return self.run(*command, check=check, environment=environment).stdout


@pytest.fixture
def user(program: Path) -> Iterator[ServiceUser]:
    with ServiceUser() as new:
        new.program = program
        yield new


def test_after_install_the_first_line_starts_the_daemon_in_its_sandbox(user: ServiceUser) -> None:
    told = user.run_acd("install")
    assert f"systemd holds {RUNTIME}/acd/acd.sock" in told
    assert "(systemd)" in told
    assert user.unit("acd.socket", "UnitFileState") == "enabled"
    user.run("systemctl", "--user", "stop", "acd.service")
    assert user.daemon_pid() == 0
    assert user.tell("SET one working") == ["OK"]
    assert user.daemon_state() == "active"
    assert user.unit("acd.service", "PrivateUsers") == "yes"


def test_a_daemon_that_a_hook_started_hands_over_its_sessions(user: ServiceUser) -> None:
    told = user.run_acd("install", "--no-service")
    assert "(spawned)" in told
    assert user.tell("SET one working", "SET two question") == ["OK", "OK"]
    [spawned] = user.run("pgrep", "-f", "acd daemon").stdout.split()
    told = user.run_acd("install")
    assert "(systemd)" in told
    assert {name: each["status"] for name, each in user.sessions().items()} == {
        "one": "working",
        "two": "question",
    }
    assert user.run("pgrep", "-f", "acd daemon").stdout.split() == [str(user.daemon_pid())]
    assert str(user.daemon_pid()) != spawned


def test_an_upgrade_restarts_the_daemon_and_leaves_the_socket_open(user: ServiceUser) -> None:
    user.run_acd("install")
    assert user.tell("SET one working") == ["OK"]
    socket = user.run("stat", "--format=%i", f"{RUNTIME}/acd/acd.sock").stdout
    since = user.unit("acd.socket", "ActiveEnterTimestampMonotonic")
    before = user.daemon_pid()
    told = user.run_acd("install")
    assert "its socket stayed open" in told
    assert user.daemon_pid() not in {0, before}
    assert user.run("stat", "--format=%i", f"{RUNTIME}/acd/acd.sock").stdout == socket
    assert user.unit("acd.socket", "ActiveEnterTimestampMonotonic") == since
    assert list(user.sessions()) == ["one"]


def test_other_units_are_put_in_place_of_outdated_ones(user: ServiceUser) -> None:
    user.run_acd("install")
    assert user.tell("SET one working") == ["OK"]
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
    assert user.tell("PING") == ["OK"]


def test_a_program_that_is_gone_ends_in_a_failed_socket_and_an_install_mends_it(
    user: ServiceUser,
) -> None:
    user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.service")
    drop_in = f"{UNITS}/acd.service.d/gone.conf"
    user.write(drop_in, "[Service]\nExecStart=\nExecStart=/nowhere/python\n")
    # Sooner than in life, so that the test need not wait.
    user.write(f"{UNITS}/acd.socket.d/soon.conf", "[Socket]\nTriggerLimitBurst=20\n")
    user.run("systemctl", "--user", "daemon-reload")
    # systemctl start waits for nothing that the socket starts; this returns when it has failed.
    user.run("python3", "-I", "-c", _UNTIL_REFUSED, timeout=60)
    assert user.unit("acd.socket", "Result") == "trigger-limit-hit"
    for path in ("acd.service.d", "acd.socket.d"):
        user.run("rm", "-r", f"{UNITS}/{path}")
    user.run_acd("install")
    assert user.tell("PING") == ["OK"]


# Connects, and reads until its end, for as long as somebody listens.
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


_TELL = "echo $ACD_SESSION $ACD_STATUS >>$XDG_RUNTIME_DIR/acd/told"
COMMAND = f"[notify]\ngrace_seconds = 0\ncommand = ['sh', '-c', '{_TELL}']\n"


def until(reached: Callable[[], bool]) -> None:
    """Waits for what systemd tells nobody."""
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_notifications_come_and_go_with_the_daemon(user: ServiceUser) -> None:
    def state() -> str:
        return user.unit("acd-notify.service", "ActiveState")

    def told() -> str:
        return user.run("cat", f"{RUNTIME}/acd/told", check=False).stdout

    user.configure(COMMAND)
    user.run_acd("install")
    user.tell("SET one question")
    until(lambda: told() == "one question\n")
    user.run("systemctl", "--user", "stop", "acd.service")
    assert state() == "inactive"
    assert user.unit("acd-notify.service", "Result") == "success"
    # One is told of already, two is not.
    user.tell("SET two question")
    until(lambda: "two" in told())
    assert told() == "one question\ntwo question\n"
    assert (state(), user.unit("acd-notify.service", "PrivateUsers")) == ("active", "yes")
    process = user.unit("acd-notify.service", "MainPID")
    user.run_acd("install")
    until(lambda: state() == "active")
    assert user.unit("acd-notify.service", "MainPID") not in {"0", process}


def test_notifications_do_not_keep_the_daemon_and_end_with_it(user: ServiceUser) -> None:
    user.configure(f"[daemon]\nidle_timeout_minutes = 0.02\n{COMMAND}")
    user.run_acd("install")
    user.tell("SET one working")
    user.await_end(user.daemon_pid())
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "inactive")


def test_the_notifications_unit_is_there_only_where_they_are_configured(user: ServiceUser) -> None:
    user.run_acd("install")
    without = user.files()
    user.configure(COMMAND)
    user.run_acd("install")
    assert user.unit("acd-notify.service", "UnitFileState") == "enabled"
    user.configure("")
    user.tell("PING")
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
    user.tell("SET one question")
    assert server.stdout.readline() == "one: question\n"
    server.communicate(timeout=20)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_in_its_sandbox_the_notifier_sees_which_pane_is_looked_at(user: ServiceUser) -> None:
    def tmux(*words: str) -> str:
        command = ("tmux", "-S", "inner", "-f", "/dev/null", *words)
        return user.run(*command, environment={"TERM": "screen-256color"}).stdout.strip()

    def question(name: str, pane: str) -> None:
        hints = f'{{"TMUX":"{HOME}/inner,{server},0","TMUX_PANE":"{pane}"}}'
        event = f'{{"session_id":"{name}","hook_event_name":"PermissionRequest"}}'
        assert user.tell(f"HOOK claude-code {hints} {event}") == ["OK"]

    user.configure(COMMAND)
    user.run_acd("install")
    behind = tmux("new-session", "-d", "-P", "-F", "#{pane_id}", "sleep 1000")
    front = tmux("new-window", "-P", "-F", "#{pane_id}", "sleep 1000")
    server = tmux("display-message", "-p", "#{pid}")
    # Its client is a pane of another one.
    attach = "env -u TMUX tmux -S inner attach"
    user.run("tmux", "-S", "outer", "-f", "/dev/null", "new-session", "-d", attach)
    until(lambda: tmux("list-clients", "-F", "#{pane_id}") == front)
    user.tell("SET begin working")
    until(lambda: user.unit("acd-notify.service", "ActiveState") == "active")
    question("front", front)
    question("behind", behind)
    until(lambda: _told(user) != "")
    assert _told(user) == "behind question\n"
    tmux("kill-server")


def _told(user: ServiceUser) -> str:
    return user.run("cat", f"{RUNTIME}/acd/told", check=False).stdout


def test_the_doctor_looks_at_the_notifications_unit(user: ServiceUser) -> None:
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
    user.tell("SET one working")
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
    says = "no program on the session bus shows notifications"
    assert says in user.run_acd("doctor", check=False)


# A desktop for one notification.
_DESKTOP = r"""
from jeepney import DBusAddress, new_method_call, new_method_return
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
        break
    connection.send(new_method_return(call, "as", ([],)))
"""


def test_without_the_manager_in_reach_hooks_are_told_to_start_the_daemon(user: ServiceUser) -> None:
    user.run("mkdir", "-m", "700", "run")
    told = user.run_acd("install", environment=NO_MANAGER)
    assert "No service manager answers here" in told
    assert not (user.home / UNITS).exists()


def test_without_a_login_session_the_manager_is_found_all_the_same(user: ServiceUser) -> None:
    script = 'unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS; exec "$0" -m acd install'
    told = user.run("sh", "-c", script, str(user.program)).stdout
    assert f"systemd holds {RUNTIME}/acd/acd.sock" in told


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
    told = user.run_acd("install", "--dry-run")
    assert user.files() == before
    for name in ("acd.socket", "acd.service"):
        assert f"would write {HOME}/{UNITS}/{name}" in told
        assert user.unit(name, "LoadState") == "not-found"
    user.run_acd("install")
    user.run("systemctl", "--user", "stop", "acd.service")
    user.run_acd("install", "--dry-run")
    user.run_acd("install", "--dry-run", "--no-service")
    assert user.daemon_pid() == 0


def test_what_is_wrong_with_the_service_is_told(user: ServiceUser) -> None:
    assert "no units of acd" in user.run_acd("status", check=False)
    user.run_acd("install")
    assert "systemd, " in (told := user.run_acd("status")), told
    assert "acd.socket is inactive" not in told
    user.run("systemctl", "--user", "disable", "--now", "acd.socket")
    told = user.run_acd("status", check=False)
    assert "acd.socket is not enabled" in told
    assert "acd.socket is inactive" in told


def test_uninstall_leaves_no_unit_no_process_and_no_file(user: ServiceUser) -> None:
    before = user.files()
    user.run_acd("install")
    assert user.tell("SET one working") == ["OK"]
    told = user.run_acd("uninstall", "--yes")
    assert "The systemd units removed." in told
    left = user.files()
    assert {path: left.get(path) for path in before} == before
    assert [path for path in left if "acd" in path] == []
    for name in ("acd.socket", "acd.service"):
        assert user.unit(name, "LoadState") == "not-found"
        assert user.unit(name, "ActiveState") == "inactive"
    assert not Path("/proc", str(user.daemon_pid() or "none")).exists()
    assert user.run("ls", "-A", f"{RUNTIME}/acd", check=False).returncode != 0
    assert user.run_acd("uninstall", "--yes") == "Nothing of acd is installed here.\n"


def test_units_go_also_when_their_files_were_removed_before(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("sh", "-c", f"rm -r {UNITS}/acd.* .local/share/acd")
    user.run_acd("uninstall", "--yes")
    assert user.unit("acd.socket", "ActiveState") == "inactive"
    assert not (user.home / UNITS / "sockets.target.wants").exists()


def test_units_go_also_when_no_manager_answers(user: ServiceUser) -> None:
    user.run_acd("install")
    user.run("mkdir", "-m", "700", "run")
    user.run_acd("uninstall", "--yes", environment=NO_MANAGER)
    assert [path for path in user.files() if "acd" in path] == []
