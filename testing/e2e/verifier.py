"""The expectations of a scenario: with acd they are tests, with a recorder they are recorded."""

from __future__ import annotations

from typing import Any, Protocol

from testing.e2e.moment import Moment

# The longest delay of a status in acd.
WITHIN_SECONDS = 0.5


class Verifier(Protocol):
    """Checks what acd shows, or records what it has to show."""

    def expect(
        self, session: str, status: str, since: Moment, *, via: tuple[str, ...] = ()
    ) -> None:
        """The session has that status within WITHIN_SECONDS of `since`.

        Before, it showed no other status than the previous one and those in `via`.
        """

    def expect_still(self, session: str, status: str, seconds: float = WITHIN_SECONDS) -> None:
        """The session has that status, and no other for this many seconds."""

    def session(self, session: str) -> dict[str, Any]:
        """The session's fields in acd."""

    def sessions(self) -> list[dict[str, Any]]:
        """The fields of all sessions."""

    def request(self, line: str) -> str:
        """The reply to one request line."""

    def kill(self) -> None:
        """Ends the daemon by SIGKILL."""

    def ask(self) -> Moment:
        """Runs `acd list`, which starts a daemon if none runs; returns the moment before."""

    def subscribe(self) -> None:
        """Subscribes again, to a daemon that another process started."""
