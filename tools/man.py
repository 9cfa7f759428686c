"""Generates the manual pages: acd(1) from the commands' help and docs/, acd-protocol(7) from docs/.

The package build runs it (hatch_build.py). The pages are roff as in groff_man(7); roff
characters are those of groff_char(7).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from acd import __version__
from acd.cli.main import COMMAND_SECTIONS, group

DATE: Final = "2026-11-28"
"""The date of the pages: when their content was last reviewed as a whole."""
ROOT: Final = Path(__file__).parent.parent
_LITERAL: Final = {ord("'"): r"\(aq", ord("`"): r"\(ga", ord("^"): r"\(ha", ord("~"): r"\(ti"} | {
    ord('"'): r"\(dq"
}
_BULLET: Final = r"\(bu"
_NOTHING: Final = r"\&"
_MARKDOWN: Final = MarkdownIt("commonmark").enable("table")


def escape(text: str) -> str:
    """The text in ASCII, without roff's escape sequences."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)


def literal(text: str) -> str:
    """The same for text that is typed: quotes stay ASCII quotes."""
    return escape(text).translate(_LITERAL)


def _guard(roff: str) -> str:
    """The text with \\& before a dot or a quote that begins a line: it would be a request."""
    return re.sub(r"^(?=[.'])", r"\\&", roff, flags=re.MULTILINE)


def markdown(text: str) -> str:
    """A Markdown document as roff; the `#` heading is left out. Raises ValueError."""
    return "".join(map(_block, SyntaxTreeNode(_MARKDOWN.parse(text)).children))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "heading":
            title = _inline(node.children[0])
            macros = {"h1": "", "h2": f'.SH "{title.upper()}"\n', "h3": f'.SS "{title}"\n'}
            return macros[node.tag]
        case "paragraph":
            return _paragraph(_inline(node.children[0]))
        case "fence":
            return _example(node.content)
        case "bullet_list" | "ordered_list":
            return "".join(map(_list_item, node.children))
        case "table":
            return _table(node)
        case "html_block":
            return ""
    raise ValueError(f"a manual page has no {node.type}")


def _inline(node: SyntaxTreeNode) -> str:
    """The text of a paragraph, a heading or a cell."""
    content = "".join(map(_inline, node.children))
    match node.type:
        case "text":
            return escape(node.content)
        case "code_inline":
            return rf"\fB{literal(node.content)}\fR"
        case "strong" | "em":
            return rf"\fB{content}\fR"
        case "softbreak":
            return "\n"
        case "link":
            target = str(node.attrs["href"])
            return f"{content} <{literal(target)}>" if target.startswith("https:") else content
        case "inline":
            return content
    raise ValueError(f"a manual page has no {node.type}")


def _list_item(node: SyntaxTreeNode) -> str:
    mark = node.info + node.markup if node.info else _BULLET
    return f".IP {mark} 4\n" + "".join(map(_block, node.children)).removeprefix(".PP\n")


def _table(node: SyntaxTreeNode) -> str:
    """A tagged paragraph for each row; columns between the first and the last get their title."""
    titles, *rows = (
        [_inline(cell.children[0]) for cell in row.children]
        for part in node.children
        for row in part.children
    )
    roff = ""
    for tag, *middle, text in rows:
        named = [f"{name} {cell}." for name, cell in zip(titles[1:], middle, strict=False) if cell]
        roff += _tagged(tag, " ".join([*named, text]).strip())
    return roff


def _paragraph(text: str) -> str:
    return f".PP\n{_guard(text)}\n"


def _tagged(tag: str, text: str) -> str:
    return f".TP\n{_guard(tag)}\n{_guard(text) or _NOTHING}\n"


def _example(text: str) -> str:
    return f".PP\n.RS 4\n.EX\n{_guard(literal(text.rstrip()))}\n.EE\n.RE\n"


class _RoffFormatter(click.HelpFormatter):
    """Formats the help of a command as roff."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f".PP\n\\fB{literal(prog)}\\fR {literal(args)}\n.RS 4\n")

    def write_text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            if paragraph.startswith("\b\n"):
                self.write(_example(paragraph[2:]))
            else:
                self.write(_paragraph(escape(textwrap.dedent(paragraph))))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        for term, text in rows:
            self.write(_tagged(rf"\fB{literal(term)}\fR", escape(text)))

    def write_paragraph(self) -> None:
        pass

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        yield


def _command_help(command: click.Command, context: click.Context) -> str:
    """The help of a command and of its subcommands."""
    formatter = _RoffFormatter()
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    click.Command.format_options(command, context, formatter)  # without a list of subcommands
    help = f"{formatter.getvalue()}.RE\n".replace("\n.RS 4\n.PP\n", "\n.RS 4\n", 1)
    if isinstance(command, click.Group):
        help += "".join(_subcommands(command, context, command.list_commands(context)))
    return help


def _subcommands(
    parent: click.Group, context: click.Context, names: Iterable[str]
) -> Iterator[str]:
    for name in names:
        if command := parent.get_command(context, name):
            yield _command_help(
                command, click.Context(command, context, name, help_option_names=[])
            )


def commands_page() -> str:
    """acd(1)."""
    context = click.Context(group, info_name="acd", **group.context_settings)
    options = _RoffFormatter()
    click.Command.format_options(group, context, options)
    commands = "".join(
        f".SS {title}\n" + "".join(_subcommands(group, context, names))
        for title, names in COMMAND_SECTIONS.items()
    )
    about, _, exit_codes = (group.epilog or "").partition(" Exit codes: ")
    readme = (ROOT / "README.md").read_text("utf-8")
    introduction = readme.partition("\n")[2].partition("\n<")[0]
    summary = (group.help or "").rstrip(".")
    return page(
        _head("acd", 1, summary[:1].lower() + summary[1:]),
        ".SH SYNOPSIS\n\\fBacd\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n",
        markdown(f"## Description\n{introduction}\n\n{about}"),
        f".SH OPTIONS\n{options.getvalue()}",
        f".PP\nEach command has \\fB{literal('--help')}\\fR too.\n",
        f".SH COMMANDS\n{commands}",
        markdown(f"## Configuration\n{_section('configuration.md', '# Configuration')}"),
        markdown(f"## Environment\n{_section('configuration.md', '## Environment')}"),
        markdown(f"## Files\n{_section('install.md', '## What goes where')}"),
        ".SH EXIT STATUS\n",
        *(_tagged(*map(escape, each.split(" ", 1))) for each in exit_codes.rstrip(".").split("; ")),
        ".SH SEE ALSO\n\\fBacd\\-protocol\\fR(7), \\fBjournalctl\\fR(1)\n",
    )


def protocol_page() -> str:
    """acd-protocol(7)."""
    text = (ROOT / "docs/protocol.md").read_text("utf-8").partition("\n")[2]
    return page(
        _head("acd-protocol", 7, "the protocol of the agent console daemon"),
        markdown(f"## Description\n{text}"),
        ".SH SEE ALSO\n\\fBacd\\fR(1), \\fBunix\\fR(7)\n",
    )


def _section(document: str, heading: str) -> str:
    """The text under a heading in docs/, up to the next `##`. Raises ValueError."""
    text = (ROOT / "docs" / document).read_text("utf-8")
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    if not found:
        raise ValueError(f"docs/{document} has no heading {heading}")
    return rest.partition("\n## ")[0]


def _head(title: str, section: int, summary: str) -> str:
    return (
        '.\\" Manual page of acd, generated by tools/man.py\n'
        f'.TH {title.upper()} {section} {DATE} "acd {__version__}"\n'
        f".SH NAME\n{escape(title)} \\- {escape(summary)}\n"
    )


def page(*parts: str) -> str:
    """The page, with text in short lines and without a .PP after a heading, which implies it."""
    text = re.sub(r"^(\.S[HS] .*\n)\.PP\n", r"\1", "".join(parts), flags=re.MULTILINE)
    lines: list[str] = []
    is_example = False
    for line in text.splitlines():
        if line in {".EX", ".EE"}:
            is_example = line == ".EX"
        if is_example or line.startswith(".") or lines[-1:] == [".TP"]:
            lines.append(line)
        else:
            short = textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False)
            lines += map(_guard, short)
    return "\n".join(lines) + "\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "acd.1": commands_page,
    "acd-protocol.7": protocol_page,
}
"""Each page's file name and what generates its text."""
