"""The base of the screens that act on a session: header, footer, and the actions of keys."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final, Protocol

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from acd.errors import AcdError
from acd.sessions.status import CLOSED
from acd.sessions.values import Now
from acd.ui.dashboard.actions import Actions
from acd.ui.dashboard.confirmation import Confirmation
from acd.ui.dashboard.footer import Footer, KeyHint
from acd.ui.dashboard.line_widgets import MARGIN, StaticLines
from acd.ui.dashboard.model import Model
from acd.ui.dashboard.model_sync import ModelSync
from acd.ui.dashboard.session_row import SessionRow
from acd.ui.dashboard.theme import Theme

# Widgets bind these, not the screen, so that typing a filter does not run them.
SESSION_BINDINGS: Final = (
    Binding("f", "screen.jump", show=False),
    Binding("r", "screen.resurrect", show=False),
    Binding("x", "screen.close", show=False),
    Binding("d", "screen.delete", show=False),
    Binding("question_mark,f1", "screen.help", show=False),
)


class AppContext(Protocol):
    """What the screens use of the application."""

    model: Model
    sync: ModelSync
    actions: Actions
    text_theme: Theme

    def now(self) -> Now: ...
    def exit_once(self, message: str) -> None: ...


class SessionScreen(Screen[None]):
    """A screen with a current session, on which the keys act."""

    DEFAULT_CSS = """
    SessionScreen {
        layout: vertical;
        background: $background;
    }
    SessionScreen Confirmation { display: none; }
    """

    def __init__(self, context: AppContext):
        super().__init__()
        self.context = context
        self.header = StaticLines(context.text_theme, id="header")
        self.footer = Footer(context.text_theme, id="footer")
        self.confirmation = Confirmation(context.text_theme, id="confirmation")

    # For subclasses ----------------------------------------------------------

    @property
    def row(self) -> SessionRow | None:
        """The current session."""
        raise NotImplementedError

    def body(self) -> Widget:
        """The widget that has the focus."""
        raise NotImplementedError

    def show(self) -> None:
        """Draws the current state."""
        raise NotImplementedError

    def between(self) -> ComposeResult:
        """The widgets between header and footer."""
        yield self.body()

    # -------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield self.header
        yield from self.between()
        yield self.footer
        yield self.confirmation

    def on_mount(self) -> None:
        self.body().focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.show)

    def on_key(self) -> None:
        self.footer.clear_message()

    @property
    def room(self) -> int:
        """The cells of a line without its margins."""
        return max(1, self.size.width - 2 * MARGIN)

    def action_jump(self) -> None:
        if (row := self.row) is not None:
            self._run(self.context.actions.jump(row), may_exit=True)

    def action_resurrect(self) -> None:
        if (row := self.row) is not None:
            self._run(self.context.actions.resurrect(row), may_exit=True)

    def action_close(self) -> None:
        if (row := self.row) is not None:
            self._run(self.context.actions.close(row))

    def action_delete(self) -> None:
        if (row := self.row) is None:
            return
        live = "" if row.status == CLOSED else " An agent that still runs is left alone."

        def on_answer(is_yes: bool) -> None:
            self.footer.display = True
            self.body().focus()
            if is_yes:
                self._run(self.context.actions.delete(row))

        self.footer.display = False
        self.confirmation.ask(f"Delete {row.label} and its history?{live}", on_answer)

    def action_help(self) -> None:
        from acd.ui.dashboard.help import HelpScreen  # most runs do not open it

        self.app.push_screen(HelpScreen(self.context.text_theme))

    def action_quit(self) -> None:
        self.app.exit()

    def _run(self, action: Coroutine[Any, Any, str], *, may_exit: bool = False) -> None:
        """Runs an action in the background and shows its message or error in the footer."""

        async def work() -> None:
            try:
                message = await action
            except AcdError as error:
                hint = f" ({error.hint})" if error.hint else ""
                self.footer.show_message(f"{error.message}{hint}", "attention")
                return
            self.footer.show_message(message)
            if may_exit:
                self.context.exit_once(message)

        self.run_worker(work(), exit_on_error=True)


def session_keys(row: SessionRow) -> list[KeyHint]:
    """The keys of the actions that a session allows."""
    if row.status == CLOSED:
        return [KeyHint("r", "resurrect", "resurrect"), KeyHint("d", "delete", "delete")]
    keys = [KeyHint("x", "close", "close"), KeyHint("d", "delete", "delete")]
    if row.session.get("terminal"):
        keys.insert(0, KeyHint("f", "jump", "jump"))
    return keys
