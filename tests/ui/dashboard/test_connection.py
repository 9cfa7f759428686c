"""The dashboard while the daemon stops, starts, refuses, hangs, or is another program."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from acd.errors import AcdError, DaemonRefused
from acd.protocol import Get, Message
from acd.ui.dashboard import reconnecting_client
from acd.ui.dashboard.reconnecting_client import ReconnectingClient
from testing.dashboard.fake_daemon import FakeDaemon
from testing.dashboard.pilot import (
    DashboardPilot,
    async_test,
    dashboard_of,
    running_dashboard,
)


@async_test
async def test_a_lost_connection_is_shown_while_it_lasts_and_the_sessions_stay(
    daemon: FakeDaemon,
) -> None:
    daemon.set("a", "question", prompt="go?")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        await pilot.until(lambda: "connecting again" in pilot.text())
        assert pilot.names() == ["a"]
        await daemon.start()
        await pilot.until(lambda: "connecting again" not in pilot.text())
        assert pilot.names() == ["a"]


@async_test
async def test_missed_changes_are_shown_after_reconnecting(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    daemon.set("b", "working")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        daemon.advance(60)
        daemon.set("a", "question")
        daemon.request("DELETE b")
        await daemon.start()
        await pilot.until(lambda: pilot.names() == ["a"])
        await pilot.until(lambda: "1 needs you" in pilot.text())


@async_test
async def test_keys_report_a_lost_connection(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        await pilot.until(lambda: "connecting again" in pilot.text())
        await pilot.press("x")
        assert "not connected" in pilot.text()


@async_test
async def test_ages_grow_without_a_daemon(daemon: FakeDaemon) -> None:
    daemon.set("a", "question")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        daemon.advance(125)
        await pilot.until(lambda: "2m 5s" in pilot.text())


@async_test
async def test_a_dashboard_that_starts_before_the_daemon_waits_for_it(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    async with dashboard_of(daemon).run_test(size=(80, 14)) as textual:
        pilot = DashboardPilot(textual)
        await pilot.until(lambda: "connecting" in pilot.text())
        await daemon.start()
        await pilot.until(lambda: pilot.names() == ["a"])
    await daemon.stop()


# The client alone -----------------------------------------------------------------


class Recorder:
    """A client, with its messages and problems."""

    def __init__(self, connect: Callable[[], socket.socket]):
        self.messages: list[Message] = []
        self.client = ReconnectingClient(
            connect, on_messages=self.messages.extend, on_state=self._on_state
        )
        self.problems: list[str | None] = []

    def _on_state(self) -> None:
        self.problems.append(self.client.problem)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                await asyncio.sleep(0.005)


async def assert_problem(answer: Callable[[socket.socket], None], problem: str) -> None:
    """A client whose peer answers so has this problem."""
    peers = []

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()
        peers.append(theirs)
        answer(theirs)
        return ours

    recorder = Recorder(connect)
    running = asyncio.create_task(recorder.client.run())
    try:
        await recorder.until(lambda: any(problem in (each or "") for each in recorder.problems))
    finally:
        running.cancel()
        for peer in peers:
            peer.close()


@async_test
async def test_a_refusal_is_shown() -> None:
    await assert_problem(
        lambda peer: peer.sendall(b"ERR too many connections: at most 1\n"),
        "refuses: too many connections",
    )


@async_test
async def test_a_peer_that_is_no_daemon_is_shown_with_its_line_escaped() -> None:
    await assert_problem(lambda peer: peer.sendall(b"HTTP/1.1 \x1b[2J\n"), r"'HTTP/1.1 \x1b[2J'")


@async_test
async def test_a_frozen_daemon_is_shown_as_one_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnecting_client, "REPLY_SECONDS", 0.05)
    await assert_problem(lambda peer: None, "does not answer within")


@async_test
async def test_a_request_without_a_reply_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    recorder = Recorder(lambda: ours)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    with monkeypatch.context() as patch, pytest.raises(AcdError, match="did not answer"):
        patch.setattr(reconnecting_client, "REPLY_SECONDS", 0.05)
        await recorder.client.request(Get("x"))
    # The late reply is not the reply to the next request.
    theirs.sendall(b'OK {"late": 1}\nERR session not found\n')
    with pytest.raises(DaemonRefused, match="session not found"):
        await recorder.client.request(Get("y"))
    running.cancel()
    theirs.close()


@async_test
async def test_replies_and_pushes_may_come_in_any_order_and_in_pieces(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    await daemon.start()
    recorder = Recorder(daemon.connect)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    asked = [recorder.client.request(Get(name)) for name in ("a", "none", "a")]
    daemon.set("a", "question")
    one, two, three = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(one, BaseException)
    assert not isinstance(three, BaseException)
    assert isinstance(two, DaemonRefused)
    await recorder.until(lambda: len(recorder.messages) == 2)
    running.cancel()
    await daemon.stop()


@async_test
async def test_the_end_of_a_connection_fails_its_waiting_requests() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    recorder = Recorder(lambda: ours)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    asked = asyncio.create_task(recorder.client.request(Get("x")))
    await asyncio.sleep(0)  # the task sends its request
    theirs.close()
    with pytest.raises(AcdError, match="stopped before it answered"):
        await asked
    running.cancel()
