"""What a TAB offers in the real shells with the generated completion scripts."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.support import WAIT, DaemonHome
from tools.command_table import acd
from tools.completions import SCRIPTS
from tools.packaging_files import DIRECTORY, write

_BASH = """
source "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_acd
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def served() -> Iterator[DaemonHome]:
    """A daemon with two sessions, and `acd` on PATH."""
    with DaemonHome() as made:
        program = made.root / "bin/acd"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m acd "$@"\n')
        program.chmod(0o755)
        made.environ["PATH"] = f"{program.parent}:/usr/bin:/bin"
        made.start()
        made.ask('SET alpha question {"name": "the api"}')
        made.ask("SET beta working")
        yield made


def script_of(shell: str, made: DaemonHome) -> Path:
    """The completion script for the shell, generated from the commands."""
    name, make = SCRIPTS[shell]
    path = made.root / name
    path.write_text(make(), "utf-8")
    return path


def need(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")


def ran(made: DaemonHome, *argv: str) -> list[str]:
    done = subprocess.run(
        argv,
        env=made.environ,
        cwd=made.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT,
    )
    assert done.stderr == ""
    return sorted(filter(None, done.stdout.splitlines()))


def offered(shell: str, made: DaemonHome, *words: str) -> list[str]:
    """What a TAB after these words offers; the last one is incomplete."""
    need(shell)
    script = str(script_of(shell, made))
    if shell == "bash":
        return ran(made, "bash", "--norc", "-c", _BASH, script, "acd", *words)
    line = " ".join(("acd", *words))
    lines = ran(made, "fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
    return sorted(each.partition("\t")[0] for each in lines)


# These two can list completions without a terminal.
both = pytest.mark.parametrize(
    "shell",
    ["bash", pytest.param("fish", marks=pytest.mark.slow)],  # each TAB starts a fish
)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_shell_parses_its_completion_without_an_error(shell: str, served: DaemonHome) -> None:
    need(shell)
    ran(served, shell, "-n", str(script_of(shell, served)))


@both
def test_commands_are_completed(shell: str, served: DaemonHome) -> None:
    assert offered(shell, served, "re") == ["record", "replay", "resurrect"]
    assert set(offered(shell, served, "")) == {each.name for each in acd().commands}


@both
def test_commands_below_a_command_are_completed(shell: str, served: DaemonHome) -> None:
    assert offered(shell, served, "config", "") == ["init", "path", "show"]
    assert offered(shell, served, "config", "show", "") == []


@both
def test_options_are_completed(shell: str, served: DaemonHome) -> None:
    assert offered(shell, served, "wait", "--t") == ["--timeout"]
    assert "--version" in offered(shell, served, "--")


@both
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("bar", "t"), ["tmux"]),
        (("set", "one", "w"), ["working"]),
        (("wait", "--for", "q"), ["question"]),
        (("set", "--prompt", "x", "one", "q"), ["question"]),
    ],
)
def test_words_of_a_fixed_set_are_completed(
    shell: str, served: DaemonHome, words: tuple[str, ...], expected: list[str]
) -> None:
    assert offered(shell, served, *words) == expected


@both
@pytest.mark.parametrize("runs", [True, False])
def test_sessions_are_completed_and_no_daemon_is_started(
    shell: str, served: DaemonHome, runs: bool
) -> None:
    if not runs:
        ran(served, sys.executable, "-m", "acd", "stop")
    assert offered(shell, served, "get", "") == ["alpha", "beta"]
    assert offered(shell, served, "get", "al") == ["alpha"]
    assert offered(shell, served, "get", "alpha", "") == []
    assert offered(shell, served, "wait", "alpha", "be") == ["beta"]
    assert served.socket.exists() == runs


@both
def test_files_and_directories_are_completed(shell: str, served: DaemonHome) -> None:
    (served.root / "a record.txt").touch()
    (served.root / "a directory").mkdir()
    found = [name.replace("\\", "") for name in offered(shell, served, "replay", "a")]
    assert "a record.txt" in found
    found = [name.replace("\\", "") for name in offered(shell, served, "set", "--cwd", "a")]
    assert [name.rstrip("/") for name in found] == ["a directory"]


@both
def test_a_session_whose_id_is_shell_code_is_only_text(shell: str, served: DaemonHome) -> None:
    served.ask("SET $(touch${IFS}pwned) working")
    served.ask("SET `touch${IFS}pwned` working")
    assert len(offered(shell, served, "get", "")) == 4
    assert not (served.root / "pwned").exists()


@both
def test_a_tab_without_a_reachable_daemon_offers_nothing(shell: str, served: DaemonHome) -> None:
    served.environ["ACD_SOCKET"] = "/nowhere/" + "x" * 200
    assert offered(shell, served, "get", "") == []


def test_bash_completes_behind_an_equals_sign(served: DaemonHome) -> None:
    assert offered("bash", served, "wait", "--for", "=", "q") == ["question"]
    assert "question" in offered("bash", served, "wait", "--for", "=")


def typed_in_zsh(made: DaemonHome, keys: str, until: str) -> str:
    """What zsh shows after these keys, up to the text `until`."""
    need("zsh")
    script = script_of("zsh", made)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["zsh", "-f", "-i"],
        env={**made.environ, "TERM": "dumb", "PS1": "ready> ", "COLUMNS": "200"},
        cwd=made.root,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = ""

    def read_until(part: str) -> None:
        nonlocal shown
        while part not in shown:
            assert select.select([ours], [], [], WAIT)[0], shown
            shown += os.read(ours, 65536).decode()

    try:
        read_until("ready> ")
        os.write(ours, f"autoload -U compinit; compinit -D; source {script}; echo o''k\n".encode())
        read_until("ok\r\n")
        shown = ""
        os.write(ours, keys.encode())
        read_until(until)
        return shown
    finally:
        process.kill()
        process.wait(WAIT)
        os.close(ours)


@pytest.mark.slow  # a zsh with its whole completion system
@pytest.mark.parametrize(
    ("keys", "until"),
    [
        ("acd resu\t", "acd resurrect "),
        ("acd config sh\t", "acd config show "),
        ("acd wait --tim\t", "acd wait --timeout "),
        ("acd bar tm\t", "acd bar tmux "),
        ("acd set alpha wo\t", "acd set alpha working "),
        ("acd get al\t", "acd get alpha "),
        ("acd get \t", "alpha  question the api"),
        ("acd re\t", "resurrect  -- Resume"),
    ],
)
def test_zsh_completes(served: DaemonHome, keys: str, until: str) -> None:
    assert until in typed_in_zsh(served, keys, until)


def test_acd_completion_prints_the_scripts_that_the_package_build_wrote(served: DaemonHome) -> None:
    for shell, (name, _) in SCRIPTS.items():
        done = subprocess.run(
            [sys.executable, "-m", "acd", "completion", shell],
            env=served.environ,
            capture_output=True,
            check=True,
        )
        assert done.stdout == (DIRECTORY / "completions" / name).read_bytes()


def test_the_package_build_writes_every_page_and_script_and_an_edit_only_what_changed(
    tmp_path: Path,
) -> None:
    names = {str(path.relative_to(tmp_path)) for path in write(tmp_path)}
    scripts = {f"completions/{name}" for name, _ in SCRIPTS.values()}
    assert names == scripts | {"man/acd.1", "man/acd-protocol.7"}
    assert write(tmp_path) == []


def test_a_tab_for_a_session_loads_no_more_than_it_needs(served: DaemonHome) -> None:
    code = "import sys; sys.argv = ['acd', 'completion', 'ids']; from acd.__main__ import main;"
    code += "main(); print('~', *sys.modules)"
    loaded = ran(served, sys.executable, "-c", code)[-1].split()
    assert "acd.cli.fast_session_ids" in loaded
    assert not {"click", "asyncio", "uvloop", "dataclasses"} & set(loaded)
