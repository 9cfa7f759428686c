"""A user for each test of the whole installer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.install.user import User


@pytest.fixture
def user() -> Iterator[User]:
    """A new user, who has used neither acd nor Claude Code."""
    with User() as new:
        yield new
