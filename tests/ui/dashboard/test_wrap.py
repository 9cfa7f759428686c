"""Breaking text into lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.text import width
from acd.ui.dashboard.wrap import wrap_text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])), st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_no_word(words: str, room: int) -> None:
    lines = wrap_text(words, room)
    assert all(width(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
