"""One look at all sessions, quickly, that neither starts a daemon nor keeps one.

Responsible for what `acd bar FORMAT` does: people's bars run it every few
seconds, so it goes its own way, without click (which takes longer than all
this), dataclasses and the socket module. It refuses to know how anything is
shown (bars/).

A daemon that runs is asked as a passive subscriber. Where none runs it would be
started by a connection, if a service manager holds the socket, and then again
after each of its idle stops; so the last daemon's state file is read instead.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from acd import paths, private
from acd.bars.formats import BARS, show
from acd.bars.view import View
from acd.core.session import Json
from acd.errors import EXIT_UNREACHABLE, AcdError, UnsafeSocket

_PATIENCE: Final = 0.5
"""Seconds for each word of a daemon. One that lives answers in a thousandth of it."""

EXIT_INTERRUPTED: Final = 130
"""What a shell makes of SIGINT."""
EXIT_BROKEN_PIPE: Final = 141
"""What a shell makes of SIGPIPE."""


def glance(environ: Mapping[str, str]) -> list[Json]:
    """All sessions as LIST tells them, or told them last. Raises UnsafeSocket."""
    path = paths.socket_path(environ)
    private.check_length(path)
    if private.is_running(path):
        try:
            return _ask(path)
        except (OSError, ValueError, EOFError):
            pass  # it has just ended, or hangs: its file says what it knew
    from acd.last_state import last_sessions  # as long again as all the rest

    return last_sessions(environ)


def _ask(path: Path) -> list[Json]:
    """Raises OSError, ValueError or EOFError when there is no true answer."""
    sock = private.connect(path, _PATIENCE)
    try:
        sock.sendall(b"SUBSCRIBE passive\n")
        answer = b""
        while b"\n" not in answer:
            if not (data := sock.recv(1 << 18)):
                raise EOFError
            answer += data
    finally:
        sock.close()
    word, _, rest = answer.partition(b"\n")[0].partition(b" ")
    sessions = json.loads(rest) if word == b"STATE" else None
    if type(sessions) is not list or not all(type(each) is dict for each in sessions):
        raise ValueError(word)
    return cast("list[Json]", sessions)


def is_quick(arguments: Sequence[str]) -> bool:
    """Whether these arguments of `acd` are a bar's look, for which this module is enough."""
    match arguments:
        case ["bar", name] | ["bar", name, "--template", _]:
            return name in BARS
    return False


def main(arguments: Sequence[str]) -> int:
    """`acd bar FORMAT [--template TEXT]`; returns the exit code. Raises AcdError."""
    try:
        return look(arguments[1], arguments[3] if len(arguments) > 3 else None)
    except UnsafeSocket as error:
        # To a client it means that there is no daemon that it may talk to.
        error.exit_code = EXIT_UNREACHABLE
        raise
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def look(name: str, source: str | None) -> int:
    """Prints what this bar shows now; returns the exit code. Raises AcdError."""
    template = None
    if source is not None:
        from acd.bars.template import Template  # loads re

        template = Template(source)
    view = View(glance(os.environ), time.time(), program())
    try:
        emit(show(name, view, template))
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    return 0


def program() -> str:
    """This program, as a bar can call it again from wherever it runs."""
    called = sys.argv[0]
    return str(Path(called).absolute()) if "/" in called else called


def emit(text: str) -> None:
    """Writes text to standard output as UTF-8, which is what bars read, at once.

    Raises BrokenPipeError when nobody reads it any more, AcdError when it
    cannot be written.
    """
    if sys.stdout is None:  # it was closed before we began
        return
    try:
        sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
        sys.stdout.flush()
    except OSError as error:
        # What the stream still holds would be tried again at the end, and fail again.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
        if isinstance(error, BrokenPipeError):
            raise
        raise AcdError(f"cannot write the output: {error.strerror}") from None
