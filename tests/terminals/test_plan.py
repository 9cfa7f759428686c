"""Running the steps of a plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acd.errors import AcdError
from acd.terminals.plan import TerminalPlan, TerminalStep, run_plan

SECRETS = {"ANTHROPIC_API_KEY": "sk-secret", "SSH_AUTH_SOCK": "/run/agent", "TMUX": "/t,1,0"}


def run_steps(*steps: TerminalStep) -> None:
    run_plan(TerminalPlan("x", steps))


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_terminals_client_gets_no_variable_that_may_be_secret(tmp_path: Path) -> None:
    program = script(tmp_path / "client", f"env >{tmp_path}/env")
    ours = {"HOME": "/h", "LC_CTYPE": "C.UTF-8", "PATH": os.defpath, "XDG_RUNTIME_DIR": "/r"}
    run_plan(TerminalPlan("x", (TerminalStep((program,), {"TMUX_PANE": "%1"}),)), ours | SECRETS)
    had = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    of_the_shell = {"PWD", "_", "OLDPWD", "SHLVL"}
    assert {name: had[name] for name in had.keys() - of_the_shell} == ours | {"TMUX_PANE": "%1"}


def test_a_plan_with_whole_environ_passes_on_the_users_whole_environment(tmp_path: Path) -> None:
    program = script(tmp_path / "client", f"echo $ANTHROPIC_API_KEY >{tmp_path}/env")
    plan = TerminalPlan("x", (TerminalStep((program,)),), whole_environ=True)
    run_plan(plan, os.environ | SECRETS)
    assert (tmp_path / "env").read_text() == "sk-secret\n"


def test_a_nul_in_an_argument_is_an_acd_error() -> None:
    with pytest.raises(AcdError, match="cannot run true: embedded null byte"):
        run_steps(TerminalStep(("true", "a\0b")))


def test_steps_run_in_order_with_their_environment(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = script(tmp_path / "program", f'echo "$1 $WHO" >>{log}')
    run_steps(
        TerminalStep((program, "one"), {"WHO": "me"}),
        TerminalStep((program, "two"), {"WHO": "you"}),
    )
    assert log.read_text() == "one me\ntwo you\n"


def test_a_failed_step_ends_the_plan_with_its_output_as_the_error(tmp_path: Path) -> None:
    program = script(tmp_path / "fail", "echo no such pane \x1b[2J >&2; exit 1")
    never = tmp_path / "never"
    steps = (TerminalStep((program,)), TerminalStep(("touch", str(never))))
    with pytest.raises(AcdError, match=r"no such pane \\x1b\[2J") as caught:
        run_plan(TerminalPlan("x", steps, hint="try this"))
    assert caught.value.hint == "try this"
    assert not never.exists()


def test_an_unexpected_output_ends_the_plan_with_the_steps_error() -> None:
    with pytest.raises(AcdError, match="it is gone"):
        run_steps(TerminalStep(("echo", "2"), expects="1", failure="it is gone"))
    run_steps(TerminalStep(("echo", "1"), expects="1"))


def test_an_unexpected_output_runs_the_fallback(tmp_path: Path) -> None:
    fallback = TerminalStep(("sh", "-c", f"touch {tmp_path}/done"))
    for output in ("yes", "no"):
        assert not (tmp_path / "done").exists()
        run_steps(TerminalStep(("echo", output), expects="yes", fallback=fallback))
    assert (tmp_path / "done").exists()


def test_a_failed_step_with_an_error_of_its_own_ends_the_plan_with_it() -> None:
    with pytest.raises(AcdError, match="it is detached"):
        run_steps(TerminalStep(("false",), failure="it is detached"))


def test_a_missing_program_is_named() -> None:
    with pytest.raises(AcdError, match="no-such-program"):
        run_steps(TerminalStep(("no-such-program",)))


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(AcdError, match="gone"):
        run_steps(TerminalStep(("true",), cwd=gone, detached=True))


def test_a_program_that_does_not_end_is_an_error() -> None:
    with pytest.raises(AcdError, match="did not end"):
        run_plan(TerminalPlan("x", (TerminalStep(("sleep", "30")),)), seconds=0.1)


def test_a_detached_program_runs_in_its_directory_and_is_not_waited_for(tmp_path: Path) -> None:
    directory = tmp_path / "directory"
    directory.mkdir()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    program = script(tmp_path / "terminal", f"pwd >{fifo}")
    run_steps(TerminalStep((program,), cwd=str(directory), detached=True))
    # The program blocks until there is a reader: run_plan() did not wait for its end.
    assert fifo.read_text().strip() == str(directory)
