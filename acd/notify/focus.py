"""Whether the user looks at a session now: at its terminal, or at a dashboard.

Responsible for asking those who know, each in its own language, and for giving
up on them soon: who does not answer, or cannot be asked, has seen nobody. It
refuses to know what is made of it (waits.py).

tmux and kitty are tried by the tests. WezTerm is asked as its manual says
(`wezterm cli list-clients`). Not asked are Zellij, which tells the pane that a
client shows, and neither focus nor keys (`zellij action list-clients`), and
iTerm2: macOS would ask the user to allow it, out of nowhere.
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
from acd.notify.policy import Look
from acd.sessions.values import Json
from acd.system import programs
from acd.system.environment import minimal
from acd.terminals.hints import TmuxPane, kitty_window, tmux_pane, wezterm_pane, zellij_pane

SECONDS: Final = 1.0
"""For one answer. They take milliseconds, and a notification waits for it."""

_TMUX: Final = "#{pane_id}|#{client_activity}|#{focus-events}|#{client_flags}"


class FocusProbe:
    """One look around: nobody is asked twice in it."""

    def __init__(self, environ: Mapping[str, str]):
        self._environ = environ
        self._answers: dict[tuple[str, ...], str] = {}

    def looks(self, session: Json) -> list[Look]:
        """Whatever speaks for it that the user looks at this session. Raises nothing."""
        seen = []
        if (idle := presence.idle(paths.socket_path(self._environ))) is not None:
            seen.append(Look(idle, has_focus=True))
        if not session.get("host"):  # else its terminal is on another machine
            with contextlib.suppress(
                # A socket that is not a terminal of the user's (terminal_sockets.py).
                AcdError,
                # An answer in words that are not known is none.
                *(LookupError, TypeError, ValueError, RecursionError),
            ):
                seen += self._terminal(session.get("terminal") or {})
        return seen

    def _terminal(self, hints: Mapping[str, str]) -> Iterator[Look]:
        # The innermost counts, as for a jump: what is around it may have changed since.
        if pane := tmux_pane(hints):
            yield from self._tmux(pane)
        elif zellij_pane(hints):
            return
        elif window := kitty_window(hints):
            yield from self._kitty(*window)
        elif there := wezterm_pane(hints):
            yield from self._wezterm(*there)

    def _tmux(self, wanted: TmuxPane) -> Iterator[Look]:
        """tmux(1): a client's pane is the active one of the window that it shows."""
        argv = ("tmux", "-S", wanted.socket, "list-clients", "-F", _TMUX)
        for line in self._ask(argv).splitlines():
            pane, activity, focus_events, flags = line.split("|")
            if pane != wanted.pane or "suspended" in flags:
                continue
            # Every client begins as focused and, unless tmux asks its terminal,
            # remains it (measured on 3.3a). Before 3.2 it had no flags.
            knows = focus_events == "1" and flags != ""
            if knows and "focused" not in flags:
                continue
            yield Look(max(0.0, time.time() - int(activity)), has_focus=knows)

    def _kitty(self, window: str, listens: str) -> Iterator[Look]:
        """kitty's remote control, ls: it tells the focus, and nothing of keys."""
        if not listens:
            return
        screens = json.loads(self._ask(("kitty", "@", "--to", listens, "ls")))
        for screen in screens:
            for tab in screen["tabs"]:
                for each in tab["windows"]:
                    focused = all(part["is_focused"] for part in (screen, tab, each))
                    if focused and str(each["id"]) == window:
                        yield Look(has_focus=True)

    def _wezterm(self, pane: str, leads_there: Mapping[str, str]) -> Iterator[Look]:
        """`wezterm cli list-clients`: it tells of keys, and nothing of its window's focus."""
        argv = ("wezterm", "cli", "--no-auto-start", "list-clients", "--format", "json")
        for client in json.loads(self._ask(argv, leads_there)):
            if str(client["focused_pane_id"]) == pane:
                idle = client["idle_time"]
                yield Look(idle["secs"] + idle["nanos"] / 1e9)

    def _ask(self, argv: tuple[str, ...], leads_there: Mapping[str, str] | None = None) -> str:
        """What the program answers; nothing if there is none, it fails, or takes too long."""
        more = leads_there or {}
        key = (*argv, *more.values())
        if key not in self._answers:
            done = programs.run(argv, environ={**minimal(self._environ), **more}, timeout=SECONDS)
            self._answers[key] = done.output if done is not None and done.status == 0 else ""
        return self._answers[key]
