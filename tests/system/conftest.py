"""Users on a machine with systemd, without acd and with it installed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.system.acd_user import AcdUser
from testing.system.installation import SETTINGS, Installation
from testing.system.user_manager import why_unavailable


@pytest.fixture(scope="session", autouse=True)
def _available() -> None:
    if reason := why_unavailable():
        pytest.skip(reason)


@pytest.fixture
def new_user() -> Iterator[AcdUser]:
    """A user with the checkout in ~/acd and Claude Code's settings, without acd."""
    with AcdUser() as user:
        user.clone()
        user.write(".claude/settings.json", SETTINGS)
        yield user


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A run of ./install.sh by a new user, whose home is copied for `user`."""
    directory = Path(tempfile.mkdtemp(prefix="acd-system-home-"))
    try:
        with AcdUser() as user:
            user.clone()
            user.write(".claude/settings.json", SETTINGS)
            before = user.files()
            done = user.install()
            after = user.files()
            subprocess.run(["cp", "--archive", user.home, directory / "home"], check=True)
        yield Installation(directory / "home", done.stdout, done.stderr, before, after)
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def user(installation: Installation) -> Iterator[AcdUser]:
    """A user with acd installed, right after a login."""
    with AcdUser(template=installation.home) as user:
        yield user
