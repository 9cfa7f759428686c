"""Plans the programs that open a new terminal window, tab or pane."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence

from acd.errors import AcdError
from acd.terminals.plan import TerminalPlan, TerminalStep
from acd.text import printable

Which = Callable[[str], str | None]


def window_plan(
    argv: Sequence[str],
    cwd: str,
    name: str,
    environ: Mapping[str, str],
    *,
    where: str = "auto",
    terminal: str = "",
    which: Which = shutil.which,
) -> TerminalPlan:
    """The plan that runs a program in a new window, with the user's whole environment.

    `where` is `tmux`, `terminal`, or `auto`: the multiplexer or terminal that we run in, and
    else a new terminal. `terminal` is the command line that opens one, to which the program is
    appended. Raises AcdError.
    """
    if where == "tmux" or (where == "auto" and environ.get("TMUX")):
        # Never in a new detached server, where it would be invisible: tmux fails without one.
        where, step = "a new tmux window", TerminalStep(_tmux_window(argv, cwd, name))
    elif where == "auto" and (inside := _inside(argv, cwd, name, environ)):
        where, step = inside
    else:
        where, step = "a new terminal", _terminal(argv, cwd, environ, terminal, which)
    return TerminalPlan(where, (step,), whole_environ=True)


def _tmux_window(argv: Sequence[str], cwd: str, name: str) -> tuple[str, ...]:
    # tmux(1): directory and name are formats, in which #(…) would run a command; and a single
    # argument would be run by a shell.
    cwd, name = cwd.replace("#", "##"), name.replace("#", "##")
    return ("tmux", "new-window", "-c", cwd, "-n", name, "--", "env", *argv)


def _inside(
    argv: Sequence[str], cwd: str, name: str, environ: Mapping[str, str]
) -> tuple[str, TerminalStep] | None:
    """Where and how, in the multiplexer or terminal that we run in; None if it has no command."""
    if environ.get("ZELLIJ_SESSION_NAME"):
        zellij = ("zellij", "run", "--cwd", cwd, "--name", name, "--", *argv)
        return "a new Zellij pane", TerminalStep(zellij)
    if address := environ.get("KITTY_LISTEN_ON"):
        kitty = ("kitty", "@", "--to", address, "launch", "--type=tab", "--cwd", cwd)
        return "a new kitty tab", TerminalStep((*kitty, "--tab-title", name, *argv))
    if environ.get("WEZTERM_PANE"):
        wezterm = ("wezterm", "cli", "spawn", "--cwd", cwd, "--", *argv)
        return "a new WezTerm tab", TerminalStep(wezterm)
    return None


def _terminal(
    argv: Sequence[str], cwd: str, environ: Mapping[str, str], terminal: str, which: Which
) -> TerminalStep:
    try:
        command = shlex.split(terminal)
    except ValueError:
        raise AcdError(
            f"dashboard.terminal is not a valid command line: {printable(terminal)}",
            hint="acd config path prints the file's name",
        ) from None
    if not command and (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        # Debian Policy 11.8.3: it takes -e and a program with its arguments.
        command = ["x-terminal-emulator", "-e"]
    if not command or which(command[0]) is None:
        missing = f"{printable(command[0])} is not on PATH" if command else "there is no tmux here"
        raise AcdError(
            f"no terminal to open: {missing}",
            hint="set dashboard.terminal to a command that opens one:"
            " acd config path prints the file's name",
        )
    return TerminalStep((*command, *argv), cwd=cwd, detached=True)
