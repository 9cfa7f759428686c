"""Reads the credentials of the peer of a connected Unix socket from the kernel.

Linux: SO_PEERCRED (unix(7)), struct ucred {pid, uid, gid}. macOS: LOCAL_PEERCRED (unix(4)),
struct xucred {version, uid, and 68 bytes more}, and LOCAL_PEERPID (sys/un.h); macOS's
constants have not been tried on a Mac. The imports are few because status bars use this
module every few seconds.
"""

from __future__ import annotations

import _socket
import sys
from typing import Protocol

# Level, option and size; the uid is bytes 4 to 7 of both structures, the pid bytes 0 to 3.
if sys.platform == "linux":
    _CREDENTIALS = _PROCESS = (_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
else:
    _CREDENTIALS, _PROCESS = (0, 1, 76), (0, 2, 4)


class Connected(Protocol):
    """socket.socket, or the C type below it."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes: ...


def uid_of(sock: Connected) -> int:
    """The user id of the peer: of a client at connect(2), of a server at listen(2)."""
    level, option, size = _CREDENTIALS
    return int.from_bytes(sock.getsockopt(level, option, size)[4:8], sys.byteorder)


def pid_of(sock: Connected) -> int:
    """The process id of the peer at the same moment; 0 for a process of another PID namespace."""
    level, option, size = _PROCESS
    return int.from_bytes(sock.getsockopt(level, option, size)[:4], sys.byteorder)
