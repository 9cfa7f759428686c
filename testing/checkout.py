"""Where the checkout and the recorded payloads are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).parents[1]
FIXTURES: Final = CHECKOUT / "tests/fixtures"
