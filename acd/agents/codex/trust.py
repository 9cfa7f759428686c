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
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from acd import __version__
from acd.agents.codex.hooks import AGENT, home, hooks_path
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.system import files, programs
from acd.system.environment import minimal

ANSWER_SECONDS: Final = 30.0
"""The time limit of a conversation with Codex, which takes 0.2 s (1.6 s in a new home)."""

_REVIEW: Final = "start codex and review the hooks there"


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
        if hook_entries.is_ours(handler, AGENT):
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
        if not hook_entries.is_ours(handler, AGENT):
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
        with _app_server(self.environ) as codex:
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
                f"Codex still does not trust the hooks in {hooks_path(self.environ)}", hint=_REVIEW
            )
        return f"Codex trusts acd's {len(ours)} hooks."

    def _listed(self, codex: _AppServer) -> list[dict[str, Any]]:
        """Returns acd's hooks, as Codex lists them."""
        hooks = hooks_path(self.environ)
        listed = codex.request("hooks/list", {"cwds": [str(hooks.parent)]})
        try:
            return [
                hook
                for each in listed["data"]
                for hook in each["hooks"]
                if Path(hook["sourcePath"]) in _names(hooks) and hook_entries.is_ours(hook, AGENT)
            ]
        except (KeyError, TypeError) as error:
            raise _unexpected_reply() from error


class _AppServer:
    """A conversation with `codex app-server`: JSON-RPC, one message a line."""

    def __init__(self, requests: IO[str], replies: IO[str]):
        self._requests = requests
        self._replies = replies
        self._count = 0

    def request(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the result. Raises AcdError."""
        self._count += 1
        self.send(method, params, id=self._count)
        for line in self._replies:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if not isinstance(message, dict) or message.get("id") != self._count:
                continue
            if not isinstance(result := message.get("result"), dict):
                raise AcdError(
                    f"codex app-server: {method}: {json.dumps(message.get('error'))}", hint=_REVIEW
                )
            return result
        raise _unexpected_reply()

    def send(self, method: str, params: Mapping[str, Any], **more: int) -> None:
        """Sends a message without waiting for a reply."""
        with suppress(BrokenPipeError):  # then request() finds no reply
            self._requests.write(json.dumps({"method": method, "params": params, **more}) + "\n")
            self._requests.flush()


@contextmanager
def _app_server(environ: Mapping[str, str]) -> Iterator[_AppServer]:
    """Starts and initializes `codex app-server`, and ends it afterwards. Raises AcdError."""
    program = programs.which("codex", environ)
    if program is None:
        raise AcdError(
            "there is no codex on PATH, so its hooks cannot be trusted from here", hint=_REVIEW
        )
    own = {name: environ[name] for name in ("CODEX_HOME",) if name in environ}
    argv = [program, "app-server"]
    with programs.process_group(argv, environ=minimal(environ) | own) as process:
        late = threading.Timer(ANSWER_SECONDS, programs.kill_group, [process])
        late.start()
        try:
            assert process.stdin is not None  # noqa: S101 - both are pipes
            assert process.stdout is not None  # noqa: S101
            codex = _AppServer(process.stdin, process.stdout)
            info = {"name": "acd", "title": "acd", "version": __version__}
            codex.request("initialize", {"clientInfo": info})
            codex.send("initialized", {})
            yield codex
            with suppress(BrokenPipeError):
                process.stdin.close()  # the server then exits
            process.wait()
        finally:
            late.cancel()


def _unexpected_reply() -> AcdError:
    return AcdError("codex app-server sent no reply, or an unexpected one", hint=_REVIEW)
