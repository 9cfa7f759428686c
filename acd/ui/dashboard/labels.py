"""Unique labels for sessions that share a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Final

from acd.text import printable
from acd.ui.dashboard.session_row import SessionRow

_ID_LENGTH: Final = 4
"""The least number of characters of an id in a label."""


def assign_labels(rows: Collection[SessionRow]) -> None:
    """Sets every row's `label` to a text that no other row has.

    It is the name; for rows that share a name, the shortest different ends of their directories
    (`work/api`); for rows that share these too, followed by the beginning of the id.
    """
    for name, namesakes in _grouped(rows, lambda row: row.name).items():
        labels = [name] if len(namesakes) == 1 else _by_directory(namesakes)
        for row, label in zip(namesakes, labels, strict=True):
            row.label = label
    for same in _grouped(rows, lambda row: row.label).values():
        if len(same) > 1:
            _append_ids(same)


def _grouped(
    rows: Iterable[SessionRow], key: Callable[[SessionRow], str]
) -> dict[str, list[SessionRow]]:
    groups: dict[str, list[SessionRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _by_directory(rows: list[SessionRow]) -> list[str]:
    """The shortest ends of the rows' directories, in whole components, that differ.

    The names, if one of the rows is not named after its directory.
    """
    paths = [tuple(row.directory.rstrip("/").split("/")) for row in rows]
    if any(path[-1] != row.name for path, row in zip(paths, rows, strict=True)):
        return [row.name for row in rows]
    different = set(paths)
    depth = 1
    while len({path[-depth:] for path in different}) < len(different):
        depth += 1
    return ["/".join(path[-depth:]) for path in paths]


def _append_ids(rows: list[SessionRow]) -> None:
    """Appends the shortest beginnings of the ids that differ."""
    length = _ID_LENGTH
    longest = max(len(row.id) for row in rows)
    while length < longest and len({row.id[:length] for row in rows}) < len(rows):
        length += 1
    for row in rows:
        row.label += f" #{printable(row.id[:length])}"
