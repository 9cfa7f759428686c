"""Codex's trust in hooks: whether it has it in ours, how it is given, and that others keep it.

Responsible for the `hooks.state` tables of Codex's config.toml. Codex runs a
hook only if there is one for the place where the hook stands (file, event,
group, handler) that holds the hash of what stands there; so whoever takes a
hook out moves what stands behind it to places that nobody trusted. It refuses
to give trust by itself: that is asked of Codex, and only when the user says so.

Measured on 0.169.0, `codex app-server` (JSON-RPC, a message a line).
"""

from __future__ import annotations

import hashlib
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
from acd.agents.settings import hook_entries
from acd.errors import AcdError
from acd.system import files, programs
from acd.system.environment import minimal

ANSWER_SECONDS: Final = 30.0
"""How long Codex may take for all of a conversation; it takes 0.2."""

_TABLE: Final = re.compile(
    r"""^\[hooks\.state\.("(?:[^"\\\n]|\\.)*"|'[^'\n]*')\][ \t]*(?:#.*)?$""", re.MULTILINE
)
_ANY_TABLE: Final = re.compile(r"^\[", re.MULTILINE)


class Spot(NamedTuple):
    """Where a hook stands in a file."""

    event: str
    group: int
    handler: int

    def key(self, path: Path) -> str:
        """As Codex names it in its configuration."""
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.event).lower()
        return f"{path}:{snake}:{self.group}:{self.handler}"


def spots(content: bytes | None) -> dict[Spot, tuple[dict[str, Any], dict[str, Any]]]:
    """Each hook of a hooks.json, with its group; nothing for what has not its shape."""
    try:
        value = json.loads(content or b"{}")
    except ValueError:
        return {}
    events = value.get("hooks") if isinstance(value, dict) else None
    found = {}
    for event, groups in events.items() if isinstance(events, dict) else ():
        for index, group in enumerate(groups if isinstance(groups, list) else ()):
            handlers = group.get("hooks") if isinstance(group, dict) else None
            for place, handler in enumerate(handlers if isinstance(handlers, list) else ()):
                if isinstance(handler, dict):
                    found[Spot(event, index, place)] = (group, handler)
    return found


def trusted_hash(spot: Spot, handler: Mapping[str, Any]) -> str:
    """What Codex's trust in a hook of ours says: the hash of what it makes of the entry."""
    name = spot.key(Path()).split(":")[1]
    entry = {
        "event_name": name,
        "hooks": [{"async": False, **{k: handler.get(k) for k in ("command", "timeout", "type")}}],
    }
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def untrusted(config: Path, hooks: Path, agent: str) -> list[str]:
    """The events whose hooks of ours Codex does not run, as its configuration says."""
    state = _states(files.read(config).content)
    found = []
    for spot, (_, handler) in spots(files.read(hooks).content).items():
        if not hook_entries.is_ours(handler, agent):
            continue
        entries = [state.get(spot.key(path), {}) for path in _names(hooks)]
        said = next(filter(None, entries), {})
        is_on = said.get("enabled") is not False
        if not is_on or said.get("trusted_hash") != trusted_hash(spot, handler):
            found.append(spot.event)
    return found


def _names(hooks: Path) -> list[Path]:
    """The file by the names that Codex may give it."""
    return list(dict.fromkeys((hooks, Path(os.path.realpath(hooks)))))


def _states(content: bytes | None) -> dict[str, dict[str, Any]]:
    try:
        state = tomllib.loads((content or b"").decode()).get("hooks", {}).get("state", {})
    except (ValueError, AttributeError):
        return {}
    found = state.items() if isinstance(state, dict) else ()
    return {key: value for key, value in found if isinstance(value, dict)}


# --- Others keep the trust that they have --------------------------------------


@dataclass(frozen=True)
class Rekey:
    """Follows an edit of hooks.json: what has moved is trusted where it stands now."""

    config: Path
    hooks: Path
    agent: str

    def __call__(self, before: bytes | None, after: bytes | None) -> str | None:
        """What the user should know, if anything. Raises AcdError."""
        moved = moves(before, after, self.agent)
        names = {
            old.key(path): new.key(path) if new is not None else None
            for old, new in moved.items()
            for path in _names(self.hooks)
        }
        told = files.read(self.config).content
        if told is None or not names.keys() & _states(told).keys():
            return None
        try:
            files.edit(self.config, lambda content: rekeyed(content, names), mode=0o600)
        except NotPlain:
            return (
                f"Other hooks in {self.hooks} stand in another place now, and their trust in"
                f" {self.config} could not be moved there: Codex asks you to review them again."
            )
        return None


class NotPlain(Exception):
    """The configuration is not written as Codex writes it, and is left alone."""


def moves(before: bytes | None, after: bytes | None, agent: str) -> dict[Spot, Spot | None]:
    """From where to where an edit of ours has moved hooks; None for ours, which are gone.

    Others keep their order: none of them is added or taken away by us.
    """
    old, new = spots(before), spots(after)
    found: dict[Spot, Spot | None] = {}
    for event in dict.fromkeys(spot.event for spot in old):
        theirs_now = [
            spot
            for spot, (_, handler) in new.items()
            if spot.event == event and not hook_entries.is_ours(handler, agent)
        ]
        theirs = [
            spot
            for spot, (_, handler) in old.items()
            if spot.event == event and not hook_entries.is_ours(handler, agent)
        ]
        if len(theirs) == len(theirs_now):
            found |= {a: b for a, b in zip(theirs, theirs_now, strict=True) if a != b}
        for spot, (_, handler) in old.items():
            there = new.get(spot)
            if spot.event == event and hook_entries.is_ours(handler, agent):
                kept = there is not None and hook_entries.is_ours(there[1], agent)
                if not kept:
                    found[spot] = None
    return found


def rekeyed(content: bytes | None, names: Mapping[str, str | None]) -> bytes | None:
    """The configuration with those tables of `hooks.state` renamed, or gone (None).

    Every other byte stays. Raises NotPlain where that cannot be had.
    """
    if content is None:
        return None
    text = content.decode()
    state = _states(content)
    wanted = {key: value for key, value in state.items() if key not in names}
    wanted |= {new: state[old] for old, new in names.items() if new is not None and old in state}
    pieces, end = [], 0
    for table in _TABLE.finditer(text):
        key = tomllib.loads(f"key = {table[1]}")["key"]
        if key not in names:
            continue
        pieces.append(text[end : table.start()])
        if (new := names[key]) is not None:
            pieces.append(f"[hooks.state.{json.dumps(new, ensure_ascii=False)}]")
            end = table.end()
        else:
            follows = _ANY_TABLE.search(text, table.end())
            end = follows.start() if follows else len(text)
    changed = "".join([*pieces, text[end:]]).encode()
    others = {**tomllib.loads(text), "hooks": None}
    if _states(changed) != wanted or {**tomllib.loads(changed.decode()), "hooks": None} != others:
        raise NotPlain
    return changed


# --- Trust in ours --------------------------------------------------------------


@dataclass(frozen=True)
class GiveTrust:
    """Our hooks trusted, through Codex itself."""

    environ: Mapping[str, str]
    hooks: Path
    agent: str

    def describe(self) -> str:
        return f"let Codex trust acd's hooks in {self.hooks} (codex app-server)"

    def execute(self) -> str:
        with _app_server(self.environ) as codex:
            ours = self._ours(codex)
            state = {
                hook["key"]: {"trusted_hash": hook["currentHash"]}
                for hook in ours
                if hook.get("trustStatus") != "trusted"
            }
            if state:
                edit = {"keyPath": "hooks.state", "value": state, "mergeStrategy": "upsert"}
                codex.ask("config/batchWrite", {"edits": [edit]})
            left = [hook for hook in self._ours(codex) if hook.get("trustStatus") != "trusted"]
        if left or not ours:
            raise AcdError(
                f"Codex does not trust the hooks in {self.hooks}, though it was asked to",
                hint="start codex and review them there",
            )
        return f"Codex trusts acd's {len(ours)} hooks."

    def _ours(self, codex: _Codex) -> list[dict[str, Any]]:
        listed = codex.ask("hooks/list", {"cwds": [str(self.hooks.parent)]})
        try:
            return [
                hook
                for each in listed["data"]
                for hook in each["hooks"]
                if Path(hook["sourcePath"]) in _names(self.hooks)
                and hook_entries.is_ours(hook, self.agent)
            ]
        except (KeyError, TypeError) as error:
            raise _not_understood() from error


class _Codex:
    """A conversation with `codex app-server`."""

    def __init__(self, to: IO[str], back: IO[str]):
        self._to = to
        self._back = back
        self._count = 0

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The result. Raises AcdError."""
        self._count += 1
        self.tell(method, params, id=self._count)
        for line in self._back:
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if not isinstance(message, dict) or message.get("id") != self._count:
                continue
            if not isinstance(result := message.get("result"), dict):
                raise AcdError(
                    f"codex app-server: {method}: {json.dumps(message.get('error'))}",
                    hint="start codex and review the hooks there",
                )
            return result
        raise _not_understood()

    def tell(self, method: str, params: Mapping[str, Any], **more: int) -> None:
        """Without waiting for an answer."""
        with suppress(BrokenPipeError):  # then no answer comes either
            self._to.write(json.dumps({"method": method, "params": params, **more}) + "\n")
            self._to.flush()


@contextmanager
def _app_server(environ: Mapping[str, str]) -> Iterator[_Codex]:
    """Codex, ready to be asked; ended afterwards. Raises AcdError."""
    program = programs.which("codex", environ)
    if program is None:
        raise AcdError(
            "there is no codex on PATH, so its hooks cannot be trusted from here",
            hint="start codex and review them there",
        )
    own = {name: environ[name] for name in ("CODEX_HOME",) if name in environ}
    argv = [program, "app-server"]
    with programs.process_group(argv, environ=minimal(environ) | own) as process:
        late = threading.Timer(ANSWER_SECONDS, programs.kill_group, [process])
        late.start()
        try:
            assert process.stdin is not None  # noqa: S101 - both are pipes
            assert process.stdout is not None  # noqa: S101
            codex = _Codex(process.stdin, process.stdout)
            who = {"name": "acd", "title": "acd", "version": __version__}
            codex.ask("initialize", {"clientInfo": who})
            codex.tell("initialized", {})
            yield codex
            with suppress(BrokenPipeError):
                process.stdin.close()  # the end that it waits for
            process.wait()
        finally:
            late.cancel()


def _not_understood() -> AcdError:
    return AcdError(
        "codex app-server does not answer as acd knows it",
        hint="start codex and review the hooks there",
    )
