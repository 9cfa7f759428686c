"""Each test of the daemon has a place of its own, and real processes in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client, Daemon, Place, place


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    with place() as made:
        yield made


@pytest.fixture
def daemon(place: Place) -> Daemon:
    """One that binds its own socket, and serves."""
    return place.start()


@pytest.fixture
def client(place: Place, daemon: Daemon) -> Iterator[Client]:
    with place.client() as connected:
        yield connected
