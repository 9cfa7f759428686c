"""How results are written: streams, JSON, notices, and nothing that a terminal interprets."""

from __future__ import annotations

import json

import click
import pytest

from acd.cli import output
from acd.cli.options import json_option
from acd.cli.result import CommandResult, Document, Result, TerminalStyle
from acd.cli.style import paint


class WrittenOutcome:
    """Writes an outcome as a command with these arguments would."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(
        self, outcome: CommandResult, *args: str, colour: bool = False
    ) -> tuple[str, str, int]:
        """Standard output, standard error, exit code."""
        style = TerminalStyle(columns=None, colour=colour, home=None)
        self._monkeypatch.setattr(output, "terminal_style", lambda environ: style)

        @click.command()
        @json_option("Print JSON.")
        def command() -> int:
            return output.write(outcome)

        code = command.main(list(args), standalone_mode=False)
        out, err = self._capsys.readouterr()
        return out, err, code


@pytest.fixture
def write(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> WrittenOutcome:
    return WrittenOutcome(capsys, monkeypatch)


def test_a_text_is_a_line_or_lines_and_nothing_is_no_line(write: WrittenOutcome) -> None:
    assert write(Result("one")) == ("one\n", "", 0)
    assert write(Result(["one", "two"], exit_code=3)) == ("one\ntwo\n", "", 3)
    assert write(Result()) == write(None) == ("", "", 0)


def test_control_characters_are_escaped_in_every_line(write: WrittenOutcome) -> None:
    assert write(Result(["a\x1b[2J", "b\nforged"])) == ("a\\x1b[2J\nb\\nforged\n", "", 0)


def test_of_control_sequences_only_colours_reach_a_terminal(write: WrittenOutcome) -> None:
    red = paint("asks", "question")
    out, _, _ = write(Result(lambda style: [red + "\x1b[2J"]), colour=True)
    assert out == f"{red}\\x1b[2J\n"


def test_the_data_of_one_result_is_indented_json(write: WrittenOutcome) -> None:
    assert write(Result("text", data={"a": 1}), "--json")[0] == '{\n  "a": 1\n}\n'
    assert write(Result("text", data=[]), "--json")[0] == "[]\n"


def test_the_data_of_a_stream_is_one_json_line_for_each_result(write: WrittenOutcome) -> None:
    results = [Result(notices=["begin"]), Result("a", data={"a": 1}), Result("b", data={"b": 2})]
    assert write(iter(results)) == ("a\nb\n", "begin\n", 0)
    out, err, _ = write(iter(results), "--json")
    assert [json.loads(line) for line in out.splitlines()] == [{"a": 1}, {"b": 2}]
    assert err == "begin\n"


def test_a_document_is_written_unchanged_as_utf8(write: WrittenOutcome) -> None:
    assert write(Document("<svg>\n\té</svg>", exit_code=1)) == ("<svg>\n\té</svg>\n", "", 1)


def test_json_holds_nothing_that_a_terminal_obeys() -> None:
    shown = output.to_json({"a": "\x1b[31m \x9b \x7f \u202e é"}, indent=None)
    assert shown.isascii()
    assert shown.isprintable()
