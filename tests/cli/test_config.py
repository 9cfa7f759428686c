"""`acd config`: the path, the values in effect, and a new file."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from acd import config, paths
from acd.cli import config_text
from testing.command_line import Acd


@pytest.fixture
def file(own_home: Path) -> Path:
    return own_home / ".config/acd/config.toml"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)


def test_path_is_printed_even_if_there_is_no_file(acd: Acd, file: Path) -> None:
    assert acd("config", "path").out == f"{file}\n"
    assert not file.exists()


def test_show_prints_every_option_with_its_value(acd: Acd, file: Path) -> None:
    write(file, "[sessions]\nhistory_depth = 7\n")
    shown = tomllib.loads(acd("config", "show").out)
    assert shown["sessions"]["history_depth"] == 7
    assert shown["daemon"]["idle_timeout_minutes"] == 10
    assert {(section, key) for section, key, _, _ in config_text.options()} == {
        (section, key) for section, table in shown.items() for key in table
    }


def test_init_writes_a_file_that_changes_nothing(acd: Acd, file: Path) -> None:
    done = acd("config", "init")
    assert done.code == 0
    assert str(file) in done.out
    assert config.load(paths.config_path(os.environ)) == config.Config()
    assert "# history_depth = 50" in file.read_text()


def test_init_does_not_change_an_existing_file(acd: Acd, file: Path) -> None:
    write(file, "mine")
    done = acd("config", "init")
    assert (done.code, file.read_text()) == (1, "mine")
    assert f"{file} exists already" in done.err


def test_init_names_the_reason_when_it_cannot_write(acd: Acd, own_home: Path) -> None:
    (own_home / ".config").write_text("a file")
    done = acd("config", "init")
    assert done.code == 1
    assert "cannot write" in done.err


def test_an_error_in_the_file_is_reported_with_line_and_key(acd: Acd, file: Path) -> None:
    write(file, "[sessions]\n\nhistory_depth = -1\n")
    done = acd("config", "show")
    assert done.code == 1
    assert f"{file}:3: sessions.history_depth: must be a whole number, 0 or more" in done.err


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ('command = "notify-send"', "must be a list of strings, not 'notify-send'"),
        ("command = [1]", "must be a list of strings, not [1]"),
        ('on = ["closed"]', "must be a list of some of question, attention, not ['closed']"),
        ("grace_seconds = -1", "must be a number, 0 or more, not -1"),
        ("desktop = 1", "must be true or false, not 1"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_with_the_right_type(
    acd: Acd, file: Path, given: str, problem: str
) -> None:
    write(file, f"[notify]\n{given}\n")
    done = acd("config", "show")
    assert done.code == 1
    assert f"{file}:2: notify.{given.partition(' ')[0]}: {problem}" in done.err


def test_a_list_is_shown_as_toml_whatever_it_contains(acd: Acd, file: Path) -> None:
    words = ['a "b"', "back\\slash", "\t\n\x1b\x7f", "é ✓ 🙂", ""]
    text = config_text.toml(tuple(words))
    write(file, f"[notify]\ncommand = {text}\n")
    assert config.load(file).notify.command == tuple(words)
    assert tomllib.loads(acd("config", "show").out)["notify"]["command"] == words
