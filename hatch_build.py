"""Generates the manual pages and the completion scripts when the package is built."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GeneratedFiles(BuildHookInterface[Any]):
    """Adds them to a wheel; for an editable install they are written into the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.path.insert(0, self.root)
        sys.dont_write_bytecode = True  # the checkout may belong to another user
        from tools import packaging_files

        if version == "editable":
            packaging_files.write()
            return
        self._directory = tempfile.TemporaryDirectory()
        for path in packaging_files.write(Path(self._directory.name)):
            name = path.relative_to(self._directory.name)
            build_data["force_include"][str(path)] = f"acd/install/data/packaging/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._directory.cleanup()
