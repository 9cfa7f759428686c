"""Attempts that a sandbox's directives forbid, and that succeed without it, as any user.

`sandbox_attempts.py PORT` prints one line of JSON: for each directive true, false, or the
error. It uses the standard library only.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
PER_LINUX32 = 8


def _call(result: int) -> bool:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True


def _write(path: Path) -> bool:
    path.write_text("x")
    path.unlink()
    return True


def _write_and_execute() -> bool:
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        return True


def _set_user_id_bit() -> bool:
    path = Path(os.environ["XDG_RUNTIME_DIR"], "acd/attempt")
    path.touch()
    try:
        path.chmod(0o4700)
        return path.stat().st_mode & stat.S_ISUID != 0
    finally:
        path.unlink()


def _connect() -> bool:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5).close()
    return True


def _reach_devices() -> bool:
    harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
    others = [path for path in Path("/dev").iterdir() if path.name not in harmless]
    kinds = [path.stat().st_mode for path in others if not path.is_symlink()]
    return any(stat.S_ISBLK(kind) or stat.S_ISCHR(kind) for kind in kinds)


def _adjust_clock() -> bool:
    # adjtimex(2) with modes 0 only reads, which needs no privilege.
    return _call(LIBC.adjtimex(ctypes.create_string_buffer(512)))


def _new_user_namespace() -> bool:
    # In a child: a process in a user namespace cannot make the other attempts.
    child = os.fork()
    if child == 0:
        os._exit(0 if LIBC.unshare(CLONE_NEWUSER) == 0 else ctypes.get_errno())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code))
    return True


def _set_affinity() -> bool:
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return True


def _status(field: str) -> str:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return line.split()[1]
    raise OSError(f"no {field}")


def _is_writable(mount: str) -> bool:
    return not os.statvfs(mount).f_flag & os.ST_RDONLY


ATTEMPTS: dict[str, Callable[[], bool]] = {
    "ProtectSystem=strict": lambda: _write(Path("/var/tmp/acd-attempt")),
    "ProtectHome=read-only": lambda: _write(Path.home() / "attempt"),
    "PrivateDevices=yes": _reach_devices,
    "PrivateNetwork=yes": _connect,
    "RestrictAddressFamilies=AF_UNIX": lambda: socket.socket(socket.AF_INET).fileno() >= 0,
    "ProtectClock=yes": _adjust_clock,
    "ProtectControlGroups=yes": lambda: _is_writable("/sys/fs/cgroup"),
    "ProtectKernelTunables=yes": lambda: _is_writable("/proc/sys"),
    "LockPersonality=yes": lambda: _call(LIBC.personality(PER_LINUX32)),
    "MemoryDenyWriteExecute=yes": _write_and_execute,
    "RestrictNamespaces=yes": _new_user_namespace,
    "RestrictSUIDSGID=yes": _set_user_id_bit,
    "NoNewPrivileges=yes": lambda: _status("NoNewPrivs") == "0",
    "CapabilityBoundingSet=": lambda: int(_status("CapBnd"), 16) != 0,
    "UMask=0077": lambda: int(_status("Umask"), 8) != 0o077,
    "SystemCallFilter=~@privileged @resources": _set_affinity,
}


def main() -> None:
    outcomes: dict[str, bool | str] = {}
    for directive, attempt in ATTEMPTS.items():
        try:
            outcomes[directive] = attempt()
        except OSError as error:
            outcomes[directive] = error.strerror or str(error)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
