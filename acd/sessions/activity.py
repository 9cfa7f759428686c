"""What an agent does, composed of its hooks' signals and of its observer's.

The two are kept apart, and the status is composed of both each time: so the order in which
they arrive does not matter, and a correction ends with the observation that made it. Times
are the sources' own, unix nanoseconds of one machine's clock; the store bounds them by its
own clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from acd.sessions.events import HookEvent
from acd.sessions.questions import Questions
from acd.sessions.signals import EFFECTS, MAIN, OBSERVER, Observation, Translator
from acd.sessions.status import ATTENTION, QUESTION, STATUSES, WORKING, Status
from acd.sessions.values import Json, is_whole

MAX_AGENTS: Final = 100
"""Agents of each session whose newest times are kept, the newest ones."""


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_true(value: Any) -> bool:
    return value is True


STORED_FIELDS: Final[tuple[tuple[str, str, Callable[[Any], bool]], ...]] = (
    ("background", "background", _is_true),
    ("prompt_id", "prompt_id", _is_text),
    ("queued", "queued", _is_true),
    ("base_at", "base_at", is_whole),
    ("newest_at", "newest_at", is_whole),
    ("begun_at", "begun_at", is_whole),
    ("answered_at", "answered_at", is_whole),
    ("shell_at", "shell_at", is_whole),
    ("said", "last_text", _is_text),
)
"""(key in a record, attribute, whether a JSON value is valid) of what is stored as it is."""


class AgentActivity:
    """What one session's agent does."""

    __slots__ = (
        "answered_at",
        "background",
        "base",
        "base_at",
        "begun_at",
        "last_text",
        "newest_at",
        "newest_by_agent",
        "observation",
        "prompt_id",
        "questions",
        "queued",
        "shell_at",
    )

    def __init__(self, base: Status):
        self.base: Status = base
        """The main agent's status by its hooks, without its questions."""
        self.base_at = 0
        """The time of the event that set it."""
        self.questions = Questions()
        self.background = False
        """Whether background tasks of the last turn still run."""
        self.prompt_id: str | None = None
        self.queued = False
        """Whether another prompt waits for the end of the present one's turn."""
        self.newest_by_agent: dict[str, int] = {}
        """The time of each agent's newest event with a meaning, by the agent's id."""
        self.newest_at = 0
        """The time of the newest event that set a status, of any agent."""
        self.begun_at = 0
        """The time of the last STARTED."""
        self.answered_at = 0
        """Questions up to this time are over, by an observation."""
        self.shell_at = 0
        """The time of the newest SHELL."""
        self.observation: Observation | None = None
        """The observer's newest one."""
        self.last_text: str | None = None
        """The agent's last message."""

    @property
    def hook_status(self) -> Status:
        """The status by the hooks alone."""
        return QUESTION if self.questions else self.base

    @property
    def status(self) -> Status:
        """The status by the hooks, corrected by an observation that is not older."""
        status = self.hook_status
        newest = self.observation
        if newest is None or newest.at < self.newest_at:
            return status
        corrected = EFFECTS.get((OBSERVER, newest.kind), {}).get(status, status)
        # IDLE is about the main agent alone: with background tasks the turn goes on. But
        # where SHELL preceded it, it covers those as well.
        if corrected == ATTENTION and self.background and self.shell_at < self.newest_at:
            return WORKING
        return corrected

    @property
    def prompt(self) -> str | None:
        """The text of the newest question, or the agent's last message; None while it works."""
        status = self.status
        if status == QUESTION and self.questions:
            return self.questions.text
        return self.last_text if status == ATTENTION else None

    def reset(self, status: Status) -> None:
        """Sets the status, and drops all that could change it without a new signal."""
        self.base = status
        self.questions = Questions()
        self.background = self.queued = False
        self.observation = None
        self.last_text = None

    def overtaken_by(self, event: HookEvent, at: int) -> int:
        """The nanoseconds by which the event that overtook this one is newer; 0 for none.

        Order is per agent, because the agents of a session work side by side. A
        start, and an event that does not name its agent, is ordered among all.
        """
        if event.signal.kind == "STARTED" or event.signal.anonymous:
            newest = self.newest_at
        elif event.tool_use_id is None and self.questions.is_running(event, at):
            # Tools run side by side, too: the end of one does not void another's question.
            newest = self.begun_at
        else:
            newest = max(self.newest_by_agent.get(event.actor, 0), self.begun_at)
        return max(0, newest - at)

    def apply(self, event: HookEvent, at: int, text: str | None) -> None:
        """Applies a hook event that was not overtaken."""
        self.questions.note_call(event, at)
        kind, status = event.signal.kind, event.status
        if status is None:
            # It does not move `newest_at`: an older event with a status may still arrive.
            if event.goes_on:
                self._note_time(event.actor, at)
                self.questions.close_answered(event, at)
            return
        self._note_time(event.actor, at)
        self.newest_at = max(self.newest_at, at)
        if status == QUESTION:
            self._ask(event, at, text)
        elif kind == "STARTED":
            self.reset(status)
            self.begun_at = self.base_at = at
        elif kind == "ENDED":
            self.reset(status)
        elif not (kind == "IDLE" and self.background):
            self._go_on(event, status, at, text)

    def apply_late(self, event: HookEvent, at: int) -> None:
        """Applies an event that was overtaken: it only notes that a tool call began or ended."""
        self.questions.note_call(event, at)

    def _note_time(self, agent: str, at: int) -> None:
        newest = self.newest_by_agent
        newest[agent] = max(at, newest.pop(agent, 0))  # the newest last
        if len(newest) > MAX_AGENTS:
            del newest[next(iter(newest))]

    def _ask(self, event: HookEvent, at: int, text: str | None) -> None:
        # A reminder repeats an open question without naming its agent, so it opens no second
        # one. It proves that the question is open, whatever was observed before it.
        if event.signal.kind == "REMINDED" and self.questions:
            self.questions.renew(at)
        elif at < self.answered_at:
            self._resume(at)
        else:
            self.questions.add(event, at, text)

    def _go_on(self, event: HookEvent, status: Status, at: int, text: str | None) -> None:
        kind = event.signal.kind
        self.questions.close_answered(event, at)
        if kind == "PROMPTED":
            # A queued prompt carries the id of the prompt whose turn is running, and only
            # the second TURN_ENDED is the end of both (measured on 2.1.329).
            same = event.prompt_id is not None and event.prompt_id == self.prompt_id
            self.queued = same and self.base == WORKING
            self.prompt_id = event.prompt_id
        elif kind == "TURN_ENDED" and self.queued and event.prompt_id == self.prompt_id:
            self.queued = False
            return
        is_newest = at >= self.base_at
        if is_newest and (event.subagent is None or status == WORKING):
            self.base, self.base_at = status, at
        if kind in {"TURN_ENDED", "TURN_FAILED"}:
            self.background = event.signal.background
            self.queued = False
            self.last_text = text
        elif is_newest and status == WORKING:
            self.last_text = None

    def apply_observation(self, observation: Observation) -> None:
        """Applies an observer's signal. Only the newest one about the session counts."""
        at = observation.at
        closes = QUESTION in EFFECTS.get((OBSERVER, observation.kind), {})
        if observation.subagent is not None:
            if closes:
                self.questions.close_of(observation.subagent, at)
                self._note_time(observation.subagent, at)
            return
        if self.observation is not None and at < self.observation.at:
            return
        self.observation = observation
        if observation.kind == "SHELL":
            self.shell_at = at
        if closes:
            self.answered_at = max(self.answered_at, at)
            if (asked_at := self.questions.close_until(at)) is not None:
                self._resume(asked_at)

    def _resume(self, asked_at: int) -> None:
        """Where BUSY was observed after a question, the question was answered, not dismissed."""
        busy = self.observation is not None and self.observation.kind == "BUSY"
        if busy and asked_at >= self.base_at:
            self.base, self.base_at = WORKING, asked_at

    def drop_texts(self) -> None:
        """Drops the texts of questions and messages."""
        self.last_text = None
        self.questions.drop_texts()

    def drop_future(self, now: int) -> None:
        """Drops times after `now`, because the clock was set back."""
        for name in ("newest_at", "answered_at", "base_at", "begun_at", "shell_at"):
            if getattr(self, name) > now:
                setattr(self, name, 0)
        newest = self.newest_by_agent
        if any(at > now for at in newest.values()):
            self.newest_by_agent = {agent: at for agent, at in newest.items() if at <= now}
        self.questions.drop_future(now)
        if self.observation is not None and self.observation.at > now:
            self.observation = None

    def to_record(self) -> Json:
        """The activity for the journal; what has its default is left out."""
        fields: Json = {"base": self.base}
        for key, name, _ in STORED_FIELDS:
            if value := getattr(self, name):
                fields[key] = value
        if self.newest_by_agent.keys() - {MAIN}:
            fields["heard"] = self.newest_by_agent
        fields |= self.questions.to_record()
        if self.observation is not None:
            fields["registry"] = (self.observation.word, self.observation.at)
        return fields

    @classmethod
    def from_record(cls, fields: Json, translator: Translator) -> AgentActivity:
        """The inverse of to_record. Raises KeyError, TypeError, ValueError."""
        activity = cls(STATUSES[fields["base"]])
        for key, name, is_valid in STORED_FIELDS:
            if key in fields:
                if not is_valid(fields[key]):
                    raise ValueError(f"{key}: {fields[key]!r}")
                setattr(activity, name, fields[key])
        # `heard` is left out where the main agent alone had events.
        activity.newest_by_agent = dict(fields.get("heard", {MAIN: activity.newest_at}))
        if not all(is_whole(at) for at in activity.newest_by_agent.values()):
            raise ValueError(f"heard: {activity.newest_by_agent!r}")
        activity.questions = Questions.from_record(fields)
        if "registry" in fields:
            word, at = fields["registry"]
            if not is_whole(at) or not _is_text(word):
                raise ValueError(f"registry: {at!r}")
            kind = translator.observation(word)
            activity.observation = Observation(OBSERVER, kind, word, at)
        return activity
