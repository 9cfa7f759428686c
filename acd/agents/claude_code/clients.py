"""Finds the installed clients of Claude Code and their versions.

It looks on PATH, in the usual places and in editors' extensions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from acd import paths
from acd.system import programs
from acd.system.environment import minimal

Version = tuple[int, int, int]

USUAL: Final = (
    ".local/bin/claude",
    ".claude/local/claude",
    ".claude/local/node_modules/.bin/claude",
    ".npm-global/bin/claude",
)
"""The paths, below the home directory, of the client's installers: the native one, `claude
migrate-installer`, and npm with the prefix that its documentation proposes. Those outside of the
home (Homebrew, a system's npm) are on PATH."""

EXTENSIONS: Final = (
    ".vscode/extensions",
    ".vscode-insiders/extensions",
    ".vscode-server/extensions",
    ".vscode-server-insiders/extensions",
    ".vscode-remote/extensions",
    ".vscode-oss/extensions",
    ".vscodium-server/extensions",
    ".cursor/extensions",
    ".cursor-server/extensions",
    ".windsurf/extensions",
    ".windsurf-server/extensions",
    ".local/share/code-server/extensions",
)
"""The extension directories of VS Code, VSCodium, Cursor, Windsurf and their remote servers."""

PROGRAM: Final = "resources/native-binary/claude"
"""The client in the extension's directory (seen in 2.1.145 to 2.1.280)."""

VERSION_SECONDS = 5.0
"""The time limit of `claude --version`."""

_MAX_PACKAGE: Final = 1 << 20
"""The limit for an extension's package.json in bytes; the real ones have some 20,000."""

_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\b")
_EXTENSION: Final = "anthropic.claude-code"


class InstalledClient(NamedTuple):
    """An installed client."""

    place: str
    """Its program or its extension's directory; a phrase for one that only the daemon has seen."""
    version: Version | None


def clients(environ: Mapping[str, str], seen_version: str | None = None) -> list[InstalledClient]:
    """Returns the installed clients, and the one that the daemon has seen, if its version differs.

    `seen_version` is the newest version that the daemon has seen in use. Runs
    `--version` of each client: 10 ms, VERSION_SECONDS at most. Raises nothing.
    """
    home = paths.home(environ)
    on_path = programs.which("claude", environ)
    usual = [str(home / place) for place in USUAL if os.access(home / place, os.X_OK)]
    found: dict[str, InstalledClient] = {}
    for program in filter(None, [on_path, *usual]):
        if (real := os.path.realpath(program)) not in found:
            found[real] = InstalledClient(program, _printed_version(program, environ))
    extensions = [_newest_extension(home / root) for root in EXTENSIONS]
    for extension in filter(None, extensions):
        if (real := os.path.realpath(extension)) not in found:
            found[real] = _of_extension(extension, environ)
    installed = list(found.values())
    seen = _version_in(seen_version or "")
    if seen is not None and all(client.version != seen for client in installed):
        installed.append(InstalledClient("in use, as the daemon has seen", seen))
    return installed


def _newest_extension(root: Path) -> Path | None:
    """Returns the extension's version that the editor runs: older ones stay for a while."""
    try:
        named = [each for each in root.glob(f"{_EXTENSION}*") if _named_version(each) is not None]
    except OSError:
        return None
    return max(named, key=lambda each: _named_version(each) or (0, 0, 0), default=None)


def _of_extension(extension: Path, environ: Mapping[str, str]) -> InstalledClient:
    # Its program may be for another platform, or missing: an older extension ran a script.
    program = extension / PROGRAM
    printed = _printed_version(str(program), environ) if program.exists() else None
    return InstalledClient(
        str(program if printed else extension), printed or _named_version(extension)
    )


def _named_version(extension: Path) -> Version | None:
    """Returns the version in an extension's name; without one (Nix), in its package.json."""
    if extension.name != _EXTENSION:
        return _version_in(extension.name.removeprefix(f"{_EXTENSION}-"))
    try:
        with (extension / "package.json").open("rb") as file:
            package = json.loads(file.read(_MAX_PACKAGE))
    except (OSError, ValueError, RecursionError):
        return None
    return _version_in(str(package.get("version"))) if isinstance(package, dict) else None


def _printed_version(program: str, environ: Mapping[str, str]) -> Version | None:
    answer = programs.run(
        [program, "--version"],
        # minimal() passes HOME, for the shims of version managers, and no key or token.
        environ=minimal(environ) | {"DISABLE_AUTOUPDATER": "1"},
        timeout=VERSION_SECONDS,
    )
    return _version_in(answer.output) if answer is not None and answer.status == 0 else None


def _version_in(text: str) -> Version | None:
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
