"""The open questions of a session: whose they are, and what closes them.

Tools may run side by side: the end of one does not answer the question of another.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

from acd.sessions.events import HookEvent
from acd.sessions.values import Json, is_whole

MAX_OPEN: Final = 100
"""Open questions and running tool calls that are kept for each session, the newest ones."""


class Question(NamedTuple):
    """An agent or subagent waits for the user's answer."""

    at: int
    text: str | None
    asker: str
    call: int | None
    """The checksum of the tool call that needs the answer (agents/tool_calls.py)."""
    transcript: str | None = None
    """A subagent's own file, in which its observer finds what no hook reports."""


class ToolCall(NamedTuple):
    """A running tool call."""

    asker: str
    call: int


class Questions:
    """The open questions of one session.

    A permission request does not name the tool call that it is for (measured on
    Claude Code and Codex): it belongs to the running call with the same input.
    Without such a call, the next event of its agent is the answer.
    """

    __slots__ = ("_calls", "_done", "_open")

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}  # by _key, the newest last
        self._calls: dict[str, ToolCall] = {}  # running, by the agent's id of the call
        self._done: dict[str, int] = {}  # the last time at which none of an agent's tools ran

    def __bool__(self) -> bool:
        return bool(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Question]:
        return iter(self._open.values())

    @property
    def text(self) -> str | None:
        """The newest question's text."""
        return next(reversed(self._open.values())).text

    def add(self, event: HookEvent, at: int, text: str | None) -> None:
        """Opens the question of an event."""
        transcript = event.transcript if event.subagent is not None else None
        question = Question(at, text, event.actor, event.call, transcript)
        earlier = self._open.pop(_key(question), question)
        self._open[_key(question)] = question._replace(at=max(at, earlier.at))
        _bound(self._open)

    def renew(self, at: int) -> None:
        """Moves the newest question's time: it was still open then."""
        key, question = self._open.popitem()
        self._open[key] = question._replace(at=at)

    def note_call(self, event: HookEvent, at: int) -> None:
        """Notes the beginning or the end of a tool call, in whatever order the events arrive.

        The end of a call closes the question that belongs to it.
        """
        if event.tool_use_id is None:
            return
        if event.call is not None:
            if at >= self._done.get(event.actor, 0):
                self._calls[event.tool_use_id] = ToolCall(event.actor, event.call)
                _bound(self._calls)
        elif (ended := self._calls.pop(event.tool_use_id, None)) is not None:
            question = self._open.get(_key(ended))
            if question is not None and question.at <= at:
                del self._open[_key(ended)]

    def is_running(self, event: HookEvent, at: int) -> bool:
        """Whether the call that a permission request was for is running."""
        if event.call is None or at < self._done.get(event.actor, 0):
            return False
        return ToolCall(event.actor, event.call) in self._calls.values()

    def close_answered(self, event: HookEvent, at: int) -> None:
        """Closes the questions of an agent that goes on, those of its running calls excepted."""
        asker = event.actor
        if event.tool_use_id is None:  # none of its tools runs
            self._end_calls(asker)
            self._done.pop(asker, None)
            self._done[asker] = at
            _bound(self._done)
        running = {_key(call) for call in self._calls.values()}
        self._open = {
            key: question
            for key, question in self._open.items()
            if question.asker != asker or key in running
        }

    def close_until(self, at: int) -> int | None:
        """Closes the questions up to a time; returns the newest one's time, None for none."""
        closed = [question.at for question in self._open.values() if question.at <= at]
        if not closed:
            return None
        self._open = {key: question for key, question in self._open.items() if question.at > at}
        return max(closed)

    def close_of(self, asker: str, at: int) -> None:
        """Closes the questions of an agent up to a time: its turn and its tools have ended."""
        self._end_calls(asker)
        self._open = {
            key: question
            for key, question in self._open.items()
            if question.asker != asker or question.at > at
        }

    def _end_calls(self, asker: str) -> None:
        self._calls = {key: call for key, call in self._calls.items() if call.asker != asker}

    def drop_future(self, now: int) -> None:
        """Drops times after `now`, because the clock was set back."""
        if any(at > now for at in self._done.values()):
            self._done = {asker: at for asker, at in self._done.items() if at <= now}

    def drop_texts(self) -> None:
        """Drops the questions' texts."""
        self._open = {key: question._replace(text=None) for key, question in self._open.items()}

    def to_record(self) -> Json:
        """The keys `questions`, `calls` and `done` of an activity's record, where not empty."""
        fields: Json = {}
        if self._open:
            fields["questions"] = {key: _shortened(each) for key, each in self._open.items()}
        if self._calls:
            fields["calls"] = self._calls
        if self._done:
            fields["done"] = self._done
        return fields

    @classmethod
    def from_record(cls, fields: Json) -> Self:
        """The inverse of to_record. Raises TypeError, ValueError."""
        questions = cls()
        for key, (at, text, *more) in dict(fields.get("questions", {})).items():
            asker, call, *transcript = more or (key, None)
            question = Question(
                _whole(at),
                None if text is None else _text(text),
                _text(asker),
                None if call is None else _whole(call),
                *map(_text, transcript),
            )
            questions._open[_key(question)] = question
        for key, (asker, call) in dict(fields.get("calls", {})).items():
            questions._calls[key] = ToolCall(_text(asker), _whole(call))
        for asker, at in dict(fields.get("done", {})).items():
            questions._done[asker] = _whole(at)
        return questions


def _key(each: Question | ToolCall) -> str:
    """An agent has at most one question for each tool call, and one without a call."""
    return each.asker if each.call is None else f"{each.asker} {each.call}"


def _shortened(question: Question) -> tuple[Any, ...]:
    """The question without its last fields that have their defaults."""
    if question.transcript is not None:
        return question
    return question[:2] if question.call is None else question[:4]


def _bound(newest_last: dict[str, Any]) -> None:
    if len(newest_last) > MAX_OPEN:
        del newest_last[next(iter(newest_last))]


def _whole(value: Any) -> int:
    if not is_whole(value):
        raise ValueError(f"not a whole number: {value!r}")
    return int(value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"not a text: {value!r}")
    return value
