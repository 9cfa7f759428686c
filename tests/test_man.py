"""The manual pages: current, without a warning, and with everything in them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from acd.config import options
from tools.command_table import acd
from tools.man import DIRECTORY, PAGES
from tools.roff import page, source


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")


def rendered(name: str) -> str:
    """What a reader sees, each run of blanks as one."""
    need("mandoc")
    argv = ["mandoc", "-Tascii", "-Owidth=200", str(DIRECTORY / name)]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    # Bold and underlined are overstruck.
    while "\b" in shown:
        before, _, after = shown.partition("\b")
        shown = before[:-1] + after
    return " ".join(shown.split())


@pytest.mark.parametrize("name", PAGES)
def test_a_manual_page_is_current(name: str) -> None:
    assert (DIRECTORY / name).read_text("utf-8") == PAGES[name](), "run: python -m tools.docs"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "argv",
    [["mandoc", "-Tlint"], ["groff", "-man", "-Tutf8", "-ww", "-z"]],
    ids=lambda argv: argv[0],
)
def test_a_manual_page_renders_without_a_warning(name: str, argv: list[str]) -> None:
    need(argv[0])
    done = subprocess.run(
        [*argv, str(DIRECTORY / name)], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_every_command_and_every_option_is_in_the_manual() -> None:
    shown = rendered("acd.1")
    for command in acd().walk():
        assert command.name in shown
        for option in command.options:
            assert "--help" in option.names or option.names[-1] in shown
    for section, key, _, _ in options():
        assert f"{section}.{key}" in shown


def test_the_protocols_page_has_its_examples_to_the_letter() -> None:
    shown = rendered("acd-protocol.7")
    assert '> SET build working {"working_dir": "/home/me/project"}' in shown
    assert "< ERR usage: SET <session> <status> [metadata_json]" in shown
    assert "default 4,096. Simultaneous connections." in shown


def test_no_text_is_taken_for_a_request() -> None:
    lines = source(
        page(".so /etc/passwd\n\n- 'tis\n\n```\n.so x\n'\n```\n\n| a | b |\n|-|-|\n| .x | .y |")
    )
    requests = {line.split()[0] for line in lines.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".PP", ".IP", ".RS", ".EX", ".EE", ".RE", ".TP"}


def test_what_is_typed_keeps_its_signs() -> None:
    assert (
        source(page("Type `a-b 'c' \\n ~`.")) == ".PP\nType \\fBa\\-b \\(aqc\\(aq \\en \\(ti\\fR.\n"
    )
