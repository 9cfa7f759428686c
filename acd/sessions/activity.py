"""What an agent does, as its hooks and its registry tell: a session's status is made of it.

Responsible for weighing evidence into one status, whatever the order in which
the sources are heard. It refuses to know commands, histories and clocks.

The hooks' word is kept apart from the registry's, and the status is composed
of both each time: so it does not matter which of the two was heard first, and
a correction that no longer holds is gone. Times are the sources' own, unix
nanoseconds of one machine's wall clock; the store sees to clocks that jump.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from acd.sessions.corrections import CORRECTIONS
from acd.sessions.events import HookEvent
from acd.sessions.questions import MAIN, Questions, speaker
from acd.sessions.status import ATTENTION, CLOSED, QUESTION, STATUSES, WORKING, Status
from acd.sessions.values import Json, is_whole

MAX_HEARD: Final = 100
"""Agents of each session whose times are remembered, the newest ones."""


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_true(value: Any) -> bool:
    return value is True


_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "background": _is_true,
    "prompt_id": _is_text,
    "queued": _is_true,
    "base_at": is_whole,
    "newest_at": is_whole,
    "begun_at": is_whole,
    "answered_at": is_whole,
    "shell_at": is_whole,
    "said": _is_text,
}
"""The fields whose value in JSON is their value in memory, and what that may be."""


class Word(NamedTuple):
    """The last thing that the registry said."""

    says: str
    at: int


class AgentActivity:
    """What is believed of one session's agent."""

    __slots__ = (
        "answered_at",
        "background",
        "base",
        "base_at",
        "begun_at",
        "heard",
        "newest_at",
        "prompt_id",
        "questions",
        "queued",
        "registry",
        "said",
        "shell_at",
    )

    def __init__(self, base: Status):
        self.base: Status = base
        """What the main agent does, by its hooks."""
        self.base_at = 0
        """The time of the event that said so."""
        self.questions = Questions()
        """Who waits for an answer: the main agent and its subagents, each for its own."""
        self.background = False
        """Whether the last turn ended with tasks that go on."""
        self.prompt_id: str | None = None
        self.queued = False
        """Whether another prompt waits behind the one that is worked on."""
        self.heard: dict[str, int] = {}
        """The time of the newest event of each agent, the main one and its subagents."""
        self.newest_at = 0
        """The time of the newest of them."""
        self.begun_at = 0
        self.answered_at = 0
        """Questions from before were answered or dismissed: the registry has moved on since."""
        self.shell_at = 0
        """When the registry last said that a shell runs in the background."""
        self.registry: Word | None = None
        self.said: str | None = None

    @property
    def by_hooks(self) -> Status:
        """What it comes to by the hooks alone."""
        return QUESTION if self.questions else self.base

    @property
    def status(self) -> Status:
        """What it comes to."""
        status = self.by_hooks
        word = self.registry
        if word is None or word.at < self.newest_at:
            return status
        corrected = CORRECTIONS.get(("registry", word.says), {}).get(status, status)
        # Idle counts the main agent only: a turn with tasks that go on has not
        # ended. But where it said `shell` before, it counted those as well.
        if corrected == ATTENTION and self.background and self.shell_at < self.newest_at:
            return WORKING
        return corrected

    @property
    def prompt(self) -> str | None:
        """What it asks, or last said."""
        status = self.status
        if status == QUESTION and self.questions:
            return self.questions.text
        return self.said if status == ATTENTION else None

    def settle(self, status: Status) -> None:
        """Somebody who knows has said what it does."""
        self.base = status
        self.questions = Questions()
        self.background = self.queued = False
        self.registry = None
        self.said = None

    def overtaken_by(self, event: HookEvent, at: int) -> int:
        """By how many nanoseconds a newer event made this one void; 0 for not at all.

        The agents of a session work side by side: only their own events say
        anything of each other's order. What begins a conversation, or does not
        say who speaks, has its place among all of them.
        """
        if event.begins or event.name == "Notification":
            newest = self.newest_at
        elif event.tool_use_id is None and self.questions.runs(event, at):
            # Nor do tools side by side: what one asks another's end does not answer.
            newest = self.begun_at
        else:
            newest = max(self.heard.get(speaker(event), 0), self.begun_at)
        return max(0, newest - at)

    def hear(self, event: HookEvent, at: int, text: str | None) -> None:
        """Takes in a hook's event that was not overtaken."""
        self.questions.note_call(event, at)
        status = event.status
        if status is None:
            # What says nothing must not outrank what does, and is still under way.
            if event.goes_on:
                self._note(speaker(event), at)
                self.questions.go_on(event, at)
            return
        self._note(speaker(event), at)
        self.newest_at = max(self.newest_at, at)
        if status == QUESTION:
            self._ask(event, at, text)
        elif event.begins:
            self.settle(status)
            self.begun_at = self.base_at = at
        elif status == CLOSED:
            self.settle(status)
        elif not (event.label == "Notification/idle_prompt" and self.background):
            self._go_on(event, status, at, text)

    def hear_late(self, event: HookEvent, at: int) -> None:
        """Takes in one that was: it says no more than that a tool has begun or ended."""
        self.questions.note_call(event, at)

    def _note(self, who: str, at: int) -> None:
        self.heard[who] = max(at, self.heard.pop(who, 0))  # the newest stand last
        if len(self.heard) > MAX_HEARD:
            del self.heard[next(iter(self.heard))]

    def _ask(self, event: HookEvent, at: int, text: str | None) -> None:
        # A notification repeats what a dialog already asked, without saying
        # which agent asks: it must not become a second question. But it is
        # asked still, whatever the registry said meanwhile.
        if event.name == "Notification" and self.questions:
            self.questions.remind(at)
        elif at < self.answered_at:
            self._resume(at)
        else:
            self.questions.ask(event, at, text)

    def _go_on(self, event: HookEvent, status: Status, at: int, text: str | None) -> None:
        self.questions.go_on(event, at)
        if event.name == "UserPromptSubmit":
            # A prompt that is queued carries the id of the one that is worked
            # on, and of the two turns only the second one's end is the end
            # (measured on 2.1.329).
            same = event.prompt_id is not None and event.prompt_id == self.prompt_id
            self.queued = same and self.base == WORKING
            self.prompt_id = event.prompt_id
        elif event.name == "Stop" and self.queued and event.prompt_id == self.prompt_id:
            self.queued = False
            return
        newest = at >= self.base_at
        if newest and (event.subagent is None or status == WORKING):
            self.base, self.base_at = status, at
        if event.name in {"Stop", "StopFailure"}:
            self.background = event.kind == "background"
            self.queued = False
            self.said = text
        elif newest and status == WORKING:
            self.said = None

    def consult(self, says: str, at: int) -> None:
        """Takes in what the registry says; only its newest word counts."""
        if self.registry is not None and at < self.registry.at:
            return
        self.registry = Word(says, at)
        if says == "shell":
            self.shell_at = at
        if QUESTION in CORRECTIONS.get(("registry", says), {}):
            self.answered_at = max(self.answered_at, at)
            if (asked_at := self.questions.end_before(at)) is not None:
                self._resume(asked_at)

    def break_off(self, subagent: str, at: int) -> None:
        """A subagent's turn was broken off, and what it asked before with it."""
        self.questions.break_off(subagent, at)
        self._note(subagent, max(at, self.heard.get(subagent, 0)))

    def _resume(self, asked_at: int) -> None:
        """A question was answered, not dismissed, if the agent is busy since."""
        busy = self.registry is not None and self.registry.says == "busy"
        if busy and asked_at >= self.base_at:
            self.base, self.base_at = WORKING, asked_at

    def forget_texts(self) -> None:
        """Keeps nothing of what was asked and said."""
        self.said = None
        self.questions.forget_texts()

    def forget_future(self, now: int) -> None:
        """The clock was set back: what is dated later than now has no place in the order."""
        for name in ("newest_at", "answered_at", "base_at", "begun_at", "shell_at"):
            if getattr(self, name) > now:
                setattr(self, name, 0)
        if any(at > now for at in self.heard.values()):
            self.heard = {speaker: at for speaker, at in self.heard.items() if at <= now}
        self.questions.forget_future(now)
        if self.registry is not None and self.registry.at > now:
            self.registry = None

    def to_record(self) -> Json:
        """Its fields that say something, for the journal."""
        fields: Json = {"base": self.base}
        fields |= {name: value for name in _PLAIN if (value := getattr(self, name))}
        if self.heard.keys() - {MAIN}:
            fields["heard"] = self.heard
        fields |= self.questions.to_record()
        if self.registry is not None:
            fields["registry"] = self.registry
        return fields

    @classmethod
    def from_record(cls, fields: Json) -> AgentActivity:
        """The inverse of to_record. Raises KeyError, TypeError, ValueError."""
        belief = cls(STATUSES[fields["base"]])
        for name, fits in _PLAIN.items():
            if name in fields:
                if not fits(fields[name]):
                    raise ValueError(f"{name}: {fields[name]!r}")
                setattr(belief, name, fields[name])
        # Where no subagent spoke, the main agent's time is the newest one.
        belief.heard = dict(fields.get("heard", {MAIN: belief.newest_at}))
        if not all(is_whole(at) for at in belief.heard.values()):
            raise ValueError(f"heard: {belief.heard!r}")
        belief.questions = Questions.from_record(fields)
        if "registry" in fields:
            says, at = fields["registry"]
            if not is_whole(at) or not _is_text(says):
                raise ValueError(f"registry: {at!r}")
            belief.registry = Word(says, at)
        return belief
