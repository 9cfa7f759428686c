"""Escaping, width, truncation and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.text import age, cut, cut_left, one_line, pad, printable, width

RIGHT_TO_LEFT_OVERRIDE = "\u202e"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("C1 \x9b31m", r"C1 \x9b31m"),
        (f"a{RIGHT_TO_LEFT_OVERRIDE}b", r"a\u202eb"),
        ("lone \udc80", r"lone \udc80"),
        ("no-break\u00a0and\u3000wide space", "no-break and wide space"),
        ("日本語 äöü 🎉", "日本語 äöü 🎉"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_what_can_control_a_terminal_is_escaped_and_all_else_is_kept(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_text_has_no_control_character(text: str) -> None:
    left = printable(text).replace("\u200c", "").replace("\u200d", "")
    assert left.isprintable()


def test_runs_of_white_space_become_one_space() -> None:
    assert one_line("a\n\n  b\tc") == "a b c"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🎉", 2), ("ﾊﾝ", 2), ("a\u200cb", 2)],
)
def test_the_width_is_in_columns_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns


def test_a_truncated_text_has_an_ellipsis() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut_left("abcdef", 4) == "…def"


def test_a_wide_character_is_not_cut_in_half() -> None:
    assert cut("日本語", 4) == "日…"
    assert cut_left("日本語", 4) == "…語"


@given(st.text(), st.integers(0, 30))
def test_a_truncated_text_fits_into_its_columns(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns
    assert width(cut_left(text, columns)) <= columns
    assert width(pad(cut(text, columns), columns)) == columns


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (125, "2m 5s"),
        (3600, "1h 0m"),
        (11_400, "3h 10m"),
        (187_200, "2d 4h"),
        (-1, "0s"),
    ],
)
def test_an_age_has_its_two_largest_units(seconds: float, shown: str) -> None:
    assert age(seconds) == shown
