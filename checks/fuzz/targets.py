"""The fuzz targets: functions of bytes that raise an exception on a failure.

A seed is a file of the corpus; hypothesis changes it, and shrinks a failing input. The
docstrings state what each target checks.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from acd.protocol import LineDecoder, LineError
from testing.journaled_store import BOOT, JournaledStore, wire

CORPUS = Path(__file__).with_name("corpus")
MAX_LINE = 2_048


def lines(data: bytes) -> None:
    """However a stream is split, it has the same lines, in bounded memory."""
    whole = LineDecoder(MAX_LINE).feed(data)
    for size in (1, 7, len(data) // 2 + 1):
        decoder = LineDecoder(MAX_LINE)
        pieces = [
            line
            for begin in range(0, len(data), size)
            for line in decoder.feed(data[begin : begin + size])
        ]
        assert pieces == whole, size
        assert len(decoder._tail) <= MAX_LINE + 1
    for line in whole:
        text = line.text if isinstance(line, LineError) else line
        assert "\n" not in text
        assert "\0" not in text


def conversation(data: bytes) -> None:
    """Each line has one line as its reply, and its changes are read back from the journal."""
    with tempfile.TemporaryDirectory() as directory:
        journaled = JournaledStore(Path(directory, "journal"))
        for line in LineDecoder(MAX_LINE).feed(data + b"\n"):
            if not isinstance(line, LineError) and line.partition(" ")[0].upper() in VERBS:
                [reply] = journaled.do(line)
                assert "\n" not in reply
                assert reply.startswith("ERR ") or reply.isascii()
        _same(journaled)


VERBS = {"SET", "RM", "DELETE", "GET", "HISTORY", "LIST", "RESURRECT", "API_USAGE", "HOOK"}


def hook(data: bytes) -> None:
    """A payload is an event or refused, and every session that it makes can be shown."""
    payload = data.replace(b"\r", b" ").replace(b"\n", b" ").decode("utf-8", "replace")
    with tempfile.TemporaryDirectory() as directory:
        journaled = JournaledStore(Path(directory, "journal"))
        meta = '{"at":1700000000000000000,"pid":4000001,"host":"here"}'
        journaled.do(f"HOOK claude-code {meta} {payload}", f"HOOK claude-code {payload} {payload}")
        for session in journaled.store.list_all():
            assert session.id.isprintable()
            assert len(session.prompt or "") <= 200
        _same(journaled)


def journal(data: bytes) -> None:
    """A file is read up to its first bad part, and then continues as a valid one."""
    data = data.replace(b"BOOT", BOOT.encode(), 1)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "journal")
        path.write_bytes(data)
        journaled = JournaledStore(path)
        assert journaled.journal.failure is None
        journaled.do("SET after working", "LIST")
        _same(journaled)


def _same(journaled: JournaledStore) -> None:
    """The next daemon has the same sessions, and replies with them."""
    again = journaled.again()
    assert again.state == journaled.state
    for session in wire(again):
        assert again.do(f"GET {session['id']}")[0].startswith("OK ")
        json.dumps(session).encode("ascii")
    for used in (journaled, again):
        used.journal.close()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "lines": lines,
    "conversation": conversation,
    "hook": hook,
    "journal": journal,
}


def seeds(target: str) -> list[bytes]:
    """The corpus of a target: its own files and the inputs that failed before."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]
