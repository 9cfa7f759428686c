"""Stages for tests that play a scene."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.dashboard.fake_daemon import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A daemon whose clock the test sets."""
    # A test's own temporary directory is too long for a socket's path.
    with tempfile.TemporaryDirectory(prefix="acd-") as place:
        yield Stage(Path(place))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
