"""The generated parts of docs/ are up to date, and links between pages have targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs import DOCS, PARTS, renew

PAGES = sorted([*DOCS.parent.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_parts_of_a_page_are_current(page: Path) -> None:
    text = page.read_text("utf-8")
    assert renew(text) == text, "run: python -m tools.docs"


def test_every_part_is_in_one_page() -> None:
    named = re.findall(r"<!-- ([\w-]+): made by", "".join(map(Path.read_text, PAGES)))
    assert sorted(named) == sorted(PARTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_pages_has_a_target(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
