"""docs/protocol.md: its examples are run, its tables are compared with the code."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from acd.protocol import USAGE
from acd.sessions.session import Session
from acd.sessions.values import Now
from testing.checkout import CHECKOUT
from testing.peer import memory_server
from testing.support import DaemonHome
from testing.wire_samples import SAMPLES, matches

PAGE = (CHECKOUT / "docs/protocol.md").read_text("utf-8")

EXAMPLES: list[str] = re.findall(r"^```acd\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

_LINE = re.compile(r"(?P<name>\w*)(?P<way>[<>]) (?P<text>.*)")

_VARYING = re.compile(
    r'"(?P<key>since|elapsed|at|duration|pid|uptime|rss|version|activation)": ("[^"]*"|[\d.]+)'
)
"""Fields that differ in each run."""


def fixed(line: str) -> str:
    """The line without what differs in each run."""
    line = re.sub(r"^(UPDATE \S+ \S+) \d+", r"\1 N", line)
    return _VARYING.sub(r'"\g<key>": N', line)


@pytest.fixture(scope="module")
def served() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        made.start()
        yield made


@pytest.fixture
def daemon(served: DaemonHome) -> Iterator[DaemonHome]:
    """The module's daemon; its sessions are deleted after each test."""
    yield served
    with served.client() as client:
        for session in client.sessions():
            client.ask(f"DELETE {session}")


def lines_of(example: str) -> list[re.Match[str]]:
    lines = [_LINE.fullmatch(line) for line in example.splitlines()]
    assert all(lines), example
    return [line for line in lines if line]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[0][:50])
def test_an_example_runs_as_on_the_page(daemon: DaemonHome, example: str) -> None:
    with ExitStack() as stack:
        clients = {
            name: stack.enter_context(daemon.client())
            for name in {line["name"] for line in lines_of(example)}
        }
        for line in lines_of(example):
            if line["way"] == ">":
                clients[line["name"]].send(line["text"])
            else:
                received = clients[line["name"]].line()
                assert matches(fixed(line["text"]), fixed(received)), received


@pytest.mark.skipif(shutil.which("socat") is None, reason="socat is not installed")
def test_the_first_conversation_can_be_typed_into_socat(daemon: DaemonHome) -> None:
    lines = lines_of(EXAMPLES[0])
    typed = "".join(f"{line['text']}\n" for line in lines if line["way"] == ">")
    done = subprocess.run(
        ["socat", "-t", "10", "-", f"UNIX-CONNECT:{daemon.socket}"],
        input=typed,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    expected = [line["text"] for line in lines if line["way"] == "<"]
    for wanted, received in zip(expected, done.stdout.splitlines(), strict=True):
        assert matches(fixed(wanted), fixed(received)), received


# Tables ---------------------------------------------------------------------


def first_column(after: str) -> list[str]:
    """The first column of the table after a text."""
    table = PAGE.partition(after)[2].partition("| --- |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)


def test_every_request_is_in_the_table() -> None:
    forms = first_column("## Requests")
    assert sorted(forms) == sorted(USAGE.values())


def test_every_request_of_the_table_is_known_to_the_daemon() -> None:
    with memory_server() as server:
        for form in first_column("## Requests"):
            [reply, *_] = server.peer().ask(form.split(" ")[0])
            assert reply != "ERR unknown command"


def test_every_field_of_a_session_is_in_the_tables() -> None:
    now = Now(5, 5)
    session = Session("s", "working", now, "claude-code")
    assert first_column("## A session") == [*session.to_wire(now)]
    both = first_column("## A session") + first_column("shows three more")
    assert both == [*session.to_wire_whole(now)]


def test_every_field_of_info_is_in_the_table(daemon: DaemonHome) -> None:
    with daemon.client() as client:
        assert first_column("| field of INFO") == [*client.info()]


def test_every_error_of_the_samples_is_in_the_table() -> None:
    known = first_column("## Errors")
    for sample in SAMPLES:
        if sample.reply.startswith("ERR "):
            text = sample.reply.removeprefix("ERR ").replace("…", "")
            assert any(matches(error, text) for error in known), text
