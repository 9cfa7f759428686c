"""Bringing the terminal of a session to the front.

Responsible for what of a session decides whether that can be: where it runs,
and what its hooks told of its terminal; and for the words that tell what came
of it. It refuses to know how terminals are told (terminals.py), and who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from acd.errors import AcdError
from acd.sessions.values import Json
from acd.terminals import terminals
from acd.text import printable


def go_to(
    session: Json,
    name: str,
    environ: Mapping[str, str],
    *,
    tmux_client: str | None = None,
    run: Callable[[terminals.Plan, Mapping[str, str]], None] = terminals.run,
) -> str:
    """Brings the terminal of this session (as LIST tells it) to the front; who is where, in words.

    Raises AcdError, which says by that name who cannot be gone to, and why.
    """
    try:
        plan = _plan(session, environ, tmux_client)
        run(plan, environ)
    except AcdError as error:
        raise AcdError(f"{name}: {error.message}", hint=error.hint) from None
    return f"{name}: {plan.where}"


def _plan(session: Json, environ: Mapping[str, str], tmux_client: str | None) -> terminals.Plan:
    if host := session.get("host"):
        raise AcdError(f"it runs on {printable(host)}, not on this machine")
    if session.get("attended") is False:
        raise AcdError("it runs unattended, and has no terminal of its own")
    return terminals.jump(session.get("terminal"), environ, tmux_client=tmux_client)
