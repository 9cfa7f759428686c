"""Which waits are told of: the rules, once each, and taken back when over."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.notify.policy import FocusReport, NotificationPolicy, NotificationRules
from acd.sessions.values import Json


def session(status: str, since: float = 0.0, **fields: Any) -> Json:
    return {"id": "a", "status": status, "since": since, "elapsed": 0, **fields}


def told(rules: NotificationRules, *seen: Json, at: float = 1000.0) -> list[str]:
    """The statuses that are told of when each of these was seen, in one session's life."""
    policy = NotificationPolicy(rules)
    found = []
    for each in seen:
        policy.update("a", each, 0.0)
        found += [due["status"] for due in policy.take_due(at)]
    return found


@pytest.mark.parametrize(
    ("rules", "seen", "expected"),
    [
        (NotificationRules(), [session("question")], ["question"]),
        (NotificationRules(), [session("attention")], ["attention"]),
        (NotificationRules(), [session("working")], []),
        (NotificationRules(), [session("closed")], []),
        (NotificationRules(on=("question",)), [session("attention")], []),
        (NotificationRules(), [session("question", attended=False)], []),
        (NotificationRules(), [session("question", attended=True)], ["question"]),
        (NotificationRules(quiet_in=("/a",)), [session("question", working_dir="/a/b")], []),
        (NotificationRules(quiet_in=("/a",)), [session("question", working_dir="/a")], []),
        (
            NotificationRules(quiet_in=("/a",)),
            [session("question", working_dir="/ab")],
            ["question"],
        ),
        (NotificationRules(quiet_in=("/a",)), [session("question")], ["question"]),
        (NotificationRules(after=10), [session("working", 0), session("attention", 3)], []),
        (
            NotificationRules(after=10),
            [session("working", 0), session("attention", 10)],
            ["attention"],
        ),
        (
            NotificationRules(after=10),
            [session("working", 0), session("question", 3)],
            ["question"],
        ),
        # Nobody saw how long: rather told than missed.
        (NotificationRules(after=10), [session("attention", 3)], ["attention"]),
    ],
)
def test_a_rule_decides(rules: NotificationRules, seen: list[Json], expected: list[str]) -> None:
    assert told(rules, *seen) == expected


def test_waiting_for_an_answer_is_no_work_and_what_follows_is_the_same_turn() -> None:
    turn = [session("working", 0), session("question", 4), session("working", 100)]
    assert told(NotificationRules(after=10), *turn, session("attention", 105)) == ["question"]
    assert told(NotificationRules(after=10), *turn, session("attention", 106)) == [
        "question",
        "attention",
    ]


def test_after_attention_a_new_turn_begins() -> None:
    first = [session("working", 0), session("attention", 60)]
    again = [session("working", 100), session("attention", 103)]
    assert told(NotificationRules(after=10), *first, *again) == ["attention"]


def test_nothing_is_told_before_the_grace_is_over() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question"), 100.0)
    assert policy.next_due == 105.0
    assert policy.take_due(104.9) == []
    assert policy.take_due(105.0)
    assert policy.next_due is None


def test_a_wait_that_has_lasted_has_less_grace_left() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", elapsed=3), 100.0)
    assert policy.next_due == 102.0


def test_who_answers_in_time_is_not_told_and_nothing_is_taken_back() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", 1), 100.0)
    assert not policy.update("a", session("working", 2), 101.0)
    assert policy.next_due is None
    assert policy.take_due(200.0) == []


@pytest.mark.parametrize("after", [session("working", 9), session("closed", 9), None])
def test_what_was_told_is_taken_back_once(after: Json | None) -> None:
    policy = NotificationPolicy(NotificationRules())
    policy.update("a", session("question", 1), 0.0)
    policy.take_due(0.0)
    assert policy.update("a", after, 1.0)
    assert not policy.update("a", after, 2.0)


def test_what_is_not_told_is_not_taken_back() -> None:
    policy = NotificationPolicy(NotificationRules(on=("question",)))
    policy.update("a", session("attention", 1), 0.0)
    policy.take_due(0.0)
    assert not policy.update("a", session("working", 2), 1.0)


def test_another_text_in_the_same_wait_is_not_told_again_but_told_in_the_first_place() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", 1, prompt="old"), 0.0)
    policy.update("a", session("question", 1, prompt="new"), 1.0)
    assert [each["prompt"] for each in policy.take_due(5.0)] == ["new"]
    policy.update("a", session("question", 1, prompt="newer"), 6.0)
    assert policy.take_due(100.0) == []


SEEN = NotificationRules(grace=5, seen=60)


@pytest.mark.parametrize(
    ("look", "until"),
    [
        # A key proves that somebody is there, for a while.
        (FocusReport(idle=0), 165.0),
        (FocusReport(idle=50), 115.0),
        (FocusReport(idle=60), None),
        # With the focus known, so does the wait that began before their eyes.
        (FocusReport(idle=1000, has_focus=True), 160.0),
        (FocusReport(has_focus=True), 160.0),
        (FocusReport(idle=0, has_focus=True), 165.0),
        # Nothing is known but that it is shown.
        (FocusReport(), None),
    ],
)
def test_what_is_looked_at_is_left_to_whoever_looks_until_their_last_sign_is_old(
    look: FocusReport, until: float | None
) -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert bool(policy.take_due(105.0, lambda session: [look])) is (until is None)
    assert policy.next_due == until


def test_the_newest_of_several_signs_counts() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert (
        policy.take_due(
            105.0, lambda session: [FocusReport(idle=1000), FocusReport(idle=10), FocusReport()]
        )
        == []
    )
    assert policy.next_due == 155.0


def test_who_looks_away_without_an_answer_is_told_then_and_only_once() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert policy.take_due(105.0, lambda session: [FocusReport(has_focus=True)]) == []
    assert [each["id"] for each in policy.take_due(160.0, lambda session: [])] == ["a"]
    assert policy.next_due is None
    assert policy.update("a", session("working", 1), 161.0)


def test_who_goes_away_and_leaves_the_window_open_is_told_too() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert policy.take_due(105.0, lambda session: [FocusReport(has_focus=True)]) == []
    assert policy.take_due(160.0, lambda session: [FocusReport(idle=70, has_focus=True)])


def test_what_is_answered_under_the_eyes_is_neither_told_nor_taken_back() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    policy.take_due(105.0, lambda session: [FocusReport(idle=0)])
    assert not policy.update("a", session("working", 1), 110.0)
    assert policy.take_due(1000.0) == []


def test_a_restart_does_not_forget_what_was_put_off() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    policy.take_due(105.0, lambda session: [FocusReport(idle=0)])
    policy = restarted(policy, SEEN)
    policy.update("a", session("question", elapsed=70), 0.0)
    assert policy.take_due(0.0)


def test_nobody_is_asked_where_a_look_does_not_count_or_nothing_would_be_told() -> None:
    def asked(session: Json) -> list[FocusReport]:
        raise AssertionError("it is of no use")

    for rules in (
        NotificationRules(),
        NotificationRules(seen=60, on=("attention",)),
        NotificationRules(seen=60, quiet_in=("/",)),
    ):
        policy = NotificationPolicy(rules)
        policy.update("a", session("question", working_dir="/a"), 0.0)
        policy.take_due(0.0, asked)
        assert policy.next_due is None


def restarted(policy: NotificationPolicy, rules: NotificationRules) -> NotificationPolicy:
    return NotificationPolicy(rules, json.loads(json.dumps(policy.dump())))


def test_a_restart_neither_repeats_nor_misses() -> None:
    rules = NotificationRules(grace=5)
    policy = NotificationPolicy(rules)
    policy.update_all({"a": session("question", 1)}, 0.0)
    policy.take_due(5.0)
    policy.update("b", session("question", 2, id="b"), 5.0)
    policy = restarted(policy, rules)
    now = {"a": session("question", 1), "b": session("question", 2), "c": session("attention", 3)}
    assert policy.update_all({key: each | {"id": key} for key, each in now.items()}, 0.0) == []
    assert [each["id"] for each in policy.take_due(5.0)] == ["b", "c"]


def test_what_was_answered_while_nobody_was_there_is_taken_back() -> None:
    policy = NotificationPolicy(NotificationRules())
    policy.update_all({"a": session("question", 1), "b": session("question", 1, id="b")}, 0.0)
    policy.take_due(0.0)
    policy = restarted(policy, NotificationRules())
    assert sorted(policy.update_all({"b": session("working", 2, id="b")}, 0.0)) == ["a", "b"]


def test_how_long_it_had_worked_is_known_over_a_restart() -> None:
    rules = NotificationRules(after=10)
    policy = NotificationPolicy(rules)
    policy.update("a", session("working", 0), 0.0)
    policy = restarted(policy, rules)
    policy.update("a", session("attention", 3), 0.0)
    assert policy.take_due(100.0) == []


@pytest.mark.parametrize(
    "remembered", [None, [], "x", {"a": 1}, {"a": ["question", "x", None, True, True]}, {"a": []}]
)
def test_a_memory_that_is_none_is_forgotten(remembered: object) -> None:
    assert NotificationPolicy(NotificationRules(), remembered).dump() == {}


_STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["working", "question", "attention", "closed", "gone"]),
        ),
        st.tuples(st.just("time"), st.integers(0, 9)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(
            st.just("look"),
            st.sampled_from([(), (FocusReport(0.0),), (FocusReport(has_focus=True),)]),
        ),
    ),
    max_size=60,
)


def _looked(seen: tuple[FocusReport, ...], session: Json) -> tuple[FocusReport, ...]:
    return seen


@given(_STEPS, st.integers(0, 6))
def test_no_wait_is_told_twice_and_each_that_is_over_is_taken_back_once(
    steps: list[tuple[str, Any]], grace: int
) -> None:
    rules = NotificationRules(grace=grace, seen=7)
    policy, now, known = NotificationPolicy(rules), 0.0, dict[str, Json]()
    seen: tuple[FocusReport, ...] = ()
    ever: set[tuple[str, float]] = set()
    shown: dict[str, float] = {}
    for number, (what, value) in enumerate(steps):
        if what == "time":
            now += value
        elif what == "look":
            seen = value
        elif what == "restart":
            policy = restarted(policy, rules)
            assert policy.update_all(known, now) == []
        else:
            before = known.pop(what, None)
            since = before["since"] if before and before["status"] == value else float(number)
            after = None if value == "gone" else session(value, since, id=what)
            if after is not None:
                known[what] = after
            is_over = what in shown and shown[what] != (after or {}).get("since")
            assert policy.update(what, after, now) == is_over
            if is_over:
                del shown[what]
        for each in policy.take_due(now, partial(_looked, seen)):
            wait = (each["id"], each["since"])
            assert wait not in ever
            assert known[each["id"]] == each
            ever.add(wait)
            shown[each["id"]] = each["since"]
    # And none is missed: with time, and nobody looking, all that wait have been told of.
    policy.take_due(now + grace + rules.seen)
    assert {key for key, each in known.items() if each["status"] in rules.on} == {
        key for key, record in policy.dump().items() if record[4]
    }
