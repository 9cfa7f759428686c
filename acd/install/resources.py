"""The files that acd puts in place, as they came with it.

Responsible for finding the hook and the service templates: in an installed
package they are its data, in a checkout they stand at its top. It refuses to
know where they go.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from acd.errors import AcdError

_PACKAGE_DATA = Path(__file__).with_name("data")
_CHECKOUT = Path(__file__).parents[2]


HOOK_MODULES: Final = ("acd_hook_rare.py", "acd_hook_event.py")
"""What the hook and the status line import."""


def hook_files() -> list[Path]:
    """What the hook imports, the hook, and the status line; they are put beside each other."""
    names = (*HOOK_MODULES, "acd_hook.py", "acd_statusline.py")
    return [resource(f"hooks/{name}") for name in names]


def resource(name: str) -> Path:
    """The file of that name, relative to a checkout's top. Raises AcdError if it is missing."""
    for place in (_PACKAGE_DATA, _CHECKOUT):
        if (path := place / name).is_file():
            return path
    raise AcdError(f"this acd is incomplete: {name} is missing", hint="run install.sh again")
