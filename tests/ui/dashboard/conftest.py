"""Fixtures: a fake daemon, and UTC."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.dashboard.fake_daemon import FakeDaemon


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    """A daemon with a clock that the test sets."""
    # The temporary directory of a test is too long for a socket's path.
    with tempfile.TemporaryDirectory(prefix="acd-") as directory:
        yield FakeDaemon(Path(directory))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
