"""The two modes of Codex in a terminal, as parameters of the scenarios."""

from __future__ import annotations

from typing import Final

import pytest

ONE_PROCESS: Final = "one process"
"""With `features.daemon_auto_start = false`."""
SHARED_SERVER: Final = "shared server"
"""Codex's default: a background server runs the sessions of all terminals."""
MODES: Final = (ONE_PROCESS, SHARED_SERVER)

only_in_one_process: Final = pytest.mark.parametrize("mode", [ONE_PROCESS], indirect=True)
only_in_a_shared_server: Final = pytest.mark.parametrize("mode", [SHARED_SERVER], indirect=True)


def not_in_a_shared_server(why: str) -> pytest.MarkDecorator:
    """Runs a test in both modes, and expects a failure in the server; `why` is in the table."""
    gap = pytest.mark.xfail(reason=why, raises=AssertionError, strict=True)
    server = pytest.param(SHARED_SERVER, marks=gap)
    return pytest.mark.parametrize("mode", [ONE_PROCESS, server], indirect=True)
