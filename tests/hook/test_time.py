"""Time that runs out, and signals: the hook is gone within a second, with its event if it can."""

from __future__ import annotations

import shutil
import signal
import time

import pytest

from testing.hook_home import PROMPT, WAIT, Ended, Place, payload, wait_until_asleep


def test_a_stdin_that_is_never_closed_is_left_in_time(place: Place) -> None:
    place.listen()

    def run() -> Ended:
        begin = time.monotonic()
        with place.start() as hook:
            assert hook.stdin is not None
            assert hook.stdout is not None
            assert hook.stderr is not None
            hook.stdin.write(PROMPT)
            hook.stdin.flush()
            status = hook.wait(WAIT)
            seconds = time.monotonic() - begin
            return Ended(status, hook.stdout.read(), hook.stderr.read(), seconds)

    ended = run()
    assert ended.silent
    assert place.given_up() == 0  # it was no event yet
    assert min(ended.seconds, run().seconds) < 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_the_middle_costs_no_event(place: Place, number: signal.Signals) -> None:
    listener = place.listen()
    with place.start() as hook:
        assert hook.stdin is not None
        assert hook.stderr is not None
        hook.stdin.write(payload("SessionEnd-other")[:100])
        hook.stdin.flush()
        wait_until_asleep(hook)
        hook.send_signal(number)
        hook.stdin.write(payload("SessionEnd-other")[100:])
        hook.stdin.close()
        assert hook.wait(WAIT) == 0
        assert hook.stderr.read() == b""
    assert listener.line().event["hook_event_name"] == "SessionEnd"


def test_a_blocked_alarm_does_not_stop_the_watchdog(place: Place) -> None:
    def block() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])

    place.listen()
    with place.start(preexec_fn=block) as hook:
        assert hook.wait(WAIT) == 0


def test_a_lock_that_is_never_released_costs_the_event_and_it_is_counted(place: Place) -> None:
    place.install_daemon()
    lock = place.make_directory() / "acd.sock.lock"
    lock.touch(0o600)
    flock = shutil.which("flock")
    if flock is None:
        pytest.skip("no flock(1)")
    ended = place.run(command=[flock, str(lock), *place.command()])
    assert ended.silent
    assert place.given_up() == 1
    assert not place.socket.exists()
