"""acd's hooks in a settings text: nothing else changes, and removal leaves no trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents.settings import hook_entries
from acd.agents.settings.hook_entries import SettingsError, merge, unmerge
from acd.errors import AcdError
from testing.settings_samples import ACCEPTED, REFUSED
from testing.settings_strategies import AGENT_NAME, OTHER_HANDLER, WANTED, handler, settings_texts

accepted = pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
refused = pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)


def loaded(text: str) -> Any:
    return json.loads(text.removeprefix("\ufeff").strip() or "{}")


# --- Samples ---------------------------------------------------------


@accepted
def test_removal_restores_every_byte(content: bytes) -> None:
    merged = merge(hook_entries.decode(content), WANTED, AGENT_NAME)
    assert unmerge(merged, AGENT_NAME, hook_entries.decode(content)).encode() == content


@accepted
def test_merging_again_changes_nothing(content: bytes) -> None:
    merged = merge(hook_entries.decode(content), WANTED, AGENT_NAME)
    assert merge(merged, WANTED, AGENT_NAME) == merged


@accepted
def test_each_wanted_event_gets_its_hook_last_in_the_list(content: bytes) -> None:
    hooks = loaded(merge(hook_entries.decode(content), WANTED, AGENT_NAME))["hooks"]
    assert {event: hooks[event][-1] for event in WANTED} == {
        event: {"hooks": [entry]} for event, entry in WANTED.items()
    }


@accepted
def test_every_byte_of_the_text_is_kept_in_its_order(content: bytes) -> None:
    text = hook_entries.decode(content)
    merged = iter(merge(text, WANTED, AGENT_NAME))
    assert all(character in merged for character in text)


@accepted
def test_a_file_without_ours_is_left_as_it_is(content: bytes) -> None:
    text = hook_entries.decode(content)
    assert unmerge(text, AGENT_NAME) == text


@refused
def test_a_text_that_cannot_be_edited_is_refused_with_the_position(
    content: bytes, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        merge(hook_entries.decode(content), WANTED, AGENT_NAME)
    assert message in caught.value.message
    assert caught.value.hint is not None
    assert "nothing was changed" in caught.value.hint


@pytest.mark.parametrize("name", ["plain", "4 spaces", "tabs", "CRLF", "no final newline"])
def test_added_hooks_are_indented_like_the_rest(name: str) -> None:
    text = ACCEPTED[name].decode()
    value = loaded(text)
    indent = {"4 spaces": "    ", "tabs": "\t"}.get(name, "  ")
    clean = json.dumps(value, indent=indent, ensure_ascii=False)
    for ending in ("", "\n", "\r\n"):
        whole = (clean + ending).replace("\n", "\r\n") if name == "CRLF" else clean + ending
        merged = merge(whole, WANTED, AGENT_NAME)
        again = json.dumps(loaded(merged), indent=indent, ensure_ascii=False)
        expected = again.replace("\n", "\r\n") if name == "CRLF" else again
        assert merged.rstrip("\r\n") == expected


def test_a_file_on_one_line_stays_on_one_line() -> None:
    for separators in ((",", ":"), (", ", ": ")):
        text = json.dumps({"a": 1, "hooks": {"Stop": [{"hooks": []}]}}, separators=separators)
        merged = merge(text, WANTED, AGENT_NAME)
        assert merged == json.dumps(loaded(merged), separators=separators)


def test_a_new_file_looks_like_one_of_the_client() -> None:
    merged = merge("", WANTED, AGENT_NAME)
    assert merged == json.dumps(loaded(merged), indent=2) + "\n"


# --- Generated texts -----------------------------------------------


@given(settings_texts())
def test_removal_is_the_inverse_of_addition(text: str) -> None:
    assert unmerge(merge(text, WANTED, AGENT_NAME), AGENT_NAME, text) == text


@given(settings_texts())
def test_adding_twice_is_adding_once(text: str) -> None:
    merged = merge(text, WANTED, AGENT_NAME)
    assert merge(merged, WANTED, AGENT_NAME) == merged


@given(settings_texts())
def test_nothing_foreign_changes_its_value_or_order(text: str) -> None:
    before, after = loaded(text), loaded(merge(text, WANTED, AGENT_NAME))
    hooks = before.get("hooks", {})
    for event, groups in hooks.items():
        assert after["hooks"][event][: len(groups)] == groups
    assert [event for event in after["hooks"] if event in hooks] == list(hooks)
    assert [key for key in after if key in before] == list(before)
    assert {key: after[key] for key in before if key != "hooks"} == {
        key: before[key] for key in before if key != "hooks"
    }


@given(settings_texts(), st.data())
def test_removal_is_exact_after_an_upgrade_from_any_installation(
    text: str, data: st.DataObject
) -> None:
    events = data.draw(st.lists(st.sampled_from([*WANTED, "Notification", "ü"]), unique=True))
    earlier = merge(text, {event: handler(python="/old/python") for event in events}, AGENT_NAME)
    assert unmerge(merge(earlier, WANTED, AGENT_NAME, text), AGENT_NAME, text) == text


@given(settings_texts(), st.sampled_from([2, 4, "\t", None]))
def test_removal_restores_the_value_after_the_client_rewrote_the_file(
    text: str, indent: int | str | None
) -> None:
    # The client rewrites its settings whenever it changes one.
    rewritten = json.dumps(
        loaded(merge(text, WANTED, AGENT_NAME)), indent=indent, ensure_ascii=False
    )
    assert loaded(unmerge(rewritten, AGENT_NAME, text)) == loaded(text)


@given(settings_texts())
def test_without_the_original_only_empty_containers_are_lost(text: str) -> None:
    left = loaded(unmerge(merge(text, WANTED, AGENT_NAME), AGENT_NAME))
    before = loaded(text)
    for value in (left, before):
        hooks = value.get("hooks", {})
        value["hooks"] = {event: groups for event, groups in hooks.items() if groups}
    assert left == before


@accepted
def test_hooks_of_version_0_1_0_are_removed_exactly(content: bytes) -> None:
    # It marked a container that it found empty by a blank after the bracket.
    text = hook_entries.decode(content)
    merged = merge(text, WANTED, AGENT_NAME)
    for empty, filled in (('"hooks": {', '"hooks": { '), ('"Stop": [', '"Stop": [ ')):
        if f"{empty}}}" in text or f"{empty}]" in text:
            merged = merged.replace(empty, filled, 1)
    assert unmerge(merged, AGENT_NAME, text) == text


@given(settings_texts(), st.booleans())
def test_what_the_user_adds_meanwhile_stays(text: str, first: bool) -> None:
    value = loaded(merge(text, WANTED, AGENT_NAME))
    value = {"mine": [], **value} if first else {**value, "mine": []}
    value["hooks"]["Mine"] = []
    left = loaded(unmerge(json.dumps(value, indent=2), AGENT_NAME, text))
    assert left.pop("mine") == []
    assert left["hooks"].pop("Mine") == []
    expected = loaded(text)
    assert left == {"hooks": {}, **expected}


@given(st.one_of(st.text(max_size=60).map(str.encode), st.binary(max_size=60)))
def test_anything_is_merged_or_refused(content: bytes) -> None:
    try:
        text = hook_entries.decode(content)
        merged = merge(text, WANTED, AGENT_NAME)
    except AcdError as error:
        assert error.hint
    else:
        assert unmerge(merged, AGENT_NAME, text) == text


# --- Which hooks are acd's -----------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "exec /usr/bin/python3 -I -S /home/u/.local/share/acd/acd_hook.py claude-code",
        "exec '/opt/my python/bin/python3' -I -S '/home/o'\\''hara/acd/acd_hook.py' claude-code",
        "[ -x /p ] && [ -r /d/acd_hook.py ] && exec /p -I -S /d/acd_hook.py claude-code || :",
        'python3 "$HOME/.local/share/acd/acd_hook.py" claude-code',
        "python3 acd_hook.py claude-code>/dev/null 2>&1",
        "/d/acd_hook.py claude-code; exit 0",
        "(/d/acd_hook.py claude-code)&",
    ],
)
def test_ours_is_recognized_by_its_file_and_agent_wherever_they_are(command: str) -> None:
    assert hook_entries.is_ours({"type": "command", "command": command}, AGENT_NAME)


def test_ours_is_recognized_when_its_words_are_a_list() -> None:
    entry = {"type": "command", "command": "/p", "args": ["-I", "/d/acd_hook.py", "claude-code"]}
    assert hook_entries.is_ours(entry, AGENT_NAME)


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "command", "command": "python3 /d/acd_hook.py codex"},
        {"type": "command", "command": "python3 /d/acd_hook.py"},
        {"type": "command", "command": "python3 /d/my_acd_hook.py claude-code"},
        {"type": "command", "command": "python3 /d/acd_hook.py.bak claude-code"},
        {"type": "command", "command": "echo 'acd_hook.py claude-code'"},
        {"type": "command", "command": "echo 'unbalanced acd_hook.py claude-code"},
        {"type": "command", "command": ["acd_hook.py", "claude-code"]},
        {"type": "prompt", "prompt": "acd_hook.py claude-code"},
        {"type": "command"},
        "acd_hook.py claude-code",
        None,
    ],
)
def test_a_hook_that_only_looks_like_ours_is_not_ours(entry: object) -> None:
    assert not hook_entries.is_ours(entry, AGENT_NAME)


def test_an_upgrade_replaces_an_outdated_entry_where_it_stands() -> None:
    after = {"hooks": [{"type": "command", "command": "later"}]}
    earlier = merge('{\n    "hooks": {}\n}', {"Stop": handler(python="/old")}, AGENT_NAME)
    value = loaded(earlier)
    value["hooks"]["Stop"].append(after)
    upgraded = merge(json.dumps(value, indent=4), WANTED, AGENT_NAME)
    assert loaded(upgraded)["hooks"]["Stop"] == [{"hooks": [WANTED["Stop"]]}, after]
    assert upgraded == json.dumps(loaded(upgraded), indent=4)


def test_only_one_of_several_of_ours_stays() -> None:
    groups = [
        {"hooks": [handler(), {"type": "command", "command": "x"}]},
        {"hooks": [handler("/q")]},
    ]
    merged = loaded(merge(json.dumps({"hooks": {"Stop": groups}}), WANTED, AGENT_NAME))
    assert merged["hooks"]["Stop"] == [
        {"hooks": [WANTED["Stop"], {"type": "command", "command": "x"}]}
    ]


def test_several_of_ours_in_one_further_group_go_with_it() -> None:
    other = {"matcher": "Bash", "hooks": [{"type": "command", "command": "x"}]}
    groups = [{"hooks": [handler()]}, {"hooks": [handler("/q"), handler("/r")]}, other]
    merged = loaded(merge(json.dumps({"hooks": {"Stop": groups}}), WANTED, AGENT_NAME))
    assert merged["hooks"]["Stop"] == [{"hooks": [WANTED["Stop"]]}, other]


@pytest.mark.parametrize("own_first", [True, False])
@pytest.mark.parametrize("ours", [[handler()], [handler(), handler("/q")]])
@pytest.mark.parametrize("indent", [2, None])
def test_what_the_user_put_onto_our_group_goes_with_it(
    own_first: bool, ours: list[dict[str, Any]], indent: int | None
) -> None:
    group = {"matcher": "*", "hooks": ours} if own_first else {"hooks": ours, "matcher": "*"}
    other = {"matcher": "Bash", "hooks": [OTHER_HANDLER]}
    both = json.dumps({"hooks": {"PreToolUse": [group, other]}}, indent=indent)
    assert loaded(unmerge(both, AGENT_NAME)) == {"hooks": {"PreToolUse": [other]}}
    alone = json.dumps({"hooks": {"PreToolUse": [group]}}, indent=indent)
    assert loaded(unmerge(alone, AGENT_NAME)) == {}


def test_a_group_of_ours_with_a_matcher_leaves_an_event_that_is_no_longer_wanted() -> None:
    text = json.dumps({"hooks": {"Future": [{"matcher": "*", "hooks": [handler()]}]}, "a": 1})
    assert loaded(merge(text, {}, AGENT_NAME)) == {"a": 1}


def test_ours_leaves_an_event_that_is_no_longer_wanted() -> None:
    earlier = merge('{"a": 1}', {"FutureEvent": handler(), "Stop": handler()}, AGENT_NAME)
    assert loaded(merge(earlier, {"Stop": WANTED["Stop"]}, AGENT_NAME)) == {
        "a": 1,
        "hooks": {"Stop": [{"hooks": [WANTED["Stop"]]}]},
    }


def test_a_foreign_hook_in_our_group_stays_when_ours_goes() -> None:
    foreign = {"type": "command", "command": "beep"}
    for together in ([handler(), foreign], [foreign, handler()]):
        text = json.dumps({"hooks": {"Stop": [{"matcher": "", "hooks": together}]}}, indent=2)
        assert loaded(unmerge(text, AGENT_NAME)) == {
            "hooks": {"Stop": [{"matcher": "", "hooks": [foreign]}]}
        }


def test_what_users_added_around_ours_stays_when_ours_goes() -> None:
    value = loaded(merge("", WANTED, AGENT_NAME))
    value["hooks"]["Stop"].insert(0, {"hooks": []})
    value["hooks"]["Notification"] = []
    value["model"] = "opus"
    assert loaded(unmerge(json.dumps(value, indent=2), AGENT_NAME)) == {
        "hooks": {"Stop": [{"hooks": []}], "Notification": []},
        "model": "opus",
    }


def test_acds_hooks_are_found_by_event() -> None:
    assert hook_entries.installed(merge("", WANTED, AGENT_NAME), AGENT_NAME) == {
        event: [entry] for event, entry in WANTED.items()
    }
    assert hook_entries.installed("", AGENT_NAME) == {}
    assert hook_entries.installed('{"hooks": []}', AGENT_NAME) == {}


def test_a_key_that_disables_all_hooks_is_found() -> None:
    assert hook_entries.hooks_disabled('{"disableAllHooks": true}')
    assert not hook_entries.hooks_disabled('{"disableAllHooks": false}')
    assert not hook_entries.hooks_disabled("")
