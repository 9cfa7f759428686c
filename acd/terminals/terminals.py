"""Which program brings a session's terminal to the front, or opens a new one.

Responsible for what the hints that a hook gave (environment names to values)
mean, for choosing a program from them and from our own environment, as a plan
of argument lists, and for running a plan. It refuses to know sessions and who asks. Never a shell:
hints and directories come from others. A socket that a hint names is checked before it is part
of a plan (terminal_hints.py).

tmux and kitty are tried by the tests. The others are called as their manuals
say: `wezterm cli`, `zellij action focus-pane-id` (Zellij 0.44), iTerm2's
AppleScript dictionary.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from acd.errors import AcdError
from acd.system import programs
from acd.system.environment import minimal
from acd.terminals.hints import (
    TmuxPane,
    describe,
    iterm_session,
    kitty_window,
    tmux_pane,
    wezterm_pane,
    zellij_pane,
)
from acd.terminals.sockets import own_directory
from acd.text import one_line, printable

STEP_SECONDS: Final = 5.0
"""These programs answer in milliseconds; one that does not must not hold us."""

Which = Callable[[str], str | None]


@dataclass(frozen=True)
class Step:
    """One program to run."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables that it gets besides the plan's (see Plan.whole_environ)."""
    expects: str | None = None
    """What it must print for the plan to go on."""
    otherwise: str = ""
    """What it means when it prints something else, or fails where it need print nothing."""
    instead: Step | None = None
    """What to run when it prints something else."""
    cwd: str | None = None
    detached: bool = False
    """Whether it lives on: a terminal's own process, that is not waited for."""


@dataclass(frozen=True)
class Plan:
    """What to run, one after the other, and where that leads."""

    where: str
    steps: tuple[Step, ...]
    hint: str | None = None
    """What to do if it fails."""
    whole_environ: bool = False
    """Whether its programs get all of our environment, as what the user asked to run does."""


def jump(
    hints: Mapping[str, str] | None, environ: Mapping[str, str], *, tmux_client: str | None = None
) -> Plan:
    """How to bring the terminal with these hints to the front.

    `tmux_client` is the one of several clients of our tmux that is to go
    there. Raises AcdError, whose message says why it cannot be done.
    """
    where = describe(hints)
    assert hints  # noqa: S101 - described, so there are some
    if pane := tmux_pane(hints):
        return Plan(where, _tmux(pane, environ, tmux_client))
    if zellij := zellij_pane(hints):
        step = _zellij(*zellij, environ)
        return Plan(where, (step,), hint="Zellij can be told to from version 0.44 on")
    if kitty := kitty_window(hints):
        return Plan(where, (_kitty(*kitty),))
    if wezterm := wezterm_pane(hints):
        return Plan(where, (_wezterm(*wezterm),))
    hint = "allow it: System Settings, Privacy & Security, Automation"
    return Plan(where, (_iterm(iterm_session(hints) or ""),), hint=hint)


def _tmux(there: TmuxPane, environ: Mapping[str, str], client: str | None) -> tuple[Step, ...]:
    pane, socket = there
    tmux = ("tmux", "-S", socket)
    if _is_inside(socket, environ):
        which = ("-c", client) if client else ()
        # tmux(1) finds the client that is to go there by the pane that we are in.
        ours = {"TMUX_PANE": environ.get("TMUX_PANE", "")}
        return (Step((*tmux, "switch-client", *which, "-t", pane), ours),)
    attach = shlex.join([*tmux, "attach", "-t", pane])
    attached = (*tmux, "display-message", "-p", "-t", pane, "#{?session_attached,yes,no}")
    return (
        Step((*tmux, "select-window", "-t", pane)),
        Step((*tmux, "select-pane", "-t", pane)),
        Step(
            attached,
            expects="yes",
            # tmux(1): without -c it is the client that was used last.
            instead=Step(
                (*tmux, "switch-client", "-t", pane),
                otherwise=f"its tmux session is attached to no terminal: {printable(attach)}",
            ),
        ),
    )


def _is_inside(socket: str, environ: Mapping[str, str]) -> bool:
    """Whether we run in a pane of the server with this socket."""
    ours = environ.get("TMUX", "").rsplit(",", 2)[0]
    return ours != "" and os.path.realpath(ours) == socket


def _zellij(pane: str, session: str, environ: Mapping[str, str]) -> Step:
    # Its client takes the session's name, and looks for the socket below this directory.
    directory = own_directory(_zellij_directory(environ), "Zellij")
    argv = ("zellij", "--session", session, "action", "focus-pane-id", f"terminal_{pane}")
    return Step(argv, {"ZELLIJ_SOCKET_DIR": directory})


def _zellij_directory(environ: Mapping[str, str]) -> str:
    """Where the user's Zellij has its sockets (zellij-utils/src/consts.rs, 0.44)."""
    if named := environ.get("ZELLIJ_SOCKET_DIR"):
        return named
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and sys.platform != "darwin":
        return f"{runtime}/zellij"
    return f"{environ.get('TMPDIR') or '/tmp'}/zellij-{os.getuid()}"  # noqa: S108 - it is checked


def _kitty(window: str, listens: str) -> Step:
    return Step(("kitty", "@", "--to", listens, "focus-window", "--match", f"id:{window}"))


def _wezterm(pane: str, leads_there: Mapping[str, str]) -> Step:
    argv = ("wezterm", "cli", "--no-auto-start", "activate-pane", "--pane-id", pane)
    return Step(argv, environ=leads_there)


_REVEAL: Final = """\
on run argv
    tell application "iTerm2"
        repeat with aWindow in windows
            repeat with aTab in tabs of aWindow
                repeat with aSession in sessions of aTab
                    if unique id of aSession is item 1 of argv then
                        select aWindow
                        select aTab
                        select aSession
                        activate
                        return "found"
                    end if
                end repeat
            end repeat
        end repeat
    end tell
    return "gone"
end run
"""


def _iterm(session: str) -> Step:
    return Step(
        ("osascript", "-e", _REVEAL, session),
        expects="found",
        otherwise="its iTerm2 session is gone",
    )


def open_window(
    argv: Sequence[str],
    cwd: str,
    name: str,
    environ: Mapping[str, str],
    *,
    where: str = "auto",
    terminal: str = "",
    which: Which = shutil.which,
) -> Plan:
    """How to run a program in a new window, with the user's whole environment.

    `where`: `tmux`, `terminal`, or `auto`, which is the multiplexer or
    terminal that we are in, and else a terminal of its own. `terminal` is the
    command line that opens one and runs what follows it. Raises AcdError.
    """
    if where == "tmux" or (where == "auto" and environ.get("TMUX")):
        # One that is detached would be started unseen; tmux itself says that there is none.
        where, step = "a new tmux window", Step(_tmux_window(argv, cwd, name))
    elif where == "auto" and (inside := _inside(argv, cwd, name, environ)):
        where, step = inside
    else:
        where, step = "a new terminal", _terminal(argv, cwd, environ, terminal, which)
    return Plan(where, (step,), whole_environ=True)


def _tmux_window(argv: Sequence[str], cwd: str, name: str) -> tuple[str, ...]:
    # tmux(1): directory and name are formats, in which #(…) would run a
    # command; and a single argument would be run by a shell.
    cwd, name = cwd.replace("#", "##"), name.replace("#", "##")
    return ("tmux", "new-window", "-c", cwd, "-n", name, "--", "env", *argv)


def _inside(
    argv: Sequence[str], cwd: str, name: str, environ: Mapping[str, str]
) -> tuple[str, Step] | None:
    """In the multiplexer or terminal that we are in, if it can be told to: where, and how."""
    if environ.get("ZELLIJ_SESSION_NAME"):
        zellij = ("zellij", "run", "--cwd", cwd, "--name", name, "--", *argv)
        return "a new Zellij pane", Step(zellij)
    if listens := environ.get("KITTY_LISTEN_ON"):
        kitty = ("kitty", "@", "--to", listens, "launch", "--type=tab", "--cwd", cwd)
        return "a new kitty tab", Step((*kitty, "--tab-title", name, *argv))
    if environ.get("WEZTERM_PANE"):
        return "a new WezTerm tab", Step(("wezterm", "cli", "spawn", "--cwd", cwd, "--", *argv))
    return None


def _terminal(
    argv: Sequence[str], cwd: str, environ: Mapping[str, str], terminal: str, which: Which
) -> Step:
    try:
        command = shlex.split(terminal)
    except ValueError:
        raise AcdError(
            f"dashboard.terminal is no command line: {printable(terminal)}",
            hint="acd config path names the file",
        ) from None
    if not command and (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        # Debian Policy 11.8.3: it takes -e and a program with its arguments.
        command = ["x-terminal-emulator", "-e"]
    if not command or which(command[0]) is None:
        missing = f"{printable(command[0])} is not on PATH" if command else "there is no tmux here"
        raise AcdError(
            f"no terminal to open: {missing}",
            hint="set dashboard.terminal to what opens one: acd config path names the file",
        )
    return Step((*command, *argv), cwd=cwd, detached=True)


def run(
    plan: Plan, environ: Mapping[str, str] | None = None, *, seconds: float = STEP_SECONDS
) -> None:
    """Runs the plan's steps, each for so long at most.

    Their environment is the minimal one, unless the plan asks for all of it.
    Raises AcdError when one fails, with what it said.
    """
    ours = os.environ if environ is None else environ
    given = dict(ours) if plan.whole_environ else minimal(ours)
    for step in plan.steps:
        _run(step, given, plan.hint, seconds)


def _run(step: Step, environ: dict[str, str], hint: str | None, seconds: float) -> None:
    program = printable(step.argv[0])
    given = environ | dict(step.environ)
    try:
        if step.detached:
            # A session of its own: it must not end with our terminal.
            programs.start_detached(step.argv, environ=given, cwd=step.cwd)
            return
        done = programs.execute(step.argv, environ=given, timeout=seconds, cwd=step.cwd)
    except FileNotFoundError as error:
        missing = step.cwd if error.filename == step.cwd else f"{program} (not on PATH)"
        raise AcdError(f"cannot find {printable(str(missing))}") from None
    except OSError as error:
        raise AcdError(f"cannot run {program}: {error.strerror}") from None
    except ValueError as error:  # a NUL in an argument
        raise AcdError(f"cannot run {program}: {error}") from None
    except programs.TimeoutExpired:
        raise AcdError(f"{program} did not end within {seconds:g} s", hint=hint) from None
    if done.status != 0:
        if step.expects is None and step.otherwise:
            raise AcdError(step.otherwise, hint=hint)
        said = one_line(done.errors or done.output)[:200] or f"exit code {done.status}"
        raise AcdError(f"{program}: {said}", hint=hint)
    if step.expects is not None and done.output.strip() != step.expects:
        if step.instead is None:
            raise AcdError(step.otherwise, hint=hint)
        _run(step.instead, environ, hint, seconds)
