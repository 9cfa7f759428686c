"""`acd completion ids` without click: the session ids that a shell completes.

It starts no daemon, and prints nothing when an error occurs.
"""

from __future__ import annotations

import os

from acd.cli.fast_bar import emit
from acd.client.snapshot import snapshot
from acd.errors import AcdError, OutputClosed
from acd.sessions.status import by_need
from acd.text import one_line


def main() -> int:
    """Prints `ID<tab>STATUS NAME` for each session, by need of the user; returns 0."""
    try:
        lines = [
            f"{each['id']}\t{each['status']} {one_line(each['display_name'])}"
            for each in by_need(snapshot(os.environ))
            if each["id"].isprintable()  # other ids could not be typed
        ]
        if lines:
            emit("\n".join(lines))
    except (AcdError, OutputClosed, KeyError):
        pass
    return 0
