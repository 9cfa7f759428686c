"""Reads the start time and name of a process on macOS: proc_pidinfo(PROC_PIDTBSDINFO), libproc.h.

The layout is the header's. It has run on a stand-in only, not on a Mac yet.
"""

from __future__ import annotations

import ctypes
from typing import Final, NamedTuple

_PROC_PIDTBSDINFO: Final = 3
_ZOMBIE: Final = 5  # SZOMB, sys/proc.h


class _ProcBsdInfo(ctypes.Structure):
    """struct proc_bsdinfo (sys/proc_info.h)."""

    _fields_ = (
        ("pbi_flags", ctypes.c_uint32),
        ("pbi_status", ctypes.c_uint32),
        ("pbi_xstatus", ctypes.c_uint32),
        ("pbi_pid", ctypes.c_uint32),
        ("pbi_ppid", ctypes.c_uint32),
        ("pbi_uid", ctypes.c_uint32),
        ("pbi_gid", ctypes.c_uint32),
        ("pbi_ruid", ctypes.c_uint32),
        ("pbi_rgid", ctypes.c_uint32),
        ("pbi_svuid", ctypes.c_uint32),
        ("pbi_svgid", ctypes.c_uint32),
        ("rfu_1", ctypes.c_uint32),
        ("pbi_comm", ctypes.c_char * 16),
        ("pbi_name", ctypes.c_char * 32),
        ("pbi_nfiles", ctypes.c_uint32),
        ("pbi_pgid", ctypes.c_uint32),
        ("pbi_pjobc", ctypes.c_uint32),
        ("e_tdev", ctypes.c_uint32),
        ("e_tpgid", ctypes.c_uint32),
        ("pbi_nice", ctypes.c_int32),
        ("pbi_start_tvsec", ctypes.c_uint64),
        ("pbi_start_tvusec", ctypes.c_uint64),
    )


class ProcessInfo(NamedTuple):
    """The fields of struct proc_bsdinfo that acd uses."""

    start: int
    """Unix microseconds."""
    name: str


def bsd_info(pid: int, library: str | None = None) -> ProcessInfo | None:
    """The start and name of a process; None for a zombie or where there is no such process."""
    libproc = ctypes.CDLL(library)
    info = _ProcBsdInfo()
    size = ctypes.sizeof(info)
    got = libproc.proc_pidinfo(pid, _PROC_PIDTBSDINFO, ctypes.c_uint64(0), ctypes.byref(info), size)
    if got != size or info.pbi_status == _ZOMBIE:
        return None
    start = info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec
    return ProcessInfo(start, info.pbi_comm.decode("utf-8", "replace"))
