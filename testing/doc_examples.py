"""The examples in docs/integrations."""

from __future__ import annotations

import re

from testing.checkout import CHECKOUT


def examples(page: str, language: str) -> list[str]:
    """The code blocks of a language on a page."""
    text = (CHECKOUT / "docs" / "integrations" / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
