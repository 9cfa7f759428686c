"""Hypothesis strategies for whatever a JSON parser may return."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from acd.sessions.values import Json

any_text = st.text(st.characters(), max_size=20)
"""Lone surrogates included: JSON's escapes can make them."""

_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    any_text,
)

any_json: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=10,
)

json_objects: st.SearchStrategy[Json] = st.dictionaries(any_text, any_json, max_size=5)
