"""Claude Code's status line: its text, its report to the daemon, and the faults it survives."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testing.checkout import CHECKOUT
from testing.hook_home import INTERPRETER, Ended, payload
from testing.strace import needs_strace
from testing.support import WAIT, DaemonHome, DaemonProcess

sys.path.insert(0, str(CHECKOUT / "hooks"))  # it is in no package

import acd_statusline

SCRIPT = CHECKOUT / "hooks" / "acd_statusline.py"
STATUS: dict[str, Any] = json.loads(payload("statusLine"))
OWN = "Opus 5.5 · 0% context · $0.00"


@pytest.fixture(name="home")
def _home() -> Iterator[DaemonHome]:
    with DaemonHome() as made:
        made.environ["NO_COLOR"] = "1"
        yield made


@pytest.fixture
def daemon(home: DaemonHome) -> DaemonProcess:
    return home.start()


@pytest.fixture
def served(home: DaemonHome, daemon: DaemonProcess) -> DaemonHome:
    return home


def patient(home: DaemonHome) -> Path:
    """A copy of the script with longer time limits, in which also a slow daemon replies."""
    script = home.root / "hooks" / SCRIPT.name
    if not script.exists():
        shutil.copytree(SCRIPT.parent, script.parent, ignore=shutil.ignore_patterns("__pycache__"))
        for name, limit in ((SCRIPT.name, "PATIENCE"), ("acd_hook_event.py", "LIFETIME")):
            module = script.with_name(name)
            lines = re.compile(rf"^{limit} = [\d.]+", re.MULTILINE)
            text, count = lines.subn(f"{limit} = {WAIT}", module.read_text())
            assert count == 1
            module.write_text(text)
    return script


def run(
    home: DaemonHome,
    status: object = STATUS,
    *,
    script: Path | None = None,
    raw: bytes | None = None,
    environ: Mapping[str, str] | None = None,
) -> Ended:
    """Runs the status line to its end, by default the patient copy."""
    done = subprocess.run(
        [INTERPRETER, "-I", "-S", str(script or patient(home))],
        input=json.dumps(status).encode() if raw is None else raw,
        env={**home.environ, **(environ or {})},
        capture_output=True,
        check=False,
        timeout=WAIT,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def shown(home: DaemonHome, status: object = STATUS, **environ: str) -> str:
    """The line; asserts that there is no other output."""
    ended = run(home, status, environ=environ)
    assert (ended.status, ended.stderr) == (0, b"")
    line = ended.stdout.decode()
    assert line.count("\n") == 1
    return line.removesuffix("\n")


# Its text ----------------------------------------------------------------


def test_without_a_daemon_it_shows_this_session_and_starts_none(home: DaemonHome) -> None:
    assert shown(home) == OWN
    assert not home.directory.exists()


def test_it_shows_which_of_the_others_need_the_user(served: DaemonHome) -> None:
    served.ask(
        'SET w attention {"name": "web"}',
        'SET a question {"name": "api", "prompt": "Bash: rm -rf build"}',
        'SET b working {"name": "busy"}',
        'SET c closed {"name": "gone"}',
    )
    assert shown(served) == f"{OWN} │ ▲ api: Bash: rm -rf build · web done"


def test_this_session_is_not_counted_among_the_others(served: DaemonHome) -> None:
    served.ask(f"SET {STATUS['session_id']} question")
    assert shown(served) == OWN


def test_the_marker_is_of_the_most_urgent_and_more_than_three_are_counted(
    served: DaemonHome,
) -> None:
    served.ask(*(f"SET s{number} attention" for number in range(5)))
    assert shown(served) == f"{OWN} │ ● s0 done · s1 done · s2 done · 2 more"


@pytest.mark.parametrize(
    ("seconds", "age"), [(59, ""), (60, " 1m"), (3599, " 59m"), (7800, " 2h 10m"), (-9, "")]
)
def test_an_age_is_in_minutes(seconds: int, age: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acd_statusline, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    web = {"display_name": "web", "status": "attention", "since": 1_800_000_000.0 - seconds}
    assert acd_statusline.what(web) == f"web done{age}"


def test_colours_follow_no_color(served: DaemonHome) -> None:
    served.ask("SET a question", "SET b attention")
    coloured = shown(served, NO_COLOR="")
    assert "\x1b[1;31m▲ a asks\x1b[0m · \x1b[33mb done\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ({}, ""),
        ({"model": {"display_name": "Opus"}}, "Opus"),
        ({"cost": {"total_cost_usd": 1.005}}, "$1.00"),
        ({"context_window": {"used_percentage": 12.6}}, "13% context"),
        ({"context_window": {"used_percentage": None}, "cost": None, "model": 3}, ""),
        ({"cost": {"total_cost_usd": True}}, ""),
    ],
)
def test_what_a_client_does_not_report_is_left_out(status: dict[str, Any], line: str) -> None:
    assert " · ".join(acd_statusline.own_parts(status)) == line


texts = st.text() | st.text(st.sampled_from("\x1b[2J\n\r\x9b\u202e\x07 ab"))


@given(name=texts, asked=texts, model=texts)
def test_nothing_foreign_acts_on_the_terminal(name: str, asked: str, model: str) -> None:
    other = {"display_name": name, "prompt": asked, "status": "question", "since": 0, "id": "x"}
    parts = [*acd_statusline.other_parts([other], None)]
    parts += acd_statusline.own_parts({"model": {"display_name": model}})
    assert re.sub("\x1b\\[(1;31|0)m", "", "".join(parts)).isprintable()


# Its report ----------------------------------------------------------------


def test_it_reports_to_the_daemon_what_the_session_has_used(served: DaemonHome) -> None:
    session = STATUS["session_id"]
    served.ask(f"SET {session} working")
    assert shown(served) == OWN
    with served.client() as client:
        assert client.get(session)["api_usage"] == {
            "input_tokens": 100,
            "output_tokens": 9,
            "context_used_percentage": 0,
            "context_window_size": 1000000,
            "cost_usd": 0.0029,
            "model": "Opus 5.5",
        }


def test_the_report_of_an_unknown_session_creates_none(served: DaemonHome) -> None:
    assert shown(served) == OWN
    assert served.ask("LIST") == ["STATE []"]


@pytest.mark.parametrize("session", ["a\nSET evil working", "a b", "", "x" * 200, 3, None])
def test_an_invalid_id_adds_no_line(served: DaemonHome, session: object) -> None:
    assert shown(served, {**STATUS, "session_id": session}) == OWN
    assert served.ask("LIST") == ["STATE []"]


def test_it_does_not_delay_the_idle_stop(home: DaemonHome) -> None:
    home.configure("[daemon]\nidle_timeout_minutes = 0.005\n")
    daemon = home.start()
    while daemon.process.poll() is None:
        assert shown(home) == OWN
    assert "stopping: idle" in daemon.log()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_it_reads_json_as_json_does(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1) + "\n"):
        assert acd_statusline.parse(text) == value


@given(st.text(st.sampled_from('{}[]",:0-1eE.+ntrue\\u \n')) | st.text())
def test_it_rejects_what_json_rejects(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            acd_statusline.parse(text)
    else:
        assert repr(acd_statusline.parse(text)) == repr(expected)  # NaN is not equal to itself


def test_without_the_fast_scanner_json_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acd_statusline, "Strict", object)
    assert acd_statusline.parse(' {"a": [1]}\n') == {"a": [1]}


@pytest.mark.parametrize("model", ['O"pus', "Öpus \U0001f600", "a\\b", "x" * 200])
def test_its_report_is_json_whatever_the_name_of_the_model(served: DaemonHome, model: str) -> None:
    session = STATUS["session_id"]
    served.ask(f"SET {session} working")
    run(served, {**STATUS, "model": {"display_name": model}})
    with served.client() as client:
        stored = client.get(session)["api_usage"]["model"]
    assert stored == acd_statusline.clean(model, 100)


# Faults --------------------------------------------------------


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b"\xff", b'"x"', b"{" * 10_000, b"[" * 200_000]
)
def test_invalid_input_shows_nothing(served: DaemonHome, raw: bytes) -> None:
    assert run(served, raw=raw).silent


def test_ten_megabytes_are_read_and_shown_as_others(served: DaemonHome) -> None:
    assert shown(served, {**STATUS, "more": "x" * 10_000_000}) == OWN


def test_more_than_its_limit_is_not_read_and_shows_nothing(served: DaemonHome) -> None:
    status = served.root / "status.json"
    status.write_bytes(b'{"more": "' + b"x" * 20_000_000 + b'"}')
    with status.open("rb") as stdin:
        done = subprocess.run(
            [INTERPRETER, "-I", "-S", str(SCRIPT)],
            stdin=stdin,
            env=served.environ,
            capture_output=True,
            check=False,
            timeout=WAIT,
        )
        # The descriptor's position is the program's.
        assert stdin.tell() <= acd_statusline.INPUT_LIMIT + (1 << 20)
    assert Ended(done.returncode, done.stdout, done.stderr).silent


def test_without_a_reply_of_a_frozen_daemon_it_shows_this_session(
    served: DaemonHome, daemon: DaemonProcess
) -> None:
    daemon.signal(signal.SIGSTOP)
    assert run(served, script=SCRIPT) == Ended(0, f"{OWN}\n".encode(), b"")


@needs_strace
def test_it_waits_once_for_a_reply_and_a_quarter_of_a_second_at_most(
    served: DaemonHome, daemon: DaemonProcess
) -> None:
    daemon.signal(signal.SIGSTOP)
    log = served.root / "strace"
    subprocess.run(
        ["strace", "-o", str(log), INTERPRETER, "-I", "-S", str(SCRIPT)],
        input=json.dumps(STATUS).encode(),
        env=served.environ,
        capture_output=True,
        check=True,
        timeout=WAIT,
    )
    waits = re.findall(
        r"^poll\(.*POLLIN.*, (\d+)\) += 0 \(Timeout\)$", log.read_text(), re.MULTILINE
    )
    assert len(waits) == 1
    assert 0 < int(waits[0]) <= 250


@pytest.mark.parametrize(
    "answer", [b"", b"ERR no\n", b"OK\nSTATE [\n", b"OK\nSTATE {}\n", b"\xff" * 9]
)
def test_an_invalid_reply_of_the_daemon_is_ignored(
    served: DaemonHome, daemon: DaemonProcess, answer: bytes
) -> None:
    daemon.signal(signal.SIGSTOP)  # it keeps its lock
    served.socket.unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(served.socket))
        listener.listen()
        process = subprocess.Popen(
            [INTERPRETER, "-I", "-S", str(patient(served))],
            env=served.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(STATUS).encode())
        process.stdin.close()
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(answer)
        process.stdin = None
        assert process.communicate(timeout=WAIT) == (f"{OWN}\n".encode(), b"")
        assert process.returncode == 0


def test_standard_input_that_never_ends_is_given_up(home: DaemonHome) -> None:
    process = subprocess.Popen(
        [INTERPRETER, "-I", "-S", str(SCRIPT)],
        env=home.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.wait(WAIT) == 0
    assert process.communicate() == (b"", b"")


def test_a_socket_in_a_directory_open_to_others_is_not_used(served: DaemonHome) -> None:
    served.ask("SET a question")
    served.directory.chmod(0o755)
    assert shown(served) == OWN


def test_a_reader_that_has_gone_is_no_error(home: DaemonHome) -> None:
    process = subprocess.Popen(
        [INTERPRETER, "-I", "-S", str(SCRIPT)],
        env=home.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(json.dumps(STATUS).encode(), timeout=WAIT)
    assert (process.returncode, err) == (0, b"")


def test_the_program_s_own_command_shows_the_same(served: DaemonHome) -> None:
    served.ask("SET a question")
    done = subprocess.run(
        [sys.executable, "-m", "acd", "statusline"],
        input=payload("statusLine"),
        env=served.environ,
        capture_output=True,
        check=True,
        timeout=WAIT,
    )
    assert (done.stdout.decode(), done.stderr) == (f"{OWN} │ ▲ a asks\n", b"")


def test_it_leaves_no_file_behind(home: DaemonHome) -> None:
    before = sorted(SCRIPT.parent.rglob("acd_hook*.pyc"))
    run(home, script=SCRIPT)
    assert sorted(SCRIPT.parent.rglob("acd_hook*.pyc")) == before
