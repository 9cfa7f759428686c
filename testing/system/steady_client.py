"""A client that never lets up: one SET after another, each on a connection of its own.

Runs as the test user, with nothing but the standard library. Prints "sending"
after the first OK, goes on until its standard input ends, then prints the
status that it left each session in, as JSON. Whatever is not answered OK ends
it at once, with the reply as its error.
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
# Between two lines: enough of them in a second, and a core left for what is tried meanwhile.
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
            sys.exit(f"line {number} was answered {reply!r}")
        left[session] = status
        if number == 0:
            print("sending", flush=True)
        if select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
            break
    print(json.dumps(left))


if __name__ == "__main__":
    main()
