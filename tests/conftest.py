"""What holds for every test: a home of its own, and no skipping where it counts.

Responsible for keeping the user's files and sessions out of reach, and for
`ACD_CI=1`. What single parts need is in their own directories.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from testing.e2e import client
from testing.system import user_manager

# Seconds for all of them by default; `--hypothesis-profile=thorough` for a long look.
# No deadline: no test here depends on how fast the machine is.
settings.register_profile("modest", max_examples=60, deadline=None, print_blob=True)
settings.register_profile("thorough", settings.get_profile("modest"), max_examples=3000)
settings.load_profile("modest")

# A shell's background job ignores Ctrl-C, and what it starts inherits that; a
# handler of ours is not inherited, so programs begin as on a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Whatever of these is set where the tests are started speaks of the user's files.
_FOREIGN = ("ACD_SOCKET", "CLAUDE", "CODEX_", "XDG_")

# Directories whose tests need much of a machine, and whether this one has it.
_CAN_RUN: dict[str, Callable[[], bool]] = {
    "tests/system/": lambda: user_manager.why_unavailable() is None,
    "tests/e2e/": client.registry_answers,
}


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


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ACD_CI=1 a test skipped where it could run fails the whole run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("ACD_CI") != "1" or reporter is None:
        return
    skipped = [report.nodeid for report in reporter.stats.get("skipped", [])]
    for directory, can_run in _CAN_RUN.items():
        wrongly = [name for name in skipped if name.startswith(directory)]
        if wrongly and can_run():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            reporter.section(f"{directory} can run here, but was skipped", red=True)
            for name in wrongly:
                reporter.line(name)
