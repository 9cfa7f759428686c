"""The keys in the footer."""

from __future__ import annotations

from acd.ui.dashboard.footer import KeyHint, key_line
from testing.dashboard.models import text_of


def test_the_keys_that_fit_are_shown_and_help_always() -> None:
    offered = [
        KeyHint("Enter", "details", "a"),
        KeyHint("f", "jump", "b"),
        KeyHint("?", "help", "c"),
    ]
    pieces, targets = key_line(offered, 24)
    assert text_of(pieces) == "Enter details  ? help"
    assert [action for _, _, action in targets] == ["a", "c"]


def test_the_click_targets_cover_their_keys() -> None:
    pieces, targets = key_line([KeyHint("f", "jump", "a"), KeyHint("?", "help", "b")], 80)
    line = text_of(pieces)
    assert [line[start:end] for start, end, _ in targets] == ["f jump", "? help"]
