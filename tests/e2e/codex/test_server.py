"""Codex in a terminal as it is by default: its sessions run in a shared background server."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.moment import Moment

from .scenes import Stage, Tui


@pytest.fixture
def tui(stage: Stage) -> Iterator[Tui]:
    stage.home.share_a_server()
    with stage.interactive() as tui:
        yield tui


def servers(stage: Stage) -> list[int]:
    """The servers that run in the home, by the arguments of its processes."""
    found = []
    for pid in stage.home.network.pids():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"app-server" in words:
            found.append(pid)
    return found


def test_its_session_has_neither_pid_nor_terminal_and_ends_with_the_server(
    stage: Stage, tui: Tui
) -> None:
    tui.prompt("Hello")
    answered = stage.api.take("GREETING", timeout=60).wait_answered()
    session = stage.session()
    stage.acd.expect(session, "attention", since=answered, via=("working",))
    shown = stage.acd.session(session)
    assert (shown["pid"], shown["terminal"]) == (None, None)
    stage.acd.expect(session, "working", since=tui.prompt("HELD"))
    found = servers(stage)
    assert found
    moment = Moment.now()
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    stage.acd.expect(session, "closed", since=moment)
    assert stage.acd.session(session)["evidence"] == "process"
