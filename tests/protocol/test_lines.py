"""Cutting a stream of bytes into lines."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acd.protocol import LineDecoder, LineError, encode

LIMIT = 16
TOO_LONG = LineError(f"line too long: at most {LIMIT} bytes")
NUL = LineError("NUL byte in the line")


def decode(*pieces: bytes, limit: int | None = LIMIT) -> list[str | LineError]:
    decoder = LineDecoder(limit)
    return [line for piece in pieces for line in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"no end", []),
        (b"one\n", ["one"]),
        (b"one\ntwo\nthr", ["one", "two"]),
        (b"\n\n", ["", ""]),
        (b"one\r\ntwo\n", ["one", "two"]),
        (b"one\r\r\n", ["one\r"]),
        (b"o\rne\n", ["o\rne"]),
        (b"\r\n", [""]),
        (b"one\0\ntwo\n", [NUL, "two"]),
        (b"one\0", []),
        ("é\n".encode(), ["é"]),
        (b"\xff\n\xc3\n", [LineError(f"not UTF-8 at byte {n} of the line") for n in (1, 1)]),
        (b"two\n ok\xc3(\n", ["two", LineError("not UTF-8 at byte 4 of the line")]),
        (b"\xed\xa0\x80\n", [LineError("not UTF-8 at byte 1 of the line")]),  # a lone surrogate
        (b"\x0b\x0c\x1c\x85\n".replace(b"\x85", b"\xc2\x85"), ["\x0b\x0c\x1c\x85"]),
        ("one\u2028two\n".encode(), ["one\u2028two"]),
        (b"x" * LIMIT + b"\n", ["x" * LIMIT]),
        (b"x" * LIMIT + b"\r\n", ["x" * LIMIT]),
        (b"x" * (LIMIT + 1) + b"\nok\n", [TOO_LONG, "ok"]),
        (b"x" * (LIMIT + 1) + b"\r\nok\n", [TOO_LONG, "ok"]),
        (b"x" * LIMIT + b"\r\r\nok\n", [TOO_LONG, "ok"]),
        (b"x" * 1000 + b"\nok\n", [TOO_LONG, "ok"]),
        ("é".encode() * (LIMIT // 2) + b"\n", ["é" * (LIMIT // 2)]),
        ("é".encode() * (LIMIT // 2) + b"x\n", [TOO_LONG]),
        (b"short\n" * 10, ["short"] * 10),
        (b"short\n" * 10 + b"x" * 17 + b"\nshort\n", [*["short"] * 10, TOO_LONG, "short"]),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_bytes_are_cut_into_lines(data: bytes, lines: list[str | LineError]) -> None:
    assert decode(data) == lines


def test_a_line_that_is_too_long_is_reported_before_its_end_arrives() -> None:
    decoder = LineDecoder(LIMIT)
    assert decoder.feed(b"x" * (LIMIT + 2)) == [TOO_LONG]
    assert decoder.feed(b"x" * 1000) == []
    assert decoder.feed(b"x\nok\n") == ["ok"]


def test_a_line_may_be_exactly_the_limit_until_its_end_decides() -> None:
    for end, line in ((b"\n", "x" * LIMIT), (b"\r\n", "x" * LIMIT), (b"\r\r\n", TOO_LONG)):
        decoder = LineDecoder(LIMIT)
        assert decoder.feed(b"x" * LIMIT) == []
        assert decoder.feed(end) == [line]


def test_without_a_limit_a_line_may_have_any_length() -> None:
    assert decode(b"x" * 200_000, b"x\n", limit=None) == ["x" * 200_001]


# Every byte that is special to the decoder, often.
_bytes = st.lists(
    st.one_of(st.binary(max_size=4), st.sampled_from([b"\n", b"\r\n", b"\0", b"\xff", b"x" * 15])),
    max_size=12,
).map(b"".join)


@given(st.lists(_bytes, max_size=8))
@example([b"x" * 17, b"\n"])
@example([b"x" * 17, b"\nok\n"])
@example([b"\xc3", b"\xa9\n"])
def test_the_lines_are_the_same_in_any_pieces(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert decode(*pieces) == decode(whole)
    assert decode(*(whole[i : i + 1] for i in range(len(whole)))) == decode(whole)


@given(_bytes)
def test_every_end_of_a_line_gives_one_line_or_one_error(data: bytes) -> None:
    lines = decode(data + b"\n")
    assert len(lines) == data.count(b"\n") + 1
    for line in lines:
        assert isinstance(line, LineError) or not {"\n", "\0"} & set(line)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n")), max_size=5))
def test_encoded_lines_are_decoded_again(lines: list[str]) -> None:
    assert decode(encode(lines), limit=None) == (lines or [""])


def test_text_that_cannot_be_encoded_is_escaped() -> None:
    assert encode(["a\ud800b"]) == b"a\\ud800b\n"


def test_a_line_of_any_length_takes_bounded_memory() -> None:
    decoder = LineDecoder(LIMIT)
    piece = b"x" * 10_000
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(1000):
        decoder.feed(piece)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1_000
    assert peak - before < 3 * len(piece)
