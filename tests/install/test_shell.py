"""Manual pages and completions are installed where man and the shells find them, and removed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from testing.checkout import CHECKOUT
from testing.user_home import User

MANUAL = {"man/man1/acd.1": "acd.1", "man/man7/acd-protocol.7": "acd-protocol.7"}
COMPLETIONS = {
    ".local/share/bash-completion/completions/acd": "acd.bash",
    ".local/share/zsh/site-functions/_acd": "_acd",
    ".zfunc/_acd": "_acd",
    ".config/fish/completions/acd.fish": "acd.fish",
}


def ran(user: User, *argv: str) -> str:
    if shutil.which(argv[0]) is None:
        pytest.skip(f"needs {argv[0]}")
    done = subprocess.run(
        argv, env=user.environ, cwd=user.home, capture_output=True, text=True, check=False
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def in_shells(user: User) -> dict[Path, bytes]:
    """Makes the directories of every shell; returns the paths in them and their contents."""
    wanted = {}
    for path, name in COMPLETIONS.items():
        (user.home / path).parent.mkdir(parents=True)
        wanted[user.home / path] = (CHECKOUT / "packaging/completions" / name).read_bytes()
    return wanted


def test_the_manual_is_where_man_finds_it(user: User) -> None:
    user.install()
    for path, name in MANUAL.items():
        wanted = (CHECKOUT / "packaging/man" / name).read_bytes()
        assert (user.home / ".local/share" / path).read_bytes() == wanted
    # man finds it by the program's directory on PATH.
    (user.home / ".local/bin").mkdir()
    user.environ["PATH"] = f"{user.home}/.local/bin:{user.environ['PATH']}"
    assert ran(user, "man", "-w", "acd").strip() == f"{user.home}/.local/share/man/man1/acd.1"
    assert "acd-protocol.7" in ran(user, "man", "-w", "acd-protocol")


def test_completions_go_where_there_is_a_place_for_them(user: User) -> None:
    wanted = in_shells(user)
    user.install()
    assert {path: path.read_bytes() for path in wanted} == wanted


def test_without_the_directory_of_a_shell_no_completion_is_installed(user: User) -> None:
    user.install()
    assert not any((user.home / path).parent.exists() for path in COMPLETIONS)


def test_fish_finds_its_completion_by_itself(user: User) -> None:
    in_shells(user)
    user.install()
    program = user.home / "bin/acd"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    user.environ["PATH"] = f"{program.parent}:{user.environ['PATH']}"
    assert "resurrect" in ran(user, "fish", "-c", "complete -C 'acd resu'")


def test_bash_completion_finds_ours_by_itself(user: User) -> None:
    loader = Path("/usr/share/bash-completion/bash_completion")
    if not loader.exists():
        pytest.skip("needs bash-completion")
    in_shells(user)
    user.install()
    script = f"source {loader}; _completion_loader acd; complete -p acd"
    assert ran(user, "bash", "--norc", "-c", script) == "complete -F _acd acd\n"


@pytest.mark.parametrize("directory", [".zfunc", ".local/share/zsh/site-functions"])
def test_zsh_finds_its_completion_by_itself(user: User, directory: str) -> None:
    in_shells(user)
    user.install()
    script = f"fpath=(~/{directory} $fpath); autoload -U compinit; compinit -D; print $_comps[acd]"
    assert ran(user, "zsh", "-f", "-c", script) == "_acd\n"


def test_outdated_files_are_replaced_and_current_files_are_kept(user: User) -> None:
    wanted = in_shells(user)
    user.install()
    for path in wanted:
        path.write_bytes(b"# Completion of acd, an old one\n")
    user.install()
    assert {path: path.read_bytes() for path in wanted} == wanted
    assert "completion" not in user.install("--dry-run")


def test_foreign_files_and_links_stay(user: User) -> None:
    first, *others = in_shells(user)
    first.write_text("# my own\n")
    theirs = user.home / "theirs"
    theirs.write_text("# Completion of acd, kept elsewhere\n")
    for path in others:
        path.symlink_to(theirs)
    user.install()
    user.uninstall()
    assert first.read_text() == "# my own\n"
    assert theirs.read_text() == "# Completion of acd, kept elsewhere\n"
    assert all(path.is_symlink() for path in others)


def test_uninstall_takes_them_out_and_leaves_others_alone(user: User) -> None:
    wanted = in_shells(user)
    other = user.home / ".local/share/man/man1/other.1"
    other.parent.mkdir(parents=True)
    other.touch()
    user.install()
    output = user.uninstall()
    assert "The manual removed.\nCompletions removed.\n" in output
    assert not any(path.exists() for path in wanted)
    assert all(path.parent.is_dir() for path in wanted)
    assert list((user.home / ".local/share/man").rglob("*")) == [other.parent, other]


def test_hooks_only_leaves_them_alone(user: User) -> None:
    wanted = in_shells(user)
    user.install("--hooks-only")
    assert not any(path.exists() for path in wanted)
    assert not (user.home / ".local/share/man").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written_does_not_stop_an_install(user: User) -> None:
    path = next(iter(in_shells(user)))
    path.parent.chmod(0o555)
    user.install()
    assert not path.exists()


def test_a_file_in_place_of_a_directory_does_not_stop_an_install(user: User) -> None:
    in_the_way = user.home / ".local/share/man"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("not a directory")
    user.install()
    assert in_the_way.read_text() == "not a directory"
