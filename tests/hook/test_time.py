"""The watchdog's timer and signals: the hook ends within a second, and sends its event first."""

from __future__ import annotations

import shutil
import signal

import acd_hook_event
import pytest

from testing.hook_home import PROMPT, WAIT, Ended, HookHome, payload, wait_until_asleep
from testing.strace import needs_strace


@needs_strace
def test_the_watchdog_s_timer_runs_before_anything_can_block(home: HookHome) -> None:
    home.listen()
    calls = home.system_calls()
    [timer] = (number for number, call in enumerate(calls) if call.startswith("setitimer("))
    assert 0 < acd_hook_event.LIFETIME < 1
    assert f"tv_usec={acd_hook_event.LIFETIME * 1e6:.0f}" in calls[timer]
    assert not [call for call in calls[:timer] if call.startswith(("read(0,", "connect("))]


def test_a_stdin_that_is_never_closed_ends_with_the_watchdog(home: HookHome) -> None:
    home.listen()
    with home.start() as hook:
        assert hook.stdin is not None
        assert hook.stdout is not None
        assert hook.stderr is not None
        hook.stdin.write(PROMPT)
        hook.stdin.flush()
        status = hook.wait(WAIT)
        assert Ended(status, hook.stdout.read(), hook.stderr.read()).silent
    assert home.given_up() == 0  # it was no event yet


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_during_the_run_loses_no_event(home: HookHome, number: signal.Signals) -> None:
    home.allow_time()
    listener = home.listen()
    with home.start() as hook:
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


def test_a_blocked_alarm_does_not_stop_the_watchdog(home: HookHome) -> None:
    def block() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])

    home.listen()
    with home.start(preexec_fn=block) as hook:
        assert hook.wait(WAIT) == 0


def test_a_lock_that_is_never_released_loses_the_event_and_it_is_counted(home: HookHome) -> None:
    home.install_daemon()
    lock = home.make_directory() / "acd.sock.lock"
    lock.touch(0o600)
    flock = shutil.which("flock")
    if flock is None:
        pytest.skip("no flock(1)")
    ended = home.run(command=[flock, str(lock), *home.command()])
    assert ended.silent
    assert home.given_up() == 1
    assert not home.socket.exists()
