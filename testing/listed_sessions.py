"""Sessions as LIST shows them, for the tests of tables and lines."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import strategies as st

from acd.sessions.status import STATUSES


def session(**fields: Any) -> dict[str, Any]:
    made = {
        "id": "3f2a9c1e-0000",
        "status": "working",
        "since": time.time() - 5,
        "elapsed": 5,
        "display_name": "api",
        "working_dir": "/home/me/src/api",
        "prompt": None,
    }
    return made | fields


texts = st.text(max_size=60)
sessions = st.lists(
    st.builds(
        session,
        id=st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1),
        status=st.sampled_from(list(STATUSES)),
        elapsed=st.integers(0, 10**6),
        display_name=texts.filter(bool),
        working_dir=st.none() | texts,
        prompt=st.none() | texts,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each["id"],
)
