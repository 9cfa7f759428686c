"""`acd bar`: the text now, the text at each change, and no effect on the daemon's life."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.system import runtime_dir
from testing.cli_runs import run, start, until, until_subscribed
from testing.command_line import Acd
from testing.service_manager import activate, listener
from testing.support import WAIT, DaemonHome, LineClient, set_idle_timeout

Following = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def following() -> Iterator[Following]:
    """Starts `acd bar … --follow` in a home."""
    started: list[subprocess.Popen[str]] = []

    def follow(home: DaemonHome, *args: str, **options: Any) -> subprocess.Popen[str]:
        started.append(start(home, "bar", *args, "--follow", **options))
        return started[-1]

    yield follow
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().removesuffix("\n")


# A single print


def test_bar_prints_the_counts_of_question_attention_and_working(
    served: DaemonHome, client: LineClient, acd: Acd
) -> None:
    client.ask_all("SET a question", "SET b working", "SET c working", "SET d attention")
    client.ask("SET e closed")
    assert acd("bar", "plain").out == "▲1 ●1 ▸2\n"


def test_bar_prints_the_same_with_and_without_click(
    served: DaemonHome, client: LineClient, acd: Acd
) -> None:
    client.ask("SET a question")
    quick, slow = (
        acd("bar", "tmux", "--template", "{name}"),
        acd("bar", "--template={name}", "tmux"),
    )
    assert quick == slow
    assert quick.out == "a\n"


def test_bar_imports_neither_click_nor_what_only_daemons_need(served: DaemonHome) -> None:
    program = (
        "import sys; sys.argv = ['acd', 'bar', 'waybar']; from acd.__main__ import main; main();"
        "print({'click', 'socket', 'dataclasses', 'asyncio', 'logging'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=served.environ, capture_output=True, check=True
    )
    assert done.stdout.splitlines()[-1] == b"set()"


@pytest.mark.parametrize("args", [("--template", "{x}"), ("--follow", "--template", "{x}")])
def test_a_wrong_template_is_a_usage_error(
    alone: DaemonHome, acd: Acd, args: tuple[str, ...]
) -> None:
    ran = acd("bar", "plain", *args)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no field {x}" in ran.err
    assert "{summary}" in ran.err


def test_an_unknown_bar_is_a_usage_error(alone: DaemonHome, acd: Acd) -> None:
    ran = acd("bar", "i4blocks")
    assert (ran.code, ran.out) == (2, "")
    assert "'i3blocks'" in ran.err


def test_before_the_first_daemon_bar_prints_nothing_and_starts_none(
    alone: DaemonHome, acd: Acd
) -> None:
    assert acd("bar", "plain").out == "\n"
    assert not alone.directory.exists()


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_state_of_an_ended_daemon_is_still_shown(alone: DaemonHome, acd: Acd, how: str) -> None:
    daemon = alone.start()
    alone.ask("SET a working", "SET a question", 'SET b attention {"name": "docs"}', "SET c closed")
    daemon.stop() if how == "stopped" else daemon.kill()
    assert acd("bar", "plain").out == "▲1 ●1\n"
    assert acd("bar", "plain", "--template", "{name}").out == "a\n"
    assert not runtime_dir.is_running(alone.socket)


def test_the_state_of_an_earlier_boot_is_not_shown(alone: DaemonHome, acd: Acd) -> None:
    alone.start().stop()
    text = alone.journal.read_text()
    alone.journal.write_text(f"acd-journal 1 another-boot\n@ 1 1\nSET a question\n{text}")
    assert acd("bar", "plain").out == "\n"


def test_a_frozen_daemon_does_not_block_bar(alone: DaemonHome, acd: Acd) -> None:
    daemon = alone.start()
    alone.ask("SET a question")
    daemon.signal(signal.SIGSTOP)
    assert acd("bar", "plain").out == "▲1\n"


def test_bar_neither_prevents_the_idle_stop_nor_starts_the_daemon(
    alone: DaemonHome, acd: Acd
) -> None:
    daemon = alone.start()
    alone.ask("SET a question")
    set_idle_timeout(alone, daemon, 0.005)
    while daemon.process.poll() is None:
        assert acd("bar", "plain").out == "▲1\n"
    assert "stopping: idle" in daemon.log()
    assert acd("bar", "plain").out == "▲1\n"
    assert not alone.socket.exists()


def test_a_socket_directory_open_to_others_is_refused(alone: DaemonHome, acd: Acd) -> None:
    alone.directory.mkdir(mode=0o755)
    ran = acd("bar", "plain")
    assert (ran.code, ran.out) == (3, "")
    assert "not a private directory" in ran.err


def test_bar_ends_quietly_when_its_reader_has_gone(served: DaemonHome) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = start(served, "bar", "plain", stdout=theirs)
    os.close(theirs)
    _, err = process.communicate(timeout=WAIT)
    assert (process.returncode, err) == (141, "")


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_a_full_disk_is_an_error_and_a_closed_output_none(
    served: DaemonHome, follow: tuple[str, ...]
) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        process = start(served, "bar", "plain", *follow, stdout=full)
        _, err = process.communicate(timeout=WAIT)
    assert (process.returncode, err) == (
        1,
        "acd: cannot write the output: No space left on device\n",
    )
    command = f"exec {sys.executable} -m acd bar plain >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=served.environ, capture_output=True, check=True
    )
    assert done.stderr == b""


def test_bar_prints_utf8_in_a_locale_without_the_symbols(
    served: DaemonHome, client: LineClient
) -> None:
    client.ask("SET a question")
    served.environ["LC_ALL"] = "POSIX"
    try:
        assert run(served, "bar", "plain", encoding="utf-8").out == "▲1\n"
    finally:
        del served.environ["LC_ALL"]


# --follow


def test_a_stream_prints_a_line_for_each_change_of_the_text(
    served: DaemonHome, client: LineClient, following: Following
) -> None:
    shown = following(served, "plain")
    assert line(shown) == ""
    client.ask("SET a working")
    assert line(shown) == "▸1"
    client.ask_all("SET a working", "SET a question")
    assert line(shown) == "▲1"
    client.ask("DELETE a")
    assert line(shown) == ""


def test_a_flood_of_changes_becomes_few_lines_and_the_last_is_current(
    served: DaemonHome, client: LineClient, following: Following
) -> None:
    shown = following(served, "plain")
    assert line(shown) == ""
    began = time.monotonic()
    for number in range(300):
        client.ask(f"SET s{number} question")
    lines: list[str] = []
    while not lines or lines[-1] != "▲300":
        lines.append(line(shown))
    assert len(lines) <= (time.monotonic() - began) / 0.1 + 2


def test_a_stream_does_not_keep_the_daemon_from_its_idle_stop(
    alone: DaemonHome, following: Following
) -> None:
    daemon = alone.start()
    shown = following(alone, "plain")
    assert line(shown) == ""
    until_subscribed(alone)
    set_idle_timeout(alone, daemon, 0.005)
    assert daemon.end() == 0
    assert "stopping: idle" in daemon.log()


def test_a_stream_starts_no_daemon_and_continues_with_the_next_one(
    alone: DaemonHome, following: Following
) -> None:
    daemon = alone.start()
    shown = following(alone, "plain")
    assert line(shown) == ""
    for status, ready in (("question", "▲1"), ("attention", "●1"), ("working", "▸1")):
        alone.ask(f"SET a {status}")
        assert line(shown) == ready
        daemon.stop()
        until(lambda: _state(shown.pid) == "S")
        assert not runtime_dir.is_running(alone.socket)
        daemon = alone.start()


def test_a_stream_without_a_daemon_begins_with_the_last_known_state(
    alone: DaemonHome, following: Following
) -> None:
    daemon = alone.start()
    alone.ask("SET a question")
    daemon.kill()
    shown = following(alone, "waybar")
    assert json.loads(line(shown))["text"] == "▲1"
    alone.start()
    until_subscribed(alone)
    alone.ask("RM a")
    assert json.loads(line(shown))["text"] == ""


def test_a_stream_waits_where_no_daemon_ever_ran(alone: DaemonHome, following: Following) -> None:
    shown = following(alone, "plain")
    assert line(shown) == ""
    alone.start()
    alone.ask("SET a question")
    assert line(shown) == "▲1"


def test_a_stream_finds_the_next_daemon_after_its_directory_was_cleared(
    alone: DaemonHome, following: Following
) -> None:
    shown = following(alone, "plain")
    assert line(shown) == ""
    alone.directory.joinpath("acd.sock.daemon").unlink()
    alone.start()
    alone.ask("SET a question")
    assert line(shown) == "▲1"


def test_a_stream_without_a_daemon_sleeps(alone: DaemonHome, following: Following) -> None:
    daemon = alone.start()
    shown = following(alone, "plain")
    assert line(shown) == ""
    until_subscribed(alone)
    daemon.stop()

    def sleeps() -> bool:
        before = _switches(shown.pid)
        time.sleep(0.5)  # no event reports that a process does nothing
        return _switches(shown.pid) == before

    until(sleeps)


def test_a_stream_whose_reader_has_gone_ends_without_another_change(
    alone: DaemonHome, following: Following
) -> None:
    ours, theirs = os.pipe()
    shown = following(alone, "plain", stdout=theirs)
    os.close(theirs)
    assert os.read(ours, 10) == b"\n"
    os.close(ours)
    _, err = shown.communicate(timeout=WAIT)
    assert (shown.returncode, err) == (141, "")


def test_an_interrupted_stream_ends_quietly(served: DaemonHome, following: Following) -> None:
    shown = following(served, "plain")
    assert line(shown) == ""
    shown.send_signal(signal.SIGINT)
    out, err = shown.communicate(timeout=WAIT)
    assert (shown.returncode, out, err.strip()) == (130, "", "")


def _state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
        return stat.read().rpartition(")")[2].split()[0]


def _switches(pid: int) -> str:
    with open(f"/proc/{pid}/status") as status:  # noqa: PTH123
        return next(line for line in status if line.startswith("voluntary_ctxt_switches"))


def test_bar_never_connects_to_a_socket_that_a_service_manager_holds(
    alone: DaemonHome, following: Following, acd: Acd
) -> None:
    with listener(alone) as sock:
        daemon = activate(alone, [sock])
        alone.ask("SET a question")
        shown = following(alone, "plain")
        assert line(shown) == "▲1"
        daemon.stop()
        assert acd("bar", "plain").out == "▲1\n"
        until(lambda: _state(shown.pid) == "S")
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.accept()


@pytest.mark.slow  # waits for the minute
@pytest.mark.parametrize("runs", [True, False], ids=["a daemon runs", "none runs"])
def test_an_age_is_printed_again_when_its_minute_is_over(
    alone: DaemonHome, following: Following, runs: bool
) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    ago = 58 * 10**9
    wall, since_boot = time.time_ns() - ago, time.clock_gettime_ns(time.CLOCK_BOOTTIME) - ago
    alone.directory.mkdir(mode=0o700)
    record = f"acd-journal 1 {boot}\n@ {wall} {since_boot}\nSET api question\n"
    alone.journal.write_text(record)
    if runs:
        alone.start()
    shown = following(alone, "waybar")
    tooltips = [json.loads(line(shown))["tooltip"] for _ in range(2)]
    # The start may have taken longer than the rest of the first minute.
    assert tooltips in (["▲ api", "▲ api 1m"], ["▲ api 1m", "▲ api 2m"])
