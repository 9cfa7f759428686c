"""Paths of the checkout and of the recorded payloads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[1]
FIXTURES: Final = CHECKOUT / "tests/fixtures"
