"""The manual pages render without a warning and contain every command and option."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from acd.cli.config_text import options
from tools.command_table import acd
from tools.man import PAGES, markdown, page


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"needs {program}")


def rendered(name: str) -> str:
    """The page as mandoc shows it, each run of blanks as one."""
    need("mandoc")
    argv = ["mandoc", "-Tascii", "-Owidth=200"]
    shown = subprocess.run(
        argv, input=PAGES[name](), capture_output=True, text=True, check=True
    ).stdout
    # mandoc overstrikes bold and underlined characters.
    while "\b" in shown:
        before, _, after = shown.partition("\b")
        shown = before[:-1] + after
    return " ".join(shown.split())


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    "argv",
    [["mandoc", "-Tlint"], ["groff", "-man", "-Tutf8", "-ww", "-z"]],
    ids=lambda argv: argv[0],
)
def test_a_manual_page_renders_without_a_warning(
    name: str, argv: list[str], tmp_path: Path
) -> None:
    need(argv[0])
    path = tmp_path / name
    path.write_text(PAGES[name](), "utf-8")
    done = subprocess.run([*argv, str(path)], capture_output=True, text=True, check=False)
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
    lines = page(
        markdown(
            ".so /etc/passwd\n\n- 'tis\n\n```\n.so x\n'\n```\n\n| a | b |\n|-|-|\n| .x | .y |"
        ),
        markdown("word " * 15 + ".so /etc/passwd"),
    ).splitlines()
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert requests <= {".PP", ".IP", ".RS", ".EX", ".EE", ".RE", ".TP"}


def test_text_to_type_keeps_its_characters() -> None:
    assert markdown("Type `a-b 'c' \\n ~`.") == ".PP\nType \\fBa\\-b \\(aqc\\(aq \\en \\(ti\\fR.\n"


def test_markdown_that_a_page_cannot_show_is_an_error() -> None:
    with pytest.raises(ValueError, match="a manual page has no image"):
        markdown("![a picture](picture.png)")
