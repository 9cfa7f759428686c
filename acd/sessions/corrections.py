"""Which source, beside the hooks, may correct which status.

Hooks are the source of truth; some moments they do not tell (Esc, a dismissed
dialog, a permission granted, a failed turn, a killed process). The agent's own
files (`registry`) and the kernel fill these in, and only these: the table below is all they may
do, and what is absent from it changes nothing. It refuses to know how a
source is watched (acd/watch/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status

Source = Literal["registry", "process"]

CORRECTIONS: Final[Mapping[tuple[Source, str], Mapping[Status, Status]]] = {
    # idle after the last hook: interrupted, or the dialog was dismissed
    ("registry", "idle"): {WORKING: ATTENTION, QUESTION: ATTENTION},
    # a dialog is open that asks the user; which one, a hook tells
    ("registry", "asking"): {WORKING: QUESTION},
    # busy again: the question was answered
    ("registry", "busy"): {QUESTION: WORKING},
    # the turn ended with an error; a subagent's question may still be open
    ("registry", "failed"): {WORKING: ATTENTION},
    # the turn was interrupted, or the dialog was denied
    ("registry", "aborted"): {WORKING: ATTENTION, QUESTION: ATTENTION},
    # the agent's process is gone
    ("process", "ended"): {WORKING: CLOSED, ATTENTION: CLOSED, QUESTION: CLOSED},
}
"""(source, what it says) to the statuses that it may correct, and into what."""
