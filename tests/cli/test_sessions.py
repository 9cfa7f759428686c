"""`acd set`, `list`, `get`, `history`, `explain`, `rm` and `delete`."""

from __future__ import annotations

import json
import os
import re

import pytest

from testing.cli_runs import on_terminal
from testing.command_line import Acd
from testing.support import DaemonHome, LineClient

pytestmark = pytest.mark.usefixtures("served")

UUID = "3f2a9c1e-1111-4222-8333-444455556666"


def timeless(text: str) -> str:
    """The text with each age in seconds replaced by `Ns`."""
    return re.sub(r"\b\d+s\b", "Ns", text)


def hook(client: LineClient, event: str, at: int, **fields: str) -> None:
    payload = {"session_id": UUID, "hook_event_name": event, "cwd": "/src/api", **fields}
    assert client.ask(f'HOOK claude-code {{"at":{at}}} {json.dumps(payload)}') == "OK"


# set


def test_set_creates_a_session_and_prints_nothing(acd: Acd, client: LineClient) -> None:
    done = acd("set", "one", "working")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert client.sessions()["one"]["status"] == "working"


def test_options_of_set_become_metadata(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "question", "--cwd", "/src/api", "--session-id", "s", "--prompt", "Go?")
    found = client.get("one")
    assert (found["working_dir"], found["session_id"], found["prompt"]) == ("/src/api", "s", "Go?")


def test_a_relative_directory_is_relative_to_where_set_runs(
    acd: Acd, client: LineClient, served: DaemonHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(served.home)
    acd("set", "one", "working", "--cwd", ".")
    assert client.get("one")["working_dir"] == str(served.home)


def test_an_option_of_set_overrides_the_json(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "working", "--prompt", "option", "--meta", '{"prompt": "json", "x": [1]}')
    found = client.get("one")
    assert (found["prompt"], found["metadata"]) == ("option", {"x": [1]})


def test_set_takes_a_complete_id_and_never_a_beginning(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "working")
    acd("set", "on", "working")
    assert set(client.sessions()) == {"on", "one"}


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("one", "busy"), "'busy' is not one of 'question', 'attention', 'working', 'closed'"),
        (("a b", "working"), "must be 1 to 128 printable characters without spaces"),
        (("x\nSTOP", "working"), "must be 1 to 128 printable characters without spaces"),
        (("x" * 129, "working"), "must be 1 to 128 printable characters without spaces"),
        (("", "working"), "must be 1 to 128 printable characters without spaces"),
        (("one", "working", "--meta", "{"), "'--meta': Expecting property name"),
        (("one", "working", "--meta", '{"name": 1}'), "'--meta': name must be a string"),
        (("one", "working", "--meta", "[]"), "'--meta': must be a JSON object"),
        (("one", "working", "--meta", '{"a": NaN}'), "'--meta': NaN is not JSON"),
    ],
)
def test_wrong_arguments_of_set_are_reported_and_change_nothing(
    acd: Acd, client: LineClient, args: tuple[str, ...], complaint: str
) -> None:
    done = acd("set", *args)
    assert done.code == 2
    assert complaint in done.err
    assert client.sessions() == {}


def test_a_refusal_of_the_daemon_is_written_to_stderr(acd: Acd) -> None:
    acd("set", "one", "closed")
    done = acd("set", "one", "working")
    assert (done.code, done.out, done.err) == (1, "", "acd: session closed\n")


def test_an_id_that_looks_like_an_option_can_be_set(acd: Acd, client: LineClient) -> None:
    acd("set", "--", "--help", "working")
    assert set(client.sessions()) == {"--help"}


# list


def test_list_without_sessions_names_the_next_step(acd: Acd) -> None:
    assert acd("list").out.startswith("no sessions yet: start claude")


def test_list_shows_those_that_need_you_first(acd: Acd) -> None:
    for name, status in (("a", "closed"), ("b", "working"), ("c", "attention"), ("d", "question")):
        acd("set", name, status)
    words = [line.split()[1:3] for line in acd("list").lines]
    assert words == [["question", "d"], ["attention", "c"], ["working", "b"], ["closed", "a"]]


def test_list_writes_the_home_as_a_tilde(acd: Acd, served: DaemonHome) -> None:
    acd("set", "one", "working", "--cwd", f"{served.home}/src/api")
    shown = timeless(acd("list").out)
    assert shown.split() == ["▸", "working", "one", "api", "Ns", "~/src/api"]


def test_list_json_is_the_array_of_sessions_in_the_same_order(acd: Acd, client: LineClient) -> None:
    acd("set", "a", "working")
    acd("set", "b", "question")
    listed = json.loads(acd("list", "--json").out)
    assert [each["id"] for each in listed] == ["b", "a"]
    assert listed[0].keys() == client.sessions()["a"].keys()


def test_list_json_of_no_sessions_is_an_empty_array(acd: Acd) -> None:
    assert json.loads(acd("list", "--json").out) == []


def test_control_characters_of_a_session_are_escaped(acd: Acd) -> None:
    acd(
        "set",
        "one",
        "question",
        "--prompt",
        "\x1b]0;title\x07 \u202e",
        "--meta",
        '{"name":"\\u009b"}',
    )
    for shown in (acd("list").out, acd("explain", "one").out, acd("get", "one").out):
        assert shown.replace("\n", "").isprintable()


def test_list_has_colours_on_a_terminal(acd: Acd, served: DaemonHome) -> None:
    acd("set", "one", "question")
    assert "\x1b[31m" in on_terminal(served, "list")


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_list_has_no_colours_where_they_are_not_wanted(
    acd: Acd, served: DaemonHome, environ: dict[str, str]
) -> None:
    acd("set", "one", "question")
    assert "\x1b" not in on_terminal(served, "list", environ=environ)


def test_list_has_no_colours_in_a_pipe(acd: Acd) -> None:
    acd("set", "one", "question")
    assert "\x1b" not in acd("list").out


@pytest.mark.parametrize("columns", [40, 200])
def test_list_is_cut_to_the_width_of_the_terminal(
    acd: Acd, served: DaemonHome, columns: int
) -> None:
    acd("set", "one", "question", "--cwd", "/" + "d" * 100, "--prompt", "p" * 200)
    shown = on_terminal(served, "list", columns=columns, environ={"NO_COLOR": "1"})
    assert [len(line) for line in shown.splitlines()] == [columns]


# one session


def test_the_beginning_of_an_id_is_enough(acd: Acd) -> None:
    acd("set", UUID, "working")
    assert json.loads(acd("get", "3f2a").out)["id"] == UUID


def test_a_complete_id_wins_over_longer_ids_that_begin_so(acd: Acd) -> None:
    acd("set", "one", "working")
    acd("set", "one-more", "working")
    assert json.loads(acd("get", "one").out)["id"] == "one"


def test_a_name_is_enough_where_it_is_the_only_one(acd: Acd) -> None:
    acd("set", UUID, "working", "--cwd", "/src/api")
    assert json.loads(acd("get", "api").out)["id"] == UUID


def test_an_ambiguous_beginning_is_refused_with_the_candidates(acd: Acd) -> None:
    acd("set", "one-a", "working", "--cwd", "/src/api")
    acd("set", "one-b", "working", "--cwd", "/src/web")
    done = acd("delete", "one")
    assert done.code == 1
    assert "'one' could be one-a (api), one-b (web)" in done.err
    assert len(json.loads(acd("list", "--json").out)) == 2


@pytest.mark.parametrize("command", ["get", "history", "explain", "rm", "delete", "resurrect"])
def test_an_unknown_session_is_an_error(acd: Acd, command: str) -> None:
    acd("set", "one", "working")
    done = acd(command, "two")
    assert done.code == 1
    assert "no session has the name 'two'" in done.err
    assert "acd list" in done.err


@pytest.mark.parametrize("command", ["get", "rm", "delete", "wait"])
def test_an_empty_id_is_refused(acd: Acd, client: LineClient, command: str) -> None:
    acd("set", "one", "working")
    assert acd(command, "").code == 2
    assert client.sessions()["one"]["status"] == "working"


def test_get_prints_all_fields_as_json(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "working", "--meta", '{"x": 1}')
    acd("set", "one", "question")
    printed, known = json.loads(acd("get", "one").out), client.get("one")
    assert printed | {"elapsed": 0} == known | {"elapsed": 0}


def test_rm_closes_and_delete_removes(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "working")
    assert acd("rm", "one").code == 0
    assert client.sessions()["one"]["closed"] is True
    assert acd("delete", "one").code == 0
    assert client.sessions() == {}


def test_history_shows_each_change_and_the_duration(acd: Acd) -> None:
    for status in ("working", "question", "closed"):
        acd("set", "one", status)
    first, second = timeless(acd("history", "one").out).splitlines()
    assert first.split()[1:] == ["working", "→", "question", "after", "Ns"]
    assert second.split()[1:] == ["question", "→", "closed", "after", "Ns"]


def test_history_can_be_the_last_few(acd: Acd) -> None:
    for status in ("working", "question", "closed"):
        acd("set", "one", status)
    assert [line.split()[3] for line in acd("history", "one", "-n", "1").lines] == ["closed"]


def test_history_without_changes_shows_the_present_status(acd: Acd) -> None:
    acd("set", "one", "working", "--cwd", "/src/api")
    shown = timeless(acd("history", "one").out)
    assert shown == "no changes yet: api has been working for Ns\n"


def test_history_json_is_the_daemons(acd: Acd, client: LineClient) -> None:
    acd("set", "one", "working")
    acd("set", "one", "question")
    assert json.loads(acd("history", "one", "--json").out) == client.get("one")["history"]


def test_explain_shows_what_each_piece_of_evidence_changed_or_why_not(
    acd: Acd, client: LineClient
) -> None:
    hook(client, "UserPromptSubmit", 2_000_000_000)
    hook(client, "PermissionRequest", 3_000_000_000, tool_name="Bash")
    hook(client, "Stop", 1_000_000_000)
    head, question, *evidence = acd("explain", "api").lines
    assert timeless(head) == "api: question for Ns, because its hook reported it"
    assert question == "question: Bash"
    assert [line.split(maxsplit=4)[2:] for line in evidence] == [
        ["hook", "UserPromptSubmit", "created as working"],
        ["hook", "PermissionRequest/Bash", "working → question"],
        ["hook", "Stop", "no change: 2.000 s older than the newest"],
    ]


def test_explain_shows_times_to_the_millisecond(acd: Acd, client: LineClient) -> None:
    hook(client, "UserPromptSubmit", 2_345_678_901)
    assert ":02.345  hook" in acd("explain", "api").out


def test_explain_without_evidence_of_an_agent_prints_so(acd: Acd) -> None:
    acd("set", "one", "working")
    assert timeless(acd("explain", "one").out).splitlines() == [
        "one: working for Ns, because a command set it (SET or RM)",
        "no evidence from its agent has arrived",
    ]


def test_explain_names_the_successor_of_a_superseded_session(acd: Acd, client: LineClient) -> None:
    for session in (UUID, "77aa"):
        payload = {"session_id": session, "hook_event_name": "SessionStart", "source": "clear"}
        client.ask(f'HOOK claude-code {{"pid":{os.getpid()}}} {json.dumps(payload)}')
    assert "its process continued as session 77aa" in acd("explain", UUID).lines
