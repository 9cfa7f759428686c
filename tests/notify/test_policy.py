"""Which sessions the user is notified of, and when a notification is withdrawn."""

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


def notified(rules: NotificationRules, *updates: Json, at: float = 1000.0) -> list[str]:
    """The statuses that the user is notified of, after each of these updates of one session."""
    policy = NotificationPolicy(rules)
    found = []
    for each in updates:
        policy.update("a", each, 0.0)
        found += [due["status"] for due in policy.take_due(at)]
    return found


@pytest.mark.parametrize(
    ("rules", "updates", "expected"),
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
        # The working time is unknown: the user is notified.
        (NotificationRules(after=10), [session("attention", 3)], ["attention"]),
    ],
)
def test_the_rules_decide_which_waits_are_notified_of(
    rules: NotificationRules, updates: list[Json], expected: list[str]
) -> None:
    assert notified(rules, *updates) == expected


def test_a_question_does_not_count_as_work_and_does_not_end_the_turn() -> None:
    turn = [session("working", 0), session("question", 4), session("working", 100)]
    assert notified(NotificationRules(after=10), *turn, session("attention", 105)) == ["question"]
    assert notified(NotificationRules(after=10), *turn, session("attention", 106)) == [
        "question",
        "attention",
    ]


def test_a_new_turn_begins_after_attention() -> None:
    first = [session("working", 0), session("attention", 60)]
    again = [session("working", 100), session("attention", 103)]
    assert notified(NotificationRules(after=10), *first, *again) == ["attention"]


def test_a_wait_is_due_when_its_grace_ends() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question"), 100.0)
    assert policy.next_due == 105.0
    assert policy.take_due(104.9) == []
    assert policy.take_due(105.0)
    assert policy.next_due is None


def test_the_grace_counts_from_the_beginning_of_the_wait() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", elapsed=3), 100.0)
    assert policy.next_due == 102.0


def test_a_question_answered_within_the_grace_is_neither_notified_of_nor_withdrawn() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", 1), 100.0)
    assert not policy.update("a", session("working", 2), 101.0)
    assert policy.next_due is None
    assert policy.take_due(200.0) == []


@pytest.mark.parametrize("after", [session("working", 9), session("closed", 9), None])
def test_a_notification_is_withdrawn_once_when_the_wait_is_over(after: Json | None) -> None:
    policy = NotificationPolicy(NotificationRules())
    policy.update("a", session("question", 1), 0.0)
    policy.take_due(0.0)
    assert policy.update("a", after, 1.0)
    assert not policy.update("a", after, 2.0)


def test_a_wait_without_a_notification_is_not_withdrawn() -> None:
    policy = NotificationPolicy(NotificationRules(on=("question",)))
    policy.update("a", session("attention", 1), 0.0)
    policy.take_due(0.0)
    assert not policy.update("a", session("working", 2), 1.0)


def test_a_changed_prompt_is_used_before_the_notification_and_ignored_after_it() -> None:
    policy = NotificationPolicy(NotificationRules(grace=5))
    policy.update("a", session("question", 1, prompt="old"), 0.0)
    policy.update("a", session("question", 1, prompt="new"), 1.0)
    assert [each["prompt"] for each in policy.take_due(5.0)] == ["new"]
    policy.update("a", session("question", 1, prompt="newer"), 6.0)
    assert policy.take_due(100.0) == []


SEEN = NotificationRules(grace=5, seen=60)


@pytest.mark.parametrize(
    ("report", "until"),
    [
        # A recent key shows that the user is there.
        (FocusReport(idle=0), 165.0),
        (FocusReport(idle=50), 115.0),
        (FocusReport(idle=60), None),
        # With the focus, so does the beginning of the wait.
        (FocusReport(idle=1000, has_focus=True), 160.0),
        (FocusReport(has_focus=True), 160.0),
        (FocusReport(idle=0, has_focus=True), 165.0),
        # The session is shown, but neither focus nor keys are known.
        (FocusReport(), None),
    ],
)
def test_a_wait_that_the_user_looks_at_is_postponed_until_their_last_activity_is_old(
    report: FocusReport, until: float | None
) -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert bool(policy.take_due(105.0, lambda session: [report])) is (until is None)
    assert policy.next_due == until


def test_the_newest_of_several_reports_counts() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    reports = [FocusReport(idle=1000), FocusReport(idle=10), FocusReport()]
    assert policy.take_due(105.0, lambda session: reports) == []
    assert policy.next_due == 155.0


def test_a_user_who_looks_away_without_an_answer_is_notified_once() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert policy.take_due(105.0, lambda session: [FocusReport(has_focus=True)]) == []
    assert [each["id"] for each in policy.take_due(160.0, lambda session: [])] == ["a"]
    assert policy.next_due is None
    assert policy.update("a", session("working", 1), 161.0)


def test_a_user_who_leaves_with_the_window_focused_is_notified() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    assert policy.take_due(105.0, lambda session: [FocusReport(has_focus=True)]) == []
    assert policy.take_due(160.0, lambda session: [FocusReport(idle=70, has_focus=True)])


def test_a_postponed_question_that_is_answered_is_neither_notified_of_nor_withdrawn() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    policy.take_due(105.0, lambda session: [FocusReport(idle=0)])
    assert not policy.update("a", session("working", 1), 110.0)
    assert policy.take_due(1000.0) == []


def test_a_postponed_wait_outlives_a_restart() -> None:
    policy = NotificationPolicy(SEEN)
    policy.update("a", session("question"), 100.0)
    policy.take_due(105.0, lambda session: [FocusReport(idle=0)])
    policy = restarted(policy, SEEN)
    policy.update("a", session("question", elapsed=70), 0.0)
    assert policy.take_due(0.0)


def test_the_focus_is_probed_only_where_it_can_change_the_decision() -> None:
    def probe(session: Json) -> list[FocusReport]:
        raise AssertionError("probed in vain")

    for rules in (
        NotificationRules(),
        NotificationRules(seen=60, on=("attention",)),
        NotificationRules(seen=60, quiet_in=("/",)),
    ):
        policy = NotificationPolicy(rules)
        policy.update("a", session("question", working_dir="/a"), 0.0)
        policy.take_due(0.0, probe)
        assert policy.next_due is None


def restarted(policy: NotificationPolicy, rules: NotificationRules) -> NotificationPolicy:
    return NotificationPolicy(rules, json.loads(json.dumps(policy.dump())))


def test_a_restart_neither_repeats_nor_misses_a_notification() -> None:
    rules = NotificationRules(grace=5)
    policy = NotificationPolicy(rules)
    policy.update_all({"a": session("question", 1)}, 0.0)
    policy.take_due(5.0)
    policy.update("b", session("question", 2, id="b"), 5.0)
    policy = restarted(policy, rules)
    now = {"a": session("question", 1), "b": session("question", 2), "c": session("attention", 3)}
    assert policy.update_all({key: each | {"id": key} for key, each in now.items()}, 0.0) == []
    assert [each["id"] for each in policy.take_due(5.0)] == ["b", "c"]


def test_what_ended_during_a_restart_is_withdrawn() -> None:
    policy = NotificationPolicy(NotificationRules())
    policy.update_all({"a": session("question", 1), "b": session("question", 1, id="b")}, 0.0)
    policy.take_due(0.0)
    policy = restarted(policy, NotificationRules())
    assert sorted(policy.update_all({"b": session("working", 2, id="b")}, 0.0)) == ["a", "b"]


def test_the_working_time_of_a_turn_outlives_a_restart() -> None:
    rules = NotificationRules(after=10)
    policy = NotificationPolicy(rules)
    policy.update("a", session("working", 0), 0.0)
    policy = restarted(policy, rules)
    policy.update("a", session("attention", 3), 0.0)
    assert policy.take_due(100.0) == []


@pytest.mark.parametrize(
    "saved", [None, [], "x", {"a": 1}, {"a": ["question", "x", None, True, True]}, {"a": []}]
)
def test_an_invalid_saved_state_is_ignored(saved: object) -> None:
    assert NotificationPolicy(NotificationRules(), saved).dump() == {}


_REPORTS = [(), (FocusReport(0.0),), (FocusReport(has_focus=True),)]
_STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["working", "question", "attention", "closed", "gone"]),
        ),
        st.tuples(st.just("time"), st.integers(0, 9)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(
            st.just("focus"),
            st.sampled_from(_REPORTS),
        ),
    ),
    max_size=60,
)


def _reports(reports: tuple[FocusReport, ...], session: Json) -> tuple[FocusReport, ...]:
    return reports


@given(_STEPS, st.integers(0, 6))
def test_each_wait_is_notified_of_once_and_withdrawn_once_in_any_sequence(
    steps: list[tuple[str, Any]], grace: int
) -> None:
    rules = NotificationRules(grace=grace, seen=7)
    policy, now, known = NotificationPolicy(rules), 0.0, dict[str, Json]()
    reports: tuple[FocusReport, ...] = ()
    ever: set[tuple[str, float]] = set()
    shown: dict[str, float] = {}
    for number, (what, value) in enumerate(steps):
        if what == "time":
            now += value
        elif what == "focus":
            reports = value
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
        for each in policy.take_due(now, partial(_reports, reports)):
            wait = (each["id"], each["since"])
            assert wait not in ever
            assert known[each["id"]] == each
            ever.add(wait)
            shown[each["id"]] = each["since"]
    # In the end, and without focus, the user is notified of every session that waits.
    policy.take_due(now + grace + rules.seen)
    assert {key for key, each in known.items() if each["status"] in rules.on} == {
        key for key, record in policy.dump().items() if record[4]
    }
