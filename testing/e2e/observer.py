"""What a test can say about the truth, whoever listens: acd itself, or a recorder.

The scenarios are written once against this; they are tests with acd behind it,
and they make recordings with a recorder behind it.
"""

from __future__ import annotations

from typing import Any, Protocol

from testing.e2e.moment import Moment

# acd's promise: right within half a second.
WITHIN_SECONDS = 0.5


class Observer(Protocol):
    def expect(
        self, session: str, status: str, since: Moment, *, via: tuple[str, ...] = ()
    ) -> None:
        """The session has that status half a second after `since` at the latest.

        On its way there it showed no other status than the one before and
        those in `via`: what is wrong for a moment only is wrong.
        """

    def expect_still(self, session: str, status: str, seconds: float = WITHIN_SECONDS) -> None:
        """The session has that status, and no other for so many seconds from now."""

    def session(self, session: str) -> dict[str, Any]:
        """The session's fields as acd shows them."""

    def sessions(self) -> list[dict[str, Any]]:
        """The fields of all sessions."""

    def request(self, line: str) -> str:
        """The answer to one line of the wire protocol."""

    def kill(self) -> None:
        """End the daemon with SIGKILL, in the middle of whatever it does."""

    def ask(self) -> Moment:
        """Come as a new client, which starts a daemon where there is none; the moment before."""

    def subscribe(self) -> None:
        """Look on again, at a daemon that somebody else has started."""
