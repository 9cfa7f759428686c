"""A temporary home with the hook for each test; the hook's modules can be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from testing.checkout import CHECKOUT
from testing.hook_home import HookHome

sys.path.insert(0, str(CHECKOUT / "hooks"))  # the hook is in no package


@pytest.fixture(name="home")
def _home() -> Iterator[HookHome]:
    with HookHome() as made:
        yield made
