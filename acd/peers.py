"""Who is at the other end of a connected Unix socket, as the kernel tells.

Linux: SO_PEERCRED (unix(7)), struct ucred {pid, uid, gid}. macOS: LOCAL_PEERCRED (unix(4)),
struct xucred {version, uid, and 68 bytes more}, and LOCAL_PEERPID (sys/un.h).
macOS's constants have not been tried on a Mac.
"""

from __future__ import annotations

import socket
import struct
import sys
from typing import Protocol

if sys.platform == "linux":
    _LEVEL, _CREDENTIALS, _UID = socket.SOL_SOCKET, socket.SO_PEERCRED, struct.Struct("4xI4x")
    _PROCESS, _PID = socket.SO_PEERCRED, struct.Struct("i8x")
else:
    _LEVEL, _CREDENTIALS, _UID = 0, 1, struct.Struct("4xI68x")
    _PROCESS, _PID = 2, struct.Struct("i")


class Connected(Protocol):
    """socket.socket, or the C type below it."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes: ...


def uid_of(sock: Connected) -> int:
    """The user at the other end: of a client since connect(), of a server since listen()."""
    uid: int = _UID.unpack(sock.getsockopt(_LEVEL, _CREDENTIALS, _UID.size))[0]
    return uid


def pid_of(sock: Connected) -> int:
    """The process there, likewise; 0 where it lives in a PID namespace that is not ours."""
    pid: int = _PID.unpack(sock.getsockopt(_LEVEL, _PROCESS, _PID.size))[0]
    return pid
