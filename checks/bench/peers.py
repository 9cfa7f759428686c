"""Other clients of a server, in one process.

    python peers.py SOCKET read COUNT [SUBSCRIBE]    COUNT connections that read
    python peers.py SOCKET flood                     one that pipelines SETs without end

It imports nothing of acd, and prints `ready` when all are connected.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from collections.abc import Callable


def connected(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    return sock


def read(path: str, count: str, *subscribe: str) -> None:
    poll = select.epoll()
    readers = {}
    for _ in range(int(count)):
        sock = connected(path)
        if subscribe:
            sock.sendall(f"{' '.join(subscribe)}\n".encode())
            sock.recv(1 << 16)
        poll.register(sock, select.EPOLLIN)
        readers[sock.fileno()] = sock
    print("ready", flush=True)
    while True:
        for fd, _ in poll.poll():
            if not readers[fd].recv(1 << 16):
                return


def flood(path: str) -> None:
    sock = connected(path)
    block = b"".join(b"SET flood%d working\n" % (number % 10) for number in range(1000))

    def send() -> None:
        while True:
            sock.sendall(block)

    threading.Thread(target=send, daemon=True).start()
    print("ready", flush=True)
    while sock.recv(1 << 16):
        pass


KINDS: dict[str, Callable[..., None]] = {"read": read, "flood": flood}
path, kind, *more = sys.argv[1:]
KINDS[kind](path, *more)
