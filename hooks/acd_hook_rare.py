"""The rare work of acd's hook: shorten a long event, start the daemon, wait for its reply.

It is a module of its own, so that the usual path does not load it. acd_hook_event.py
imports it; the same rules hold here.
"""

# ruff: noqa: SIM105 - importing contextlib takes longer than all work of this module

import _signal  # type: ignore[import-not-found]  # signal without its enums; typeshed has no stub
import posix
import time

TYPE_CHECKING = False  # type checkers know the name; importing typing takes several ms
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable

NAME_LIMIT = 4096  # characters: PATH_MAX
BACKLOG = 4096  # Linux's default ceiling (net.core.somaxconn)

DAEMON_VARIABLES = (b"HOME", b"PATH", b"USER", b"LOGNAME", b"LANG", b"TMPDIR", b"ACD_SOCKET")
DAEMON_PREFIXES = (b"LC_", b"XDG_")
"""The only variables that the daemon gets."""

Environ = dict[bytes, bytes]


def shortened(event: bytes, limit: int) -> bytes:
    """The event in at most `limit` bytes of JSON, with the same meaning to the daemon.

    It keeps truth values, the beginnings of texts, the questions of a tool and the
    background tasks. Raises ValueError if the event is no JSON object, OverflowError if
    it is too long even so.
    """
    import gc
    import json

    gc.disable()  # the process ends before a collection frees anything; halves the worst case
    # Numbers are left out below; parsing a long one as int takes quadratic time.
    fields = json.loads(event, parse_int=float)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    tool_input, tasks = fields.get("tool_input"), fields.get("background_tasks")
    for cut in (1000, 100):
        kept = small_fields(fields, cut)
        if isinstance(tool_input, dict):
            kept["tool_input"] = asked = small_fields(tool_input, cut)
            if isinstance(questions := tool_input.get("questions"), list):
                asked["questions"] = [small_fields(question, cut) for question in questions[:4]]
        if isinstance(tasks, list):
            kept["background_tasks"] = [small_fields(task, 40) for task in tasks[:20]]
        if len(text := json.dumps(kept, separators=(",", ":")).encode()) <= limit:
            return text
    raise OverflowError("too long even so")


def small_fields(value: object, cut: int) -> dict[str, object]:
    """The first 50 truth values and texts of a JSON object, texts cut to `cut` characters."""
    kept: dict[str, object] = {}
    for name, field in value.items() if isinstance(value, dict) else ():
        if isinstance(field, str):
            if not name.endswith(("_id", "_name", "_path", "cwd")):
                kept[name] = field[:cut]
            elif len(field) <= NAME_LIMIT:  # a cut name or path would be another one
                kept[name] = field
        elif isinstance(field, bool):
            kept[name] = field
        if len(kept) == 50:
            break
    return kept


def is_answered(connection: "socket") -> bool:
    """Waits for the reply of the starting daemon. False if the connection ends without one."""
    try:
        return connection.recv(1) != b""
    except ConnectionError:
        return False


def activate(
    path: bytes,
    environ: Environ,
    hook: bytes,
    enter: "Callable[[bytes], bytes]",
    send: "Callable[[bool], bool]",
) -> None:
    """Binds the socket, sends the line into its backlog and starts the daemon.

    Of several hooks at once, one does so under a lock; the others find its socket.
    `hook` is the hook's path. `enter` is acd_hook_event.enter. `send` sends the line and
    returns False if nobody listens; its argument says whether it waits for the reply.
    Raises OSError on a failure, and leaves no socket behind.
    """
    program = daemon_program(environ, hook)
    try:
        posix.mkdir(path.rpartition(b"/")[0], 0o700)
    except FileExistsError:
        pass
    if send(True):
        return
    name = enter(path)
    if is_sent_meanwhile(name, send):
        return
    listener = bound(path, name)
    try:
        listener.listen(BACKLOG)
        if not send(False):
            raise ConnectionRefusedError
        child = posix.fork()
    except BaseException:
        posix.unlink(name)
        raise
    if child == 0:
        try:
            become_daemon(program, listener.fileno(), environ)
        finally:  # reached by a failure only
            posix.unlink(path)  # the working directory may be another one by now


def is_sent_meanwhile(name: bytes, send: "Callable[[bool], bool]") -> bool:
    """Waits for the lock, which is then held to the end of the process.

    True if the line was sent meanwhile, because another hook was faster. The watchdog ends
    a process that waits too long. Raises OSError.
    """
    import fcntl

    flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
    lock = posix.open(name + b".lock", flags, 0o600)
    locked = False
    while not locked:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = True
        except BlockingIOError:
            time.sleep(0.01)
        if send(True):  # once more under the lock
            return True
    return False


def bound(path: bytes, name: bytes) -> "socket":
    """A private socket bound to the path, in place of one that refuses connections.

    Raises OSError.
    """
    import _socket

    try:
        if posix.lstat(name).st_mode & 0o170000 != 0o140000:
            raise FileExistsError("no socket: not ours to take away")
        posix.unlink(name)  # it refuses connections, and the lock keeps others from binding
    except FileNotFoundError:
        pass
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    posix.umask(0o177)  # the socket is private before it is reachable
    # Bound by its path, which getsockname(2) reports to others; lstat() then raises
    # unless the socket is in the directory that was entered.
    listener.bind(path)
    posix.lstat(name)
    return listener


def daemon_program(environ: Environ, hook: bytes) -> bytes:
    """The acd installed with the hook, else the one in ~/.local/bin or on PATH.

    Raises FileNotFoundError.
    """
    here = hook.rpartition(b"/")[0]
    places = [here + b"/venv/bin", here + b"/../.venv/bin"]
    places.append(environ.get(b"HOME", b"") + b"/.local/bin")
    places += environ.get(b"PATH", b"").split(b":")
    for place in places:
        # A relative directory would be one of the project that the agent works on.
        if place.startswith(b"/") and posix.access(place + b"/acd", posix.X_OK):
            return place + b"/acd"
    raise FileNotFoundError("no acd")


def become_daemon(program: bytes, listener: int, environ: Environ) -> None:
    """Executes `acd daemon`, detached, with the socket as fd 3. Raises OSError.

    The daemon takes the socket over by sd_listen_fds(3); the name acd-spawned in
    LISTEN_FDNAMES marks a socket that no service manager holds. The daemon inherits
    nothing of the agent's terminal, files, signals and environment, DAEMON_VARIABLES apart.
    """
    import fcntl

    posix.setsid()
    # Away from 0 to 3 first: if the agent closed those, the socket may be one of them.
    listener = fcntl.fcntl(listener, fcntl.F_DUPFD, 4)
    null = fcntl.fcntl(posix.open(b"/dev/null", posix.O_RDWR), fcntl.F_DUPFD, 4)
    for standard in (0, 1, 2):
        posix.dup2(null, standard)
    posix.dup2(listener, 3)
    for name in posix.listdir("/dev/fd"):
        if int(name) > 3:
            try:
                posix.close(int(name))
            except OSError:
                pass  # the descriptor of the listing
    posix.chdir("/")
    posix.umask(0o077)
    for number in _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    kept = {
        name: value
        for name, value in environ.items()
        if name in DAEMON_VARIABLES or name.startswith(DAEMON_PREFIXES)
    }
    kept[b"LISTEN_FDS"] = b"1"
    kept[b"LISTEN_PID"] = b"%d" % posix.getpid()
    kept[b"LISTEN_FDNAMES"] = b"acd-spawned"
    posix.execve(program, [program, b"daemon"], kept)
