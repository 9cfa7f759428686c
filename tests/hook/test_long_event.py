"""An event that is too long for a line is shortened, and means the same to the daemon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from acd_hook_rare import shortened
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.catalog import AGENTS
from acd.agents.payloads import read_hook_event
from acd.sessions.events import HookEvent
from testing.checkout import FIXTURES
from testing.hook_home import PROMPT, HookHome, payload

LINE_LIMIT = 65_536
CLAUDE_PAYLOADS = [
    path
    for path in sorted((FIXTURES / "claude-code-2.1.329").glob("*.json"))
    if path.stem != "statusLine"  # not of a hook
]
LONG = "Lorem ipsum dolor sit amet, " * 20_000
NESTED = [{"text": LONG, "lines": [LONG[:100]] * 100}] * 2


def enlarged(event: bytes, **fields: Any) -> bytes:
    """The payload with some fields replaced or added."""
    return json.dumps({**json.loads(event), **fields}).encode()


def test_a_line_of_exactly_the_limit_is_sent_as_it_is(home: HookHome) -> None:
    listener = home.listen()

    def line_for(event: bytes) -> bytes:
        home.run(event, environ={"CLAUDE_PID": "1"})
        return listener.line().raw

    room = LINE_LIMIT - len(line_for(enlarged(PROMPT, prompt="")))
    longest = line_for(enlarged(PROMPT, prompt="x" * room))
    longer = line_for(enlarged(PROMPT, prompt="x" * (room + 1)))
    assert len(longest) == LINE_LIMIT
    assert len(longer) < 10_000


@pytest.mark.parametrize("path", CLAUDE_PAYLOADS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "fields",
    [
        {"later_field": LONG},
        {"tool_response": NESTED},
        {"last_assistant_message": LONG},
        {"message": "\U0001f600" * 30_000},
        {"zzz": ["\u0001"] * 30_000},
    ],
    ids=["text", "nested", "message", "emoji", "list"],
)
def test_a_shortened_event_means_the_same(path: Path, fields: dict[str, Any]) -> None:
    event = enlarged(path.read_bytes(), **fields)
    short = shortened(event, 60_000)
    assert len(short) <= 60_000
    # Its input differs; its question is cut in the same way.
    assert meaning(short)._replace(call=None) == meaning(event)._replace(call=None)


def meaning(event: bytes) -> HookEvent:
    return read_hook_event(AGENTS["claude-code"], {"at": 1}, json.loads(event), local_host="here")


def test_a_long_call_and_its_permission_are_shortened_alike() -> None:
    input_ = {"command": LONG * 5, "content": ["\u0001"] * 30_000, "file_path": "/x"}
    begun = enlarged(payload("PreToolUse-Bash"), tool_input=input_)
    asked = enlarged(payload("PermissionRequest-Bash"), tool_input=input_)
    assert meaning(shortened(begun, 60_000)).call == meaning(shortened(asked, 60_000)).call


def sent(home: HookHome, event: bytes) -> dict[str, Any]:
    """The event that the daemon gets for this one."""
    listener = home.listen()
    assert home.run(event).silent
    line = listener.line()
    assert len(line.raw) <= LINE_LIMIT
    return line.event


def test_a_long_prompt_is_cut(home: HookHome) -> None:
    event = sent(home, enlarged(PROMPT, prompt=LONG))
    whole = json.loads(PROMPT)
    assert event == {**whole, "prompt": LONG[:1000]}


def test_a_long_answer_keeps_the_running_tasks(home: HookHome) -> None:
    event = sent(home, enlarged(payload("Stop-bg-shell"), last_assistant_message=LONG))
    [task] = event["background_tasks"]
    assert (task["id"], task["type"], task["status"]) == ("bszv79d64", "shell", "running")
    assert event["stop_hook_active"] is False
    assert event["last_assistant_message"] == LONG[:1000]


def test_an_empty_list_of_tasks_stays_empty(home: HookHome) -> None:
    event = sent(home, enlarged(payload("Stop"), last_assistant_message=LONG))
    assert event["background_tasks"] == []


def test_a_long_command_keeps_its_beginning(home: HookHome) -> None:
    event = sent(home, enlarged(payload("PermissionRequest-Bash"), tool_input={"command": LONG}))
    assert event["tool_input"] == {"command": LONG[:1000]}
    assert event["tool_name"] == "Bash"


def test_a_file_that_is_written_keeps_its_name(home: HookHome) -> None:
    path = "/home/dev/" + "d/" * 500 + "file"
    tool_input = {"file_path": path, "content": LONG}
    event = sent(home, enlarged(payload("PreToolUse-Bash"), tool_input=tool_input))
    assert event["tool_input"] == {"file_path": path, "content": LONG[:1000]}


def test_a_long_question_keeps_what_is_asked(home: HookHome) -> None:
    question = {"question": "Which?", "header": "Choice", "options": NESTED, "multiSelect": True}
    event = sent(
        home,
        enlarged(payload("PreToolUse-AskUserQuestion"), tool_input={"questions": [question] * 9}),
    )
    left = {"question": "Which?", "header": "Choice", "multiSelect": True}
    assert event["tool_input"] == {"questions": [left] * 4}


def test_a_name_that_is_too_long_is_left_out(home: HookHome) -> None:
    event = sent(home, enlarged(PROMPT, cwd="/" + "x" * 4096, transcript_path="/t", prompt=LONG))
    assert "cwd" not in event
    assert event["transcript_path"] == "/t"


def test_fields_of_unexpected_types_do_no_harm(home: HookHome) -> None:
    event = sent(
        home,
        enlarged(
            PROMPT, prompt=LONG, tool_input=[LONG], background_tasks=[1, None, [2]], cwd=5, error={}
        ),
    )
    assert event["session_id"] == json.loads(PROMPT)["session_id"]
    assert event["background_tasks"] == [{}, {}, {}]
    assert event.keys().isdisjoint({"tool_input", "cwd", "error"})


def test_numbers_of_any_length_are_read_and_left_out(home: HookHome) -> None:
    event = sent(home, b'{"session_id": "s", "n": %s, "f": 1e999999}' % (b"9" * 100_000))
    assert event == {"session_id": "s"}


def test_an_event_that_is_still_too_long_is_cut_further(home: HookHome) -> None:
    many = {f"field{n}": "\U0001f600" * 1000 for n in range(20)}
    event = sent(home, enlarged(PROMPT, **many))
    assert event["field9"] == "\U0001f600" * 100


def test_an_event_that_cannot_be_cut_enough_is_given_up_and_counted(home: HookHome) -> None:
    listener = home.listen()
    event = {"session_id": "s", **{f"{n}_name": "\U0001f600" * 4000 for n in range(40)}}
    assert home.run(json.dumps(event).encode()).silent
    assert listener.raw() is None
    assert home.given_up() == 1


def test_ten_megabytes_of_json_arrive_shortened(home: HookHome) -> None:
    event = sent(home, enlarged(payload("PostToolUse-Bash"), tool_response="x" * 10_000_000))
    assert event["hook_event_name"] == "PostToolUse"


@pytest.mark.slow  # ten megabytes of JSON each
@pytest.mark.parametrize("element", [b"[]", b'{"a":{}}', b"1", b'"\\u00e9"', b"-0.1e-7"])
def test_ten_megabytes_of_anything_are_sent_or_given_up_and_counted(
    home: HookHome, element: bytes
) -> None:
    listener = home.listen()
    size = 10_000_000
    head, tail = b'{"session_id":"s","x":[', element + b"]}"
    count = (size - len(head) - len(tail)) // (len(element) + 1)
    event = head + (element + b",") * count + tail
    assert home.run(event).silent
    # The machine decides whether its lifetime suffices.
    if home.given_up():
        assert listener.raw() is None
    else:
        assert listener.line().event["session_id"] == "s"


def test_an_event_beyond_the_limit_of_stdin_is_given_up_and_counted(home: HookHome) -> None:
    listener = home.listen()
    assert home.run(b'{"a": "' + b"x" * (17 << 20) + b'"}').silent
    assert listener.raw() is None
    assert home.given_up() == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), json_values), st.integers(20, 2_000))
def test_any_object_fits_after_shortening_or_overflows(event: dict[str, Any], limit: int) -> None:
    try:
        short = shortened(json.dumps(event).encode(), limit)
    except OverflowError:
        return
    assert len(short) <= limit
    assert short.isascii()
    assert b"\n" not in short
    left = json.loads(short)
    assert left.keys() <= event.keys()
    for name, value in left.items():
        if isinstance(value, str):
            assert event[name].startswith(value)
        elif isinstance(value, bool):
            assert event[name] is value


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_become_json_or_a_value_error(event: bytes) -> None:
    try:
        short = shortened(event, 60_000)
    except (ValueError, OverflowError, RecursionError):
        return
    assert isinstance(json.loads(short), dict)
