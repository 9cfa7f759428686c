"""Writes the bytecode of the hook's modules, which the hook itself never writes."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from acd.errors import AcdError


@dataclass(frozen=True)
class Compile:
    """Compiles a module for the version of Python that runs acd, which the hook runs on too.

    Another version of Python ignores the file, and compiles the module.
    """

    source: Path

    @property
    def path(self) -> Path:
        """Where importlib finds it (PEP 3147)."""
        name = f"{self.source.stem}.{sys.implementation.cache_tag}.pyc"
        return self.source.parent / "__pycache__" / name

    def is_needed(self) -> bool:
        """Returns whether importlib would ignore the file, or the file is missing.

        Its header is the magic number, flags of 0, and the source's time and size
        (PEP 552); importlib ignores one that differs.
        """
        try:
            found = self.source.stat()
            with self.path.open("rb") as file:
                head = file.read(16)
        except OSError:
            return True
        of_source = (int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
        wanted = b"".join(value.to_bytes(4, "little") for value in (0, *of_source))
        return head != importlib.util.MAGIC_NUMBER + wanted

    def describe(self) -> str:
        return f"write {self.path} (the hook's bytecode)"

    def execute(self) -> None:
        import py_compile  # 5 ms

        try:
            # 0700: no other user may write code that a hook runs, whatever the umask.
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            py_compile.compile(
                str(self.source),
                cfile=str(self.path),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP,
            )
        except OSError as error:
            raise AcdError(f"cannot write {self.path}: {error.strerror}") from error
