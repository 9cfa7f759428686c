"""The daemon: builds everything, passes it down, and ends it in order.

Responsible for the life of the process: start, reload, idle stop, orderly
stop, and the deadlines in between. Every timer is set for a moment at which
there is something to do; with nothing to do, nothing wakes up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from acd import __version__, config, paths
from acd.daemon import log as logs
from acd.daemon.commands import Commands
from acd.daemon.connection import Connection
from acd.daemon.journal import Journal
from acd.daemon.lock import hold_state
from acd.daemon.observers import Evidence
from acd.daemon.sd_notify import Notifier
from acd.daemon.server import Server
from acd.errors import ConfigError
from acd.protocol import PROTOCOL_VERSION
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Json, Now
from acd.system import activation, clock
from acd.system.activation import Listener

STATUS_DELAY: Final = 0.2
"""Seconds in which changes of the STATUS line are gathered into one."""
DRAIN: Final = 0.5
"""Seconds that each step of a stop waits for its peers."""
RETRY: Final = 1.0
"""Seconds after which a state that could not be written is tried again; then twice that…"""
RETRY_AT_MOST: Final = 60.0
SPARE_FILES: Final = 64
"""Descriptors for all that is not a connection."""

log = logging.getLogger("acd")


class Daemon:
    """One running daemon: `startup`, `serve`, `shutdown`."""

    def __init__(self, listener: Listener, settings: config.Config, config_path: Path):
        self.listener = listener
        self.config = settings
        self.config_path = config_path
        self.store = Store(settings.rules())
        self.journal = Journal(paths.journal_path(listener.path), clock.boot_id(), self.store)
        self.notifier = Notifier(os.environ)
        self.loop = asyncio.get_running_loop()
        self.started = clock.now()
        self.evidence = Evidence(self.loop, self.store, clock.now, self._apply)
        commands = Commands(
            self.store,
            local_host=os.uname().nodename,
            is_dir=os.path.isdir,
            observe=self.evidence.observe,
        )
        self.server = Server(
            self.loop,
            self.store,
            commands,
            self.journal,
            clock.now,
            info=self.info,
            stop=self.stop,
            changed=self._changed,
            left=self._left,
        )
        self._listening: asyncio.AbstractServer | None = None
        self._file = identity(self.listener.path)
        self._stopped = asyncio.Event()
        self._gone = asyncio.Event()
        self._reason = ""
        self._idle: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._status: asyncio.TimerHandle | None = None
        self._told_status = ""
        self._rewriting = False
        self._retry: asyncio.TimerHandle | None = None
        self.journal.grown = self._begin_rewrite
        self.journal.failed = self._retry_later

    # Life ---------------------------------------------------------------

    async def startup(self) -> None:
        """Takes up the state, then the socket."""
        self._apply_config()
        self.journal.load()
        self._obey()
        self._expire()
        self.evidence.recheck()
        for number, what in (
            (signal.SIGTERM, lambda: self.stop("SIGTERM")),
            (signal.SIGINT, lambda: self.stop("SIGINT")),
            (signal.SIGHUP, self.reload),
        ):
            self.loop.add_signal_handler(number, what)
        self._listening = await self.loop.create_unix_server(
            partial(Connection, self.server),
            sock=self.listener.sock,
            # It calls listen() once more, and the default would shrink the queue.
            backlog=activation.BACKLOG,
        )
        log.info(
            "serving %s (%s), %d sessions",
            self.listener.path,
            self.listener.activation,
            len(self.store.sessions),
        )
        self.notifier.send("READY=1", f"STATUS={self._status_line()}")
        self._arm_idle()

    async def serve(self) -> None:
        """Until somebody or something ends it."""
        await self._stopped.wait()

    async def shutdown(self) -> None:
        """Serves what has been sent, and lets go of everything."""
        log.info("stopping: %s", self._reason)
        await self.notifier.stopping()
        for timer in (self._idle, self._expiry, self._status, self._retry):
            if timer is not None:
                timer.cancel()
        if self.listener.owned:
            # Nobody can come any more; who came is in the queue, and is served.
            self._unlink_own()
            await self._for_a_while(self._settle())
        assert self._listening is not None  # noqa: S101 - set by startup
        self._listening.close()
        # A hook that has connected is about to send its one line.
        await self._for_a_while(self._hear_everybody_out())
        for peer in list(self.server.connections):
            peer.transport.close()
        await self._for_a_while(self._until(lambda: not self.server.connections))
        for peer in list(self.server.connections):
            peer.transport.abort()
        self.evidence.close()
        self.journal.close()

    def stop(self, reason: str) -> None:
        """Begins the orderly stop."""
        self._reason = self._reason or reason
        self._stopped.set()

    async def _settle(self) -> None:
        """Lets the loop accept and read until nothing more is there."""
        heard = -1
        while heard != self.server.activity:
            heard = self.server.activity
            for _ in range(3):  # each is one look at all descriptors
                await asyncio.sleep(0)

    async def _hear_everybody_out(self) -> None:
        await self._settle()
        await self._until(lambda: all(peer.is_drained for peer in self.server.connections))

    async def _until(self, reached: Callable[[], bool]) -> None:
        """Waits until the peers that leave have made it true."""
        while not reached():
            self._gone.clear()
            await self._gone.wait()

    @staticmethod
    async def _for_a_while(step: Coroutine[None, None, None]) -> None:
        """Does a step of the stop, but not for long: peers may never cease, or never read."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await step

    def _unlink_own(self) -> None:
        # Somebody may have put another socket in its place.
        if self._file is not None and identity(self.listener.path) == self._file:
            with contextlib.suppress(OSError):
                self.listener.path.unlink()

    # Configuration ------------------------------------------------------

    def reload(self) -> None:
        """SIGHUP: takes up the file; a bad one is reported, and the values stay."""
        try:
            self.config = config.load(self.config_path)
        except ConfigError as error:
            log.error("%s; the configuration stays as it was", error.message)
            return
        self._apply_config()
        self._obey()
        self._changed([])
        log.info("the configuration is reloaded")

    def _apply_config(self) -> None:
        logs.set_level(self.config.daemon.log_level)
        files = raise_file_limit(self.config.limits.max_connections + SPARE_FILES)
        limits = self.config.limits
        if files < limits.max_connections + SPARE_FILES:
            # Past this accept() itself would fail, and who comes would get no answer.
            log.warning("at most %d files may be open, so fewer connections", files)
            limits = replace(limits, max_connections=max(1, files - SPARE_FILES))
        self.server.limits = limits
        for timer in (self._idle, self._expiry):
            if timer is not None:
                timer.cancel()
        self._idle = self._expiry = None
        self._arm_idle()

    def _obey(self) -> None:
        """Lets the configuration hold for what is there already."""
        now = clock.now()
        changes = self.store.obey(self.config.rules(), now)
        if changes or not self.config.sessions.keep_text:
            self.journal.renew()
        if changes:
            self.server.apply(changes, [], now)

    # Deadlines ----------------------------------------------------------

    def _left(self) -> None:
        self._gone.set()
        self._arm_idle()

    def _arm_idle(self) -> None:
        if self._idle is None and not self.server.is_needed:
            self._idle = self.loop.call_later(self._idle_timeout, self._idle_due)

    def _idle_due(self) -> None:
        self._idle = None
        if self.server.is_needed:
            return  # whoever leaves sets the next one
        quiet = self.loop.time() - self.server.last_active
        if quiet >= self._idle_timeout:
            self.stop("idle")
        else:
            self._idle = self.loop.call_later(self._idle_timeout - quiet + 0.001, self._idle_due)

    @property
    def _idle_timeout(self) -> float:
        return self.config.daemon.idle_timeout_minutes * 60

    def _expire(self) -> None:
        self._expiry = None
        now = clock.now()
        changes = self.store.expire(now)
        if changes:
            records = [f"DELETE {change.session.id}" for change in changes]
            self.server.apply(changes, records, now)
        self._arm_expiry()

    def _arm_expiry(self) -> None:
        deadline = self.store.next_expiry()
        if deadline is not None and self._expiry is None:
            wait = max(0, deadline - clock.now().boot) / NS + 0.001
            self._expiry = self.loop.call_later(wait, self._expire)

    # What follows a change ----------------------------------------------

    def _apply(self, changes: list[Change], records: list[str], now: Now) -> None:
        self.server.apply(changes, records, now)

    def _changed(self, changes: list[Change]) -> None:
        self.evidence.changed(changes)
        if self._expiry is None and self.store.has_closed:
            self._arm_expiry()
        if self._status is None and self.notifier.is_heard:
            self._status = self.loop.call_later(STATUS_DELAY, self._tell_status)

    def _retry_later(self, delay: float = RETRY) -> None:
        # No event tells that there is room again.
        self._retry = self.loop.call_later(delay, self._retry_journal, delay)

    def _retry_journal(self, delay: float) -> None:
        self.journal.retry()
        if self.journal.failure is not None:
            self._retry_later(min(2 * delay, RETRY_AT_MOST))
        self._changed([])

    def _begin_rewrite(self) -> None:
        if not self._rewriting:
            self._rewriting = True
            self.loop.call_soon(self._rewrite)

    def _rewrite(self) -> None:
        self.journal.rewrite_some()
        self._rewriting = self.journal.is_large
        if self._rewriting:
            self.loop.call_soon(self._rewrite)

    # Telling ------------------------------------------------------------

    def _tell_status(self) -> None:
        self._status = None
        line = self._status_line()
        if line != self._told_status:
            self._told_status = line
            self.notifier.send(f"STATUS={line}")

    def _status_line(self) -> str:
        total = len(self.store.sessions)
        counts = ", ".join(
            f"{count} {status}" for status, count in self.store.counts().items() if count
        )
        peers = self.server.subscribers
        parts = [
            f"{total} session{'' if total == 1 else 's'}" + (f": {counts}" if counts else ""),
            f"{peers} subscriber{'' if peers == 1 else 's'}" if peers else "",
            f"state in memory only ({self.journal.failure})" if self.journal.failure else "",
        ]
        return "; ".join(filter(None, parts))

    def info(self) -> Json:
        """What INFO tells of the daemon; times are seconds, sizes bytes."""
        return {
            "version": __version__,
            "protocol": PROTOCOL_VERSION,
            "pid": os.getpid(),
            "uptime": round((clock.now().boot - self.started.boot) / NS, 3),
            "activation": self.listener.activation,
            "sessions": self.store.counts(),
            "idle_timeout": self._idle_timeout,
            "rss": resident_bytes(),
            "socket": str(self.listener.path),
            "journal_failure": self.journal.failure,
            "events_given_up": given_up(self.listener.path),
            "clients": self.evidence.clients(),
        }


def identity(path: Path) -> tuple[int, int] | None:
    """Which file a path leads to now; None for no file."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def resident_bytes() -> int:
    """This process's resident memory."""
    if sys.platform == "linux":
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
        return int(pages) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes there, and the most so far


def given_up(socket_path: Path) -> int:
    """How many events hooks could not deliver: they leave a byte for each."""
    try:
        return paths.given_up_path(socket_path).stat().st_size
    except OSError:
        return 0


def raise_file_limit(wanted: int) -> int:
    """Raises the soft limit of open files towards `wanted`; returns what it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft


async def _run(listener: Listener, settings: config.Config, config_path: Path) -> None:
    daemon = Daemon(listener, settings, config_path)
    await daemon.startup()
    await daemon.serve()
    await daemon.shutdown()


def main() -> int:
    """`acd daemon`: serves in the foreground until it is stopped; returns the exit code.

    Raises AcdError.
    """
    os.umask(0o077)
    # Until the loop has its handlers Ctrl-C ends it like SIGTERM; Python's own way is a
    # traceback, or nothing at all where the exception falls into something that ignores it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    config_path = paths.config_path(os.environ)
    problem = None
    try:
        settings = config.load(config_path)
    except ConfigError as error:
        settings, problem = config.Config(), error
    logs.configure(settings.daemon.log_level, os.environ)
    if problem is not None:
        log.error("%s; the defaults are used", problem.message)
    listener = activation.adopt(os.environ) or activation.bind(paths.socket_path(os.environ))
    hold_state(listener.path)
    uvloop.run(_run(listener, settings, config_path))
    return 0
