"""acd's status line for Claude Code: this session, and which of your others need you.

    <absolute python> -I -S <absolute path>/acd_statusline.py  < status.json

    Opus 5.5 · 12% context · $0.42 │ ▲ api: Bash: rm -rf build 3m · web done 1m

It reads the JSON that Claude Code gives to a status line command, tells a daemon
that runs what the session has used (API_USAGE), asks it for the others as a
passive subscriber, and prints one line. It starts no daemon and wakes none.

Claude Code waits for this process, in the background, each time something
happens. So the rules are the hook's: it is gone within a second, its exit
status is 0 and it says nothing of what is broken; without a daemon the line is
this session's part alone. It stands beside acd_hook_event.py, which tells it where the
socket is, and imports nothing of acd.
"""

import _signal  # type: ignore[import-not-found]  # signal without the enums; typeshed has none
import posix
import sys
import time

TYPE_CHECKING = False  # type checkers know the name; typing itself would cost several ms
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

INPUT_LIMIT = 16 << 20  # bytes of stdin; what is usual has two thousand
PATIENCE = 0.25  # seconds for each word of the daemon, which takes a thousandth of that
MOST = 3  # sessions that are named; more are counted
NAME, TEXT = 20, 30  # characters of what they are called and of what they ask

SEPARATOR = " · "
COLOURS = {"question": "\x1b[1;31m", "attention": "\x1b[33m"}
SYMBOLS = {"question": "▲", "attention": "●"}

own = ""
"""This session's part, from the moment that it is known: what is shown when time is over."""


def main() -> None:
    """One line, from stdin to stdout. What it raises means: there is nothing to show."""
    global own  # noqa: PLW0603 - the watchdog shows it, wherever it strikes
    _signal.signal(_signal.SIGALRM, lambda *_: end(own))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))
    sys.dont_write_bytecode = True  # under umask 0 anybody could write into __pycache__
    sys.path.append(__file__.rpartition("/")[0])
    from acd_hook_event import LIFETIME

    _signal.setitimer(_signal.ITIMER_REAL, LIFETIME)
    posix.set_blocking(0, True)
    status = read_status()
    own = SEPARATOR.join(own_parts(status))
    try:
        others = SEPARATOR.join(other_parts(ask(status), status.get("session_id")))
    except Exception:  # whatever it was, the others are not shown, and that is all it may cost
        others = ""
    end(" │ ".join(filter(None, (own, others))))


def read_status() -> "dict[str, Any]":
    """The JSON object on stdin. Raises ValueError."""
    chunks: list[bytes] = []
    size = 0
    while chunk := posix.read(0, 1 << 20):
        chunks.append(chunk)
        size += len(chunk)
        if size > INPUT_LIMIT:
            raise ValueError
    status = parse(b"".join(chunks).decode())
    if not isinstance(status, dict):
        raise ValueError
    return status


class Strict:
    """How json.loads reads, for the scanner that it reads with."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_int, parse_float, parse_constant = int, float, float
    memo: "dict[str, str]" = {}  # noqa: RUF012 - the scanner's own, for its one life


def parse(text: str) -> object:
    """What json.loads makes of it. Raises ValueError.

    Importing json takes as long as a bare interpreter to start, nearly all of
    it for regular expressions that only its Python half needs; this is the other.
    """
    text = text.strip(" \t\r\n")
    try:
        import _json

        scan = _json.make_scanner(Strict)  # type: ignore[arg-type]  # typeshed: another scanner
        scanned: tuple[object, int] = scan(text, 0)
    except (ImportError, AttributeError, TypeError):  # a Python that has it otherwise
        import json

        return json.loads(text)
    except StopIteration:
        raise ValueError from None
    value, end = scanned
    if end != len(text):
        raise ValueError
    return value


def own_parts(status: "dict[str, Any]") -> "Iterator[str]":
    """What Claude Code tells of this session: model, context, cost; each only if it does."""
    if name := clean(of(status, "model").get("display_name"), 40):
        yield name
    if (used := number(of(status, "context_window").get("used_percentage"))) is not None:
        yield f"{used:.0f}% context"
    if (cost := number(of(status, "cost").get("total_cost_usd"))) is not None:
        yield f"${cost:.2f}"


def usage(status: "dict[str, Any]") -> str:
    """What API_USAGE takes, as JSON without spaces, as far as Claude Code tells it."""
    from acd_hook_event import json_string

    context, cost = of(status, "context_window"), of(status, "cost")
    facts = [
        ("input_tokens", number(context.get("total_input_tokens"))),
        ("output_tokens", number(context.get("total_output_tokens"))),
        ("context_used_percentage", number(context.get("used_percentage"))),
        ("context_window_size", number(context.get("context_window_size"))),
        ("cost_usd", number(cost.get("total_cost_usd"))),
    ]
    fields = [f'"{name}":{fact!r}' for name, fact in facts if fact is not None]
    if model := clean(of(status, "model").get("display_name"), 100):
        fields.append(f'"model":{json_string(model.encode()).decode()}')
    return f"{{{','.join(fields)}}}"


def ask(status: "dict[str, Any]") -> "list[dict[str, Any]]":
    """All sessions, once the daemon has heard of this one's usage; none without a daemon.

    Raises whatever goes wrong.
    """
    import _socket

    from acd_hook_event import SOCKET_PATH_LIMIT, check_peer, enter, socket_path

    path = socket_path(posix.environ)
    if not path.startswith(b"/") or len(path) > SOCKET_PATH_LIMIT:
        return []
    name = enter(path)
    if not is_running(name):
        return []
    session = status.get("session_id")
    request = b"SUBSCRIBE passive\n"
    if isinstance(session, str) and is_session_id(session):
        request = f"API_USAGE {session} {usage(status)}\n".encode() + request
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(PATIENCE)
    connection.connect(name)
    check_peer(connection)
    connection.sendall(request)
    answer = b""
    while answer.count(b"\n") < request.count(b"\n"):
        if not (more := connection.recv(1 << 18)):
            raise EOFError
        answer += more
    word, _, sessions = answer.splitlines()[-1].partition(b" ")
    parsed = parse(sessions.decode()) if word == b"STATE" else None
    if not isinstance(parsed, list):
        raise ValueError
    return [each for each in parsed if isinstance(each, dict)]


def is_session_id(text: str) -> bool:
    """Whether it can be a session's id: printable characters without whitespace."""
    return 0 < len(text) <= 128 and text.isprintable() and " " not in text


def is_running(name: bytes) -> bool:
    """Whether a daemon serves that socket here: it holds a lock. A connection would start one."""
    import fcntl

    flags = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW
    try:
        fcntl.flock(posix.open(name + b".daemon", flags), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def other_parts(sessions: "list[dict[str, Any]]", this: object) -> "Iterator[str]":
    """Who else needs the user: those that ask first, and the longest waiting among them."""
    waiting = [each for each in sessions if each["status"] in SYMBOLS and each["id"] != this]
    waiting.sort(key=lambda each: (each["status"] != "question", each["since"], each["id"]))
    for place, each in enumerate(waiting[:MOST]):
        kind = each["status"]
        # One symbol leads; after it, only a question has another.
        symbol = f"{SYMBOLS[kind]} " if place == 0 or kind == "question" else ""
        yield painted(kind, symbol + what(each))
    if len(waiting) > MOST:
        yield f"{len(waiting) - MOST} more"


def what(session: "dict[str, Any]") -> str:
    """`api: Bash: rm -rf build 3m`, `web done 1m`; the first minute has no age."""
    name = clean(session["display_name"], NAME)
    if session["status"] == "question":
        asked = clean(session["prompt"], TEXT)
        words = f"{name}: {asked}" if asked else f"{name} asks"
    else:
        words = f"{name} done"
    minutes = int(max(0, time.time() - session["since"])) // 60
    hours, minute = divmod(minutes, 60)
    if not minutes:
        return words
    return f"{words} {hours}h {minute}m" if hours else f"{words} {minute}m"


def painted(kind: str, text: str) -> str:
    """In its status's colour, unless NO_COLOR (no-color.org) is set."""
    return text if posix.environ.get(b"NO_COLOR") else f"{COLOURS[kind]}{text}\x1b[0m"


def of(status: "dict[str, Any]", key: str) -> "dict[str, Any]":
    """The object of that name; an empty one for anything else."""
    value = status.get(key)
    return value if isinstance(value, dict) else {}


def number(value: object) -> "float | None":
    """A number from 0 to what any of these can be, and nothing else: no NaN, no true."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 2**53 else None


def clean(value: object, limit: int) -> str:
    """Text on one line, without what could act on a terminal; else nothing."""
    if not isinstance(value, str):
        return ""
    text = "".join(c if c.isprintable() else " " for c in value[: 4 * limit])
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def end(line: str) -> None:
    """Prints the line, if there is one, and leaves."""
    try:
        data = f"{line}\n".encode() if line else b""
        while data:
            data = data[posix.write(1, data) :]
    finally:
        posix._exit(0)


if __name__ == "__main__":
    try:
        main()
    finally:  # whatever went wrong, the agent hears nothing; and skipping the teardown is faster
        posix._exit(0)
