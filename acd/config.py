"""Defines the options of config.toml, and reads the file.

The documentation and `acd config` (cli/config_text.py) are generated from the
definitions. Errors name the file, the line and the key.
"""

from __future__ import annotations

import re
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NoReturn

from acd.errors import ConfigError
from acd.sessions.rules import SessionRules

MAXIMUM: Final = 1_000_000_000
"""The bound of all numbers: times and sizes computed from larger ones would overflow."""


def _option(default: Any, doc: str, *, minimum: float | None = None, choices: str = "") -> Any:
    return field(
        default=default,
        metadata={"doc": doc, "minimum": minimum, "choices": tuple(choices.split())},
    )


@dataclass(frozen=True)
class DaemonConfig:
    """The background service."""

    idle_timeout_minutes: float = _option(
        10.0,
        "Minutes without a connection and without a request after which the daemon stops."
        " Its state is kept, and the next request starts it again. Fractions are allowed.",
        minimum=0.001,
    )
    log_level: str = _option(
        "info", "The lowest level that is logged.", choices="debug info warning error"
    )


@dataclass(frozen=True)
class SessionsConfig:
    """What is stored about sessions."""

    closed_session_retention_minutes: float = _option(
        30.0,
        "Minutes for which a closed session is listed and can be resurrected."
        " Fractions are allowed.",
        minimum=0.0,
    )
    history_depth: int = _option(
        50, "Transitions kept for each session, the newest ones.", minimum=0
    )
    question_as_attention: bool = _option(
        False, "Show the status question as attention, which leaves three statuses."
    )
    keep_text: bool = _option(
        True,
        "Store the first 200 characters of an agent's question or last message."
        " With false, only a text that a SET request contains is stored.",
    )


@dataclass(frozen=True)
class LimitsConfig:
    """Limits on the resources that clients can use."""

    max_sessions: int = _option(
        10_000,
        "Sessions, including closed ones. At the limit, a new session replaces the one that"
        " closed first; if none is closed, it is refused.",
        minimum=1,
    )
    max_connections: int = _option(4096, "Simultaneous connections.", minimum=1)
    max_line: int = _option(65_536, "Bytes in one request.", minimum=1024)
    max_metadata: int = _option(16_384, "Bytes in the metadata of one session.", minimum=256)
    output_buffer: int = _option(
        65_536,
        "Bytes buffered for a client that reads too slowly; beyond it the daemon reads no"
        " further requests of the client.",
        minimum=4096,
    )


@dataclass(frozen=True)
class DashboardConfig:
    """`acd dashboard`."""

    theme: str = _option(
        "terminal",
        "The colours: the sixteen of the terminal, which suit every background,"
        " or a dark or a light theme in true colour.",
        choices="terminal dark light",
    )
    resurrect_in: str = _option(
        "auto",
        "Where a closed session is resumed: in a new tmux window, in a new terminal,"
        " or (auto) in the multiplexer or terminal in which the dashboard runs,"
        " and in a new terminal if that cannot be controlled.",
        choices="auto tmux terminal",
    )
    terminal: str = _option(
        "",
        "The command that opens a new terminal and runs the command appended to it, such as"
        " `kitty`, `alacritty -e` or `gnome-terminal --`. Empty: x-terminal-emulator.",
    )


@dataclass(frozen=True)
class NotifyConfig:
    """`acd notify`: off unless `desktop` or `command` is set."""

    desktop: bool = _option(False, "Show a notification on the desktop.")
    command: tuple[str, ...] = _option(
        (),
        "A program and its arguments, run for each notification without a shell."
        " It gets variables in its environment, and the session as JSON on its standard input.",
    )
    command_when_over: bool = _option(
        False,
        "Run the command again, with ACD_EVENT=over, when the session no longer needs you.",
    )
    on: tuple[str, ...] = _option(
        ("question", "attention"),
        "The statuses that are notified.",
        choices="question attention",
    )
    grace_seconds: float = _option(
        5.0,
        "Seconds for which a session must have waited; with an earlier answer there is no"
        " notification.",
        minimum=0.0,
    )
    after_seconds: float = _option(
        10.0,
        "Seconds that a turn must have taken for its end to be notified."
        " A question is always notified.",
        minimum=0.0,
    )
    quiet_in: tuple[str, ...] = _option(
        (),
        "Directories whose sessions are not notified, including their subdirectories;"
        " `~` is your home.",
    )
    seen_seconds: float = _option(
        60.0,
        "Seconds for which a session is not notified while you look at its terminal or at a"
        " dashboard, from when it began to wait and from your last key there. 0: always notify.",
        minimum=0.0,
    )
    sound: bool = _option(False, "Request a sound from the desktop, too.")

    @property
    def is_on(self) -> bool:
        """Whether any notification is to be sent."""
        return self.desktop or bool(self.command)


@dataclass(frozen=True)
class Config:
    """All options, each at its default unless given."""

    daemon: DaemonConfig = field(default_factory=DaemonConfig)
    sessions: SessionsConfig = field(default_factory=SessionsConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    dashboard: DashboardConfig = field(default_factory=DashboardConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)

    def rules(self) -> SessionRules:
        """The options that the store applies."""
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

STRINGS: Final = "tuple[str, ...]"
"""The type of an option that is a list of strings, as its field has it."""
_KINDS: Final = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "a string",
    STRINGS: "a list of strings",
}


def load(path: Path) -> Config:
    """Reads the file; without a file all options are at their defaults. Raises ConfigError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    import tomllib  # 3 ms, and usually there is no file

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return _Reader(path, text).read(document)


class _Reader:
    """Checks a parsed document against the options, and finds the lines of errors."""

    def __init__(self, path: Path, text: str):
        self._path = path
        self._lines = text.splitlines()

    def read(self, document: dict[str, Any]) -> Config:
        sections = {}
        for name, table in document.items():
            if name not in SECTIONS:
                self._fail(name, None, f"no such section; the sections are {', '.join(SECTIONS)}")
            if not isinstance(table, dict):
                self._fail(name, None, f"must be a section: [{name}]")
            schema = SECTIONS[name]
            sections[name] = schema(**self._read_section(name, schema, table))
        return Config(**sections)

    def _read_section(self, section: str, schema: type[Any], table: Any) -> dict[str, Any]:
        known = {option.name: option for option in fields(schema)}
        for key, value in table.items():
            if key not in known:
                self._fail(section, key, f"no such option; the options are {', '.join(known)}")
            if problem := _problem(known[key], value):
                self._fail(section, key, f"must be {problem}, not {value!r}")
        return {key: _value(str(known[key].type), value) for key, value in table.items()}

    def _fail(self, section: str, key: str | None, problem: str) -> NoReturn:
        name = f"{section}.{key}" if key else section
        raise ConfigError(f"{self._path}:{self._line(section, key)}: {name}: {problem}")

    def _line(self, section: str, key: str | None) -> int:
        """The line number of a key, which tomllib gives for syntax errors only."""
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
    """A valid value, converted to the type of its field."""
    if kind == "float":
        return float(value)
    return tuple(value) if kind == STRINGS else value


def _problem(option: Field[Any], value: Any) -> str | None:
    """What an invalid value must be; None for a valid one."""
    kind = str(option.type)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "float": numeric,
        "int": numeric and isinstance(value, int),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        STRINGS: isinstance(value, list) and all(isinstance(each, str) for each in value),
    }[kind]
    if not fits:
        return _KINDS[kind]
    minimum, choices = option.metadata["minimum"], option.metadata["choices"]
    # The comparison is false for NaN.
    if minimum is not None and not minimum <= value <= MAXIMUM:
        bound = f"{MAXIMUM:,} or less" if value > MAXIMUM else f"{minimum:g} or more"
        return f"{_KINDS[kind]}, {bound}"
    if choices and kind == STRINGS and not set(value) <= set(choices):
        return f"a list of some of {', '.join(choices)}"
    if choices and kind != STRINGS and value not in choices:
        return f"one of {', '.join(choices)}"
    return None
