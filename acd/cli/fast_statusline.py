"""`acd statusline` without click: runs the stand-alone script hooks/acd_statusline.py.

`acd install --statusline` configures that script itself, which starts faster;
this command is for settings that are written by hand. It always exits with 0:
Claude Code would show a failure.
"""

from __future__ import annotations

import runpy

from acd.errors import AcdError
from acd.install.resources import resource


def main() -> int:
    """Reads Claude Code's JSON from standard input and prints a line; returns 0."""
    try:
        script = resource("hooks/acd_statusline.py")
    except AcdError:
        return 0
    runpy.run_path(str(script), run_name="__main__")  # exits the process
    return 0
