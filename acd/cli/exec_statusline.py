"""`acd statusline`: Claude Code's status line, for settings that are written by hand.

Responsible for running the stand-alone script that does it all
(hooks/acd_statusline.py), in this process; `acd install --statusline` sets that
script itself, which starts faster. It refuses to fail: Claude Code would show it.
"""

from __future__ import annotations

import runpy

from acd.errors import AcdError
from acd.install.resources import resource


def main() -> int:
    """Reads the JSON of Claude Code from standard input and prints a line; returns 0."""
    try:
        script = resource("hooks/acd_statusline.py")
    except AcdError:
        return 0
    runpy.run_path(str(script), run_name="__main__")  # ends the process
    return 0
