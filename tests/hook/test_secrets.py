"""Only listed variables of the environment are sent, stored or passed on: it holds secrets."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from testing.hook_home import PROMPT, HookHome

NAMES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "CLAUDE_CODE_MESSAGING_TOKEN",
    "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_PROJECT_DIR",
    "DATABASE_URL",
    "GITHUB_TOKEN",
    "KITTY_PUBLIC_KEY",
    "LANGUAGE",
    "LD_PRELOAD_X",
    "OPENAI_API_KEY",
    "PATH_TO_KEY",
    "PYTHONSTARTUP",
    "SSH_AUTH_SOCK",
    "TERM_SESSION_ID",
    "TMUX_TMPDIR",
    "USERNAME",
    "ZELLIJ",
)


@pytest.fixture(name="hidden")
def _hidden(home: HookHome) -> dict[str, str]:
    """Variables with unique values in the environment of the hook."""
    hidden = {name: f"secret-{secrets.token_hex(8)}" for name in NAMES}
    home.environ |= hidden
    return hidden


def holds_any(data: bytes, hidden: dict[str, str]) -> bool:
    """Whether the data contains a name or a value."""
    return any(text.encode() in data for text in hidden.values()) or any(
        f"{name}=".encode() in data or f'"{name}"'.encode() in data for name in hidden
    )


def files_below(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize("agent", ["claude-code", "codex"])
@pytest.mark.parametrize("length", [1, 100_000], ids=["short", "shortened"])
def test_a_line_holds_no_secret(
    home: HookHome, hidden: dict[str, str], agent: str, length: int
) -> None:
    listener = home.listen()
    home.run(PROMPT.replace(b"BIGCTX", b"x" * length), home.command(agent))
    raw = listener.raw()
    assert raw
    assert not holds_any(raw, hidden)


def test_an_event_given_up_stores_no_secret(home: HookHome, hidden: dict[str, str]) -> None:
    home.make_directory()
    home.run()
    assert home.given_up() == 1
    assert not holds_any(files_below(home.root), hidden)


def test_a_daemon_that_was_started_gets_no_secret(home: HookHome, hidden: dict[str, str]) -> None:
    home.install_daemon()
    home.run()
    report = home.ask_daemon()
    process = Path("/proc", str(report["pid"]))
    assert not holds_any((process / "environ").read_bytes(), hidden)
    assert not holds_any((process / "cmdline").read_bytes(), hidden)
    assert not holds_any(files_below(home.root), hidden)
    assert not holds_any("".join(report["lines"]).encode(), hidden)


def test_the_search_finds_a_secret_in_a_file_and_in_bytes(
    home: HookHome, hidden: dict[str, str]
) -> None:
    (home.home / "leak").write_text(f"x{hidden['DATABASE_URL']}x")
    assert holds_any(files_below(home.root), hidden)
    assert holds_any(b"GITHUB_TOKEN=", hidden)
    assert not holds_any(b"nothing", hidden)
