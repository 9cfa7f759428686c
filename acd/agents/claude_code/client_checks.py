"""Checks whether Claude Code's installed clients support the hooks' events.

Measured on 2.1.197 and 2.1.329.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from acd.agents.claude_code.clients import Version, clients
from acd.agents.claude_code.hooks import (
    SUPPORTED_SINCE,
    TOLERANT,
    decisive,
    entries,
    hooked,
    lacking,
)
from acd.findings import Finding

_UPDATE: Final = "claude update"


def client_findings(environ: Mapping[str, str], seen_version: str | None) -> Iterator[Finding]:
    """Yields findings about the clients.

    `seen_version` is the newest version that the daemon has seen in use.
    """
    found = clients(environ, seen_version)
    wanted = entries(decisive(found), "", hooked(environ)).keys()
    yield from check_clients(
        [(each.place, each.version, lacking(each.version or TOLERANT)) for each in found],
        [event for event in SUPPORTED_SINCE if event not in wanted],
    )


def check_clients(
    found: Sequence[tuple[str, Version | None, Sequence[str]]], left_out: Sequence[str]
) -> Iterator[Finding]:
    """Yields whether each client supports every event that the daemon uses.

    `found` holds each client's path, version and the events that it lacks,
    `left_out` the events without a hook.
    """
    known = [(version, path, lacks) for path, version, lacks in found if version is not None]
    if not known:
        yield _no_client([path for path, _, _ in found], left_out)
        return
    (newest, path, lacks), *older = sorted(known, reverse=True)
    if lacks:
        yield Finding(
            "claude",
            "problem",
            f"{_dotted(newest)} ({path}) is too old for {', '.join(lacks)}:"
            " some changes are seen late or not at all",
            f"{_UPDATE} (to {_dotted(max(SUPPORTED_SINCE.values()))} or newer), then acd install",
        )
    else:
        yield Finding("claude", "ok", f"{_dotted(newest)} ({path})")
    for version, path, lacking_too in older:
        if missed := [event for event in lacking_too if event not in lacks]:
            yield _older_client(version, path, newest, missed)


def _older_client(version: Version, path: str, newest: Version, missed: list[str]) -> Finding:
    names, new = ", ".join(missed), _dotted(newest)
    older = f"{_dotted(version)} ({path}) is older than {new}"
    if version < TOLERANT:
        return Finding(
            "claude",
            "problem",
            f"{older}: it would ignore its whole settings file if that named {names},"
            f" so {new} gets no hooks on {'it' if len(missed) == 1 else 'them'}",
            f"{_UPDATE}, or remove that program, then acd install",
        )
    return Finding(
        "claude",
        "note",
        f"{older}: it may not support {names}, and some versions warn about such a hook"
        f" when they start; {_UPDATE} solves it",
    )


def _no_client(without_version: Sequence[str], left_out: Sequence[str]) -> Finding:
    if without_version:
        text = f"{', '.join(without_version)} prints no version"
    else:
        text = "none found on PATH, in the usual places or in an editor's extensions"
    if left_out:
        text += f"; acd install adds hooks on {', '.join(left_out)} once one is found that has them"
    return Finding("claude", "note", text)


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
