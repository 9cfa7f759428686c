"""Fixtures: a user for each test of the whole installer, with or without a service manager."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.checkout import CHECKOUT
from testing.service_user import ServiceUser
from testing.user_home import NEW_CLIENT, User


@pytest.fixture
def user() -> Iterator[User]:
    """A new user without acd and Claude Code."""
    with User() as new:
        yield new


@pytest.fixture
def whole(user: User) -> User:
    """A user with a client, hooks, and a program as install.sh installs it."""
    user.claude(NEW_CLIENT)
    user.install()
    user.acd("stop")
    program = user.data / "venv/bin/acd"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m acd "$@"\n')
    program.chmod(0o755)
    link = user.home / ".local/bin/acd"
    link.parent.mkdir(parents=True)
    link.symlink_to(program)
    user.environ["PATH"] = f"{link.parent}:{user.environ['PATH']}"
    return user


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """The Python of a virtual environment with acd that every user can run."""
    # Not in pytest's directory, which other users cannot read. The path needs quoting.
    directory = Path(tempfile.mkdtemp(prefix="acd-program-"))
    directory.chmod(0o755)
    environment = directory / "o'hara's 100% $HOME"
    try:
        subprocess.run(["/usr/bin/python3", "-m", "venv", environment], check=True)
        subprocess.run(
            [environment / "bin/python", "-m", "pip", "install", "--quiet", f"{CHECKOUT}[notify]"],
            check=True,
            capture_output=True,
        )
        yield environment / "bin/python"
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def service_user(program: Path) -> Iterator[ServiceUser]:
    """A new user on a machine with systemd."""
    with ServiceUser() as new:
        new.program = program
        yield new
