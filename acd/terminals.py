"""Which program brings a session's terminal to the front, or opens a new one.

Responsible for what the hints that a hook gave (environment names to values)
mean, for choosing a program from them and from our own environment, as a plan
of argument lists, and for running a plan. It refuses to know sessions and who asks. Never a shell:
hints and directories come from others.

tmux and kitty are tried by the tests. The others are called as their manuals
say: `wezterm cli`, `zellij action focus-pane-id` (Zellij 0.44), iTerm2's
AppleScript dictionary.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from acd.errors import AcdError
from acd.text import one_line, printable

STEP_SECONDS: Final = 5.0
"""These programs answer in milliseconds; one that does not must not hold us."""

Which = Callable[[str], str | None]


@dataclass(frozen=True)
class Step:
    """One program to run."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    """What its environment has besides ours."""
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


def jump(
    hints: Mapping[str, str] | None, environ: Mapping[str, str], *, tmux_client: str | None = None
) -> Plan:
    """How to bring the terminal with these hints to the front.

    The innermost counts: a multiplexer's own environment hides what is around
    it, and what is around it may have changed since. `tmux_client` is the one
    of several clients of our tmux that is to go there. Raises AcdError, whose
    message says why it cannot be done.
    """
    if not hints:
        raise AcdError("it has not told which terminal it runs in")
    if (plan := _tmux(hints, environ, tmux_client)) is not None:
        return plan
    for known in (_zellij, _kitty, _wezterm, _iterm):
        if (plan := known(hints)) is not None:
            return plan
    program = hints.get("TERM_PROGRAM")
    raise AcdError(
        f"acd cannot jump to {one_line(program)[:40] if program else 'this terminal'}",
        hint="it can in tmux, kitty, WezTerm, Zellij and iTerm2",
    )


class TmuxPane(NamedTuple):
    """A pane, and the server that has it."""

    pane: str
    socket: str
    pid: str
    """The server's process: another one may have the socket by now, and another pane that name."""


def tmux_pane(hints: Mapping[str, str]) -> TmuxPane | None:
    """The pane of tmux that these hints name."""
    pane, server = hints.get("TMUX_PANE", ""), hints.get("TMUX", "").rsplit(",", 2)
    if not re.fullmatch(r"%\d+", pane) or len(server) != 3:
        return None
    return TmuxPane(pane, server[0], server[1])


def zellij_pane(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The pane of Zellij that these hints name, and its session."""
    pane, session = hints.get("ZELLIJ_PANE_ID", ""), hints.get("ZELLIJ_SESSION_NAME", "")
    if not pane.isdecimal() or not session or session.startswith("-"):
        return None
    return pane, session


def kitty_window(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The window of kitty that these hints name, and where kitty takes commands, if it does."""
    window, listens = hints.get("KITTY_WINDOW_ID", ""), hints.get("KITTY_LISTEN_ON", "")
    if not window.isdecimal():
        return None
    return window, listens if listens.startswith("unix:") else ""


def wezterm_pane(hints: Mapping[str, str]) -> tuple[str, Mapping[str, str]] | None:
    """The pane of WezTerm that these hints name, and the environment that leads to it."""
    pane, socket = hints.get("WEZTERM_PANE", ""), hints.get("WEZTERM_UNIX_SOCKET")
    if not pane.isdecimal():
        return None
    return pane, {"WEZTERM_UNIX_SOCKET": socket} if socket else {}


def _tmux(hints: Mapping[str, str], environ: Mapping[str, str], client: str | None) -> Plan | None:
    if (found := tmux_pane(hints)) is None:
        return None
    pane, socket, pid = found
    tmux = ("tmux", "-S", socket)
    steps = [
        Step(
            (*tmux, "display-message", "-p", "-t", pane, "#{pid}"),
            expects=pid,
            otherwise="its tmux server has ended",
        )
    ]
    if environ.get("TMUX", "").rsplit(",", 2)[0] == socket:
        which = ("-c", client) if client else ()
        steps.append(Step((*tmux, "switch-client", *which, "-t", pane)))
    else:
        attach = shlex.join([*tmux, "attach", "-t", pane])
        attached = (*tmux, "display-message", "-p", "-t", pane, "#{?session_attached,yes,no}")
        steps += [
            Step((*tmux, "select-window", "-t", pane)),
            Step((*tmux, "select-pane", "-t", pane)),
            Step(
                attached,
                expects="yes",
                # tmux(1): without -c it is the client that was used last.
                instead=Step(
                    (*tmux, "switch-client", "-t", pane),
                    # Ours is of another server, which may have a pane of that number, too.
                    environ={"TMUX_PANE": ""},
                    otherwise=f"its tmux session is attached to no terminal: {printable(attach)}",
                ),
            ),
        ]
    return Plan(f"tmux pane {pane}", tuple(steps))


def _zellij(hints: Mapping[str, str]) -> Plan | None:
    if (found := zellij_pane(hints)) is None:
        return None
    pane, session = found
    argv = ("zellij", "--session", session, "action", "focus-pane-id", f"terminal_{pane}")
    return Plan(
        f"Zellij pane {pane} of session {one_line(session)}",
        (Step(argv),),
        hint="Zellij can be told to from version 0.44 on",
    )


def _kitty(hints: Mapping[str, str]) -> Plan | None:
    if (found := kitty_window(hints)) is None:
        return None
    window, listens = found
    if not listens:
        raise AcdError(
            "kitty's remote control is off there",
            hint="set allow_remote_control and listen_on in kitty.conf, and start kitty again",
        )
    argv = ("kitty", "@", "--to", listens, "focus-window", "--match", f"id:{window}")
    return Plan(f"kitty window {window}", (Step(argv),))


def _wezterm(hints: Mapping[str, str]) -> Plan | None:
    if (found := wezterm_pane(hints)) is None:
        return None
    pane, leads_there = found
    step = Step(("wezterm", "cli", "activate-pane", "--pane-id", pane), environ=leads_there)
    return Plan(f"WezTerm pane {pane}", (step,))


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


def _iterm(hints: Mapping[str, str]) -> Plan | None:
    # w0t1p0:8A5F…: where the session was when it began, and its unique id.
    found = re.fullmatch(r"(?:\w+:)?([0-9A-Fa-f-]{36})", hints.get("ITERM_SESSION_ID", ""))
    if not found:
        return None
    step = Step(
        ("osascript", "-e", _REVEAL, found[1]),
        expects="found",
        otherwise="its iTerm2 session is gone",
    )
    hint = "allow it: System Settings, Privacy & Security, Automation"
    return Plan("its iTerm2 session", (step,), hint=hint)


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
    """How to run a program in a new window.

    `where`: `tmux`, `terminal`, or `auto`, which is the multiplexer or
    terminal that we are in, and else a terminal of its own. `terminal` is the
    command line that opens one and runs what follows it. Raises AcdError.
    """
    if where == "tmux" or (where == "auto" and environ.get("TMUX")):
        # One that is detached would be started unseen; tmux itself says that there is none.
        return Plan("a new tmux window", (Step(_tmux_window(argv, cwd, name)),))
    if where == "auto" and (inside := _inside(argv, cwd, name, environ)):
        return inside
    return Plan("a new terminal", (_terminal(argv, cwd, environ, terminal, which),))


def _tmux_window(argv: Sequence[str], cwd: str, name: str) -> tuple[str, ...]:
    # tmux(1): directory and name are formats, in which #(…) would run a
    # command; and a single argument would be run by a shell.
    cwd, name = cwd.replace("#", "##"), name.replace("#", "##")
    return ("tmux", "new-window", "-c", cwd, "-n", name, "--", "env", *argv)


def _inside(argv: Sequence[str], cwd: str, name: str, environ: Mapping[str, str]) -> Plan | None:
    """In the multiplexer or terminal that we are in, if it can be told to."""
    if environ.get("ZELLIJ_SESSION_NAME"):
        step = ("zellij", "run", "--cwd", cwd, "--name", name, "--", *argv)
        return Plan("a new Zellij pane", (Step(step),))
    if listens := environ.get("KITTY_LISTEN_ON"):
        kitty = ("kitty", "@", "--to", listens, "launch", "--type=tab", "--cwd", cwd)
        return Plan("a new kitty tab", (Step((*kitty, "--tab-title", name, *argv)),))
    if environ.get("WEZTERM_PANE"):
        return Plan(
            "a new WezTerm tab", (Step(("wezterm", "cli", "spawn", "--cwd", cwd, "--", *argv)),)
        )
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

    Raises AcdError when one fails, with what it said.
    """
    for step in plan.steps:
        _run(step, dict(os.environ if environ is None else environ), plan.hint, seconds)


def _run(step: Step, environ: dict[str, str], hint: str | None, seconds: float) -> None:
    program = printable(step.argv[0])
    null = subprocess.DEVNULL
    options: dict[str, Any] = {"env": environ | dict(step.environ), "cwd": step.cwd, "stdin": null}
    try:
        if step.detached:
            # A session of its own: it must not end with our terminal.
            subprocess.Popen(  # noqa: S603 - an argument list
                step.argv, stdout=null, stderr=null, start_new_session=True, **options
            )
            return
        done = subprocess.run(  # noqa: S603
            step.argv,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
            **options,
        )
    except FileNotFoundError as error:
        missing = step.cwd if error.filename == step.cwd else f"{program} (not on PATH)"
        raise AcdError(f"cannot find {printable(str(missing))}") from None
    except OSError as error:
        raise AcdError(f"cannot run {program}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise AcdError(f"{program} did not end within {seconds:g} s", hint=hint) from None
    if done.returncode != 0:
        if step.expects is None and step.otherwise:
            raise AcdError(step.otherwise, hint=hint)
        said = one_line(done.stderr or done.stdout)[:200] or f"exit code {done.returncode}"
        raise AcdError(f"{program}: {said}", hint=hint)
    if step.expects is not None and done.stdout.strip() != step.expects:
        if step.instead is None:
            raise AcdError(step.otherwise, hint=hint)
        _run(step.instead, environ, hint, seconds)
