"""Signals: what the events and files of every agent mean, in one vocabulary.

An agent's folder (acd/agents/) translates its payloads and files into signals.
`EFFECTS` is the table over (activity, signal); docs/states.md is generated from it.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple

from acd.sessions.status import ATTENTION, CLOSED, QUESTION, WORKING, Status

SignalKind = Literal[
    "STARTED",
    "PROMPTED",
    "TOOL_BEGAN",
    "TOOL_ENDED",
    "ASKED",
    "REMINDED",
    "ANSWERED",
    "TURN_ENDED",
    "TURN_FAILED",
    "INTERRUPTED",
    "COMPACTED",
    "BUSY",
    "IDLE",
    "SHELL",
    "ENDED",
    "NONE",
]
"""The closed set of signals. They are written as strings, which mypy checks."""

SIGNALS: Final[Mapping[SignalKind, str]] = {
    "STARTED": "a conversation begins, or is resumed",
    "PROMPTED": "the user submitted a prompt",
    "TOOL_BEGAN": "a tool call begins",
    "TOOL_ENDED": "a tool call ended, or all of them",
    "ASKED": "the agent waits for the user's answer",
    "REMINDED": "a question is still open; a new one where none is known",
    "ANSWERED": "a question was answered",
    "TURN_ENDED": "the turn ended, perhaps with background tasks that still run",
    "TURN_FAILED": "the turn ended with an error",
    "INTERRUPTED": "the user interrupted the turn",
    "COMPACTED": "a compaction that the user requested ended",
    "BUSY": "the agent works",
    "IDLE": "the agent waits for a prompt",
    "SHELL": "only a background shell runs",
    "ENDED": "the conversation or its process ended",
    "NONE": "no meaning for the status",
}
"""Every kind of signal, and its meaning for docs/states.md."""

Source = Literal["hook", "registry", "process"]
"""Where a signal comes from: a hook, an observer of the agent's files, or the kernel's notice
of a process. Journals and the `evidence` field hold these words."""

HOOK: Final = "hook"
OBSERVER: Final = "registry"
PROCESS: Final = "process"

OPEN: Final[tuple[Status, ...]] = (WORKING, QUESTION, ATTENTION)

HOOK_EFFECTS: Final[Mapping[SignalKind, Status]] = {
    "STARTED": ATTENTION,
    "PROMPTED": WORKING,
    "TOOL_BEGAN": WORKING,
    "TOOL_ENDED": WORKING,
    "ASKED": QUESTION,
    "REMINDED": QUESTION,
    "ANSWERED": WORKING,
    "TURN_ENDED": ATTENTION,
    "TURN_FAILED": ATTENTION,
    "INTERRUPTED": ATTENTION,
    "COMPACTED": ATTENTION,
    "BUSY": WORKING,
    "IDLE": ATTENTION,
    "ENDED": CLOSED,
}
"""A hook's signal to the status of the agent that the event is about.

Hooks are the source of truth, so the activity makes no difference.
"""

EFFECTS: Final[Mapping[tuple[Source, SignalKind], Mapping[Status, Status]]] = {
    **{(HOOK, kind): dict.fromkeys(OPEN, status) for kind, status in HOOK_EFFECTS.items()},
    # Observers fill in what no hook reports, and correct nothing else.
    (OBSERVER, "IDLE"): {WORKING: ATTENTION, QUESTION: ATTENTION},  # Esc, or a dismissed dialog
    (OBSERVER, "ASKED"): {WORKING: QUESTION},  # a dialog is open; its text comes with a hook
    (OBSERVER, "BUSY"): {QUESTION: WORKING},  # the question was answered
    (OBSERVER, "TURN_FAILED"): {WORKING: ATTENTION},  # a subagent's question may still be open
    (OBSERVER, "INTERRUPTED"): {WORKING: ATTENTION, QUESTION: ATTENTION},  # or a denied dialog
    (PROCESS, "ENDED"): dict.fromkeys(OPEN, CLOSED),
}
"""(source, signal) to {activity: the activity that follows}. What is absent changes nothing.

Hook rows apply to the agent that the event is about, the other rows to the session. Nothing
leaves `closed` by this table; the exceptions are in store.py.
"""


class Signal(NamedTuple):
    """A hook event's meaning."""

    kind: SignalKind
    resumed: bool = False
    """STARTED: the conversation may have ended before."""
    background: bool = False
    """TURN_ENDED: background tasks of the turn still run."""
    anonymous: bool = False
    """The event does not name the agent that it is about, so its order is the session's."""
    goes_on: bool = False
    """NONE: a subagent goes on or ends, so its own question is over."""

    @property
    def status(self) -> Status | None:
        """The status of the agent that the event is about; None where the signal sets none."""
        return WORKING if self.background else HOOK_EFFECTS.get(self.kind)


NOTHING: Final = Signal("NONE")
GOES_ON: Final = Signal("NONE", goes_on=True)

WITH_STATUS: Final[Mapping[Status | None, Signal]] = {
    None: NOTHING,
    WORKING: Signal("BUSY"),
    QUESTION: Signal("ASKED"),
    ATTENTION: Signal("INTERRUPTED"),
    CLOSED: Signal("ENDED"),
}
"""The least specific signal that sets a status."""


class Observation(NamedTuple):
    """A signal of a source other than hooks."""

    source: Source
    kind: SignalKind
    word: str
    """Its text in the journal and in the evidence log."""
    at: int
    """When it was true, by the source's own clock: unix nanoseconds."""
    subagent: str | None = None
    """The subagent that it is about; None for the session."""


PROCESS_ENDED: Final = "ended"
"""The word of the only observation whose source is the process."""


def process_ended(at: int) -> Observation:
    """The observation that a session's process ended."""
    return Observation(PROCESS, "ENDED", PROCESS_ENDED, at)


class Translator(NamedTuple):
    """How journals and recordings are read: they hold the words of agents, not signals."""

    event: Callable[[str, str, str | None, bool], Signal]
    """(agent, event name, kind, whether it is a subagent's) to the event's signal."""
    observation: Callable[[str], SignalKind]
    """An observer's word to its kind of signal; NONE for an unknown one."""
    default_agent: str
    """The agent of a session whose record names none."""


MAIN: Final = ""
"""The id of the main agent among the agents of a session; subagents have ids of their own."""
