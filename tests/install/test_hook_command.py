"""The command in an agent's settings runs the hook as the agent's child, or nothing."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.settings.hook_entries import is_ours
from acd.errors import AcdError
from acd.install.hook_command import choose_python, guarded_command, real_python, stable_path
from testing.checkout import CHECKOUT

# /bin/sh is one of these on most systems.
SHELLS = [shell for shell in ("sh", "dash", "bash", "ksh", "zsh") if shutil.which(shell)]
PRINTER = "import os, sys; print(os.getppid(), sys.argv[1:], sys.flags.isolated, sys.stdin.read())"
shells = pytest.mark.parametrize("shell", SHELLS)


def run(shell: str, command: str) -> tuple[subprocess.CompletedProcess[str], int]:
    """Runs the command as an agent does; returns its end, and the agent's process id."""
    argv = [shell, "-c", command]
    return subprocess.run(
        argv, input="event\n", capture_output=True, text=True, check=False
    ), os.getpid()


@pytest.fixture(params=["plain", "a b", "o'hara", 'quo"te', "$HOME", "back\\slash", "a;b&c", "ü"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    directory = tmp_path / str(request.param)
    directory.mkdir()
    return directory


@shells
def test_the_hook_runs_as_the_agents_own_child_whatever_its_path(folder: Path, shell: str) -> None:
    hook = folder / "acd_hook.py"
    hook.write_text(PRINTER)
    python = folder / "python3"
    python.symlink_to(real_python())
    done, agent = run(shell, guarded_command(python, hook, "claude-code"))
    assert (done.stdout, done.stderr) == (f"{agent} ['claude-code'] 1 event\n\n", "")
    assert done.returncode == 0


@shells
@pytest.mark.parametrize("missing", ["python", "hook", "both"])
def test_when_something_is_gone_the_hook_is_silent_and_succeeds(
    tmp_path: Path, shell: str, missing: str
) -> None:
    hook = tmp_path / "acd_hook.py"
    hook.write_text(PRINTER)
    python = real_python()
    if missing != "hook":
        python = tmp_path / "no/python3"
    if missing != "python":
        hook.unlink()
    done, _ = run(shell, guarded_command(python, hook, "claude-code"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_hook_that_may_not_be_read_is_silent_too(tmp_path: Path) -> None:
    hook = tmp_path / "acd_hook.py"
    hook.mkdir()  # root may read every file, but a directory is no script
    hook.rmdir()
    hook.symlink_to(tmp_path / "gone")
    done, _ = run("sh", guarded_command(real_python(), hook, "claude-code"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_the_command_is_recognized_as_ours_whatever_the_paths(name: str) -> None:
    base = Path("/", name)
    command = guarded_command(base / "python3", base / "acd_hook.py", "claude-code")
    assert is_ours({"type": "command", "command": command}, "claude-code")
    words = shlex.split(command)
    assert words[words.index("exec") :][:5] == [
        *("exec", str(base / "python3"), "-I", "-S", str(base / "acd_hook.py"))
    ]


def test_a_path_that_settings_cannot_hold_is_refused() -> None:
    hook = Path(os.fsdecode(b"/home/fran\xe7ois/acd_hook.py"))
    with pytest.raises(AcdError, match="not UTF-8") as caught:
        guarded_command(real_python(), hook, "claude-code")
    assert caught.value.message.isprintable()


# --- The interpreter ----------------------------------------------------------


def test_the_real_python_is_neither_a_link_nor_a_script_nor_in_an_environment() -> None:
    python = real_python()
    assert python == python.resolve()
    assert not python.is_relative_to(Path(sys.prefix))
    assert python.read_bytes()[:4] in {b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"}
    ended = subprocess.run([python, "-I", "-S", "-V"], capture_output=True, text=True, check=True)
    assert ended.stdout.split()[1].split(".")[:2] == [*map(str, sys.version_info[:2])]


@pytest.mark.parametrize("symlinks", [True, False])
def test_from_within_an_environment_the_python_behind_it_is_found(
    tmp_path: Path, symlinks: bool
) -> None:
    venv.create(tmp_path / "venv", symlinks=symlinks, with_pip=False)
    source = CHECKOUT
    script = f"import sys; sys.path.insert(0, {str(source)!r}); " + (
        "from acd.install.hook_command import real_python; print(real_python())"
    )
    ended = subprocess.run(
        [tmp_path / "venv/bin/python", "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ended.stdout.strip()) == real_python()


def test_a_shim_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text('#!/bin/sh\nexec pyenv exec python3 "$@"\n')
    shim.chmod(0o755)
    real = real_python()
    assert choose_python([shim, real], tmp_path / "venv") == real


def test_the_environments_own_python_is_the_last_resort(tmp_path: Path) -> None:
    own = tmp_path / "venv/bin/python"
    own.parent.mkdir(parents=True)
    shutil.copy(real_python(), own)
    assert choose_python([own, real_python()], tmp_path / "venv") == real_python()
    assert choose_python([tmp_path / "gone", own], tmp_path / "venv") == own


def test_without_any_interpreter_it_prints_an_error(tmp_path: Path) -> None:
    with pytest.raises(AcdError, match="cannot find the Python"):
        choose_python([tmp_path / "gone"], tmp_path)


def test_homebrews_python_is_named_by_what_outlives_its_next_release(tmp_path: Path) -> None:
    tail = "Frameworks/Python.framework/Versions/3.12/bin/python3.12"
    real = tmp_path / "Cellar/python@3.12/3.12.4" / tail
    real.parent.mkdir(parents=True)
    real.touch()
    assert stable_path(real) == real
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/python@3.12").symlink_to("../Cellar/python@3.12/3.12.4")
    assert stable_path(real) == tmp_path / "opt/python@3.12" / tail
    (tmp_path / "Cellar/python@3.12/3.12.5").mkdir()
    (tmp_path / "opt/python@3.12").unlink()
    (tmp_path / "opt/python@3.12").symlink_to("../Cellar/python@3.12/3.12.5")
    assert stable_path(real) == real
