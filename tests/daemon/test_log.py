"""Log messages are one line each, without control characters and without texts of requests."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest

from acd.daemon import log
from testing.support import DaemonHome

HOSTILE = "a\nb\r<3>c\x1b[2J\u2028d\u202ee\x85f"
ESCAPED = r"a\nb\r<3>c\x1b[2J\u2028d\u202ee\x85f"


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Restores the loggers."""
    before = {
        name: (logger.handlers, logger.level, logger.propagate)
        for name in ("acd", "asyncio")
        if (logger := logging.getLogger(name))
    }
    yield
    for name, (handlers, level, propagate) in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def under_a_journal() -> dict[str, str]:
    """An environment in which stderr is connected to the journal."""
    found = os.fstat(2)
    return {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}


@pytest.fixture
def without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd-python is not installed."""
    monkeypatch.setitem(sys.modules, "systemd", None)


def test_a_message_is_one_printable_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("info", {})
    logging.getLogger("acd.server").warning("it sent %s", HOSTILE)
    [line] = capfd.readouterr().err.splitlines()
    assert line.endswith(f" WARNING it sent {ESCAPED}")


@pytest.mark.usefixtures("without_systemd")
def test_a_message_cannot_forge_a_priority(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("info", under_a_journal())
    logging.getLogger("acd").error("%s", HOSTILE)
    assert capfd.readouterr().err == f"<3>{ESCAPED}\n"


@pytest.mark.usefixtures("without_systemd")
def test_a_traceback_has_its_priority_on_each_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("info", under_a_journal())
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        logging.getLogger("acd").exception("it failed")
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "<3>it failed"
    assert "\x1b" not in lines[-1]
    assert all(line.startswith("<3>") for line in lines)


def test_messages_of_asyncio_have_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("info", {})
    logging.getLogger("asyncio").error("Fatal error on transport %s", HOSTILE)
    [line] = capfd.readouterr().err.splitlines()
    assert line.endswith(f" ERROR Fatal error on transport {ESCAPED}")


def test_messages_below_the_level_are_dropped(capfd: pytest.CaptureFixture[str]) -> None:
    log.configure("warning", {})
    logging.getLogger("acd").info("hello")
    logging.getLogger("acd.journal").debug("hello")
    assert capfd.readouterr().err == ""


def test_in_the_journal_itself_the_message_has_its_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("systemd.journal", reason="systemd-python is not installed")
    sent: list[dict[str, object]] = []
    log.configure("info", under_a_journal())
    [handler] = logging.getLogger("acd").handlers
    monkeypatch.setattr(
        handler, "send", lambda text, /, **more: sent.append({"MESSAGE": text, **more})
    )
    logging.getLogger("acd.server").warning("it sent %s", HOSTILE)
    [entry] = sent
    assert entry["MESSAGE"] == f"it sent {ESCAPED}"
    assert (entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"]) == ("acd", "4")


# Of a whole daemon -------------------------------------------------------------


def test_under_a_journal_each_line_has_its_priority(home: DaemonHome) -> None:
    # systemd.exec(5): JOURNAL_STREAM identifies the daemon's stderr.
    home.configure("[deamon]\n")
    program = (
        "import os, sys; sys.modules['systemd'] = None; found = os.fstat(2);"
        "os.environ['JOURNAL_STREAM'] = f'{found.st_dev}:{found.st_ino}';"
        "sys.argv[1:] = ['daemon'];"
        "from acd.__main__ import main; sys.exit(main())"
    )
    daemon = home.start([sys.executable, "-c", program])
    assert home.ask("STOP") == ["OK"]
    assert daemon.end() == 0
    first, second, *_ = daemon.log().splitlines()
    assert first.startswith(f"<3>{home.config}:1: deamon: no such section")
    assert second.startswith("<6>serving ")


def test_no_text_of_a_request_is_logged(home: DaemonHome) -> None:
    home.configure("[daemon]\nlog_level = 'info'\n")
    daemon = home.start()
    event = {
        "session_id": "hooked",
        "hook_event_name": "Stop",
        "last_assistant_message": "the secret answer",
    }
    home.ask(
        'SET a working {"prompt": "the secret prompt"}',
        "SET a working {the secret mistake}",
        f"HOOK claude-code {{}} {json.dumps(event)}",
        "HOOK nobody {} {the secret event}",
        "the secret verb",
    )
    assert daemon.stop() == 0
    assert "secret" not in daemon.log()
