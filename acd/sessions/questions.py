"""Who waits for the user's answer, and with what an open question ends.

Responsible for whose each question is, and for tools that an agent runs side
by side: the end of one does not answer what another asked. It refuses to know
what an agent does meanwhile (belief.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from acd.sessions.events import HookEvent
from acd.sessions.values import Json, is_whole

MAIN: Final = ""
"""The main agent's name among those who ask; subagents have ids."""
MAX_OPEN: Final = 100
"""Open questions and running tool calls that are remembered for each session, the newest ones."""


def speaker(event: HookEvent) -> str:
    """The agent that an event tells of."""
    return event.subagent or MAIN


class Question(NamedTuple):
    """An agent or subagent waits for the user's answer."""

    at: int
    text: str | None
    asker: str
    call: int | None
    """What is asked for, where a tool asks (fields.call_digest)."""
    transcript: str | None = None
    """Where a subagent's own evidence tells what becomes of it."""


class Call(NamedTuple):
    """An agent has begun to use a tool."""

    asker: str
    call: int


class Questions:
    """The open questions of one session.

    A permission is asked for without naming the tool's call (measured on Claude
    Code and Codex): the one that began with the same input is taken for it.
    Where none did, whatever its agent does next is the answer.
    """

    __slots__ = ("_calls", "_done", "_open")

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}
        self._calls: dict[str, Call] = {}  # that have begun, by their ids
        self._done: dict[str, int] = {}  # when each agent last waited for none of its tools

    def __bool__(self) -> bool:
        return bool(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Question]:
        return iter(self._open.values())

    @property
    def text(self) -> str | None:
        """What was asked last."""
        return next(reversed(self._open.values())).text

    def ask(self, event: HookEvent, at: int, text: str | None) -> None:
        """Takes in an event that asks."""
        transcript = event.transcript if event.subagent is not None else None
        asked = Question(at, text, speaker(event), event.call, transcript)
        before = self._open.pop(_key(asked), asked)  # the newest stand last
        asked = asked._replace(at=max(at, before.at))
        self._open[_key(asked)] = asked
        _bound(self._open)

    def remind(self, at: int) -> None:
        """The last question is open still."""
        key, asked = self._open.popitem()
        self._open[key] = asked._replace(at=at)

    def note_call(self, event: HookEvent, at: int) -> None:
        """Takes in what an event says of one tool's call, early or late: it begins or has ended.

        A call that has ended asks nothing any more.
        """
        if event.tool_use_id is None:
            return
        if event.call is not None:
            if at >= self._done.get(speaker(event), 0):
                self._calls[event.tool_use_id] = Call(speaker(event), event.call)
                _bound(self._calls)
        elif (ended := self._calls.pop(event.tool_use_id, None)) is not None:
            asked = self._open.get(_key(ended))
            if asked is not None and asked.at <= at:
                del self._open[_key(ended)]

    def runs(self, event: HookEvent, at: int) -> bool:
        """Whether the tool that a permission was asked for then has begun, and not ended."""
        if event.call is None or at < self._done.get(speaker(event), 0):
            return False
        return Call(speaker(event), event.call) in self._calls.values()

    def go_on(self, event: HookEvent, at: int) -> None:
        """Closes what an event shows to be answered, because its agent goes on."""
        asker = speaker(event)
        if event.tool_use_id is None:  # it waits for none of its tools
            self._calls = {key: call for key, call in self._calls.items() if call.asker != asker}
            self._done.pop(asker, None)
            self._done[asker] = at
            _bound(self._done)
        running = {_key(call) for call in self._calls.values()}
        self._open = {
            key: asked
            for key, asked in self._open.items()
            if asked.asker != asker or key in running
        }

    def end_before(self, at: int) -> int | None:
        """Closes all that were asked by then; the time of the last of these, None without any."""
        ended = [asked.at for asked in self._open.values() if asked.at <= at]
        if not ended:
            return None
        self._open = {key: asked for key, asked in self._open.items() if asked.at > at}
        return max(ended)

    def break_off(self, asker: str, at: int) -> None:
        """Closes what an agent had asked by then: its turn and its tools have ended."""
        self._calls = {key: call for key, call in self._calls.items() if call.asker != asker}
        self._open = {
            key: asked for key, asked in self._open.items() if asked.asker != asker or asked.at > at
        }

    def forget_future(self, now: int) -> None:
        """The clock was set back: what is dated later than now has no place in the order."""
        if any(at > now for at in self._done.values()):
            self._done = {asker: at for asker, at in self._done.items() if at <= now}

    def forget_texts(self) -> None:
        """Keeps that something is asked, and not what."""
        self._open = {key: asked._replace(text=None) for key, asked in self._open.items()}

    def to_record(self) -> Json:
        """The fields of a belief's record that are these."""
        fields: Json = {}
        if self._open:
            fields["questions"] = {key: _shortened(asked) for key, asked in self._open.items()}
        if self._calls:
            fields["calls"] = self._calls
        if self._done:
            fields["done"] = self._done
        return fields

    @classmethod
    def from_record(cls, fields: Json) -> Questions:
        """The inverse of to_record. Raises TypeError, ValueError."""
        questions = cls()
        for key, (at, text, *more) in dict(fields.get("questions", {})).items():
            asker, call, *transcript = more or (key, None)
            asked = Question(
                _whole(at),
                None if text is None else _text(text),
                _text(asker),
                None if call is None else _whole(call),
                *map(_text, transcript),
            )
            questions._open[_key(asked)] = asked
        for key, (asker, call) in dict(fields.get("calls", {})).items():
            questions._calls[key] = Call(_text(asker), _whole(call))
        for asker, at in dict(fields.get("done", {})).items():
            questions._done[asker] = _whole(at)
        return questions


def _key(asks: Question | Call) -> str:
    """One agent asks one thing for each use of a tool."""
    return asks.asker if asks.call is None else f"{asks.asker} {asks.call}"


def _shortened(asked: Question) -> tuple[Any, ...]:
    """Without what is at its end and says nothing."""
    if asked.transcript is not None:
        return asked
    return asked[:2] if asked.call is None else asked[:4]


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
