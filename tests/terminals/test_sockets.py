"""Which sockets acd lets a terminal's client connect to: real terminals and impostors."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.terminals.hints import kitty_window, tmux_pane, wezterm_pane
from acd.terminals.jump import jump_plan
from acd.terminals.plan import run_plan
from acd.terminals.sockets import (
    KITTY,
    TMUX,
    WEZTERM,
    TerminalServer,
    own_abstract_socket,
    own_socket,
)
from testing.kitty import IS_THERE, a_kitty
from testing.listeners import STRANGER, a_listener, a_strangers_tmux, as_root
from testing.support import WAIT, DaemonHome

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
needs_kitty = pytest.mark.skipif(not IS_THERE, reason="needs kitty and Xvfb")


@pytest.fixture
def here() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        yield made


def refusal(path: Path | str, terminal: TerminalServer = KITTY, pid: int | None = None) -> str:
    """The reason why a socket is refused."""
    with pytest.raises(AcdError) as caught:
        own_socket(str(path), terminal, pid=pid)
    return caught.value.message


# Real terminals ------------------------------------------------------------------


@needs_tmux
@pytest.mark.parametrize("chosen", ["default", "-L", "-L in TMUX_TMPDIR", "-S"])
def test_the_users_tmux_is_accepted_wherever_its_socket_is(here: DaemonHome, chosen: str) -> None:
    name = f"acd-{secrets.token_hex(4)}"
    environ = {**here.environ, "SHELL": "/bin/sh"}
    if chosen != "-L":
        environ["TMUX_TMPDIR"] = str(here.root)
    words = {"default": (), "-S": ("-S", f"{here.root}/socket")}.get(chosen, ("-L", name))

    def tmux(*command: str) -> str:
        argv = ["tmux", "-f", os.devnull, *words, *command]
        done = subprocess.run(
            argv, env=environ, capture_output=True, text=True, timeout=WAIT, check=True
        )
        return done.stdout.strip()

    tmux("new-session", "-d", "sleep 1000")
    try:
        pane = tmux("new-window", "-d", "-P", "-F", "#{pane_id}", "sleep 1000")
        server = tmux("display-message", "-p", "#{socket_path},#{pid},0")
        path = server.split(",")[0]
        assert tmux_pane({"TMUX": server, "TMUX_PANE": pane}) == (pane, os.path.realpath(path))
        with pytest.raises(AcdError, match="attached to no terminal"):
            run_plan(jump_plan({"TMUX": server, "TMUX_PANE": pane}, here.environ), here.environ)
        assert tmux("display-message", "-p", "#{pane_id}") == pane
    finally:
        tmux("kill-server")
        Path(path).unlink(missing_ok=True)


@pytest.mark.slow  # a kitty draws without a GPU
@needs_kitty
@pytest.mark.parametrize("where", ["unix:/tmp/acd-kitty-", "unix:@acd-kitty-"])
def test_the_users_kitty_is_accepted_in_tmp_and_in_the_abstract_namespace(
    here: DaemonHome, where: str
) -> None:
    with a_kitty(f"{where}{secrets.token_hex(4)}") as kitty:
        [window] = kitty.focused()
        for _ in range(10):  # the check closes its connection unused; kitty has to survive that
            run_plan(jump_plan(kitty.hints(window), here.environ), here.environ)
        assert kitty.focused() == [window]
        assert kitty.process.poll() is None
        kitty.process.terminate()
        kitty.process.wait(WAIT)


@pytest.mark.parametrize("name", ["wezterm-gui", "wezterm-mux-server", ".wezterm-gui-wrapped"])
def test_wezterm_is_recognised_by_its_truncated_process_name(here: DaemonHome, name: str) -> None:
    path = here.root / "sock"
    with a_listener(path, name):
        found = wezterm_pane({"WEZTERM_PANE": "3", "WEZTERM_UNIX_SOCKET": str(path)})
        assert found == ("3", {"WEZTERM_UNIX_SOCKET": str(path)})


def test_symbolic_links_are_resolved_before_the_client_gets_the_path(here: DaemonHome) -> None:
    (here.root / "link").symlink_to(here.root)
    with a_listener(here.root / "kitty", "kitty"):
        listens = f"unix:{here.root}/link/link/kitty"
        hints = {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": listens}
        assert kitty_window(hints) == ("1", f"unix:{here.root}/kitty")


# Impostors -----------------------------------------------------------------------


@as_root
@needs_tmux
def test_another_users_tmux_cannot_write_a_file_through_a_jump(here: DaemonHome) -> None:
    profile = here.home / ".profile"
    with a_strangers_tmux(here.root / "theirs", profile) as hints:
        with pytest.raises(AcdError, match=f"theirs belongs to user {STRANGER}"):
            run_plan(jump_plan(hints, here.environ), here.environ)
        assert not profile.exists()


@as_root
@pytest.mark.parametrize("mode", [0o1777, 0o700])
def test_another_users_socket_is_refused_in_any_directory(here: DaemonHome, mode: int) -> None:
    shared = here.root / "shared"
    shared.mkdir()
    with a_listener(shared / "kitty", "kitty"):
        os.chown(shared / "kitty", STRANGER, STRANGER)
        shared.chmod(mode)
        assert f"it belongs to user {STRANGER}, not to you" in refusal(shared / "kitty")


@as_root
def test_a_socket_on_which_another_user_listens_is_refused_whoever_owns_the_file(
    here: DaemonHome,
) -> None:
    shared = here.root / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    here.root.chmod(0o711)
    with a_listener(shared / "kitty", "kitty", uid=STRANGER):
        os.chown(shared / "kitty", 0, 0)
        assert f"user {STRANGER} listens there" in refusal(shared / "kitty")


@as_root
def test_an_abstract_socket_of_another_user_is_refused(here: DaemonHome) -> None:
    name = f"@acd-{secrets.token_hex(4)}"
    with (
        a_listener(name, "kitty", uid=STRANGER),
        pytest.raises(AcdError, match=f"kitty socket {name} is not used: user {STRANGER}"),
    ):
        kitty_window({"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{name}"})


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o770])
@pytest.mark.parametrize("above", ["", "inner"])
def test_a_socket_below_a_directory_that_others_can_write_is_refused(
    here: DaemonHome, mode: int, above: str
) -> None:
    shared = here.root / "shared"
    (shared / above).mkdir(parents=True)
    with a_listener(shared / above / "kitty", "kitty"):
        assert own_socket(str(shared / above / "kitty"), KITTY)
        shared.chmod(mode)
        with pytest.raises(AcdError, match=f"others can write to {shared}") as caught:
            own_socket(str(shared / above / "kitty"), KITTY)
        assert caught.value.hint == f"make it yours alone: chmod go-w {shared}"


@as_root
def test_a_socket_below_another_users_directory_is_refused(here: DaemonHome) -> None:
    theirs = here.root / "theirs"
    (theirs / "inner").mkdir(parents=True)
    with a_listener(theirs / "inner" / "kitty", "kitty"):
        os.chown(theirs, STRANGER, STRANGER)
        assert f"{theirs} belongs to user {STRANGER}" in refusal(theirs / "inner" / "kitty")


@pytest.mark.parametrize("terminal", [TMUX, KITTY, WEZTERM], ids=lambda each: each.name)
def test_a_socket_of_another_program_is_refused(here: DaemonHome, terminal: TerminalServer) -> None:
    path = here.root / "agent"
    with a_listener(path, "ssh-agent") as pid:
        why = f"process {pid} (ssh-agent) listens there, not {terminal.name}"
        assert why in refusal(path, terminal)


@needs_tmux
def test_a_tmux_with_another_pid_is_refused(here: DaemonHome) -> None:
    path = here.root / "tmux"
    with a_listener(path, "tmux: server") as pid:
        assert own_socket(str(path), TMUX, pid=pid) == str(path)
        assert refusal(path, TMUX, pid + 1).startswith("its tmux server has ended")


def test_without_a_listener_the_terminal_has_ended(here: DaemonHome) -> None:
    path = here.root / "kitty"
    gone = f"its kitty has ended: no process listens on {path}"
    assert refusal(path) == gone
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        assert refusal(path) == gone
    assert refusal(path / "below") == f"its kitty socket {path}/below is not used: {path}" + (
        " is not a directory"
    )


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "its path is not absolute"),
        ("kitty", "its path is not absolute"),
        ("../kitty", "its path is not absolute"),
        ("/tmp/a\0b", "its path has unprintable characters"),
        ("/tmp/\x1b[2J", "its path has unprintable characters"),
        ("/tmp/\ud800", "its path has unprintable characters"),
        ("/etc/passwd", "it is not a socket"),
        ("/" + 200 * "x/", "has ended: no process listens"),
        ("/" + 300 * "x", "File name too long"),
    ],
    ids=repr,
)
def test_a_path_that_is_not_a_sockets_is_refused_with_a_printable_reason(
    path: str, why: str
) -> None:
    message = refusal(path)
    assert why in message
    assert message.isprintable()
    for hints in _hints_with(path):
        with pytest.raises(AcdError):
            jump_plan(hints, {})


def _hints_with(path: str) -> list[dict[str, str]]:
    """The hints of each terminal with this path in them."""
    return [
        {"TMUX": f"{path},1,0", "TMUX_PANE": "%1"},
        {"KITTY_WINDOW_ID": "1", "KITTY_LISTEN_ON": f"unix:{path}"},
        {"WEZTERM_PANE": "1", "WEZTERM_UNIX_SOCKET": path or " "},
    ]


def test_a_path_that_is_too_long_for_a_socket_is_refused(here: DaemonHome) -> None:
    deep = here.root / ("x" * 100)
    deep.mkdir()
    with ExitStack() as stack:
        stack.callback(os.chdir, Path.cwd())
        os.chdir(deep)
        with a_listener("kitty", "kitty"):
            assert "AF_UNIX path too long" in refusal(deep / "kitty")


@pytest.mark.parametrize("name", ["", "a\0b", "\x1b[2J", "\ud800"], ids=repr)
def test_an_invalid_abstract_name_is_refused(name: str) -> None:
    with pytest.raises(AcdError, match="its name is empty or has unprintable characters"):
        own_abstract_socket(name, KITTY)


# Zellij: its client takes the name of a session, not a socket.


@pytest.mark.parametrize(
    ("environ", "directory"),
    [
        ({"ZELLIJ_SOCKET_DIR": "{}/own"}, "own"),
        ({"XDG_RUNTIME_DIR": "{}", "TMPDIR": "/nowhere"}, "zellij"),
        ({"TMPDIR": "{}"}, f"zellij-{os.getuid()}"),
    ],
)
def test_zellij_gets_the_checked_directory_of_sockets(
    here: DaemonHome, environ: Mapping[str, str], directory: str
) -> None:
    ours = {name: value.format(here.root) for name, value in environ.items()}
    hints = {"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": "my work"}
    sockets = here.root / directory
    with pytest.raises(AcdError, match=re.escape(f"no process listens on {sockets}")):
        jump_plan(hints, ours)
    sockets.mkdir(mode=0o700)
    [step] = jump_plan(hints, ours).steps
    assert step.environ == {"ZELLIJ_SOCKET_DIR": str(sockets)}
    sockets.chmod(0o1777)
    with pytest.raises(AcdError, match=re.escape(f"others can write to {sockets}")):
        jump_plan(hints, ours)


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "..", "-x", "a\0b", "\x1b[2J"], ids=repr)
def test_an_invalid_name_of_a_zellij_session_is_refused(name: str) -> None:
    with pytest.raises(AcdError, match="its Zellij session has an invalid name") as caught:
        jump_plan({"ZELLIJ_PANE_ID": "1", "ZELLIJ_SESSION_NAME": name}, {})
    assert caught.value.message.isprintable()
