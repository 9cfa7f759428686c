"""The configuration: its schema, and the reading of config.toml.

Responsible for every option's name, default, bounds and meaning (docs and
`acd config` are made from them), and for errors that name file, line and key.
It refuses to know who uses which option.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NoReturn

from acd.errors import ConfigError
from acd.sessions.store import SessionRules

MOST: Final = 1_000_000_000
"""Past it a number is a slip, and times and sizes made of it overflow somewhere."""


def _option(default: Any, doc: str, *, least: float | None = None, choices: str = "") -> Any:
    return field(
        default=default, metadata={"doc": doc, "least": least, "choices": tuple(choices.split())}
    )


@dataclass(frozen=True)
class DaemonConfig:
    """The background service itself."""

    idle_timeout_minutes: float = _option(
        10.0,
        "Minutes without a connection and without a command after which the daemon stops."
        " Its state waits, and the next line starts it again. Fractions are allowed.",
        least=0.001,
    )
    log_level: str = _option(
        "info", "What is logged, at least.", choices="debug info warning error"
    )


@dataclass(frozen=True)
class SessionsConfig:
    """What is kept of sessions."""

    closed_session_retention_minutes: float = _option(
        30.0,
        "Minutes for which a closed session is shown, and can be resurrected."
        " Fractions are allowed.",
        least=0.0,
    )
    history_depth: int = _option(50, "Newest transitions kept for each session.", least=0)
    question_as_attention: bool = _option(
        False, "Show questions as attention, for those who want three statuses."
    )
    keep_text: bool = _option(
        True,
        "Keep the first 200 characters of what an agent asks or last said."
        " With false, nothing of it is kept; what a SET says is.",
    )


@dataclass(frozen=True)
class LimitsConfig:
    """Bounds on what peers can make the daemon hold."""

    max_sessions: int = _option(
        10_000,
        "Sessions, closed ones included. Past it the longest closed one goes;"
        " with none closed, a new session is refused.",
        least=1,
    )
    max_connections: int = _option(4096, "Connections at the same time.", least=1)
    max_line: int = _option(65_536, "Bytes of one request.", least=1024)
    max_metadata: int = _option(16_384, "Bytes of one session's metadata.", least=256)
    output_buffer: int = _option(
        65_536,
        "Bytes that wait for a client who reads too slowly, before the daemon waits for it.",
        least=4096,
    )


@dataclass(frozen=True)
class DashboardConfig:
    """`acd dashboard`."""

    theme: str = _option(
        "terminal",
        "The colours: the terminal's own sixteen, which suit every background,"
        " or a dark or a light theme in true colour.",
        choices="terminal dark light",
    )
    resurrect_in: str = _option(
        "auto",
        "Where a closed session is taken up again: in a new window of tmux, in a new terminal,"
        " or (auto) in the multiplexer or terminal that the dashboard runs in,"
        " and a new terminal where that cannot be told to.",
        choices="auto tmux terminal",
    )
    terminal: str = _option(
        "",
        "What opens a new terminal and runs the command that follows, such as `kitty`,"
        " `alacritty -e` or `gnome-terminal --`. Empty: x-terminal-emulator, where there is one.",
    )


@dataclass(frozen=True)
class NotifyConfig:
    """`acd notify`: off until there is a desktop or a command to tell."""

    desktop: bool = _option(False, "Show a notification on the desktop.")
    command: tuple[str, ...] = _option(
        (),
        "A program and its arguments, run for each; there is no shell."
        " It finds facts in its environment, and the session as JSON on its standard input.",
    )
    command_when_over: bool = _option(
        False,
        "Run the command again when what it was run for is over, with ACD_EVENT=over.",
    )
    on: tuple[str, ...] = _option(
        ("question", "attention"),
        "The statuses to tell of.",
        choices="question attention",
    )
    grace_seconds: float = _option(
        5.0,
        "Seconds for which it must have waited: who answers sooner is not told.",
        least=0.0,
    )
    after_seconds: float = _option(
        10.0,
        "Seconds for which a turn must have worked, for its end to be told."
        " A question is always told.",
        least=0.0,
    )
    quiet_in: tuple[str, ...] = _option(
        (),
        "Directories of whose sessions nothing is told, nor of those below; `~` is your home.",
    )
    seen_seconds: float = _option(
        60.0,
        "Seconds for which nothing is told of it while you look at its terminal, or at a"
        " dashboard: from its beginning, and from your last key there. 0: it is told all the same.",
        least=0.0,
    )
    sound: bool = _option(False, "Ask the desktop for a sound, too.")

    @property
    def is_on(self) -> bool:
        """Whether anybody is to be told."""
        return self.desktop or bool(self.command)


@dataclass(frozen=True)
class Config:
    """The whole configuration, with every option at its default unless given."""

    daemon: DaemonConfig = field(default_factory=DaemonConfig)
    sessions: SessionsConfig = field(default_factory=SessionsConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    dashboard: DashboardConfig = field(default_factory=DashboardConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)

    def rules(self) -> SessionRules:
        """What of it the store obeys."""
        return SessionRules(
            history_depth=self.sessions.history_depth,
            retention_seconds=self.sessions.closed_session_retention_minutes * 60,
            question_as_attention=self.sessions.question_as_attention,
            keep_text=self.sessions.keep_text,
            max_sessions=self.limits.max_sessions,
            max_metadata=self.limits.max_metadata,
        )


SECTIONS: Final[dict[str, type[Any]]] = {
    "daemon": DaemonConfig,
    "sessions": SessionsConfig,
    "limits": LimitsConfig,
    "dashboard": DashboardConfig,
    "notify": NotifyConfig,
}

_STRINGS: Final = "tuple[str, ...]"
_KINDS: Final = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "a string",
    _STRINGS: "a list of strings",
}


def load(path: Path) -> Config:
    """Reads the file; one that does not exist is all defaults.

    Raises ConfigError, which names the file, the line and the key.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    import tomllib  # 3 ms, and most people have no file

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return _Reader(path, text).read(document)


class _Reader:
    """Checks a parsed document against the schema, and finds lines for its errors."""

    def __init__(self, path: Path, text: str):
        self._path = path
        self._lines = text.splitlines()

    def read(self, document: dict[str, Any]) -> Config:
        sections = {}
        for name, table in document.items():
            if name not in SECTIONS:
                self._fail(name, None, f"no such section; there are {', '.join(SECTIONS)}")
            if not isinstance(table, dict):
                self._fail(name, None, f"must be a section: [{name}]")
            schema = SECTIONS[name]
            sections[name] = schema(**self._read_section(name, schema, table))
        return Config(**sections)

    def _read_section(self, section: str, schema: type[Any], table: Any) -> dict[str, Any]:
        known = {option.name: option for option in fields(schema)}
        for key, value in table.items():
            if key not in known:
                self._fail(section, key, f"no such option; there are {', '.join(known)}")
            if problem := _problem(known[key], value):
                self._fail(section, key, f"must be {problem}, not {value!r}")
        return {key: _value(str(known[key].type), value) for key, value in table.items()}

    def _fail(self, section: str, key: str | None, problem: str) -> NoReturn:
        name = f"{section}.{key}" if key else section
        raise ConfigError(f"{self._path}:{self._line(section, key)}: {name}: {problem}")

    def _line(self, section: str, key: str | None) -> int:
        """The line of a key: the parser tells lines only for syntax errors."""
        current = ""
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[+\s*[\"']?([^\]\"']*?)[\"']?\s*\]", line):
                current = header[1]
                if key is None and current == section:
                    return number
            elif name := re.match(r"\s*[\"']?([\w.-]+)[\"']?\s*=", line):
                dotted = f"{current}.{name[1]}" if current else name[1]
                if dotted in {f"{section}.{key}", section}:
                    return number
        return 1


def _value(kind: str, value: Any) -> Any:
    """A value that fits, as the schema's type holds it."""
    if kind == "float":
        return float(value)
    return tuple(value) if kind == _STRINGS else value


def _problem(option: Field[Any], value: Any) -> str | None:
    """What the value must be, when it is not."""
    kind = str(option.type)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "float": numeric,
        "int": numeric and isinstance(value, int),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        _STRINGS: isinstance(value, list) and all(isinstance(each, str) for each in value),
    }[kind]
    if not fits:
        return _KINDS[kind]
    least, choices = option.metadata["least"], option.metadata["choices"]
    # A NaN compares false with everything.
    if least is not None and not least <= value <= MOST:
        bound = f"{MOST:,} or less" if value > MOST else f"{least:g} or more"
        return f"{_KINDS[kind]}, {bound}"
    if choices and kind == _STRINGS and not set(value) <= set(choices):
        return f"a list of some of {', '.join(choices)}"
    if choices and kind != _STRINGS and value not in choices:
        return f"one of {', '.join(choices)}"
    return None


def options() -> Iterator[tuple[str, str, Any, str]]:
    """(section, key, default, meaning) of every option, in the order of the schema."""
    for section, schema in SECTIONS.items():
        for option in fields(schema):
            assert option.default is not MISSING  # noqa: S101 - the schema's own form
            doc = option.metadata["doc"]
            if choices := option.metadata["choices"]:
                some = "Some" if option.type == _STRINGS else "One"
                doc += f" {some} of {', '.join(choices)}."
            yield section, option.name, option.default, doc


def toml(value: Any) -> str:
    """The value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        import json

        # A basic string's escapes are JSON's, and DEL is one, too (TOML 1.0.0, String).
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return f"{value:g}" if isinstance(value, float) else str(value)


def render(config: Config | None = None) -> str:
    """The configuration as a file; without one, every option commented out at its default."""
    from textwrap import wrap

    lines: list[str] = []
    current = None
    for section, key, default, doc in options():
        if section != current:
            intro = (SECTIONS[section].__doc__ or "").strip()
            lines += (
                ["", f"[{section}]", f"# {intro}"] if current else [f"[{section}]", f"# {intro}"]
            )
            current = section
        lines += ["", *(f"# {line}" for line in wrap(doc, 76))]
        value = getattr(getattr(config, section), key) if config else default
        lines.append(f"{'' if config else '# '}{key} = {toml(value)}")
    return "\n".join(lines) + "\n"
