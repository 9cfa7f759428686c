"""A temporary HOME with a socket's path, and functions that list and compare files."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from testing.closing import Closing


class TemporaryHome(Closing):
    """A directory with a HOME and a socket's path. Its `with` or close() removes it.

    The path is short, since a Unix socket's has at most 104 bytes: pytest's
    temporary directories are too long. Subclasses add the programs that run there.
    """

    def __init__(self, parent: Path | None = None, *, home: str = "home") -> None:
        """`home` is relative to the new directory; "." makes it the HOME itself."""
        self.root = Path(tempfile.mkdtemp(prefix="acd-", dir=parent)).resolve()
        self.home = self.root / home
        self.home.mkdir(exist_ok=True)
        self.directory = self.root / "run"
        self.socket = self.directory / "acd.sock"
        self.environ: dict[str, str] = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "ACD_SOCKET": str(self.socket),
        }

    def close(self) -> None:
        shutil.rmtree(self.root)


def tree(top: Path, *left_out: str) -> dict[str, str]:
    """Every path below a directory, with its mode and content or its link's target.

    Directories of a name in `left_out` are left out with their content.
    """
    found = {}
    for directory, names, files in os.walk(top):
        names[:] = [name for name in names if name not in left_out]
        for name in (*names, *files):
            path = Path(directory, name)
            if path.is_symlink():
                state = f"-> {path.readlink()}"
            else:
                content = b"" if path.is_dir() else path.read_bytes()
                state = f"{path.stat().st_mode:o} {hashlib.sha256(content).hexdigest()}"
            found[str(path.relative_to(top))] = state
    return found


def state(path: Path) -> tuple[int, int]:
    """A file's inode and ctime: at least one changes with every operation but a read."""
    return path.stat().st_ino, path.stat().st_ctime_ns
