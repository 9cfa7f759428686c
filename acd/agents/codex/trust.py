"""Codex's trust in hooks: finds acd's untrusted hooks, trusts them, finds hooks that lose it.

Codex runs a hook only after its user has reviewed it. It stores the review in
config.toml, by the hook's position (file, event, group, handler), with a hash of
the hook. So a hook that moves up, because one before it is removed, has to be
reviewed again. Measured on 0.169.0.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from acd.agents.codex.app_server import REVIEW, AppServer, app_server, unexpected_reply
from acd.agents.codex.events import AGENT
from acd.agents.codex.hooks import home, hooks_path
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.system import files


class HookPosition(NamedTuple):
    """Where a hook stands in a file."""

    event: str
    group: int
    handler: int

    def key(self, path: Path) -> str:
        """Returns its name in Codex's configuration."""
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.event).lower()
        return f"{path}:{snake}:{self.group}:{self.handler}"


def positions(content: bytes | None) -> dict[HookPosition, Mapping[str, Any]]:
    """Returns each hook of a hooks.json; values of another shape are left out."""
    try:
        value = json.loads(content or b"{}")
    except ValueError:
        return {}
    events = value.get("hooks") if isinstance(value, dict) else None
    found: dict[HookPosition, Mapping[str, Any]] = {}
    for event, groups in events.items() if isinstance(events, dict) else ():
        for group_index, group in enumerate(groups if isinstance(groups, list) else ()):
            handlers = group.get("hooks") if isinstance(group, dict) else None
            for index, handler in enumerate(handlers if isinstance(handlers, list) else ()):
                if isinstance(handler, dict):
                    found[HookPosition(event, group_index, index)] = handler
    return found


def untrusted(environ: Mapping[str, str]) -> list[str]:
    """Returns the events whose acd hook has no review in Codex's configuration, or is disabled.

    A hook that was changed after its review is not among them: only Codex
    computes the hash, and `codex app-server` writes some 70 files into its home.
    Raises AcdError for a file that cannot be read.
    """
    hooks = hooks_path(environ)
    state = _states(files.read(home(environ) / "config.toml").content)
    found = []
    for position, handler in positions(files.read(hooks).content).items():
        if hook_entries.is_ours(handler, AGENT.name):
            entries = (state.get(position.key(path), {}) for path in _names(hooks))
            entry = next(filter(None, entries), {})
            if entry.get("enabled") is False or "trusted_hash" not in entry:
                found.append(position.event)
    return found


def moved(before: bytes | None, after: bytes | None) -> str | None:
    """Returns a note on the hooks of others that an edit of acd's hooks has moved; None for none.

    `before` and `after` are contents of hooks.json. acd does not add, remove or
    reorder hooks of others, so the nth of an event is the same hook in both.
    """
    old, new = _others(before), _others(after)
    names = [
        f"{position.event} ({handler.get('command')})"
        for event, found in old.items()
        for (position, handler), (now, _) in zip(found, new.get(event, ()), strict=False)
        if position != now
    ]
    if not names:
        return None
    return (
        "Codex asks you to review these hooks again, because they move to another position:"
        f" {', '.join(names)}"
    )


def _others(content: bytes | None) -> dict[str, list[tuple[HookPosition, Mapping[str, Any]]]]:
    """Returns the hooks that are not acd's, by event."""
    found: dict[str, list[tuple[HookPosition, Mapping[str, Any]]]] = {}
    for position, handler in positions(content).items():
        if not hook_entries.is_ours(handler, AGENT.name):
            found.setdefault(position.event, []).append((position, handler))
    return found


def _names(hooks: Path) -> list[Path]:
    """Returns the paths by which Codex may name the file."""
    return list(dict.fromkeys((hooks, Path(os.path.realpath(hooks)))))


def _states(content: bytes | None) -> dict[str, dict[str, Any]]:
    try:
        state = tomllib.loads((content or b"").decode()).get("hooks", {}).get("state", {})
    except (ValueError, AttributeError):
        return {}
    found = state.items() if isinstance(state, dict) else ()
    return {key: value for key, value in found if isinstance(value, dict)}


# --- Trusting acd's hooks -------------------------------------------------------


@dataclass(frozen=True)
class GiveTrust:
    """Makes Codex trust acd's hooks, by the hashes that it computes itself."""

    environ: Mapping[str, str]

    def describe(self) -> str:
        return f"let Codex trust acd's hooks in {hooks_path(self.environ)} (codex app-server)"

    def execute(self) -> str:
        with app_server(self.environ) as codex:
            ours = self._listed(codex)
            state = {
                hook["key"]: {"trusted_hash": hook["currentHash"]}
                for hook in ours
                if hook.get("trustStatus") != "trusted"
            }
            if state:
                edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
                codex.request("config/batchWrite", {"edits": [edit]})
            left = [hook for hook in self._listed(codex) if hook.get("trustStatus") != "trusted"]
        if left or not ours:
            raise AcdError(
                f"Codex still does not trust the hooks in {hooks_path(self.environ)}", hint=REVIEW
            )
        return f"Codex trusts acd's {len(ours)} hooks."

    def _listed(self, codex: AppServer) -> list[dict[str, Any]]:
        """Returns acd's hooks, as Codex lists them."""
        hooks = hooks_path(self.environ)
        listed = codex.request("hooks/list", {"cwds": [str(hooks.parent)]})
        try:
            return [
                hook
                for each in listed["data"]
                for hook in each["hooks"]
                if Path(hook["sourcePath"]) in _names(hooks)
                and hook_entries.is_ours(hook, AGENT.name)
            ]
        except (KeyError, TypeError) as error:
            raise unexpected_reply() from error
