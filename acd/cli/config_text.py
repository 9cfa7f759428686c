"""Writes the options of config.toml as text, with their descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from textwrap import wrap
from typing import Any

from acd.config import SECTIONS, STRINGS, Config


def options() -> Iterator[tuple[str, str, Any, str]]:
    """Section, key, default and description of every option, in the order of definition."""
    for section, schema in SECTIONS.items():
        for option in fields(schema):
            assert option.default is not MISSING  # noqa: S101 - every option has one
            doc = option.metadata["doc"]
            if choices := option.metadata["choices"]:
                some = "Some" if option.type == STRINGS else "One"
                doc += f" {some} of {', '.join(choices)}."
            yield section, option.name, option.default, doc


def toml(value: Any) -> str:
    """The value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        # TOML's basic strings have JSON's escapes, and escape DEL, too (TOML 1.0.0, String).
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return f"{value:g}" if isinstance(value, float) else str(value)


def render(config: Config | None = None) -> str:
    """The text of a configuration file; without `config`, all options commented out."""
    lines: list[str] = []
    current = None
    for section, key, default, doc in options():
        if section != current:
            intro = (SECTIONS[section].__doc__ or "").strip()
            lines += (
                ["", f"[{section}]", f"# {intro}"] if current else [f"[{section}]", f"# {intro}"]
            )
            current = section
        lines += ["", *(f"# {line}" for line in wrap(doc, 76))]
        value = getattr(getattr(config, section), key) if config else default
        lines.append(f"{'' if config else '# '}{key} = {toml(value)}")
    return "\n".join(lines) + "\n"
