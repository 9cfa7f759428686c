"""Runs a command, as root, in a new user namespace: `user_namespace.py COMMAND…`.

Ids 0 to 65535 are mapped to themselves. In there root can set
/proc/sys/user/max_user_namespaces for this namespace alone (user_namespaces(7)).
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
IDENTITY = "0 0 65536\n"


def main(command: list[str]) -> int:
    """Returns the command's exit code."""
    entered, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unshare(CLONE_NEWUSER):
                raise OSError(ctypes.get_errno(), "unshare")
            os.write(entered[1], b"x")
            os.read(mapped[0], 1)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    os.close(entered[1])
    if os.read(entered[0], 1):
        # The parent writes the maps of the namespace.
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{child}/{name}").write_text(IDENTITY)
        os.write(mapped[1], b"x")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
