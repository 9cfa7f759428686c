"""The bare counterpart of most measurements: a minimal uvloop server.

    python bare.py SOCKET set|broadcast|list [FILE]

`set` splits each SET line, puts it in a dict and replies `OK`; `broadcast` writes each line to
every other connection; `list` replies to each line with json.dumps() of the content of
FILE. It imports nothing of acd, and prints `ready` when it serves.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, cast

import uvloop


class SetServer(asyncio.Protocol):
    sessions: dict[bytes, bytes] = {}  # noqa: RUF012 - shared by all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            words = line.split()
            self.sessions[words[1]] = words[2]
        self.transport.write(b"OK\n" * len(lines))


class BroadcastServer(asyncio.Protocol):
    connections: set[asyncio.Transport] = set()  # noqa: RUF012 - shared by all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.connections.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.remove(self.transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(b"OK\n")
        for other in self.connections:
            if other is not self.transport:
                other.write(data)


class ListServer(asyncio.Protocol):
    sessions: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(f"STATE {json.dumps(self.sessions)}\n".encode())


async def main(path: str, kind: str, *files: str) -> None:
    for file in files:
        ListServer.sessions = json.loads(Path(file).read_text())
    protocol = {"set": SetServer, "broadcast": BroadcastServer, "list": ListServer}[kind]
    server = await asyncio.get_running_loop().create_unix_server(protocol, path, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


uvloop.run(main(*sys.argv[1:]))
