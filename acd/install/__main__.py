"""`python -m acd.install`: removes acd without a question.

install.sh runs it from a checkout when the installed program is broken or gone,
on any Python with nothing installed. So it imports the standard library only.
"""

from __future__ import annotations

import os
import sys

from acd.errors import AcdError
from acd.install import run
from acd.text import error_text, printable


def main() -> int:
    """Returns the exit code."""
    try:
        for line in run.uninstall(os.environ):
            print(printable(line))
    except AcdError as error:
        print(error_text(error), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
