"""An agent in a terminal: its prompt box, keys and dialogs, and the status that acd shows.

The agents' own texts are in agent.py and codex/scenes.py.
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
from testing.e2e.terminal import TmuxTerminal
from testing.e2e.verifier import WITHIN_SECONDS, Verifier

_KEY_SECONDS = 1
_KEY_TRIES = 10


class Interactive:
    """One interactive client, which ends with its `with`.

    `box` is the character before its prompt, `session` the id of its conversation.
    """

    def __init__(
        self, home: AgentHome, argv: Sequence[str], box: str, acd: Verifier, session: str
    ) -> None:
        directory = home.root / f"terminal-{uuid.uuid4().hex[:8]}"
        self.terminal = TmuxTerminal(directory, argv, home.environ, home.project)
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

    # Input; each method returns the moment before it.

    def prompt(self, text: str) -> Moment:
        # The client adds text to the last prompt until the box is empty, and takes an
        # Enter that comes together with the text as a part of it.
        self.terminal.wait_until(lambda screen: self._typed(screen) != self._sent, "its box empty")
        self.terminal.type(text)
        self.terminal.wait_until(lambda screen: self._typed(screen) == text, f"{text} in its box")
        self._sent = text
        return self.terminal.press("Enter")

    def press(self, *keys: str) -> Moment:
        return self.terminal.press(*keys)

    def answer(self, dialog: str, key: str) -> Moment:
        """Presses a key until the dialog is gone; returns the moment before the last press.

        Claude Code 2.1.329 ignores Enter and digits for the first 0.2 s of a dialog, and
        Esc in the dialog of a plan (measured). Another Esc would interrupt the turn, so
        the key is pressed again only while the dialog is open.
        """
        for _ in range(_KEY_TRIES):
            pressed = self.terminal.press(key)
            try:
                self.terminal.wait_gone(dialog, _KEY_SECONDS)
            except AssertionError:
                continue
            return pressed
        raise AssertionError(f"the dialog ignores {key}:\n{self.terminal.screen()}")

    def signal(self, number: signal.Signals) -> Moment:
        return self.terminal.signal(number)

    def sees(self, text: str) -> Moment:
        """Waits until the screen shows the text; returns that moment."""
        return self.terminal.wait_for(text)

    # The status in acd.

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
        """The text in the prompt box: the last line that begins with its character."""
        lines = [line for line in screen.splitlines() if line.startswith(self._box)]
        return lines[-1].removeprefix(self._box).strip() if lines else ""
