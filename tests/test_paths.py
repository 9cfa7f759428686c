"""Where the home is, whatever the environment says of it."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from acd import paths


def test_the_home_is_what_the_environment_says() -> None:
    assert paths.home({"HOME": "/somewhere"}) == Path("/somewhere")


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "somewhere"}, {"HOME": "./x"}])
def test_where_that_is_no_place_the_home_is_the_accounts(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "neither")
    assert paths.home(environ) == Path(pwd.getpwuid(os.getuid()).pw_dir)


def test_an_account_that_is_not_known_has_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 5)
    assert paths.home({}) == Path("/")
