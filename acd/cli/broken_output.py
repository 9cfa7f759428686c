"""Handles a standard output that cannot be written. Imported on failure only, without click."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from acd.errors import AcdError, OutputClosed


def fail(error: OSError) -> NoReturn:
    """Drops what standard output still buffers.

    Raises OutputClosed when its reader is gone, otherwise AcdError.
    """
    # At exit Python would flush the buffer again, and report the failure again.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    if isinstance(error, BrokenPipeError):
        raise OutputClosed from None
    raise AcdError(f"cannot write the output: {error.strerror}") from None
