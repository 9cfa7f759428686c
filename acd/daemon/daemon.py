"""The daemon process: builds its parts, and starts, reloads and stops them.

Every timer is set for a moment at which something is due: an idle daemon does
not wake up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import uvloop

from acd import __version__, config, paths
from acd.agents.catalog import DEFAULT
from acd.daemon import lock
from acd.daemon import log as logs
from acd.daemon.commands import Commands
from acd.daemon.connection import Connection
from acd.daemon.deadline import Deadline
from acd.daemon.drain import Drain
from acd.daemon.journal import Journal
from acd.daemon.observers import ObserverManager
from acd.daemon.sd_notify import SdNotify
from acd.daemon.server import Server
from acd.errors import ConfigError
from acd.protocol import PROTOCOL_VERSION
from acd.sessions.records import deleted_record
from acd.sessions.store import Change, Store
from acd.sessions.values import NS, Json, Now
from acd.system import activation, clock
from acd.system.activation import Listener
from acd.system.backoff import Backoff
from acd.system.resources import raise_file_limit, resident_bytes
from acd.system.runtime_dir import file_id, undelivered_events

STATUS_DELAY: Final = 0.2
"""Seconds for which changes of the STATUS line are collected."""
RETRY: Final = 1.0
"""Seconds before the first retry of a failed write of the state."""
MAX_RETRY: Final = 60.0
TIMER_MARGIN: Final = 0.001
"""Seconds added to a timer, so that it does not fire just before its deadline."""
SPARE_FILES: Final = 64
"""Descriptors that are not connections."""

log = logging.getLogger("acd")


class Daemon:
    """One running daemon: `startup`, `serve`, `shutdown`."""

    def __init__(self, listener: Listener, settings: config.Config, config_path: Path):
        self.listener = listener
        self.config = settings
        self.config_path = config_path
        self.store = Store(DEFAULT.name, settings.rules())
        self.journal = Journal(paths.journal_path(listener.path), clock.boot_id(), self.store)
        self.sd_notify = SdNotify(os.environ)
        self.loop = asyncio.get_running_loop()
        self.started = clock.now()
        self.observers = ObserverManager(self.loop, self.store, clock.now, self._apply)
        commands = Commands(
            self.store,
            local_host=os.uname().nodename,
            is_dir=os.path.isdir,
            observe=self.observers.observe,
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
            left=self._peer_left,
        )
        self._drain = Drain(self.server)
        self._accepting: asyncio.AbstractServer | None = None
        self._socket_file = file_id(self.listener.path)
        self._stopped = asyncio.Event()
        self._reason = ""
        self._sent_status = ""
        self._backoff = Backoff(RETRY, MAX_RETRY)
        self._idle = Deadline(self.loop, self._check_idle)
        self._expiry = Deadline(self.loop, self._expire)
        self._status = Deadline(self.loop, self._send_status)
        self._retry = Deadline(self.loop, self._retry_journal)
        self._compaction = Deadline(self.loop, self._compact_journal)
        self.journal.on_failure = self._journal_failed
        self.journal.on_growth = lambda: self._compaction.arm(0)

    # Life cycle ---------------------------------------------------------

    async def startup(self) -> None:
        """Loads the state, then serves the socket."""
        self._apply_config()
        self.journal.load()
        self._reconfigure_store()
        self._expire()
        self.observers.recheck()
        self.loop.add_signal_handler(signal.SIGTERM, self.stop, "SIGTERM")
        self.loop.add_signal_handler(signal.SIGINT, self.stop, "SIGINT")
        self.loop.add_signal_handler(signal.SIGHUP, self.reload)
        self._accepting = await self.loop.create_unix_server(
            partial(Connection, self.server),
            sock=self.listener.sock,
            # It calls listen() again, and the default would shrink the queue.
            backlog=activation.BACKLOG,
        )
        log.info(
            "serving %s (%s), %d sessions",
            self.listener.path,
            self.listener.activation,
            len(self.store.sessions),
        )
        self.sd_notify.send("READY=1", f"STATUS={self._status_line()}")
        self._arm_idle()

    async def serve(self) -> None:
        """Returns once stop() was called."""
        await self._stopped.wait()

    async def shutdown(self) -> None:
        """Serves what clients have sent, and closes everything."""
        log.info("stopping: %s", self._reason)
        await self.sd_notify.stopping()
        for deadline in (self._idle, self._expiry, self._status, self._retry, self._compaction):
            deadline.cancel()
        if self.listener.owned:
            # From here on no client can connect; those in the queue are served.
            self._unlink_socket()
            await self._drain.serve_queued()
        assert self._accepting is not None  # noqa: S101 - set by startup
        self._accepting.close()
        # A hook that has connected is about to send its one line.
        await self._drain.serve_connected()
        await self._drain.close_connections()
        self.observers.close()
        self.journal.close()

    def stop(self, reason: str) -> None:
        """Begins the orderly stop; the first reason is logged."""
        self._reason = self._reason or reason
        self._stopped.set()

    def _unlink_socket(self) -> None:
        # Another program may have replaced the file.
        if self._socket_file is not None and file_id(self.listener.path) == self._socket_file:
            with contextlib.suppress(OSError):
                self.listener.path.unlink()

    # Configuration ------------------------------------------------------

    def reload(self) -> None:
        """Reads the configuration file again; logs an invalid one and keeps the values."""
        try:
            self.config = config.load(self.config_path)
        except ConfigError as error:
            log.error("%s; the configuration stays as it was", error.message)
            return
        self._apply_config()
        self._reconfigure_store()
        self._changed([])
        log.info("the configuration is reloaded")

    def _apply_config(self) -> None:
        logs.set_level(self.config.daemon.log_level)
        limits = self.config.limits
        files = raise_file_limit(limits.max_connections + SPARE_FILES)
        if files < limits.max_connections + SPARE_FILES:
            # Beyond the limit accept(2) fails, and the client would get no reply.
            log.warning("at most %d files may be open, so fewer connections", files)
            limits = replace(limits, max_connections=max(1, files - SPARE_FILES))
        self.server.limits = limits
        self._expiry.cancel()
        self._idle.cancel()
        self._arm_idle()

    def _reconfigure_store(self) -> None:
        """Applies the configuration to the sessions."""
        now = clock.now()
        changes = self.store.reconfigure(self.config.rules(), now)
        if changes or not self.config.sessions.keep_text:
            self.journal.compact()
        if changes:
            self.server.apply(changes, [], now)

    # Deadlines ----------------------------------------------------------

    def _peer_left(self) -> None:
        self._drain.peer_left()
        self._arm_idle()

    def _arm_idle(self) -> None:
        if not self._idle.is_armed and not self.server.is_needed:
            self._idle.arm(self._idle_timeout)

    def _check_idle(self) -> None:
        if self.server.is_needed:
            return  # _peer_left arms the next one
        quiet = self.loop.time() - self.server.last_active
        if quiet >= self._idle_timeout:
            self.stop("idle")
        else:
            self._idle.arm(self._idle_timeout - quiet + TIMER_MARGIN)

    @property
    def _idle_timeout(self) -> float:
        return self.config.daemon.idle_timeout_minutes * 60

    def _expire(self) -> None:
        now = clock.now()
        changes = self.store.expire(now)
        if changes:
            records = [deleted_record(change.session.id) for change in changes]
            self.server.apply(changes, records, now)
        self._arm_expiry()

    def _arm_expiry(self) -> None:
        expiry = self.store.next_expiry()
        if expiry is not None:
            self._expiry.arm(max(0, expiry - clock.now().boot) / NS + TIMER_MARGIN)

    # After a change -----------------------------------------------------

    def _apply(self, changes: list[Change], records: list[str], now: Now) -> None:
        self.server.apply(changes, records, now)

    def _changed(self, changes: list[Change]) -> None:
        self.observers.changed(changes)
        if self.store.has_closed and not self._expiry.is_armed:
            self._arm_expiry()
        if self.sd_notify.is_enabled:
            self._status.arm(STATUS_DELAY)

    def _journal_failed(self) -> None:
        # No event reports that there is room again.
        self._backoff = Backoff(RETRY, MAX_RETRY)
        self._retry.arm(self._backoff.next_delay())

    def _retry_journal(self) -> None:
        self.journal.retry()
        if self.journal.failure is not None:
            self._retry.arm(self._backoff.next_delay())
        self._changed([])

    def _compact_journal(self) -> None:
        self.journal.compact_step()
        if self.journal.needs_compaction:
            self._compaction.arm(0)

    # Status -------------------------------------------------------------

    def _send_status(self) -> None:
        line = self._status_line()
        if line != self._sent_status:
            self._sent_status = line
            self.sd_notify.send(f"STATUS={line}")

    def _status_line(self) -> str:
        total = len(self.store.sessions)
        counts = ", ".join(
            f"{count} {status}" for status, count in self.store.counts().items() if count
        )
        subscribers = self.server.subscribers
        parts = [
            f"{total} session{'' if total == 1 else 's'}" + (f": {counts}" if counts else ""),
            f"{subscribers} subscriber{'' if subscribers == 1 else 's'}" if subscribers else "",
            f"state in memory only ({self.journal.failure})" if self.journal.failure else "",
        ]
        return "; ".join(filter(None, parts))

    def info(self) -> Json:
        """The daemon's part of the reply to INFO. Times are seconds, sizes bytes."""
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
            "events_given_up": undelivered_events(self.listener.path),
            "clients": self.observers.clients(),
        }


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
    # Until the loop has its handlers, Ctrl-C ends the process as SIGTERM does. Python's own
    # handler prints a traceback, or is lost where exceptions are ignored.
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
    lock.acquire(listener.path)
    uvloop.run(_run(listener, settings, config_path))
    return 0
