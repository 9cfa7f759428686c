"""Version 1 of the state file stays readable for ever, as docs/journal.md promises.

tests/fixtures/journal-v1 never changes. Its first half is changes, whose outcome may depend on
rules that improve; its second half is whole sessions, which must come back exactly.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from acd.sessions import activity, records
from acd.sessions.events import RECORD_KEYS
from acd.sessions.values import NS, Now
from testing.checkout import CHECKOUT, FIXTURES
from testing.journaled_store import load

FIXTURE = FIXTURES / "journal-v1"
EXPECTED: dict[str, dict[str, Any]] = json.loads(FIXTURE.with_suffix(".json").read_text("utf-8"))
PAGE = (CHECKOUT / "docs/journal.md").read_text("utf-8")
BOOT_ID = "6c1a5c4e-0d5e-4b0b-9d2c-6b1f3f0f7a11"

LATER = Now(1_790_000_100 * NS, 86_500 * NS)
"""When the expected sessions were shown."""


@pytest.fixture
def journal_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(FIXTURE, tmp_path / "acd.sock.journal"))


def test_every_session_of_a_version_1_file_is_there(journal_file: Path) -> None:
    assert set(load(journal_file, BOOT_ID).sessions) == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_session_of_a_version_1_file_is_read_back_exactly(journal_file: Path, name: str) -> None:
    shown = json.loads(json.dumps(load(journal_file, BOOT_ID).get(name).to_wire_whole(LATER)))
    # Later versions may show more fields.
    assert {field: shown.get(field) for field in EXPECTED[name]} == EXPECTED[name]


def test_a_version_1_file_is_not_rewritten(journal_file: Path) -> None:
    load(journal_file, BOOT_ID)
    assert journal_file.read_bytes() == FIXTURE.read_bytes()
    assert list(journal_file.parent.glob("*.unreadable")) == []


def test_a_version_1_file_of_another_boot_is_discarded(journal_file: Path) -> None:
    assert load(journal_file, "another boot").sessions == {}


def test_the_fixture_has_every_kind_of_record_and_every_field() -> None:
    lines = FIXTURE.read_text("utf-8").splitlines()[1:]
    assert {line.split(" ")[0].upper() for line in lines} == set(documented_records())
    sessions = [json.loads(line[8:]) for line in lines if line.startswith("SESSION ")]
    fields = {field for session in sessions for field in session}
    assert fields == set(documented_fields("## A session"))


# The page -------------------------------------------------------------------


def documented_records() -> list[str]:
    rows: list[str] = re.findall(r"^\| `([@A-Z_]+) ", PAGE, re.MULTILINE)
    return rows


def documented_fields(heading: str) -> list[str]:
    """The first column of the first table after a heading or a line of text."""
    table = PAGE.partition(heading)[2].partition("| --- |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)`", table, re.MULTILINE)


def test_the_page_names_every_field_of_a_session() -> None:
    own = ["id", "status", *records.SESSION_FIELDS, "belief", "history", "trail"]
    assert documented_fields("## A session") == own


def test_the_page_names_every_field_of_an_activity() -> None:
    own = {key for key, *_ in activity.STORED_FIELDS}
    others = {"base", "heard", "questions", "calls", "done", "registry"}
    assert set(documented_fields("`belief` is present")) == own | others


def test_the_page_names_every_field_of_an_event() -> None:
    section = PAGE.partition("## An event")[2].partition("Nothing\nelse")[0]
    assert set(re.findall(r"`(\w+)`", section)) == set(RECORD_KEYS)


def test_the_example_of_the_page_loads_and_means_what_the_page_documents(
    tmp_path: Path,
) -> None:
    [example] = re.findall(r"^```journal\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    path = tmp_path / "acd.sock.journal"
    path.write_text(example, "utf-8")
    store = load(path, BOOT_ID)
    build = store.get("build")
    assert (build.status, build.since) == ("attention", 1_790_000_090_500_000_000)
    assert [transition.duration for transition in build.history or ()] == [90_500_000_000]
    assert store.get("1ccec58f").status == "closed"
    assert path.read_text("utf-8") == example
