"""How long a client waits before it connects again."""

from __future__ import annotations

from typing import Final

LONGEST_DELAY: Final = 2.0
"""Seconds."""


class Backoff:
    """Delays between connections.

    None after a connection that lasted: the daemon has stopped, or was upgraded.
    Then doubled from 0.2 s, so that a daemon that fails at every start is not
    started ever faster.
    """

    def __init__(self) -> None:
        self.failures = 0
        """Connections that were lost in a row."""

    def next_delay(self, lasted: float) -> float:
        """Returns the seconds to wait after a connection that has lasted for so many seconds."""
        self.failures = 1 if lasted > LONGEST_DELAY else self.failures + 1
        return 0.0 if self.failures == 1 else min(LONGEST_DELAY, 0.05 * 2 ** min(self.failures, 10))
