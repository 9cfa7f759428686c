"""Rules for every test: its own home, which tests are slow, and no skip where it can run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from testing.e2e import client
from testing.system import user_manager

# `--hypothesis-profile=thorough` is for a long search. No deadline: no result may
# depend on the speed of the machine.
settings.register_profile("full", max_examples=60, deadline=None, print_blob=True)
settings.register_profile("fast", settings.get_profile("full"), max_examples=15)
settings.register_profile("thorough", settings.get_profile("full"), max_examples=3000)
settings.load_profile("full")

# A shell's background job ignores SIGINT, and its children inherit that; a handler
# is not inherited, so with one the programs under test start as on a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Variables of the caller that lead to the caller's files.
_FOREIGN = ("ACD_SOCKET", "CLAUDE", "CODEX_", "XDG_")

_GROUPS = ("e2e", "system")
"""Markers, and directories of tests/, of slow tests that run one after the other."""
_ALL_SLOW = ("fuzz", "soak")
"""Further directories in which every test is slow."""
_SLOW_FIXTURES = {
    "bus",
    "dunst",
    "linked",
    "notify",
    "service_user",
    "status_line",
    "tmux",
    "user",
    "viewer",
    "whole",
}
"""Fixtures that make a test slow: a user for whom acd is installed, a terminal, a desktop."""

_CAN_RUN: dict[str, Callable[[], bool]] = {
    "system": lambda: user_manager.why_unavailable() is None,
    "e2e": client.registry_answers,
}
"""Directories of tests/ with high demands on the machine: whether this one meets them."""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME, and no variable that leads to another one."""
    for name in os.environ:
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


# First: pytest-xdist adds the group's name to the test's id in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks whole directories as slow; one worker runs all tests of one group, in order."""
    here = Path(__file__).parent
    for item in items:
        directory = item.path.relative_to(here).parts[0]
        groups = [name for name in _GROUPS if directory == name or item.get_closest_marker(name)]
        for name in groups:
            item.add_marker(name)
            item.add_marker(pytest.mark.xdist_group(name))
        fixtures = set(getattr(item, "fixturenames", ()))
        if groups or directory in _ALL_SLOW or fixtures & _SLOW_FIXTURES:
            item.add_marker(pytest.mark.slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ACD_CI=1 the run fails if a test was skipped that this machine can run.

    Under pytest-xdist this is done by the controller, which has every worker's
    reports: a worker has no terminal reporter.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ACD_CI") != "1" or reporter is None:
        return
    skipped = [report.nodeid for report in reporter.stats.get("skipped", [])]
    for directory, can_run in _CAN_RUN.items():
        wrongly = [name for name in skipped if name.startswith(f"tests/{directory}/")]
        if wrongly and can_run():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            reporter.section(f"tests/{directory}/ can run here, but was skipped", red=True)
            for name in wrongly:
                reporter.line(name)
