"""The home directory, for every HOME."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from acd import paths


def test_the_home_is_that_of_the_environment() -> None:
    assert paths.home({"HOME": "/somewhere"}) == Path("/somewhere")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "somewhere"}, {"HOME": "./x"}])
def test_without_an_absolute_home_it_is_that_of_the_account(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "neither")
    assert paths.home(environ) == Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_the_home_of_an_unknown_account_is_the_root_directory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    assert paths.home({}) == Path("/")
