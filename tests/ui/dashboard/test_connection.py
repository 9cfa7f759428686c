"""Daemons that stop, come back, refuse, freeze, or are none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from acd.errors import AcdError, DaemonRefused
from acd.protocol import Get, Message
from acd.ui.dashboard import reconnecting_client
from acd.ui.dashboard.reconnecting_client import ReconnectingClient
from testing.dashboard.fake_daemon import Stage
from testing.dashboard.pilot import awaited, playing


@awaited
async def test_a_lost_connection_is_shown_while_it_lasts_and_the_sessions_stay(
    stage: Stage,
) -> None:
    stage.set("a", "question", prompt="go?")
    async with playing(stage, size=(80, 14)) as player:
        await stage.close()
        await player.until(lambda: "connecting again" in player.text())
        assert player.names() == ["a"]
        await stage.open()
        await player.until(lambda: "connecting again" not in player.text())
        assert player.names() == ["a"]


@awaited
async def test_missed_changes_are_shown_after_reconnecting(stage: Stage) -> None:
    stage.set("a", "working")
    stage.set("b", "working")
    async with playing(stage, size=(80, 14)) as player:
        await stage.close()
        stage.pass_time(60)
        stage.set("a", "question")
        stage.say("DELETE b")
        await stage.open()
        await player.until(lambda: player.names() == ["a"])
        await player.until(lambda: "1 needs you" in player.text())


@awaited
async def test_keys_report_a_lost_connection(stage: Stage) -> None:
    stage.set("a", "working")
    async with playing(stage, size=(80, 14)) as player:
        await stage.close()
        await player.until(lambda: "connecting again" in player.text())
        await player.press("x")
        assert "not connected" in player.text()


@awaited
async def test_ages_grow_without_a_daemon(stage: Stage) -> None:
    stage.set("a", "question")
    async with playing(stage, size=(80, 14)) as player:
        await stage.close()
        stage.pass_time(125)
        await player.until(lambda: "2m 5s" in player.text())


@awaited
async def test_a_dashboard_that_starts_before_the_daemon_waits_for_it(stage: Stage) -> None:
    from acd.config import DashboardConfig
    from acd.ui.dashboard.app import Dashboard
    from testing.dashboard.pilot import Player

    stage.set("a", "working")
    app = Dashboard(stage.connect, DashboardConfig(), {"HOME": "/home/dev"}, stage.clock)
    async with app.run_test(size=(80, 14)) as pilot:
        player = Player(stage, pilot)
        await player.until(lambda: "connecting" in player.text())
        await stage.open()
        await player.until(lambda: player.names() == ["a"])
    await stage.close()


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


@awaited
async def test_a_refusal_is_shown() -> None:
    await assert_problem(
        lambda peer: peer.sendall(b"ERR too many connections: at most 1\n"),
        "refuses: too many connections",
    )


@awaited
async def test_a_peer_that_is_no_daemon_is_shown_with_its_line_escaped() -> None:
    await assert_problem(lambda peer: peer.sendall(b"HTTP/1.1 \x1b[2J\n"), r"'HTTP/1.1 \x1b[2J'")


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting_client, "REPLY_SECONDS", 0.05)


@pytest.mark.usefixtures("short_timeout")
@awaited
async def test_a_frozen_daemon_is_shown_as_one_that_does_not_answer() -> None:
    await assert_problem(lambda peer: None, "does not answer within")


@pytest.mark.usefixtures("short_timeout")
@awaited
async def test_a_request_without_a_reply_times_out() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    recorder = Recorder(lambda: ours)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    with pytest.raises(AcdError, match="did not answer"):
        await recorder.client.request(Get("x"))
    # The late reply is not the reply to the next request.
    theirs.sendall(b'OK {"late": 1}\nERR session not found\n')
    with pytest.raises(DaemonRefused, match="session not found"):
        await recorder.client.request(Get("y"))
    running.cancel()
    theirs.close()


@awaited
async def test_replies_and_pushes_may_come_in_any_order_and_in_pieces(stage: Stage) -> None:
    stage.set("a", "working")
    await stage.open()
    recorder = Recorder(stage.connect)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    asked = [recorder.client.request(Get(name)) for name in ("a", "none", "a")]
    stage.set("a", "question")
    one, two, three = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(one, BaseException)
    assert not isinstance(three, BaseException)
    assert isinstance(two, DaemonRefused)
    await recorder.until(lambda: len(recorder.messages) == 2)
    running.cancel()
    await stage.close()


@awaited
async def test_the_end_of_a_connection_fails_its_waiting_requests() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    recorder = Recorder(lambda: ours)
    running = asyncio.create_task(recorder.client.run())
    await recorder.until(lambda: recorder.client.is_live)
    asked = asyncio.create_task(recorder.client.request(Get("x")))
    await asyncio.sleep(0)
    theirs.close()
    with pytest.raises(AcdError, match="stopped before it answered"):
        await asked
    running.cancel()
