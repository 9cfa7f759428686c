"""What all screens about sessions have in common: bars, and what keys do to a session.

Responsible for carrying out an action and telling what came of it. It refuses
to know how sessions are shown.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from acd.errors import AcdError
from acd.sessions.status import CLOSED
from acd.sessions.values import Now
from acd.ui.dashboard.actions import Actions
from acd.ui.dashboard.bars import Key
from acd.ui.dashboard.footer import Ask, Footer
from acd.ui.dashboard.lineview import Bar
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.model_sync import ModelSync
from acd.ui.dashboard.rows import Row
from acd.ui.dashboard.theme import Look

LOW = 12
"""Rows below which the columns' heading gives its line to a session."""


class Context(Protocol):
    """What the program gives to its screens."""

    model: Model
    feed: ModelSync
    actions: Actions
    look: Look

    def now(self) -> Now: ...
    def leave(self, *, after: str) -> None:
        """Ends the program if it was started for one action only."""


class SessionScreen(Screen[None]):
    """A screen about sessions, one of which is meant by the keys."""

    DEFAULT_CSS = """
    SessionScreen {
        layout: vertical;
        background: $background;
    }
    SessionScreen Ask { display: none; }
    """

    def __init__(self, context: Context):
        super().__init__()
        self.context = context
        self.head = Bar(context.look, id="head")
        self.foot = Footer(context.look, id="foot")
        self.question = Ask(context.look, id="ask")

    # What subclasses say -----------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The session that is meant."""
        raise NotImplementedError

    def body(self) -> Widget:
        """What is between the bars, and has the focus."""
        raise NotImplementedError

    def show(self) -> None:
        """Shows how things are now."""
        raise NotImplementedError

    # -------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.head
        yield from self.between()
        yield self.foot
        yield self.question

    def between(self) -> ComposeResult:
        """The widgets between the bars."""
        yield self.body()

    def on_mount(self) -> None:
        self.body().focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.show)

    def on_key(self) -> None:
        """A message has been seen when the next key is pressed."""
        self.foot.forget()

    @property
    def room(self) -> int:
        """Cells of a bar's text."""
        return max(1, self.size.width - 2)

    def action_jump(self) -> None:
        if (row := self.row) is not None:
            self._carry_out(self.context.actions.jump(row), leaves=True)

    def action_resurrect(self) -> None:
        if (row := self.row) is not None:
            self._carry_out(self.context.actions.resurrect(row), leaves=True)

    def action_close(self) -> None:
        if (row := self.row) is not None:
            self._carry_out(self.context.actions.close(row))

    def action_delete(self) -> None:
        if (row := self.row) is None:
            return
        live = "" if row.status == CLOSED else " An agent that still runs is left alone."

        def then(answer: bool) -> None:
            self.foot.display = True
            self.body().focus()
            if answer:
                self._carry_out(self.context.actions.delete(row))

        self.foot.display = False
        self.question.ask(f"Delete {row.label} and its history?{live}", then)

    def action_help(self) -> None:
        from acd.ui.dashboard.help import HelpScreen  # most runs never need it

        self.app.push_screen(HelpScreen(self.context.look))

    def action_quit(self) -> None:
        self.app.exit()

    def _carry_out(self, action: Coroutine[Any, Any, str], *, leaves: bool = False) -> None:
        async def work() -> None:
            try:
                said = await action
            except AcdError as error:
                hint = f" ({error.hint})" if error.hint else ""
                self.foot.tell(f"{error.message}{hint}", "attention")
                return
            self.foot.tell(said)
            if leaves:
                self.context.leave(after=said)

        self.run_worker(work(), exit_on_error=True)


def session_keys(row: Row) -> list[Key]:
    """The keys that mean something for a session."""
    if row.status == CLOSED:
        return [Key("r", "resurrect", "resurrect"), Key("d", "delete", "delete")]
    keys = [Key("x", "close", "close"), Key("d", "delete", "delete")]
    if row.session.get("terminal"):
        keys.insert(0, Key("f", "jump", "jump"))
    return keys
