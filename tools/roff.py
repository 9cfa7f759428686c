"""The documentation's Markdown as the source of a manual page (groff_man(7)).

Responsible for headings, paragraphs, lists, tables, code and what stands
inside a line, as docs/ uses them. It refuses to know which pages there are.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

_INLINE = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\[(?P<label>[^\]]+)\]\((?P<target>[^)]+)\)"
)
BULLET = r"\(bu"

_ITEM = re.compile(r"(?P<mark>- |\d+\. )(?P<text>.*)")
_HEADING = re.compile(r"(?P<level>#+) (?P<text>.*)")


def escaped(text: str) -> str:
    """The text as nothing but text, in ASCII (groff_char(7))."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in text)


def _guarded(line: str) -> str:
    """A line of text that is not taken for a request."""
    return rf"\&{line}" if line.startswith((".", "'")) else line


def literal(text: str) -> str:
    """What is to be typed: quotes and the like as they are, and not as typography has them."""
    for character, name in (("'", "aq"), ("`", "ga"), ("^", "ha"), ("~", "ti"), ('"', "dq")):
        text = text.replace(character, f"\x00{name}")
    return re.sub("\x00(..)", r"\\(\1", escaped(text))


def bold(text: str) -> str:
    return rf"\fB{literal(text)}\fR"


def italic(text: str) -> str:
    return rf"\fI{literal(text)}\fR"


def inline(text: str) -> str:
    """A line's text with code and emphasis in bold; a link is its label, and its address if any."""
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        parts.append(escaped(text[end : found.start()]))
        end = found.end()
        if found["code"] or found["strong"]:
            parts.append(bold(found["code"] or found["strong"]))
        else:
            parts.append(inline(found["label"]))
            if found["target"].startswith("https:"):
                parts.append(f" <{literal(found['target'])}>")
    parts.append(escaped(text[end:]))
    return _guarded("".join(parts))


def code(lines: list[str]) -> list[str]:
    """Lines as they are."""
    return [
        ".PP",
        ".RS 4",
        ".EX",
        *(_guarded(literal(line)) or r"\&" for line in lines),
        ".EE",
        ".RE",
    ]


def tagged(tag: str, text: str) -> list[str]:
    """A paragraph with a tag; both are roff already."""
    return [".TP", tag, text or r"\&"]


def page(markdown: str) -> list[str]:
    """A document's body; its `#` heading is left out, `##` begins a section."""
    return [
        line
        for block in _blocks(re.sub(r"<!--.*?-->\n?", "", markdown, flags=re.DOTALL))
        for line in _rendered(block)
    ]


def source(lines: Iterable[str]) -> str:
    """The page's text: text in short lines, and a paragraph only where none begins by itself."""
    kept: list[str] = []
    as_it_is = False
    for line in lines:
        before = kept[-1] if kept else ""
        if line in {".EX", ".EE"}:
            as_it_is = line == ".EX"
        if line == ".PP" and before.startswith((".SH", ".SS")):
            continue
        if as_it_is or line.startswith(".") or before == ".TP":
            kept.append(line)
        else:
            kept += _filled(line)
    return "\n".join(kept) + "\n"


def _filled(line: str) -> list[str]:
    short = textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False)
    return list(map(_guarded, short))


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Lines that belong together: between blank lines, and a whole block of code."""
    block: list[str] = []
    for line in markdown.splitlines():
        if block and block[0].startswith("```"):
            block.append(line)
            if line == "```":
                yield block
                block = []
        elif not line or line.startswith(("#", "```")):
            if block:
                yield block
            block = [line] if line else []
            if line.startswith("#"):
                yield block
                block = []
        else:
            block.append(line)
    if block:
        yield block


def _rendered(block: list[str]) -> list[str]:
    first = block[0]
    if first.startswith("```"):
        return code(block[1:-1])
    if heading := _HEADING.fullmatch(first):
        macro = {1: "", 2: ".SH", 3: ".SS"}[len(heading["level"])]
        title = heading["text"].upper() if macro == ".SH" else heading["text"]
        return [f'{macro} "{escaped(title)}"'] if macro else []
    if first.startswith("|"):
        return _table(block)
    if _ITEM.match(first):
        return _list(block)
    return [".PP", inline(_joined(block))]


def _joined(lines: list[str]) -> str:
    """A paragraph as one line: what stands inside may go on over a line's end."""
    return " ".join(line.strip() for line in lines)


def _list(block: list[str]) -> list[str]:
    items: list[list[str]] = []
    for line in block:
        if found := _ITEM.match(line):
            items.append([found["mark"].strip(), found["text"]])
        else:
            items[-1].append(line)
    lines = []
    for mark, *text in items:
        lines.append(f".IP {BULLET if mark == '-' else mark} 4")
        lines.append(inline(_joined(text)))
    return lines


def _table(block: list[str]) -> list[str]:
    """A tagged paragraph a row; what stands between the first and the last column is named."""
    head, _, *rows = ([cell.strip() for cell in _cells(line)] for line in block)
    lines = []
    for tag, *middle, text in rows:
        named = [f"{name} {cell}." for name, cell in zip(head[1:], middle, strict=False) if cell]
        lines += tagged(inline(tag), inline(" ".join([*named, text]).strip()))
    return lines


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().strip("|"))
