"""acd's status line for Claude Code: this session, and your other sessions that need you.

    <absolute python> -I -S <absolute path>/acd_statusline.py  < status.json

    Opus 5.5 · 12% context · $0.42 │ ▲ api: Bash: rm -rf build 3m · web done 1m

It reads the JSON of Claude Code's status line command from stdin, sends the session's
usage to the daemon (API_USAGE), gets the other sessions as a passive subscriber, and
prints one line. It starts no daemon.

Claude Code runs it in the background after each event and waits for it. So the hook's
rules hold: it ends within a second with status 0, and reports no failure; without a
daemon it prints this session's part alone. It uses acd_hook_event.py, which is in the
same directory, and imports nothing of acd.
"""

import _signal  # type: ignore[import-not-found]  # signal without its enums; typeshed has no stub
import posix
import sys
import time

TYPE_CHECKING = False  # type checkers know the name; importing typing takes several ms
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

INPUT_LIMIT = 16 << 20  # bytes of stdin; 2,000 are usual
PATIENCE = 0.25  # seconds for each reply of the daemon; a thousandth is usual
MOST = 3  # sessions that are named; the rest is counted
NAME, TEXT = 20, 30  # characters of a session's name and of its question

SEPARATOR = " · "
COLOURS = {"question": "\x1b[1;31m", "attention": "\x1b[33m"}
SYMBOLS = {"question": "▲", "attention": "●"}

own = ""
"""This session's part, once it is known; the watchdog prints it."""


def main() -> None:
    """Prints the line for the status on stdin. Raises an exception if there is none to show."""
    global own  # noqa: PLW0603 - the watchdog prints it
    _signal.signal(_signal.SIGALRM, lambda *_: end(own))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))
    sys.dont_write_bytecode = True  # under umask 0, __pycache__ would be writable by all
    sys.path.append(__file__.rpartition("/")[0])
    from acd_hook_event import LIFETIME

    _signal.setitimer(_signal.ITIMER_REAL, LIFETIME)
    posix.set_blocking(0, True)
    status = read_status()
    own = SEPARATOR.join(own_parts(status))
    try:
        others = SEPARATOR.join(other_parts(ask(status), status.get("session_id")))
    except Exception:  # any failure leaves out the other sessions and nothing else
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
    """The settings of json.loads, as its C scanner takes them."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_int, parse_float, parse_constant = int, float, float
    memo: "dict[str, str]" = {}  # noqa: RUF012 - used by one scanner


def parse(text: str) -> object:
    """The value of a JSON text, as json.loads returns it. Raises ValueError.

    Importing json takes as long as the start of a bare interpreter, mostly for regular
    expressions of its Python part; this uses its C part.
    """
    text = text.strip(" \t\r\n")
    try:
        import _json

        scan = _json.make_scanner(Strict)  # type: ignore[arg-type]  # typeshed wants a JSONDecoder
        scanned: tuple[object, int] = scan(text, 0)
    except (ImportError, AttributeError, TypeError):  # a Python whose C part differs
        import json

        return json.loads(text)
    except StopIteration:
        raise ValueError from None
    value, end = scanned
    if end != len(text):
        raise ValueError
    return value


def own_parts(status: "dict[str, Any]") -> "Iterator[str]":
    """Model, context and cost of this session, each if the status has it."""
    if name := clean(of(status, "model").get("display_name"), 40):
        yield name
    if (used := number(of(status, "context_window").get("used_percentage"))) is not None:
        yield f"{used:.0f}% context"
    if (cost := number(of(status, "cost").get("total_cost_usd"))) is not None:
        yield f"${cost:.2f}"


def usage(status: "dict[str, Any]") -> str:
    """The JSON of API_USAGE, without spaces, with the fields that the status has."""
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
    """Sends this session's usage, and returns all sessions; none without a daemon.

    Raises OSError, EOFError or ValueError.
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
    """Whether the text is a session id: 1 to 128 printable characters without whitespace."""
    return 0 < len(text) <= 128 and text.isprintable() and " " not in text


def is_running(name: bytes) -> bool:
    """Whether a daemon holds the lock of this socket. A connection would start one."""
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
    """The other sessions that need the user: questions first, then by waiting time."""
    waiting = [each for each in sessions if each["status"] in SYMBOLS and each["id"] != this]
    waiting.sort(key=lambda each: (each["status"] != "question", each["since"], each["id"]))
    for place, each in enumerate(waiting[:MOST]):
        kind = each["status"]
        # The first session has a symbol, and every question.
        symbol = f"{SYMBOLS[kind]} " if place == 0 or kind == "question" else ""
        yield painted(kind, symbol + what(each))
    if len(waiting) > MOST:
        yield f"{len(waiting) - MOST} more"


def what(session: "dict[str, Any]") -> str:
    """`api: Bash: rm -rf build 3m` or `web done 1m`; without an age in the first minute."""
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
    """The text in the colour of a status, unless NO_COLOR (no-color.org) is set."""
    return text if posix.environ.get(b"NO_COLOR") else f"{COLOURS[kind]}{text}\x1b[0m"


def of(status: "dict[str, Any]", key: str) -> "dict[str, Any]":
    """The object of that name, or an empty one."""
    value = status.get(key)
    return value if isinstance(value, dict) else {}


def number(value: object) -> "float | None":
    """The value if it is a number from 0 below 2**53, else None: no NaN, no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < 2**53 else None


def clean(value: object, limit: int) -> str:
    """The text on one line of at most `limit` characters, without control characters."""
    if not isinstance(value, str):
        return ""
    text = "".join(c if c.isprintable() else " " for c in value[: 4 * limit])
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def end(line: str) -> None:
    """Prints the line, unless it is empty, and exits."""
    try:
        data = f"{line}\n".encode() if line else b""
        while data:
            data = data[posix.write(1, data) :]
    finally:
        posix._exit(0)


if __name__ == "__main__":
    try:
        main()
    finally:  # no traceback, status 0, and no teardown, which takes time
        posix._exit(0)
