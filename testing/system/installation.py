"""An installation by a new user, and the settings that the user had before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SETTINGS = """{
\t"model": "opus",
\t"hooks": {
\t\t"Stop": [
\t\t\t{ "hooks": [ { "type": "command", "command": "notify-send 'fertig \\u2713'" } ] }
\t\t]
\t},
\t"permissions": { "allow": ["Bash(ls:*)"] }
}"""
"""A user's own hook on an event that acd uses too, tabs, and no newline at the end."""


@dataclass(frozen=True)
class Installation:
    """The result of install.sh, run by a new user."""

    home: Path
    """The path, outside of the user's namespace, of the home after the run."""
    output: str
    errors: str
    files_before: dict[str, str]
    files_after: dict[str, str]
