"""Finds out from terminals and dashboards whether the user looks at a session now.

A program that is missing, fails, or does not answer in time reports nothing.

The tests run tmux and kitty. WezTerm is called as its manual says (`wezterm cli list-clients`).
Two are not called: Zellij reports the pane that a client shows, but neither focus nor keys
(`zellij action list-clients`); for iTerm2 macOS would ask the user for a permission.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from typing import Final

from acd import paths
from acd.errors import AcdError
from acd.notify import presence
from acd.notify.policy import FocusReport
from acd.sessions.values import Json
from acd.system import programs
from acd.system.environment import minimal
from acd.terminals.hints import TmuxPane, kitty_window, tmux_pane, wezterm_pane, zellij_pane

FOCUS_QUERY_SECONDS: Final = 1.0
"""The time limit of one program. They take milliseconds, and a notification waits for them."""

_TMUX: Final = "#{pane_id}|#{client_activity}|#{focus-events}|#{client_flags}"


class FocusProbe:
    """One query of where the user is. Each program runs at most once."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ
        self._answers: dict[tuple[str, ...], str] = {}

    def reports(self, session: Json) -> list[FocusReport]:
        """The evidence that the user looks at this session (as in LIST). Raises nothing."""
        found = []
        if (idle := presence.idle(paths.socket_path(self._environ))) is not None:
            found.append(FocusReport(idle, has_focus=True))
        if not session.get("host"):  # else its terminal is on another machine
            with contextlib.suppress(
                # The socket is not one of the user's terminal (acd/terminals/sockets.py).
                AcdError,
                # The output has another format.
                *(LookupError, TypeError, ValueError, RecursionError),
            ):
                found += self._terminal(session.get("terminal") or {})
        return found

    def _terminal(self, hints: Mapping[str, str]) -> Iterator[FocusReport]:
        # The innermost counts, as for a jump: what is around it may have changed since.
        if pane := tmux_pane(hints):
            yield from self._tmux(pane)
        elif zellij_pane(hints):
            return
        elif window := kitty_window(hints):
            yield from self._kitty(*window)
        elif wezterm := wezterm_pane(hints):
            yield from self._wezterm(*wezterm)

    def _tmux(self, wanted: TmuxPane) -> Iterator[FocusReport]:
        """tmux(1): a client's pane is the active one of the window that it shows."""
        argv = ("tmux", "-S", wanted.socket, "list-clients", "-F", _TMUX)
        for line in self._output(argv).splitlines():
            pane, activity, focus_events, flags = line.split("|")
            if pane != wanted.pane or "suspended" in flags:
                continue
            # A client starts as focused and stays so unless tmux asks its terminal for focus
            # events (measured on 3.3a). Before 3.2 clients had no flags.
            is_known = focus_events == "1" and flags != ""
            if is_known and "focused" not in flags:
                continue
            yield FocusReport(max(0.0, time.time() - int(activity)), has_focus=is_known)

    def _kitty(self, window: str, address: str) -> Iterator[FocusReport]:
        """kitty's remote control, `ls`: it reports the focus, and no keys."""
        if not address:
            return
        screens = json.loads(self._output(("kitty", "@", "--to", address, "ls")))
        for screen in screens:
            for tab in screen["tabs"]:
                for each in tab["windows"]:
                    focused = all(part["is_focused"] for part in (screen, tab, each))
                    if focused and str(each["id"]) == window:
                        yield FocusReport(has_focus=True)

    def _wezterm(self, pane: str, environ: Mapping[str, str]) -> Iterator[FocusReport]:
        """`wezterm cli list-clients`: it reports keys, and not the focus of its window."""
        argv = ("wezterm", "cli", "--no-auto-start", "list-clients", "--format", "json")
        for client in json.loads(self._output(argv, environ)):
            if str(client["focused_pane_id"]) == pane:
                idle = client["idle_time"]
                yield FocusReport(idle["secs"] + idle["nanos"] / 1e9)

    def _output(self, argv: tuple[str, ...], environ: Mapping[str, str] | None = None) -> str:
        """The program's output; empty if it is missing, fails, or exceeds the time limit."""
        more = environ or {}
        key = (*argv, *more.values())
        if key not in self._answers:
            done = programs.run(
                argv, environ={**minimal(self._environ), **more}, timeout=FOCUS_QUERY_SECONDS
            )
            self._answers[key] = done.output if done is not None and done.status == 0 else ""
        return self._answers[key]
