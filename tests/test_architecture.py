"""Which part of acd may know which: the design's map, held against the source.

Responsible for the direction of imports, for the purity of the core, and for
the hook standing alone. It reads the source and runs none of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "acd"
HOOKS = sorted((ROOT / "hooks").glob("*.py"))

ARROWS: dict[str, set[str]] = {
    # entry points
    "__main__": {"candidates", "cli", "daemon", "glance", "statusline"},
    "cli": {
        "attend",
        "config",
        "daemon",
        "dashboard",
        "diagnosis",
        "environment",
        "follow",
        "glance",
        "install",
        "jump",
        "notifications",
        "recording",
        "statusline",
        "timeline",
    },
    "dashboard": {"agents", "client", "config", "jump", "presence"},
    "jump": {"terminals"},
    "terminals": {"environment", "terminal_hints"},
    "terminal_hints": {"terminal_sockets"},
    "terminal_sockets": {"peers", "text", "watch"},
    "timeline": {"dashboard"},
    "statusline": {"install"},
    "install": {"agents", "client", "config", "diagnosis", "environment", "text"},
    # composition root
    "daemon": {
        "activation",
        "clock",
        "journal",
        "log",
        "notify",
        "server",
        "succession",
        "watch",
    },
    # IO shells
    "candidates": {"glance", "text"},
    "attend": {"client", "last_state", "picture", "watch"},
    "follow": {"client", "picture"},
    "notifications": {"attend", "environment", "jump", "presence", "waits"},
    "glance": {"bars", "last_state", "private"},
    "last_state": {"clock", "config", "private"},
    "client": {"activation", "clock", "protocol"},
    "server": {"commands", "connection", "recording"},
    "connection": {"config", "peers", "protocol"},
    "journal": {"core"},
    "watch": {"agents", "clock"},
    "activation": {"launchd", "private"},
    "presence": {"private"},
    "private": {"errors", "paths", "peers"},
    "clock": {"core"},
    "config": {"core"},
    "launchd": {"errors"},
    "succession": {"private"},
    "log": {"text"},
    "notify": {"environment"},
    # pure
    "commands": {"agents", "protocol"},
    "diagnosis": set(),
    "recording": {"core"},
    "agents": {"core"},
    "picture": {"protocol"},
    "text": {"core"},
    "bars": {"text"},
    "waits": {"core"},
    "protocol": {"core"},
    "environment": set(),
    "paths": set(),
    "peers": set(),
    "core": {"errors"},
    "errors": set(),
}
"""Part to the parts below it. It may import these and all that they lead to, and nothing else."""

PURE = (
    "agents",
    "bars",
    "core",
    "diagnosis",
    "picture",
    "protocol",
    "commands",
    "errors",
    "recording",
    "waits",
)
"""No IO, no clock, no environment: they work on values."""

VALUES_ONLY = {
    "__future__",
    "binascii",
    "collections",
    "collections.abc",
    "dataclasses",
    "enum",
    "functools",
    "itertools",
    "json",
    "math",
    "pathlib",  # as the type of an error's fact
    "re",
    "types",
    "typing",
}
"""The standard library as far as a pure part may use it."""

TOUCHES_THE_WORLD = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}


def part_of(module: str) -> str:
    """`acd.core.store` to `core`; the package itself to the empty string."""
    return module.removeprefix("acd").removeprefix(".").partition(".")[0]


def source_files(part: str) -> list[Path]:
    directory = PACKAGE / part
    return sorted(directory.rglob("*.py")) if directory.is_dir() else [PACKAGE / f"{part}.py"]


def imported_modules(path: Path) -> Iterator[str]:
    """Every module that the file names in an import, wherever in it, as absolute names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            if node.module == "acd":
                yield from (f"acd.{alias.name}" for alias in node.names)
            else:
                yield node.module


def imported_parts(path: Path) -> set[str]:
    """The parts of acd that the file imports; names of acd/__init__.py are no part."""
    modules = [module for module in imported_modules(path) if module.partition(".")[0] == "acd"]
    return {part for part in map(part_of, modules) if part and not part.startswith("__version__")}


def below(part: str) -> set[str]:
    """All parts that the arrows lead to."""
    reached: set[str] = set()
    waiting = set(ARROWS[part])
    while waiting:
        reached |= waiting
        waiting = set().union(*(ARROWS[each] for each in waiting)) - reached
    return reached


def all_parts() -> list[str]:
    names = {
        path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")
    }
    return sorted(names - {"__init__"})


def test_every_part_of_the_package_is_on_the_map() -> None:
    assert set(all_parts()) <= ARROWS.keys(), "say in ARROWS what it may import"


def test_the_arrows_point_one_way() -> None:
    assert [part for part in ARROWS if part in below(part)] == []


@pytest.mark.parametrize("part", all_parts())
def test_a_part_imports_only_what_is_below_it(part: str) -> None:
    allowed = below(part) | {part}
    for path in source_files(part):
        assert imported_parts(path) <= allowed, f"{path.relative_to(ROOT)} points upwards"


@pytest.mark.parametrize("part", PURE)
def test_a_pure_part_imports_no_io_no_clock_and_no_environment(part: str) -> None:
    for path in source_files(part):
        foreign = {name for name in imported_modules(path) if name.partition(".")[0] != "acd"}
        assert foreign <= VALUES_ONLY, f"{path.relative_to(ROOT)} reaches out"


@pytest.mark.parametrize("part", PURE)
def test_a_pure_part_calls_no_builtin_that_touches_the_world(part: str) -> None:
    for path in source_files(part):
        names = {
            node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)
        }
        assert names.isdisjoint(TOUCHES_THE_WORLD), f"{path.relative_to(ROOT)} reaches out"


AGENTS_OWN = {
    f"acd/{part}/{path.name}"
    for part in ("agents", "install", "watch")
    for path in (PACKAGE / part).glob("*.py")
    if path.stem.startswith(("claude", "codex"))
}
"""An agent's module, and what that names: its part of the installer and its evidence."""

NAMES_ONE = AGENTS_OWN | {
    "acd/agents/__init__.py",  # the list
    "acd/watch/registry.py",  # Claude Code's evidence
    "acd/core/session.py",  # the protocol's default agent_type
    "acd/cli/statusline.py",  # a status line is in one agent's windows only
}


def test_only_an_agents_own_modules_and_their_list_name_an_agent() -> None:
    naming = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        words = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            if id(node) not in prose
        ]
        words += [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        words += imported_modules(path)
        if any(name in word.lower() for word in words for name in ("claude", "codex")):
            naming.add(str(path.relative_to(ROOT)))
    assert naming <= NAMES_ONE


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.name)
def test_the_hook_imports_nothing_of_acd(path: Path) -> None:
    own = {hook.stem for hook in HOOKS}
    roots = {module.partition(".")[0] for module in imported_modules(path)} - own
    assert not any(root.startswith("acd") for root in roots)
