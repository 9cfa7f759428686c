"""The clients of Claude Code that are here: on PATH, in the usual places, in editors' extensions.

Responsible for finding them and for their versions. It refuses to know what a
version means for the hooks (claude_code.py).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from acd import paths
from acd.install.daemon import met_version
from acd.system import programs
from acd.system.environment import minimal

Version = tuple[int, int, int]

USUAL: Final = (
    ".local/bin/claude",
    ".claude/local/claude",
    ".claude/local/node_modules/.bin/claude",
    ".npm-global/bin/claude",
)
"""Where the client's installers put it, below the home directory: the native one, `claude
migrate-installer`, and npm with the prefix that its documentation proposes. What lies outside of
the home (Homebrew, a system's npm) is on PATH."""

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
"""Where VS Code, VSCodium, Cursor, Windsurf and their remote servers keep their extensions."""

PROGRAM: Final = "resources/native-binary/claude"
"""The client in the directory of the extension (seen in 2.1.145 to 2.1.280)."""

VERSION_SECONDS = 5.0
"""How long a client may take to say its version."""

_MAX_PACKAGE: Final = 1 << 20
"""Bytes of an extension's package.json; the real ones have some 20,000."""

_VERSION: Final = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\b")
_EXTENSION: Final = "anthropic.claude-code"


class Client(NamedTuple):
    """A client that is here."""

    place: str
    """Its program or its extension's directory; for one that only the daemon has met, that."""
    version: Version | None


def clients(environ: Mapping[str, str]) -> list[Client]:
    """The clients that are here, and the newest that the running daemon has met.

    Runs `--version` of each: 10 ms, VERSION_SECONDS at most. Raises nothing.
    """
    home = paths.home(environ)
    on_path = programs.which("claude", environ)
    usual = [str(home / place) for place in USUAL if os.access(home / place, os.X_OK)]
    found: dict[str, Client] = {}
    for program in filter(None, [on_path, *usual]):
        if (real := os.path.realpath(program)) not in found:
            found[real] = Client(program, _told_version(program, environ))
    extensions = [_newest_extension(home / root) for root in EXTENSIONS]
    for extension in filter(None, extensions):
        if (real := os.path.realpath(extension)) not in found:
            found[real] = _of_extension(extension, environ)
    there = list(found.values())
    met = _version_in(met_version(environ, "claude-code") or "")
    if met is not None and all(client.version != met for client in there):
        there.append(Client("in use, as the daemon has seen", met))
    return there


def _newest_extension(root: Path) -> Path | None:
    """Of the extension's versions the one that the editor runs: older ones stay for a while."""
    try:
        named = [each for each in root.glob(f"{_EXTENSION}*") if _named_version(each) is not None]
    except OSError:
        return None
    return max(named, key=lambda each: _named_version(each) or (0, 0, 0), default=None)


def _of_extension(extension: Path, environ: Mapping[str, str]) -> Client:
    # Its program may be of another platform, or not there: an older extension ran a script.
    program = extension / PROGRAM
    told = _told_version(str(program), environ) if program.exists() else None
    return Client(str(program if told else extension), told or _named_version(extension))


def _named_version(extension: Path) -> Version | None:
    """The version in an extension's name; where there is none (Nix), in its package.json."""
    if extension.name != _EXTENSION:
        return _version_in(extension.name.removeprefix(f"{_EXTENSION}-"))
    try:
        with (extension / "package.json").open("rb") as file:
            package = json.loads(file.read(_MAX_PACKAGE))
    except (OSError, ValueError, RecursionError):
        return None
    return _version_in(str(package.get("version"))) if isinstance(package, dict) else None


def _told_version(program: str, environ: Mapping[str, str]) -> Version | None:
    answer = programs.run(
        [program, "--version"],
        # HOME for the shims of version managers; nothing that holds a key or a token.
        environ=minimal(environ) | {"DISABLE_AUTOUPDATER": "1"},
        timeout=VERSION_SECONDS,
    )
    return _version_in(answer.output) if answer is not None and answer.status == 0 else None


def _version_in(text: str) -> Version | None:
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None
