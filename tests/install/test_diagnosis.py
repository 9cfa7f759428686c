"""The checks of `acd doctor` on given facts; test_doctor.py has real installations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from acd.agents.claude_code.client_checks import check_clients
from acd.agents.claude_code.clients import Version
from acd.agents.claude_code.overruling import check_overruled
from acd.findings import Finding, is_well
from acd.install.diagnosis import (
    check_daemon,
    check_hooks,
    check_interpreter,
    check_lost,
    check_notifier,
    check_path,
    check_permissions,
    check_program,
    check_python,
    check_sandbox,
    check_service,
    check_socket,
)
from acd.install.service_manager import NotifierReport

PLACE = Path("/data/acd")
INFO: dict[str, Any] = {
    "version": "1.0",
    "pid": 7,
    "journal_failure": None,
    "activation": "systemd",
}


def notifier(state: str, *reasons: str, daemon: bool) -> NotifierReport:
    return NotifierReport(
        "stale" if reasons else "current",
        PLACE,
        reasons,
        active_state=state,
        daemon_runs=daemon,
        remedy="start it",
    )


def managed(key: str, *, by_administrator: bool) -> Finding:
    [finding] = check_overruled([(PLACE, key, by_administrator)])
    return finding


def clients(
    *found: tuple[str, Version | None, list[str]], left_out: Sequence[str] = ()
) -> list[Finding]:
    """The findings about clients, each given by path, version and missing events."""
    return list(check_clients(found, left_out))


NEW = ("/new", (2, 1, 329), list[str]())

PROBLEMS = {
    "an installed program that does not run": check_program("1.0", None, PLACE),
    "an installed program of another version": check_program("1.0", "0.9", PLACE),
    "a module that does not load": check_python("3.12", PLACE, ["uvloop"]),
    "nothing on PATH": check_path(None, PLACE),
    "nothing on PATH, and nothing installed": check_path(None, None),
    "another one first on PATH": check_path(Path("/other/acd"), PLACE),
    "an unsafe directory": check_socket(PLACE, ("it is open", "close it"), None, None),
    "a file that is not a socket": check_socket(PLACE, None, "is not a socket", None),
    "a socket at a path that hooks do not use": check_socket(
        PLACE, None, None, Path("/run/acd.sock")
    ),
    "a daemon of another version": check_daemon({**INFO, "version": "0.9"}, "1.0", "systemd"),
    "a daemon that cannot write": check_daemon({**INFO, "journal_failure": "full"}, "1.0", None),
    "a daemon beside the service": check_daemon(
        {**INFO, "activation": "spawned"}, "1.0", "systemd"
    ),
    "events that were lost": check_lost(3, PLACE, "the log"),
    "outdated units": check_service("stale", PLACE, ["old"], "systemd", listening=True),
    "units that are gone under a socket": check_service(
        "missing", PLACE, ["gone"], "systemd", listening=True
    ),
    "a sandbox that could be stronger": check_sandbox(
        "acd.service", ("reduced", "full does not start here"), ("full", "")
    ),
    "a sandbox that does not start any more": check_sandbox(
        "acd.service", ("full", ""), ("reduced", "full does not start here")
    ),
    "a service that does not start": check_sandbox("acd.service", ("full", ""), None, "none"),
    "no notifier": check_notifier(None, at_work=False),
    "no unit to notify": check_notifier(notifier("", "not installed", daemon=False), at_work=False),
    "a unit to notify that is outdated": check_notifier(
        notifier("active", "old", daemon=True), at_work=True
    ),
    "a unit to notify that has failed": check_notifier(
        notifier("failed", daemon=False), at_work=False
    ),
    "a unit to notify that stays away": check_notifier(
        notifier("inactive", daemon=True), at_work=False
    ),
    "no hooks": check_hooks("codex", "missing", PLACE, ["none"]),
    "stale hooks": check_hooks("codex", "stale", PLACE, ["/opt/python3 is gone"]),
    "hooks that the agent does not trust": check_hooks(
        "codex", "untrusted", PLACE, ["none of them"]
    ),
    "settings that cannot be read": check_hooks("codex", "unknown", PLACE, ["line 1: a comment"]),
    "hooks switched off": managed("disableAllHooks", by_administrator=False),
    "hooks switched off for all": managed("allowManagedHooksOnly", by_administrator=True),
    "other settings that cannot be read": managed("", by_administrator=True),
    "an interpreter that does not run": next(check_interpreter([(PLACE, False)])),
    "an old client": clients(("/old", (2, 0, 1), ["Elicitation"]))[0],
    "an old client beside a new one": clients(("/old", (2, 0, 1), ["Elicitation"]), NEW)[1],
    "a file that others can change": next(check_permissions([(PLACE, "has mode 666")])),
}

FINE = {
    "the installed program": check_program("1.0", "1.0", PLACE),
    "a Python with all": check_python("3.12", PLACE, []),
    "the installed one on PATH": check_path(PLACE, PLACE),
    "any one on PATH, with none installed": check_path(PLACE, None),
    "a private socket": check_socket(PLACE, None, None, None),
    "no daemon": check_daemon(None, "1.0", "systemd"),
    "the service's daemon": check_daemon(INFO, "1.0", "systemd"),
    "a spawned daemon without a service": check_daemon(
        {**INFO, "activation": "spawned"}, "1.0", None
    ),
    "current units": check_service("current", PLACE, [], "systemd", listening=True),
    "the full sandbox": check_sandbox("acd.service", ("full", ""), ("full", "")),
    "the strongest sandbox that starts": check_sandbox(
        "acd.service", ("reduced", "full does not start here"), ("reduced", "it still does not")
    ),
    "no service manager": check_service("missing", PLACE, ["none"], None, listening=False),
    "no service wanted": check_service("missing", PLACE, ["none"], "systemd", listening=False),
    "a notifier": check_notifier(None, at_work=True),
    "a unit that notifies": check_notifier(notifier("active", daemon=True), at_work=True),
    "a unit that begins to notify": check_notifier(
        notifier("activating", daemon=True), at_work=False
    ),
    "a unit that waits for the daemon": check_notifier(
        notifier("inactive", daemon=False), at_work=False
    ),
    "current hooks": check_hooks("codex", "current", PLACE, []),
    "a new client": clients(NEW)[0],
    "a client that may not support an event": clients(("/mid", (2, 1, 150), ["X"]), NEW)[1],
    "no client": clients()[0],
    "a client that prints no version": clients(("/mute", None, []))[0],
}


@pytest.mark.parametrize("finding", PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_has_a_remedy(finding: Finding) -> None:
    assert finding.severity == "problem"
    assert finding.hint
    assert not is_well([*FINE.values(), finding])


@pytest.mark.parametrize("finding", FINE.values(), ids=FINE)
def test_a_finding_without_a_problem_has_no_remedy(finding: Finding) -> None:
    assert finding.severity != "problem"
    assert finding.hint is None
    assert is_well([finding])


def test_without_lost_events_there_is_no_finding() -> None:
    assert check_lost(0, PLACE, "the log") is None


def test_a_link_to_the_installed_program_is_the_installed_program(tmp_path: Path) -> None:
    program, link = tmp_path / "program", tmp_path / "acd"
    program.touch()
    link.symlink_to(program)
    assert check_path(link, program).severity == "ok"


def test_the_remedy_for_an_administrators_settings_is_to_ask_the_administrator() -> None:
    asked = managed("disableAllHooks", by_administrator=True).hint
    assert asked is not None
    assert asked.startswith("ask whoever manages this machine")


def test_of_several_programs_the_newest_comes_first_and_others_only_with_problems() -> None:
    [finding] = clients(("/other", (2, 1, 300), []), NEW)
    assert (finding.severity, finding.message) == ("ok", "2.1.329 (/new)")


def test_a_program_that_would_ignore_its_settings_is_named_with_the_missing_events() -> None:
    new, old = clients(NEW, ("/old", (2, 1, 100), ["Elicitation", "StopFailure"]))
    assert new.severity == "ok"
    assert old.message == (
        "2.1.100 (/old) is older than 2.1.329: it would ignore its whole settings file if that"
        " named Elicitation, StopFailure, so 2.1.329 gets no hooks on them"
    )
    assert old.hint == "claude update, or remove that program, then acd install"


def test_events_that_the_newest_program_lacks_too_are_reported_once() -> None:
    newest, *others = clients(("/a", (2, 1, 150), ["X"]), ("/b", (2, 1, 140), ["X"]))
    assert newest.message.startswith("2.1.150 (/a) is too old for X")
    assert not others


def test_without_a_program_the_events_without_a_hook_are_named() -> None:
    [finding] = clients(left_out=["PostToolBatch"])
    assert finding.message == (
        "none found on PATH, in the usual places or in an editor's extensions; acd install adds"
        " hooks on PostToolBatch once one is found that has them"
    )
