"""Takes over listening sockets from launchd: launch_activate_socket (launch(3))."""

from __future__ import annotations

import ctypes
import errno
import os

from acd.errors import UnsafeSocket


def activate_socket(name: str, library: str | None = None) -> list[int]:
    """The descriptors that launchd holds for this job under that key of its plist's Sockets.

    Empty when the process is not a launchd job (ESRCH) or has no such socket
    (ENOENT). `library` is the library with the function; None is the process
    itself, which has libSystem. Raises UnsafeSocket.
    """
    libc = ctypes.CDLL(library)
    fds = ctypes.POINTER(ctypes.c_int)()
    count = ctypes.c_size_t()
    # It returns an errno value instead of setting errno.
    error = libc.launch_activate_socket(name.encode(), ctypes.byref(fds), ctypes.byref(count))
    if error in {errno.ESRCH, errno.ENOENT}:
        return []
    if error:
        raise UnsafeSocket(f"launchd does not hand over the socket: {os.strerror(error)}")
    try:
        return list(fds[: count.value])
    finally:
        libc.free(fds)
