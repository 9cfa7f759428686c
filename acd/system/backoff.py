"""How long to wait before something that has failed is tried again."""

from __future__ import annotations


class Backoff:
    """Delays between tries: `first` seconds, then doubled up to `longest`.

    With `at_once`, the first try after a success has no delay.
    """

    def __init__(self, first: float, longest: float, *, at_once: bool = False):
        self._first = first
        self._longest = longest
        self._undelayed = int(at_once)
        self.failures = 0
        """Failures in a row."""

    def next_delay(self, lasted: float = 0.0) -> float:
        """Returns the seconds to wait before the next try.

        `lasted` is how long the last connection lasted; up to `longest` seconds counts as a
        failure.
        """
        self.failures = 1 if lasted > self._longest else self.failures + 1
        doublings = self.failures - 1 - self._undelayed
        return 0.0 if doublings < 0 else min(self._longest, self._first * 2 ** min(doublings, 30))
