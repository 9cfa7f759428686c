"""The rules for imports, names and sizes of files, checked in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from acd.agents.catalog import AGENTS
from acd.protocol import USAGE
from testing.checkout import CHECKOUT

PACKAGE = CHECKOUT / "acd"
HOOKS = sorted((CHECKOUT / "hooks").glob("*.py"))

PAGE = (CHECKOUT / "docs/architecture.md").read_text("utf-8")

LAYERS = [
    frozenset(Path(name).stem for name in row.split("|")[1].split("`")[1::2])
    for row in PAGE.partition("| package or files |")[2].partition("\n\n")[0].splitlines()[2:]
]
"""The parts of acd from the top down: each imports itself and what is below it."""

PURE = ("sessions", "protocol", "errors", "findings", "ui/bars/content", "notify/policy")
"""Parts without IO, clock and environment."""

VALUES_ONLY = {
    "__future__",
    "collections",
    "collections.abc",
    "dataclasses",
    "functools",
    "itertools",
    "json",
    "math",
    "pathlib",  # as the type of an error's fact
    "re",
    "typing",
}
"""The standard library as far as a pure part may use it."""

TOUCHES_THE_WORLD = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}


def part_of(module: str) -> str:
    """`acd.sessions.store` to `sessions`; the package itself to the empty string."""
    return module.removeprefix("acd").removeprefix(".").partition(".")[0]


def source_files(part: str) -> list[Path]:
    directory = PACKAGE / part
    return sorted(directory.rglob("*.py")) if directory.is_dir() else [PACKAGE / f"{part}.py"]


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that the file names in an import, wherever in it, as absolute names."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module


def module_of(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def imported_parts(path: Path) -> set[str]:
    """The parts of acd that the file imports, without names of acd/__init__.py."""
    modules = [module for module in imported_modules(path) if module.partition(".")[0] == "acd"]
    return {part for part in map(part_of, modules) if part}


def below(part: str) -> set[str]:
    """All parts that a part may import."""
    [depth] = (number for number, layer in enumerate(LAYERS) if part in layer)
    return set().union(*LAYERS[depth + 1 :], {part})


def all_parts() -> list[str]:
    names = {
        path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")
    }
    return sorted(names - {"__init__"})


def test_every_file_has_less_than_400_lines() -> None:
    sizes = {
        str(path.relative_to(CHECKOUT)): len(path.read_text("utf-8").splitlines())
        for top in ("acd", "checks", "hooks", "testing", "tests", "tools")
        for path in (CHECKOUT / top).rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines >= 400} == {}


def test_every_part_of_the_package_is_on_the_map() -> None:
    assert set(all_parts()) == set().union(*LAYERS)


def test_every_file_that_the_page_on_architecture_names_exists() -> None:
    spans = PAGE.split("`")[1::2]
    names = {name for name in spans if "/" in name and not set(name) & set(" \n<{…")}
    assert {name for name in names if not (CHECKOUT / name).exists()} == set()


@pytest.mark.parametrize("part", all_parts())
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    upwards = {
        f"{path.relative_to(CHECKOUT)} imports {other}"
        for path in source_files(part)
        for other in imported_parts(path) - below(part)
    }
    assert upwards == set()


def test_imports_have_no_cycles() -> None:
    arrows = {
        module: {other for other in imported_modules(path) if other in MODULES} - {module}
        for module, path in MODULES.items()
    }
    # Removes modules that import no other, until each that is left leads to a cycle.
    while free := [module for module, targets in arrows.items() if not targets & arrows.keys()]:
        for module in free:
            del arrows[module]
    assert sorted(arrows) == []


def test_no_file_imports_a_test() -> None:
    # What tests share is in testing/, which also the programs in checks/ may import.
    importing = [
        str(path.relative_to(CHECKOUT))
        for top in ("acd", "checks", "testing", "tests", "tools")
        for path in (CHECKOUT / top).rglob("*.py")
        if re.search(r"^\s*(from|import) tests\b", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert importing == []


def pure_files() -> list[Path]:
    return sorted(path for part in PURE for path in source_files(part))


@pytest.mark.parametrize("path", pure_files(), ids=module_of)
def test_a_pure_part_imports_no_io_no_clock_and_no_environment(path: Path) -> None:
    foreign = {name for name in imported_modules(path) if name.partition(".")[0] != "acd"}
    assert foreign <= VALUES_ONLY


@pytest.mark.parametrize("path", pure_files(), ids=module_of)
def test_a_pure_part_calls_no_builtin_that_touches_the_world(path: Path) -> None:
    names = {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}
    assert names.isdisjoint(TOUCHES_THE_WORLD)


def strings(path: Path) -> Iterator[str]:
    """The file's strings and bytes, without docstrings."""
    tree = parsed(path)
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in prose:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def words(path: Path) -> Iterator[str]:
    """The file's strings (without docstrings), names and imported modules."""
    yield from strings(path)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Name):
            yield node.id
    yield from imported_modules(path)


def agents_own() -> set[str]:
    """The files of the agents' folders."""
    folders = {path.parent for path in (PACKAGE / "agents").glob("*/events.py")}
    return {str(path.relative_to(CHECKOUT)) for folder in folders for path in folder.rglob("*.py")}


def test_an_agents_folder_has_its_name() -> None:
    # install.sh checks the names of agents by the folders.
    folders = {path.parent.name for path in (PACKAGE / "agents").glob("*/events.py")}
    assert folders == {name.replace("-", "_") for name in AGENTS}


VERBS = {usage.partition(" ")[0] for usage in USAGE.values()}
VERBS |= {"OK", "ERR", "STATE", "UPDATE", "REMOVED"}


def test_only_the_protocol_and_the_journal_s_records_format_their_lines() -> None:
    owners = {PACKAGE / "protocol.py", PACKAGE / "sessions/records.py"}
    by_hand = {
        (str(path.relative_to(CHECKOUT)), text)
        for path in set(PACKAGE.rglob("*.py")) - owners
        for text in strings(path)
        if " " in text and text.partition(" ")[0] in VERBS
    }
    assert by_hand == set()


NAMES_ONE = {
    "acd/agents/catalog.py",  # the protocol's default agent_type
    "acd/cli/statusline.py",  # a status line is in one agent's windows only
}


def test_only_an_agents_own_folder_and_the_catalog_name_an_agent() -> None:
    naming = {
        str(path.relative_to(CHECKOUT))
        for path in PACKAGE.rglob("*.py")
        if any(name in word.lower() for word in words(path) for name in ("claude", "codex"))
    }
    assert naming - agents_own() <= NAMES_ONE


SIGNALS_OF_AGENTS = {
    # (part, an agent's event or word there)
    ("install", "failed"),  # the state of a systemd unit
    ("daemon", "idle"),  # why the daemon stops
    ("cli", "shell"),  # an argument of `acd completion`
    ("ui", "shell"),  # a format of bars
}


def test_only_an_agents_own_folder_names_its_events_and_its_observers_words() -> None:
    events = {label for agent in AGENTS.values() for label in agent.events}
    vocabulary = events | {label.partition("/")[0] for label in events}
    vocabulary |= {word for agent in AGENTS.values() for word in agent.observations}
    # A name of two words or more is not an English word: longer strings are searched for it.
    names = "|".join(name for name in vocabulary if re.fullmatch(r"([A-Z][a-z]+){2,}", name))
    inside = re.compile(rf"\b({names})\b")
    named = {
        (part_of(module_of(path)), hit)
        for path in PACKAGE.rglob("*.py")
        if str(path.relative_to(CHECKOUT)) not in agents_own()
        for text in strings(path)
        for hit in {text} & vocabulary | set(inside.findall(text))
    }
    assert named <= SIGNALS_OF_AGENTS


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.name)
def test_the_hook_imports_nothing_of_acd(path: Path) -> None:
    own = {hook.stem for hook in HOOKS}
    roots = {module.partition(".")[0] for module in imported_modules(path)} - own
    assert not any(root.startswith("acd") for root in roots)
