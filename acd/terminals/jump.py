"""Brings the terminal of a session to the front.

The tests run tmux and kitty. The others are called as their manuals say: `wezterm cli`,
`zellij action focus-pane-id` (Zellij 0.44), iTerm2's AppleScript dictionary.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from typing import Final

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.terminals.hints import (
    TmuxPane,
    describe,
    iterm_session,
    kitty_window,
    tmux_pane,
    wezterm_pane,
    zellij_pane,
)
from acd.terminals.plan import TerminalPlan, TerminalStep, run_plan
from acd.terminals.sockets import own_directory
from acd.text import printable


def jump_to(
    session: Json,
    name: str,
    environ: Mapping[str, str],
    *,
    tmux_client: str | None = None,
    run: Callable[[TerminalPlan, Mapping[str, str]], None] = run_plan,
) -> str:
    """Brings the terminal of a session (as in LIST) to the front.

    Returns the session's `name` and its terminal, for people. Raises AcdError, whose message
    has the name and the reason.
    """
    try:
        if host := session.get("host"):
            raise AcdError(f"it runs on {printable(host)}, not on this machine")
        if session.get("attended") is False:
            raise AcdError("it runs unattended, and has no terminal of its own")
        plan = jump_plan(session.get("terminal"), environ, tmux_client=tmux_client)
        run(plan, environ)
    except AcdError as error:
        raise AcdError(f"{name}: {error.message}", hint=error.hint) from None
    return f"{name}: {plan.where}"


def jump_plan(
    hints: Mapping[str, str] | None, environ: Mapping[str, str], *, tmux_client: str | None = None
) -> TerminalPlan:
    """The plan that brings the terminal with these hints to the front.

    `tmux_client` names the one of several clients of our tmux that goes there. Sockets that
    hints name are checked first. Raises AcdError with the reason why acd cannot jump there.
    """
    where = describe(hints)
    assert hints  # noqa: S101 - describe() raises without hints
    if pane := tmux_pane(hints):
        return TerminalPlan(where, _tmux(pane, environ, tmux_client))
    if zellij := zellij_pane(hints):
        step = _zellij(*zellij, environ)
        return TerminalPlan(where, (step,), hint="this needs Zellij 0.44 or newer")
    if kitty := kitty_window(hints):
        return TerminalPlan(where, (_kitty(*kitty),))
    if wezterm := wezterm_pane(hints):
        return TerminalPlan(where, (_wezterm(*wezterm),))
    hint = "allow it: System Settings, Privacy & Security, Automation"
    return TerminalPlan(where, (_iterm(iterm_session(hints) or ""),), hint=hint)


def _tmux(
    wanted: TmuxPane, environ: Mapping[str, str], client: str | None
) -> tuple[TerminalStep, ...]:
    pane, socket = wanted
    tmux = ("tmux", "-S", socket)
    if _is_inside(socket, environ):
        which = ("-c", client) if client else ()
        # Without -c tmux(1) derives the client from the pane that we are in.
        ours = {"TMUX_PANE": environ.get("TMUX_PANE", "")}
        return (TerminalStep((*tmux, "switch-client", *which, "-t", pane), ours),)
    attach = shlex.join([*tmux, "attach", "-t", pane])
    attached = (*tmux, "display-message", "-p", "-t", pane, "#{?session_attached,yes,no}")
    return (
        TerminalStep((*tmux, "select-window", "-t", pane)),
        TerminalStep((*tmux, "select-pane", "-t", pane)),
        TerminalStep(
            attached,
            expects="yes",
            # tmux(1): outside of tmux and without -c it is the most recently used client.
            fallback=TerminalStep(
                (*tmux, "switch-client", "-t", pane),
                failure=f"its tmux session is attached to no terminal: {printable(attach)}",
            ),
        ),
    )


def _is_inside(socket: str, environ: Mapping[str, str]) -> bool:
    """Whether we run in a pane of the server with this socket."""
    ours = environ.get("TMUX", "").rsplit(",", 2)[0]
    return ours != "" and os.path.realpath(ours) == socket


def _zellij(pane: str, session: str, environ: Mapping[str, str]) -> TerminalStep:
    # The client takes the session's name, and looks for its socket below this directory.
    directory = own_directory(_zellij_directory(environ), "Zellij")
    argv = ("zellij", "--session", session, "action", "focus-pane-id", f"terminal_{pane}")
    return TerminalStep(argv, {"ZELLIJ_SOCKET_DIR": directory})


def _zellij_directory(environ: Mapping[str, str]) -> str:
    """The directory of the user's Zellij sockets (zellij-utils/src/consts.rs, 0.44)."""
    if named := environ.get("ZELLIJ_SOCKET_DIR"):
        return named
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and sys.platform != "darwin":
        return f"{runtime}/zellij"
    return f"{environ.get('TMPDIR') or '/tmp'}/zellij-{os.getuid()}"  # noqa: S108 - it is checked


def _kitty(window: str, address: str) -> TerminalStep:
    return TerminalStep(("kitty", "@", "--to", address, "focus-window", "--match", f"id:{window}"))


def _wezterm(pane: str, environ: Mapping[str, str]) -> TerminalStep:
    argv = ("wezterm", "cli", "--no-auto-start", "activate-pane", "--pane-id", pane)
    return TerminalStep(argv, environ)


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


def _iterm(session: str) -> TerminalStep:
    return TerminalStep(
        ("osascript", "-e", _REVEAL, session),
        expects="found",
        failure="its iTerm2 session is gone",
    )
