"""The files that come with acd and are installed outside of the package.

In an installed package they are its data; in a checkout they are at its top.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from acd.errors import AcdError

_PACKAGE_DATA: Final = Path(__file__).with_name("data")
_CHECKOUT: Final = Path(__file__).parents[2]

HOOK_MODULES: Final = ("acd_hook_rare.py", "acd_hook_event.py")
"""The modules that the hook and the status line import."""

HOOK_FILES: Final = (*HOOK_MODULES, "acd_hook.py", "acd_statusline.py")
"""The modules, the hook and the status line, which are installed in one directory."""


def hook_files() -> list[Path]:
    """Returns the paths of HOOK_FILES. Raises AcdError if one is missing."""
    return [resource(f"hooks/{name}") for name in HOOK_FILES]


def resource(name: str) -> Path:
    """Returns a file by its path in a checkout. Raises AcdError if it is missing."""
    for directory in (_PACKAGE_DATA, _CHECKOUT):
        if (path := directory / name).is_file():
            return path
    raise AcdError(f"this acd is incomplete: {name} is missing", hint="run install.sh again")
