"""Each test of the hook has a place of its own; the hook's functions can be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from testing.checkout import CHECKOUT
from testing.hook_home import Place, place

sys.path.insert(0, str(CHECKOUT / "hooks"))  # the hook stands alone: it is in no package


@pytest.fixture(name="place")
def _place() -> Iterator[Place]:
    with place() as made:
        yield made
