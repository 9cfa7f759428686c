"""Daemons that stop, come back, refuse, freeze and talk nonsense."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from acd.errors import AcdError, DaemonRefused
from acd.protocol import Message
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
async def test_a_lost_connection_is_said_while_it_lasts_and_the_picture_stays(
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
async def test_what_happened_meanwhile_is_seen_after_reconnecting(daemon: FakeDaemon) -> None:
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
async def test_meanwhile_keys_say_that_there_is_no_daemon(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        await pilot.until(lambda: "connecting again" in pilot.text())
        await pilot.press("x")
        assert "not connected" in pilot.text()


@async_test
async def test_ages_go_on_while_there_is_no_daemon(daemon: FakeDaemon) -> None:
    daemon.set("a", "question")
    async with running_dashboard(daemon, size=(80, 14)) as pilot:
        await daemon.stop()
        daemon.advance(125)
        await pilot.until(lambda: "2m 5s" in pilot.text())


@async_test
async def test_a_program_that_starts_before_the_daemon_waits_for_it(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    async with dashboard_of(daemon).run_test(size=(80, 14)) as textual:
        pilot = DashboardPilot(textual)
        await pilot.until(lambda: "connecting" in pilot.text())
        await daemon.start()
        await pilot.until(lambda: pilot.names() == ["a"])
    await daemon.stop()


# The link alone -------------------------------------------------------------------


class Heard:
    """What a link has told."""

    def __init__(self, connect: Callable[[], socket.socket]):
        self.messages: list[Message] = []
        self.link = ReconnectingClient(connect, heard=self.messages.extend, changed=self._changed)
        self.problems: list[str | None] = []

    def _changed(self) -> None:
        self.problems.append(self.link.problem)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():
                await asyncio.sleep(0.005)


async def with_peer(answer: Callable[[socket.socket], None], told: str) -> None:
    """A link whose peer answers so says this."""
    peers = []

    def connect() -> socket.socket:
        ours, theirs = socket.socketpair()
        peers.append(theirs)
        answer(theirs)
        return ours

    heard = Heard(connect)
    running = asyncio.create_task(heard.link.run())
    try:
        await heard.until(lambda: any(told in (problem or "") for problem in heard.problems))
    finally:
        running.cancel()
        for peer in peers:
            peer.close()


@async_test
async def test_a_daemon_that_refuses_is_quoted() -> None:
    await with_peer(
        lambda peer: peer.sendall(b"ERR too many connections: at most 1\n"),
        "refuses: too many connections",
    )


@async_test
async def test_a_peer_that_is_no_daemon_is_quoted_harmlessly() -> None:
    await with_peer(lambda peer: peer.sendall(b"HTTP/1.1 \x1b[2J\n"), r"'HTTP/1.1 \x1b[2J'")


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting_client, "ANSWER_SECONDS", 0.05)


@pytest.mark.usefixtures("short_patience")
@async_test
async def test_a_daemon_that_is_frozen_is_said_to_be() -> None:
    await with_peer(lambda peer: None, "does not answer within")


@pytest.mark.usefixtures("short_patience")
@async_test
async def test_a_request_that_is_never_answered_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    heard = Heard(lambda: ours)
    running = asyncio.create_task(heard.link.run())
    await heard.until(lambda: heard.link.is_live)
    with pytest.raises(AcdError, match="did not answer"):
        await heard.link.request("GET x")
    # The late answer is not taken for that to the next request.
    theirs.sendall(b'OK {"late": 1}\nERR session not found\n')
    with pytest.raises(DaemonRefused, match="session not found"):
        await heard.link.request("GET y")
    running.cancel()
    theirs.close()


@async_test
async def test_replies_and_pushes_may_come_in_any_order_and_in_pieces(daemon: FakeDaemon) -> None:
    daemon.set("a", "working")
    await daemon.start()
    heard = Heard(daemon.connect)
    running = asyncio.create_task(heard.link.run())
    await heard.until(lambda: heard.link.is_live)
    asked = [heard.link.request(f"GET {name}") for name in ("a", "none", "a")]
    daemon.set("a", "question")
    one, two, three = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(one, BaseException)
    assert not isinstance(three, BaseException)
    assert isinstance(two, DaemonRefused)
    await heard.until(lambda: len(heard.messages) == 2)
    running.cancel()
    await daemon.stop()


@async_test
async def test_a_connection_that_ends_fails_who_still_waits() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"STATE []\n")
    heard = Heard(lambda: ours)
    running = asyncio.create_task(heard.link.run())
    await heard.until(lambda: heard.link.is_live)
    asked = asyncio.create_task(heard.link.request("GET x"))
    await asyncio.sleep(0)
    theirs.close()
    with pytest.raises(AcdError, match="stopped before it answered"):
        await asked
    running.cancel()
