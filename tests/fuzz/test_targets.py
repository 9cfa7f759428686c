"""The fuzz targets with few examples; `python -m checks.fuzz` takes more."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from checks.fuzz.targets import CORPUS, TARGETS, seeds

EXAMPLES = int(os.environ.get("ACD_FUZZ_EXAMPLES", "100"))

DICTIONARY = (
    [bytes([byte]) for byte in b'\0\r\n {}[]",:\\-0\xff\xc3\x80']
    + [b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\\u202e", b"null", b"true", b"1e999", b"NaN"]
    + [b"-1", b"9" * 30, b"9" * 5_000, b"[" * 70, b'{"a":' * 70, b"x" * 5_000, b"\xc2\x85"]
    + [b"session_id", b"hook_event_name", b"closed", b"SESSION ", b"EVENT ", b"@ ", b"SET a "]
)
"""Inserted bytes and words: those with a meaning in one of the formats."""


@st.composite
def changed(draw: st.DrawFn, target: str) -> bytes:
    """A seed, or two joined ones, with up to six parts removed or replaced."""
    data = draw(st.sampled_from(seeds(target)))
    if draw(st.booleans()):
        other = draw(st.sampled_from(seeds(target)))
        data = data[: draw(st.integers(0, len(data)))] + other[draw(st.integers(0, len(other))) :]
    for _ in range(draw(st.integers(0, 6))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.sampled_from([0, 0, 1, 2, 8, 100])))
        put = draw(st.sampled_from(DICTIONARY) | st.binary(max_size=4))
        data = data[:begin] + put + data[end:]
    return data


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_file_of_the_corpus_breaks_a_target(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.timeout(0)
@pytest.mark.parametrize("target", TARGETS)
def test_no_variation_of_the_corpus_breaks_a_target(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changed(target))
    def run(data: bytes) -> None:
        TARGETS[target](data)

    # The journal's warnings about bad records would hide a failure.
    monkeypatch.setattr(logging.getLogger("acd"), "disabled", True)
    monkeypatch.setattr(logging.getLogger("acd.journal"), "disabled", True)
    run()
