"""Sends one event of a coding agent from the hook's stdin to the daemon.

The JSON on stdin becomes one line, `HOOK <agent> <meta> <event>`. With a daemon that
runs, the hook sends the line and does not wait for the reply. With a service manager's
socket whose daemon does not run yet, it waits for the reply: a unit that fails discards
its queue. Without a socket, it binds one, puts the line into the backlog and starts the
daemon. An event that cannot be delivered is counted as lost.

The agent waits for this process, shows its output and reports its exit status. So,
whatever fails, the hook ends within a second with status 0, and prints nothing. The
environment holds keys and tokens: only the variables named below are passed on.

The file is copied to the directory of acd_hook.py, which runs it, and imports nothing
of acd. The usual path imports built-in modules and `_socket`; all other imports are
in the functions that need them.
"""

import _signal  # type: ignore[import-not-found]  # signal without its enums; typeshed has no stub
import posix  # os's built-in part; os takes a tenth of a bare interpreter's start
import sys
import time

TYPE_CHECKING = False  # type checkers know the name; importing typing takes several ms
if TYPE_CHECKING:
    from _socket import socket

AGENTS = {
    "claude-code": (b"CLAUDE_CONFIG_DIR", b"/.claude"),
    "codex": (b"CODEX_HOME", b"/.codex"),
}
"""For each agent, the variable of its configuration directory, and the default below HOME."""

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
"""Variables that identify the terminal, passed on unchanged."""

HINT_LIMIT = 512  # bytes; a longer value is left out: a cut one would be wrong
PATH_LIMIT = 4096  # bytes: PATH_MAX
LINE_LIMIT = 65_536  # bytes of a line with its newline: docs/protocol.md
EVENT_LIMIT = 16 << 20  # bytes of stdin; json parses the worst of this size in time
SOCKET_PATH_LIMIT = 104  # bytes: sun_path of macOS; Linux allows 108
GIVEN_UP_LIMIT = 65_536  # bytes of the file with one byte for each lost event
LIFETIME = 0.8  # seconds until the watchdog ends the hook
DIRECTORY = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
# The listener's credentials. SO_PEERCRED (unix(7)): pid, uid, gid. LOCAL_PEERCRED
# (macOS's unix(4)): a version, which is 0, then the uid.
PEER = (0, 1, 76) if sys.platform == "darwin" else (1, 17, 12)
PATIENCE = 0.05  # seconds until the one retry with a full backlog

Environ = dict[bytes, bytes]


def main() -> None:
    """Sends the event on stdin. Raises an exception if stdin holds none."""
    at = began()
    # An agent that ends sends SIGTERM to its running hooks; its last event matters most.
    for number in (_signal.SIGTERM, _signal.SIGHUP, _signal.SIGINT):
        _signal.signal(number, _signal.SIG_IGN)
    watch(lambda *_: posix._exit(0))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (_signal.SIGALRM,))
    _signal.setitimer(_signal.ITIMER_REAL, LIFETIME)

    agent, environ = sys.argv[1], posix.environ
    # GitHub Copilot's CLI also runs the hooks in a project's Claude Code settings.
    if agent not in AGENTS or (agent == "claude-code" and b"COPILOT_CLI" in environ):
        return
    path = socket_path(environ)
    posix.set_blocking(0, True)  # the agent may have set O_NONBLOCK; fails if stdin is closed
    try:
        event = read_event()
        watch(lambda *_: give_up(path))
        line = b"HOOK %s %s " % (agent.encode(), meta(agent, environ, at))
        deliver(path, with_event(line, event), environ)
    except ValueError:
        return
    except BaseException:  # any failure loses the event and nothing else
        give_up(path)


def began() -> int:
    """The start of this process, in unix nanoseconds; hooks sort by it in their order of start.

    Of two hooks that the agent starts 30 ms apart, the second's interpreter may be
    ready first on a busy machine. The kernel stores the start in ticks since boot
    (proc_pid_stat(5), field 22), rounded up here, but not beyond now. Within one
    tick, 10 ms, the pids decide.
    """
    now, booted = time.time_ns(), 0
    try:
        booted = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        stat = posix.read(posix.open("/proc/self/stat", posix.O_RDONLY | posix.O_CLOEXEC), 1024)
        tick = 1_000_000_000 // posix.sysconf("SC_CLK_TCK")
        start = (int(stat.rpartition(b")")[2].split()[19]) + 1) * tick
    except (OSError, ValueError, IndexError, AttributeError):  # no /proc, no such clock: macOS
        return now
    # In whole milliseconds: the same for every hook, whatever the time between the two clock reads.
    boot = (now - booted + 500_000) // 1_000_000 * 1_000_000
    at = boot + start + posix.getpid() % 65_536
    return at if now - 10_000_000_000 < at < now else now


def watch(handler: object) -> None:
    """Sets the handler that runs at the end of LIFETIME, also during a blocking call."""
    _signal.signal(_signal.SIGALRM, handler)


def read_event() -> bytes:
    """The JSON object on stdin as one line, without a newline.

    Raises ValueError if stdin is no object, OverflowError beyond EVENT_LIMIT.
    """
    chunks: list[bytes] = []
    size = 0
    while chunk := posix.read(0, 65_536):
        chunks.append(chunk)
        size += len(chunk)
        if size > EVENT_LIMIT:
            raise OverflowError
    # RFC 8259: a line break is whitespace outside of strings, and invalid inside.
    event = b"".join(chunks).replace(b"\n", b" ").replace(b"\r", b" ").strip()
    if not (event.startswith(b"{") and event.endswith(b"}")):
        raise ValueError
    return event


def with_event(line: bytes, event: bytes) -> bytes:
    """The line with its event, shortened if it is too long. Raises as shortened() does."""
    room = LINE_LIMIT - len(line) - 1
    if len(event) > room:
        from acd_hook_rare import shortened

        event = shortened(event, room)
    return line + event + b"\n"


def meta(agent: str, environ: Environ, at: int) -> bytes:
    """The hook's own fields: a JSON object in ASCII, without spaces."""
    claude = agent == "claude-code"
    fields = [b'"at":%d' % at]
    # Claude Code's variables are inherited by all its descendants, also by a Codex.
    pid = environ.get(b"CLAUDE_PID", b"") if claude else b""
    if pid.isdigit() and len(pid) < 20:
        fields.append(b'"pid":%d' % int(pid))
    else:
        fields.append(b'"ppid":%d' % posix.getppid())
    if claude:
        attended = environ.get(b"CLAUDE_CODE_SESSION_ATTENDED")
        # 2.1.197 sets the entry point only (measured).
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
    """A JSON string (RFC 8259). Spaces and all but printable ASCII are escaped.

    Bytes that are not UTF-8 become surrogates, as in os.fsdecode.
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
    """The daemon's socket, by the rules of docs/protocol.md."""
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
            return b"/tmp/acd-%d/acd.sock" % uid  # enter() checks its owner and mode
    return runtime + b"/acd/acd.sock"


def deliver(path: bytes, line: bytes, environ: Environ) -> None:
    """Sends the line to the daemon, which it starts if none listens.

    Raises ValueError for a path that cannot be a socket's, OSError if the line is lost.
    """
    if not path.startswith(b"/") or len(path) > SOCKET_PATH_LIMIT:
        raise ValueError
    if not send(path, line):
        from acd_hook_rare import activate

        hook = __file__.encode("utf-8", "surrogateescape")
        activate(path, environ, hook, enter, lambda waits: send(path, line, waits))


def send(path: bytes, line: bytes, waits: bool = True) -> bool:
    """Sends the line.

    False if nobody listens, or, with `waits`, if the listener ended before it replied.
    Raises OSError if the line cannot be delivered.
    """
    import _socket  # a shared library: loading it can fail

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

            # The line is in the queue: it is not lost if the reply takes longer than LIFETIME.
            watch(lambda *_: posix._exit(0))
            return is_answered(connection)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except (BlockingIOError, ConnectionError):
            # connect(2) on a socket with a timeout fails at once with a full backlog;
            # or the daemon has just stopped without reading the line.
            time.sleep(patience)
        finally:
            connection.close()
    raise TimeoutError


def enter(path: bytes) -> bytes:
    """Changes to the socket's directory and returns the socket's name in it.

    From then on the name leads to the checked directory, even if the path is replaced.
    Raises PermissionError unless the directory is this user's and 0700, OSError for a
    symlink or no directory.
    """
    directory, _, name = path.rpartition(b"/")
    opened = posix.open(directory, DIRECTORY)
    status = posix.fstat(opened)
    if status.st_mode & 0o077 or status.st_uid != posix.getuid():
        raise PermissionError
    posix.fchdir(opened)
    return name


def check_peer(connection: "socket") -> int:
    """The pid of the process that called listen(2); 0 on macOS, which does not report it.

    Raises PermissionError if it runs as another user.
    """
    credentials = connection.getsockopt(*PEER)
    if int.from_bytes(credentials[4:8], sys.byteorder) != posix.getuid():
        raise PermissionError
    return int.from_bytes(credentials[:4], sys.byteorder)


def is_daemon(name: bytes, server: int) -> bool:
    """Whether that process is a ready daemon, which calls listen(2) itself.

    Before that, the listener is the service manager, a hook, or a daemon that has ended.
    """
    try:
        owner = posix.open(name + b".daemon", posix.O_RDONLY | posix.O_NOFOLLOW)
        posix.kill(server, 0)
        return posix.read(owner, 20) == b"%d\n" % server
    except OSError:
        return False


def give_up(path: bytes) -> None:
    """Adds one byte to the file of lost events, unless that would block, and exits."""
    try:
        name = enter(path)
        flags = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_NOFOLLOW
        count = posix.open(name + b".given-up", flags | posix.O_NONBLOCK | posix.O_CLOEXEC, 0o600)
        if posix.fstat(count).st_size < GIVEN_UP_LIMIT:
            posix.write(count, b".")
    finally:
        posix._exit(0)
