"""One event of a coding agent, from the hook's stdin to the daemon.

It turns the JSON on stdin into one line, `HOOK <agent> <meta> <event>`, sends it
to the daemon's socket and leaves without waiting for the answer. Where the
socket is there and no daemon runs yet, it waits for the answer of the one that
is started: a unit that fails takes its queue with it. Where nobody holds the
socket it binds it, leaves its line in the backlog and starts the daemon. An
event that cannot be delivered is given up and counted.

The agent waits for this process, shows what it prints and reports how it ends.
So: it is gone within a second, it prints nothing, its exit status is 0, whatever
is broken. Of the environment, which holds keys and tokens, only what is named
below is ever passed on.

It does not know what an event means (the daemon does), and it imports nothing
of acd: it is copied to where it runs, beside acd_hook.py, which runs it. The
usual path imports only what is built in, and `_socket`; everything else is
imported where it is needed.
"""

import _signal  # type: ignore[import-not-found]  # signal without the enums; typeshed has none
import posix  # what os is made of; os itself costs a tenth of a bare interpreter's start
import sys
import time

TYPE_CHECKING = False  # type checkers know the name; typing itself would cost several ms
if TYPE_CHECKING:
    from _socket import socket

AGENTS = {
    "claude-code": (b"CLAUDE_CONFIG_DIR", b"/.claude"),
    "codex": (b"CODEX_HOME", b"/.codex"),
}
"""Each agent's configuration directory: the variable that names it, the default below HOME."""

HINTS = (
    b"TMUX",
    b"TMUX_PANE",
    b"KITTY_WINDOW_ID",
    b"KITTY_LISTEN_ON",
    b"WEZTERM_PANE",
    b"WEZTERM_UNIX_SOCKET",
    b"ITERM_SESSION_ID",
    b"ZELLIJ_PANE_ID",
    b"ZELLIJ_SESSION_NAME",
    b"TERM_PROGRAM",
)
"""The variables that tell a client which terminal to jump to, passed on as they are."""

HINT_LIMIT = 512  # bytes; a value that is longer is left out, for half of it would be a wrong one
PATH_LIMIT = 4096  # bytes: PATH_MAX
LINE_LIMIT = 65_536  # bytes of a line with its newline: the protocol's limit
EVENT_LIMIT = 16 << 20  # bytes of stdin; what json needs for the worst of these ends in time
SOCKET_PATH_LIMIT = 104  # bytes: macOS's sun_path, the smaller one
GIVEN_UP_LIMIT = 65_536  # bytes of the file that counts the events given up
LIFETIME = 0.8  # seconds until the watchdog ends the hook
DIRECTORY = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
# Who listens. SO_PEERCRED (unix(7)): pid, uid, gid. LOCAL_PEERCRED (macOS's unix(4)):
# a version, which is 0, and the uid first.
PEER = (0, 1, 76) if sys.platform == "darwin" else (1, 17, 12)
PATIENCE = 0.05  # seconds before the one retry when the daemon's backlog is full

Environ = dict[bytes, bytes]


def main() -> None:
    """One event, from stdin to the socket. What it raises means: there was none."""
    at = began()
    # An agent that ends sends SIGTERM to hooks still under way, and the last event matters most.
    for number in (_signal.SIGTERM, _signal.SIGHUP, _signal.SIGINT):
        _signal.signal(number, _signal.SIG_IGN)
    watch(lambda *_: posix._exit(0))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))
    _signal.setitimer(_signal.ITIMER_REAL, LIFETIME)

    agent, environ = sys.argv[1], posix.environ
    # GitHub Copilot's CLI runs the hooks in a project's Claude Code settings as well.
    if agent not in AGENTS or (agent == "claude-code" and b"COPILOT_CLI" in environ):
        return
    path = socket_path(environ)
    posix.set_blocking(0, True)  # whatever the agent made of its end; fails if stdin is closed
    try:
        event = read_event()
        watch(lambda *_: give_up(path))
        line = b"HOOK %s %s " % (agent.encode(), meta(agent, environ, at))
        deliver(path, with_event(line, event), environ)
    except ValueError:
        return
    except BaseException:  # whatever it was, the event is lost, and that is all it may cost
        give_up(path)


def began() -> int:
    """When this process was started, unix nanoseconds, in the order of starting.

    Of two hooks that the agent starts 30 ms apart the second's interpreter may
    be up first on a busy machine; the kernel knows their order all the same
    (proc_pid_stat(5), field 22: the start in ticks since boot, rounded up here,
    but not beyond now). Within one tick, 10 ms, the pids tell it.
    """
    now, booted = time.time_ns(), 0
    try:
        booted = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        stat = posix.read(posix.open("/proc/self/stat", posix.O_RDONLY | posix.O_CLOEXEC), 1024)
        tick = 1_000_000_000 // posix.sysconf("SC_CLK_TCK")
        start = (int(stat.rpartition(b")")[2].split()[19]) + 1) * tick
    except (OSError, ValueError, IndexError, AttributeError):  # no /proc, no such clock: macOS
        return now
    # In whole milliseconds it is the same for every hook, however long lay between the two looks.
    boot = (now - booted + 500_000) // 1_000_000 * 1_000_000
    at = boot + start + posix.getpid() % 65_536
    return at if now - 10_000_000_000 < at < now else now


def watch(handler: object) -> None:
    """Lets `handler` run when the hook's time is over, in the middle of whatever blocks."""
    _signal.signal(_signal.SIGALRM, handler)


def read_event() -> bytes:
    """The JSON object on stdin as one line, without its newline.

    Raises ValueError for what cannot be one, OverflowError past EVENT_LIMIT.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := posix.read(0, 65_536):
        chunks.append(chunk)
        size += len(chunk)
        if size > EVENT_LIMIT:
            raise OverflowError
    # RFC 8259: outside of strings a line break is whitespace, inside of them it is not valid.
    event = b"".join(chunks).replace(b"\n", b" ").replace(b"\r", b" ").strip()
    if not (event.startswith(b"{") and event.endswith(b"}")):
        raise ValueError
    return event


def with_event(line: bytes, event: bytes) -> bytes:
    """The whole line, the event shortened if need be. Raises as read_event does."""
    room = LINE_LIMIT - len(line) - 1
    if len(event) > room:
        from acd_hook_rare import shortened

        event = shortened(event, room)
    return line + event + b"\n"


def meta(agent: str, environ: Environ, at: int) -> bytes:
    """What the hook knows beside the event: a JSON object, ASCII and without spaces."""
    claude = agent == "claude-code"
    fields = [b'"at":%d' % at]
    # What Claude Code says of itself is inherited by whatever runs below it, Codex included.
    pid = environ.get(b"CLAUDE_PID", b"") if claude else b""
    if pid.isdigit() and len(pid) < 20:
        fields.append(b'"pid":%d' % int(pid))
    else:
        fields.append(b'"ppid":%d' % posix.getppid())
    if claude:
        attended = environ.get(b"CLAUDE_CODE_SESSION_ATTENDED")
        # 2.1.197 tells it by how it was entered only (measured).
        how = environ.get(b"CLAUDE_CODE_ENTRYPOINT")
        if attended == b"1" or (attended is None and how == b"cli"):
            fields.append(b'"attended":true')
        elif attended == b"0" or (attended is None and how == b"sdk-cli"):
            fields.append(b'"attended":false')
    variable, default = AGENTS[agent]
    config_dir = environ.get(variable) or environ.get(b"HOME", b"") + default
    if config_dir.startswith(b"/") and config_dir != default and len(config_dir) <= PATH_LIMIT:
        fields.append(b'"config_dir":' + json_string(config_dir))
    fields.append(
        b'"host":' + json_string(posix.uname().nodename.encode("utf-8", "surrogateescape"))
    )
    hints = [(name, environ.get(name, b"")) for name in HINTS]
    fields += [
        b'"%s":%s' % (name, json_string(value))
        for name, value in hints
        if 0 < len(value) <= HINT_LIMIT
    ]
    return b"{%s}" % b",".join(fields)


def json_string(raw: bytes) -> bytes:
    """RFC 8259's string: what is not printable ASCII is escaped, and so is a space.

    Bytes that are not UTF-8 become what os.fsdecode makes of them.
    """
    text = raw.decode("utf-8", "surrogateescape")
    safe = [c if "!" <= c <= "~" and c not in '"\\' else _escaped(c) for c in text]
    return b'"%s"' % "".join(safe).encode()


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 | code >> 10:04x}\\u{0xDC00 | code & 0x3FF:04x}"


def socket_path(environ: Environ) -> bytes:
    """Where the daemon listens: the order that acd documents."""
    if explicit := environ.get(b"ACD_SOCKET"):
        return explicit
    if sys.platform == "darwin":
        return environ[b"HOME"] + b"/Library/Caches/acd/acd.sock"
    runtime = environ.get(b"XDG_RUNTIME_DIR", b"")
    if not runtime.startswith(b"/"):
        uid = posix.getuid()
        runtime = b"/run/user/%d" % uid
        try:
            ours = posix.stat(runtime).st_uid == uid
        except OSError:
            ours = False
        if not ours:
            return b"/tmp/acd-%d/acd.sock" % uid  # nothing there is trusted unchecked
    return runtime + b"/acd/acd.sock"


def deliver(path: bytes, line: bytes, environ: Environ) -> None:
    """Sends the line to the daemon, and starts it where there is none.

    Raises ValueError for a path that cannot be, OSError if the line is lost.
    """
    if not path.startswith(b"/") or len(path) > SOCKET_PATH_LIMIT:
        raise ValueError
    if not send(path, line):
        from acd_hook_rare import activate

        hook = __file__.encode("utf-8", "surrogateescape")
        activate(path, environ, hook, enter, lambda waits: send(path, line, waits))


def send(path: bytes, line: bytes, waits: bool = True) -> bool:
    """Sends the line; False if nobody listens, or `waits` and who listened ended unanswered.

    Raises OSError if it cannot be delivered.
    """
    import _socket  # a shared library: its load can fail

    for patience in (PATIENCE, 0):
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(LIFETIME)
        try:
            name = enter(path)
            connection.connect(name)
            server = check_peer(connection)
            connection.sendall(line)
            if not waits or not server or is_daemon(name, server):
                return True
            from acd_hook_rare import is_answered

            # The line is in the queue, and not lost should that take longer than we live.
            watch(lambda *_: posix._exit(0))
            return is_answered(connection)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (BlockingIOError, ConnectionError):
            # connect(2): a full backlog, an error at once on a socket with a timeout;
            # or the daemon stopped just now, and the line was not read.
            time.sleep(patience)
        finally:
            connection.close()
    raise TimeoutError


def enter(path: bytes) -> bytes:
    """Enters the socket's directory; the socket's name there.

    What is opened by its name from here on is in the directory that was checked,
    wherever its path leads by then. Raises PermissionError unless it is ours
    alone, OSError for a symlink and where there is none.
    """
    directory, _, name = path.rpartition(b"/")
    opened = posix.open(directory, DIRECTORY)
    status = posix.fstat(opened)
    if status.st_mode & 0o077 or status.st_uid != posix.getuid():
        raise PermissionError
    posix.fchdir(opened)
    return name


def check_peer(connection: "socket") -> int:
    """The pid of who called listen(2), 0 where the kernel does not say (macOS).

    Raises PermissionError unless it runs as our user.
    """
    told = connection.getsockopt(*PEER)
    if int.from_bytes(told[4:8], sys.byteorder) != posix.getuid():
        raise PermissionError
    return int.from_bytes(told[:4], sys.byteorder)


def is_daemon(name: bytes, server: int) -> bool:
    """Whether that process is a daemon that is ready: then it calls listen(2) itself.

    Before, it is the service manager, a hook, or a daemon that has ended.
    """
    try:
        owner = posix.open(name + b".daemon", posix.O_RDONLY | posix.O_NOFOLLOW)
        posix.kill(server, 0)
        return posix.read(owner, 20) == b"%d\n" % server
    except OSError:
        return False


def give_up(path: bytes) -> None:
    """Adds one byte to the count of lost events, if that can be done at once, and leaves."""
    try:
        name = enter(path)
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_NOFOLLOW
        count = posix.open(name + b".given-up", flags | posix.O_NONBLOCK | posix.O_CLOEXEC, 0o600)
        if posix.fstat(count).st_size < GIVEN_UP_LIMIT:
            posix.write(count, b".")
    finally:
        posix._exit(0)
