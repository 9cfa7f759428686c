"""Parses the hints of a session: the environment variables that name its pane or window.

Hints are foreign text from a HOOK line. All functions but `describe` return only ids of digits,
names without path separators, and checked sockets (sockets.py), which are safe as arguments of
the terminal's client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from acd.errors import AcdError
from acd.terminals.sockets import KITTY, TMUX, WEZTERM, own_abstract_socket, own_socket
from acd.text import one_line, printable


def describe(hints: Mapping[str, str] | None) -> str:
    """The terminal that these hints name, for people: `tmux pane %4`. Does no IO.

    The innermost one counts: a multiplexer hides the terminal around it, which may be another
    one by now. Raises AcdError if the hints show that acd cannot jump there.
    """
    if not hints:
        raise AcdError("its terminal is not known")
    if tmux := _tmux(hints):
        return f"tmux pane {tmux[0]}"
    if zellij := zellij_pane(hints):
        pane, session = zellij
        return f"Zellij pane {pane} of session {one_line(session)}"
    if kitty := _kitty(hints):
        window, address = kitty
        if not address:
            raise AcdError(
                "kitty's remote control is off there",
                hint="set allow_remote_control and listen_on in kitty.conf, and start kitty again",
            )
        return f"kitty window {window}"
    if wezterm := _wezterm(hints):
        return f"WezTerm pane {wezterm}"
    if iterm_session(hints):
        return "its iTerm2 session"
    program = hints.get("TERM_PROGRAM")
    raise AcdError(
        f"acd cannot jump to {one_line(program)[:40] if program else 'this terminal'}",
        hint="it can in tmux, kitty, WezTerm, Zellij and iTerm2",
    )


class TmuxPane(NamedTuple):
    """A pane, and the socket of its server."""

    pane: str
    socket: str


def tmux_pane(hints: Mapping[str, str]) -> TmuxPane | None:
    """The tmux pane that these hints name, or None.

    Raises AcdError when its server has ended, or is not the user's.
    """
    if (found := _tmux(hints)) is None:
        return None
    pane, path, pid = found
    # By pid: another server may have this socket by now, and a pane of this name.
    return TmuxPane(pane, own_socket(path, TMUX, pid=pid))


def _tmux(hints: Mapping[str, str]) -> tuple[str, str, int] | None:
    """The pane, and the socket path and pid of its server."""
    pane, server = hints.get("TMUX_PANE", ""), hints.get("TMUX", "").rsplit(",", 2)
    if not re.fullmatch(r"%[0-9]+", pane) or len(server) != 3 or not _is_number(server[1]):
        return None
    return pane, server[0], int(server[1])


def zellij_pane(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The Zellij pane that these hints name, and its session, or None.

    Raises AcdError for an invalid session name: Zellij uses it as a file name.
    """
    pane, session = hints.get("ZELLIJ_PANE_ID", ""), hints.get("ZELLIJ_SESSION_NAME", "")
    if not _is_number(pane) or not session:
        return None
    if session in {".", ".."} or "/" in session or session[0] == "-" or not session.isprintable():
        raise AcdError(f"its Zellij session has an invalid name: {printable(session)[:80]}")
    return pane, session


def kitty_window(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The kitty window that these hints name and the address of its remote control, or None.

    The address is empty if remote control is off. Raises AcdError when no kitty of the user
    listens there.
    """
    if (found := _kitty(hints)) is None:
        return None
    window, address = found
    if not address:
        return found
    if address.startswith("@"):
        own_abstract_socket(address[1:], KITTY)
        return window, f"unix:{address}"
    return window, f"unix:{own_socket(address, KITTY)}"


def _kitty(hints: Mapping[str, str]) -> tuple[str, str] | None:
    """The window, and the remote control's socket without `unix:`; empty if there is none."""
    window, address = hints.get("KITTY_WINDOW_ID", ""), hints.get("KITTY_LISTEN_ON", "")
    if not _is_number(window):
        return None
    return window, address.removeprefix("unix:") if address.startswith("unix:") else ""


def wezterm_pane(hints: Mapping[str, str]) -> tuple[str, Mapping[str, str]] | None:
    """The WezTerm pane that these hints name and the environment for its client, or None.

    Raises AcdError when no WezTerm of the user listens there.
    """
    if (pane := _wezterm(hints)) is None:
        return None
    if not (socket := hints.get("WEZTERM_UNIX_SOCKET")):
        return pane, {}
    own = own_socket(socket, WEZTERM)
    return pane, {"WEZTERM_UNIX_SOCKET": own}


def _wezterm(hints: Mapping[str, str]) -> str | None:
    pane = hints.get("WEZTERM_PANE", "")
    return pane if _is_number(pane) else None


def iterm_session(hints: Mapping[str, str]) -> str | None:
    """The unique id of the iTerm2 session that these hints name, or None."""
    # w0t1p0:8A5F…: the position at which the session began, and its unique id.
    found = re.fullmatch(r"(?:\w+:)?([0-9A-Fa-f-]{36})", hints.get("ITERM_SESSION_ID", ""))
    return found[1] if found else None


def _is_number(text: str) -> bool:
    """Whether it is an id of ASCII digits, of a length that terminals use."""
    return re.fullmatch("[0-9]{1,18}", text) is not None
