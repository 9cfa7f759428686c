"""What a shell completes a session's id with: `acd completion ids`.

Responsible for a line a session, those first that need the user: the id, a
tab, and in words what it is. A person waits for it with a finger on TAB, so it
goes the way of a status bar's look, starts no daemon, and says nothing when
something is wrong.
"""

from __future__ import annotations

import os

from acd.cli.quick_bar import emit
from acd.client.snapshot import snapshot
from acd.errors import AcdError
from acd.text import by_need, one_line


def main() -> int:
    """Returns the exit code, which is always 0."""
    try:
        sessions = by_need(snapshot(os.environ))
        lines = [
            f"{each['id']}\t{each['status']} {one_line(each['display_name'])}"
            for each in sessions
            # What would have to be escaped is no id to type.
            if each["id"].isprintable()
        ]
        if lines:
            emit("\n".join(lines))
    except (AcdError, BrokenPipeError, KeyError):
        pass
    return 0
