"""The pane or window that a session's hints name (environment names to values).

Hints are text of whoever sent the HOOK line. What is returned holds ids of digits, names
without path separators, and sockets that have been checked (terminal_sockets.py), so that it
can be an argument of the terminal's client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from acd.errors import AcdError
from acd.terminal_sockets import KITTY, TMUX, WEZTERM, own_abstract_socket, own_socket
from acd.text import printable


class TmuxPane(NamedTuple):
    """A pane, and the socket of the server that has it."""

    pane: str
    socket: str


def tmux_pane(hints: Mapping[str, str]) -> TmuxPane | None:
    """The pane of tmux that these hints name.

    Raises AcdError when its server does not live, or is not the user's.
    """
    pane, server = hints.get("TMUX_PANE", ""), hints.get("TMUX", "").rsplit(",", 2)
    if not re.fullmatch(r"%[0-9]+", pane) or len(server) != 3 or not _is_number(server[1]):
        return None
    path, pid, _ = server
    # Another server may have the socket by now, and another pane that name.
    return TmuxPane(pane, own_socket(path, TMUX, pid=int(pid)))


def zellij_pane(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The pane of Zellij that these hints name, and its session.

    Raises AcdError when that name is none: it is the name of a file.
    """
    pane, session = hints.get("ZELLIJ_PANE_ID", ""), hints.get("ZELLIJ_SESSION_NAME", "")
    if not _is_number(pane) or not session:
        return None
    if session in {".", ".."} or "/" in session or session[0] == "-" or not session.isprintable():
        raise AcdError(f"its Zellij session has an invalid name: {printable(session)[:80]}")
    return pane, session


def kitty_window(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The window of kitty that these hints name, and where kitty takes commands, if it does.

    Raises AcdError when that is not a kitty of the user's.
    """
    window, listens = hints.get("KITTY_WINDOW_ID", ""), hints.get("KITTY_LISTEN_ON", "")
    if not _is_number(window):
        return None
    if not listens.startswith("unix:"):
        return window, ""
    address = listens.removeprefix("unix:")
    if address.startswith("@"):
        own_abstract_socket(address[1:], KITTY)
        return window, listens
    return window, f"unix:{own_socket(address, KITTY)}"


def wezterm_pane(hints: Mapping[str, str]) -> tuple[str, Mapping[str, str]] | None:
    """The pane of WezTerm that these hints name, and the environment that leads to it.

    Raises AcdError when that is not a WezTerm of the user's.
    """
    pane, socket = hints.get("WEZTERM_PANE", ""), hints.get("WEZTERM_UNIX_SOCKET")
    if not _is_number(pane):
        return None
    if not socket:
        return pane, {}
    own = own_socket(socket, WEZTERM)
    return pane, {"WEZTERM_UNIX_SOCKET": own}


def _is_number(text: str) -> bool:
    """Whether it is an id as terminals write it; a longer one is none of theirs."""
    return re.fullmatch("[0-9]{1,18}", text) is not None
