"""A client that sends one SET after another, each on a new connection, until stdin ends.

It prints "sending" after the first OK, and at the end the last status of each session, as
JSON. Another reply ends it with an error. It uses the standard library only.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import socket
import sys

_SESSIONS = 20
_STATUSES = ("working", "question", "attention")
# Between two lines; it leaves CPU time for the test.
_PAUSE_SECONDS = 0.005
_REPLY_SECONDS = 30


def main() -> None:
    address = os.environ["XDG_RUNTIME_DIR"] + "/acd/acd.sock"
    left: dict[str, str] = {}
    for number in itertools.count():
        session, status = f"steady-{number % _SESSIONS}", _STATUSES[number % len(_STATUSES)]
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(_REPLY_SECONDS)
            peer.connect(address)
            peer.sendall(f"SET {session} {status}\n".encode())
            reply = peer.recv(4096)
        if reply != b"OK\n":
            sys.exit(f"the reply to line {number} was {reply!r}")
        left[session] = status
        if number == 0:
            print("sending", flush=True)
        if select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
            break
    print(json.dumps(left))


if __name__ == "__main__":
    main()
