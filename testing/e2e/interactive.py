"""An agent in a terminal as a person meets it, whichever it is, and acd looking on.

It knows a prompt box, keys and dialogs; the words on the screen are the
agent's own and stand elsewhere (agent.py, codex/scenes.py).
"""

from __future__ import annotations

import contextlib
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Self

from testing.e2e.home import AgentHome
from testing.e2e.moment import Moment
from testing.e2e.observer import WITHIN_SECONDS, Observer
from testing.e2e.terminal import Terminal

_KEY_SECONDS = 1
_KEY_TRIES = 10


class Interactive:
    """One interactive client, for as long as its `with` lasts.

    `box` is the sign at which it takes a prompt, `session` the id of its conversation.
    """

    def __init__(
        self, home: AgentHome, argv: Sequence[str], box: str, acd: Observer, session: str
    ) -> None:
        directory = home.root / f"terminal-{uuid.uuid4().hex[:8]}"
        self.terminal = Terminal(directory, argv, home.environ, home.project)
        self.acd = acd
        self.session = session
        self._box = box
        self._sent = "nothing yet"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.terminal)
            self.started = self.terminal.wait_for(self._box)
            self._ended = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.close()

    @property
    def pid(self) -> int:
        return self.terminal.pid

    # What a person does; each returns the moment just before.

    def prompt(self, text: str) -> Moment:
        # Text that comes before the box is empty again is added to the last
        # prompt, and Enter that comes with the text counts as part of it.
        self.terminal.wait_until(lambda screen: self._typed(screen) != self._sent, "its box empty")
        self.terminal.type(text)
        self.terminal.wait_until(lambda screen: self._typed(screen) == text, f"{text} in its box")
        self._sent = text
        return self.terminal.press("Enter")

    def press(self, *keys: str) -> Moment:
        return self.terminal.press(*keys)

    def answer(self, dialog: str, key: str) -> Moment:
        """Press a key in a dialog until it takes it; the moment just before the last one.

        Claude Code 2.1.329 ignores Enter and digits for the first 0.2 s of a
        dialog, and in the one about a plan Esc as well. A second Esc would
        interrupt what follows, so it is pressed again only while the dialog is
        still there.
        """
        for _ in range(_KEY_TRIES):
            pressed = self.terminal.press(key)
            try:
                self.terminal.wait_gone(dialog, _KEY_SECONDS)
            except AssertionError:
                continue
            return pressed
        raise AssertionError(f"the dialog does not take {key}:\n{self.terminal.screen()}")

    def signal(self, number: signal.Signals) -> Moment:
        return self.terminal.signal(number)

    def sees(self, text: str) -> Moment:
        """Wait until the screen shows the text; the moment at which it did."""
        return self.terminal.wait_for(text)

    # What acd says.

    def expect(self, status: str, *, since: Moment, via: tuple[str, ...] = ()) -> None:
        with self._screen_in_errors():
            self.acd.expect(self.session, status, since, via=via)

    def expect_still(self, status: str, seconds: float = WITHIN_SECONDS) -> None:
        with self._screen_in_errors():
            self.acd.expect_still(self.session, status, seconds)

    @contextmanager
    def _screen_in_errors(self) -> Iterator[None]:
        try:
            yield
        except AssertionError as error:
            with contextlib.suppress(AssertionError):  # its terminal may be gone
                lines = (line for line in self.terminal.screen().splitlines() if line.strip())
                error.add_note("\n".join(["The screen meanwhile:", *lines]))
            raise

    def _typed(self, screen: str) -> str:
        """What stands in the prompt box, the last line that begins with its sign."""
        lines = [line for line in screen.splitlines() if line.startswith(self._box)]
        return lines[-1].removeprefix(self._box).strip() if lines else ""
