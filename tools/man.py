"""Makes the manual pages: `python -m tools.man`.

Responsible for what is in acd(1), which comes from the commands' help, the
configuration's schema and docs/, and in acd-protocol(7), which is
docs/protocol.md. tests/test_man.py holds them current.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Final

from acd import __version__
from acd.cli.main import group
from acd.config import options, toml
from tools.command_table import Command, acd, sections
from tools.docs import DOCS
from tools.roff import bold, code, escaped, inline, italic, literal, page, source, tagged

DIRECTORY = DOCS.parent / "packaging/man"

DATE: Final = "2026-11-20"
"""Of the pages: when what they say was last looked through as a whole."""


def _head(title: str, section: int, about: str, manual: str) -> list[str]:
    name = title.lower()
    return [
        r".\" Manual page of acd: made by python -m tools.man",
        f'.TH {title} {section} {DATE} "acd {__version__}" "{manual}"',
        ".SH NAME",
        rf"{escaped(name)} \- {escaped(about)}",
    ]


def _section(document: str, title: str) -> str:
    """What stands in docs/ under a `##` heading."""
    text = (DOCS / document).read_text("utf-8")
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/{document} has no section {title}"
    return found[1]


def commands_page() -> str:
    """acd(1)."""
    program = acd()
    by_name = {command.name: command for command in program.commands}
    about, _, exits = (group.epilog or "").partition(" Exit codes: ")
    lines = _head("ACD", 1, _uncapitalized(program.text.rstrip(".")), "User Commands")
    lines += [
        ".SH SYNOPSIS",
        f"{bold('acd')} {italic('COMMAND')} [{italic('OPTION')}...] [{italic('ARGUMENT')}...]",
    ]
    lines += page("## Description\n" + _introduction())
    lines += [".PP", inline(about)]
    lines.append(".SH OPTIONS")
    for option in program.options:
        lines += tagged(", ".join(map(bold, option.names)), inline(option.help))
    lines += [".PP", f"Each command has {bold('--help')} too."]
    lines.append(".SH COMMANDS")
    for title, names in sections():
        lines.append(f'.SS "{escaped(title)}"')
        for name in names:
            for command in by_name[name].walk():
                lines += _command(command)
    lines += [".SH CONFIGURATION", "TOML, in the file that " + bold("acd config path") + " tells:"]
    for section, key, default, meaning in options():
        value = literal(toml(default))
        lines += tagged(f"{bold(f'{section}.{key}')} (default {value})", inline(meaning))
    lines += [".SH ENVIRONMENT", *page(_section("configuration.md", "Environment"))]
    lines += [".SH FILES", *_files()]
    lines.append(".SH EXIT STATUS")
    for each in exits.rstrip(".").split("; "):
        number, _, meaning = each.partition(" ")
        lines += tagged(bold(number), inline(meaning))
    lines += [".SH SEE ALSO", rf"{bold('acd-protocol')}(7), {bold('journalctl')}(1)"]
    return source(lines)


def protocol_page() -> str:
    """acd-protocol(7)."""
    lines = _head(
        "ACD-PROTOCOL", 7, "the protocol of the agent console daemon", "Miscellaneous Information"
    )
    text = (DOCS / "protocol.md").read_text("utf-8")
    intro, _, rest = text.partition("\n## ")
    body = intro.partition("\n")[2]
    lines += page(f"## Description\n{body}\n## {rest}")
    lines += [".SH SEE ALSO", rf"{bold('acd')}(1), {bold('unix')}(7)"]
    return source(lines)


def _introduction() -> str:
    """How README begins: what comes before its first picture."""
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    return readme.partition("\n")[2].partition("\n<")[0]


def _uncapitalized(text: str) -> str:
    return text[:1].lower() + text[1:]


def _command(command: Command) -> list[str]:
    usage = [bold(f"acd {command.name}")]
    if command.commands:
        usage.append(italic("COMMAND"))
    for option in command.options:
        if "--help" not in option.names:
            value = f" {italic(option.metavar)}" if option.metavar else ""
            usage.append(f"[{bold(option.names[-1])}{value}]")
    usage += [
        f"{italic(each.metavar.rstrip('.'))}{'...' * each.repeats}" for each in command.arguments
    ]
    first, *rest = _paragraphs(command.text)
    lines = tagged(" ".join(usage), *first[1:])
    if rest or any("--help" not in option.names for option in command.options):
        lines.append(".RS")
        for paragraph in rest:
            lines += paragraph
        for option in command.options:
            if "--help" not in option.names:
                value = f" {italic(option.metavar)}" if option.metavar else ""
                tag = ", ".join(map(bold, option.names)) + value
                lines += tagged(tag, inline(option.help))
        lines.append(".RE")
    return lines


def _paragraphs(text: str) -> list[list[str]]:
    """A command's help; a block that begins with a line of \\b keeps its lines (click)."""
    found = []
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if lines[:1] == ["\b"]:
            found.append(code(lines[1:]))
        else:
            found.append([".PP", inline(" ".join(line.strip() for line in lines))])
    return found


def _files() -> list[str]:
    """docs/install.md's table."""
    table = _section("install.md", "What goes where")
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", table, re.MULTILINE)
    lines: list[str] = []
    for what, place in rows[1:]:
        lines += tagged(inline(what), inline(place.partition("; [more]")[0]))
    return lines


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "acd.1": commands_page,
    "acd-protocol.7": protocol_page,
}


def main() -> int:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        path, text = DIRECTORY / name, make()
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"written: packaging/man/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
