"""All commands: exit codes, quiet ends, and few imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acd import __version__
from acd.cli.main import COMMAND_SECTIONS
from acd.system import activation
from testing.cli_runs import PROGRAM, run
from testing.command_line import Acd
from testing.support import DaemonHome, LineClient

COMMANDS = [name for commands in COMMAND_SECTIONS.values() for name in commands]

# For each command the acd modules that it loads, beyond those of `import acd.cli.main`.
CLI = {
    "acd",
    "acd.cli",
    "acd.cli.main",
    "acd.errors",
}
LIST = CLI | {
    "acd.__main__",
    "acd.cli.identify",
    "acd.cli.list",
    "acd.cli.options",
    "acd.cli.output",
    "acd.cli.result",
    "acd.cli.style",
    "acd.cli.table",
    "acd.client",
    "acd.client.blocking",
    "acd.client.session",
    "acd.paths",
    "acd.protocol",
    "acd.sessions",
    "acd.sessions.status",
    "acd.sessions.values",
    "acd.system",
    "acd.system.guarded",
    "acd.system.peers",
    "acd.system.runtime_dir",
    "acd.text",
}
HEAVY = {"asyncio", "subprocess", "textual", "tomllib", "typing_extensions", "unittest", "uvloop"}


def modules_after(home: DaemonHome, code: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=home.environ,
        cwd=home.root,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def of_acd(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "acd"}


def test_the_command_line_itself_imports_click_alone(served: DaemonHome) -> None:
    click, cli = (modules_after(served, f"import {name}") for name in ("click", "acd.cli.main"))
    assert of_acd(cli) == CLI
    assert not (cli - click) & HEAVY


def test_list_imports_no_more_than_it_needs(served: DaemonHome) -> None:
    served.ask("SET one working")
    loaded = modules_after(
        served, "sys.argv = ['acd', 'list']\nfrom acd.__main__ import main\nmain()"
    )
    assert of_acd(loaded) == LIST
    assert not loaded & HEAVY


def test_version_is_the_programs(acd: Acd) -> None:
    assert acd("--version").out == f"acd {__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(acd: Acd, option: str) -> None:
    done = acd(option)
    assert done.code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in done.out] == []


def test_without_a_command_the_help_is_printed(acd: Acd) -> None:
    assert acd().out == acd("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(acd: Acd, name: str) -> None:
    done = acd(name, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: acd {name}")


@pytest.mark.parametrize("args", [("lst",), ("list", "--nope"), ("get",), ("rm", "a", "b")])
def test_wrong_usage_is_exit_code_2_with_a_hint_to_the_help(
    acd: Acd, args: tuple[str, ...]
) -> None:
    done = acd(*args)
    assert (done.code, done.out) == (2, "")
    assert "--help' for help." in done.err


@pytest.mark.parametrize(
    ("args", "choices"),
    [
        (("set", "x"), "Choose from: question, attention, working, closed"),
        (("completion",), "Choose from: bash, zsh, fish"),
    ],
)
def test_the_choices_for_a_missing_argument_are_listed_in_one_line(
    acd: Acd, args: tuple[str, ...], choices: str
) -> None:
    done = acd(*args)
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith(choices)


def test_control_characters_in_arguments_are_escaped_in_errors(
    acd: Acd, served: DaemonHome
) -> None:
    for args in (("\x1b[31m",), ("rm", "a", "\x1b[31m"), ("get", "\x1b[31m")):
        assert "\x1b" not in acd(*args).err


def test_an_unsafe_socket_directory_is_reported_with_a_remedy(acd: Acd, alone: DaemonHome) -> None:
    alone.directory.mkdir(mode=0o755)
    alone.directory.chmod(0o755)
    done = acd("list")
    assert done.code == 3
    assert "its mode is 755, and others could enter it" in done.err
    assert "mode 700" in done.err


def test_no_connection_is_made_in_a_directory_open_to_others(acd: Acd, alone: DaemonHome) -> None:
    with activation.bind(alone.socket).sock as listener:
        alone.directory.chmod(0o755)
        assert acd("set", "one", "working", "--prompt", "a secret").code == 3
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_daemon_that_cannot_be_reached_is_exit_code_3(
    acd: Acd, alone: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "acd.client.launch.daemon_command", lambda: [str(alone.root / "no-program")]
    )
    done = acd("list")
    assert done.code == 3
    assert f"no daemon at {alone.socket}" in done.err
    assert "install.sh" in done.err


def test_a_command_starts_the_daemon_that_it_needs(acd: Acd, alone: DaemonHome) -> None:
    assert acd("set", "one", "working").code == 0
    with alone.client() as client:
        assert client.info()["activation"] == "spawned"
        assert set(client.sessions()) == {"one"}


@pytest.mark.parametrize("home", ["", "somewhere", None])
def test_the_daemon_and_commands_work_without_a_home(alone: DaemonHome, home: str | None) -> None:
    del alone.environ["HOME"]
    alone.environ["XDG_CONFIG_HOME"] = str(alone.root)  # not this account's
    if home is not None:
        alone.environ["HOME"] = home
    assert run(alone, "set", "one", "working").code == 0
    assert "one" in run(alone, "list").out


def test_a_client_from_before_an_upgrade_starts_the_new_daemon(tmp_path: Path) -> None:
    from acd.client.launch import daemon_command

    for environment in ("venv-old", "venv-new"):
        program = tmp_path / environment / "bin" / "python"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    (tmp_path / "venv").symlink_to("venv-new")
    assert daemon_command(tmp_path / "venv-old/bin/python")[0] == str(tmp_path / "venv/bin/python")


def test_a_reader_that_leaves_early_ends_a_command_quietly(
    served: DaemonHome, client: LineClient
) -> None:
    client.ask("SET one working")
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*PROGRAM, "list"], env=served.environ, stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


def test_output_that_cannot_be_written_is_an_error(served: DaemonHome) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "list"], env=served.environ, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"acd: cannot write the output: No space left on device\n"


@pytest.mark.parametrize(
    "args", [("--help",), (), ("--version",), ("list", "--help"), ("daemon", "--help")]
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help_that_cannot_be_written_is_an_error_too(
    served: DaemonHome, args: tuple[str, ...], unbuffered: str
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *args],
            env={**served.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b"acd: cannot write the output: No space left on device\n"
    assert done.returncode == 1


def test_a_closed_standard_output_is_no_error(served: DaemonHome) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *PROGRAM, "list"],
        env=served.environ,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_unicode_still_gets_its_lines(
    served: DaemonHome, client: LineClient
) -> None:
    client.ask("SET one question")
    environ = {**served.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*PROGRAM, "list"], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.split()[:3] == ["?", "question", "one"]


def test_an_argument_that_is_not_utf8_is_no_traceback(served: DaemonHome) -> None:
    done = subprocess.run(
        [*PROGRAM, "get", b"\xff"], env=served.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert r"\udcff" in done.stderr


def test_set_and_list_work_as_processes_of_their_own(served: DaemonHome) -> None:
    assert run(served, "set", "one", "working").code == 0
    assert run(served, "list").lines[0].split()[1:3] == ["working", "one"]
