"""The part of the configuration that the sessions follow."""

from typing import NamedTuple, Self


class SessionRules(NamedTuple):
    """Limits, times and choices. The defaults are those of config.toml."""

    history_depth: int = 50
    retention_seconds: float = 30 * 60.0
    question_as_attention: bool = False
    keep_text: bool = True
    max_sessions: int = 10_000
    max_metadata: int = 16_384
    """Bytes of JSON of one session's metadata."""

    def without_limits(self) -> Self:
        """The rules to read a journal by: the limits may have been lowered since it was written."""
        return self._replace(max_sessions=1 << 62, max_metadata=1 << 62)
