"""All kinds of clients at once against a real daemon, which is killed, stopped and upgraded.

The clients are floods of pipelined lines, a client that waits for each reply, hooks,
subscribers that read and others that do not, half lines and garbage. The report has the
lines, the acknowledged lines that were lost, other faults, and the daemon's memory before
and after.

    python -m checks.soak --minutes 1
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from testing.daemons import Daemons, ForkedDaemon
from testing.service_manager import listener
from testing.support import WAIT, DaemonHome, LineClient
from testing.worker import Known, Worker

REST = 0.3
"""The least seconds between two ends of the daemon."""
PICTURE = 5_000
"""Changes after which a subscriber compares its sessions with LIST."""


@dataclass
class Tally:
    """The counts of all threads."""

    lines: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lost: int = 0
    ends: Counter[str] = field(default_factory=Counter)


class Party:
    """A thread that repeats its part, across all ends of the daemon."""

    def __init__(self, soak: Soak, name: str, part: Callable[[LineClient], None]):
        self._soak = soak
        self.name = name
        self._part = part
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(WAIT)
        if self._thread.is_alive():
            self._soak.fault(f"{self.name} hangs")

    def _run(self) -> None:
        while not self._soak.ended.is_set():
            try:
                with LineClient(self._soak.home.socket) as client:
                    self._part(client)
            except (EOFError, ConnectionError):
                continue  # the daemon has ended: the next one serves, or starts
            except Exception as error:
                self._soak.fault(f"{self.name}: {error!r}")
                return


class Soak:
    """The daemon, its clients, and the loop that ends it."""

    def __init__(self, home: DaemonHome, seed: int):
        self.home = home
        self.chance = random.Random(seed)
        self.tally = Tally()
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self.workers = [Worker("flood", seed), Worker("other", seed + 1), Worker("alone", seed + 2)]
        self.compared = 0
        """The number of a subscriber's comparisons with LIST."""

    def fault(self, what: str) -> None:
        with self._lock:
            self.tally.faults.append(what)

    def count(self, who: str, lines: int) -> None:
        with self._lock:
            self.tally.lines[who] += lines

    # The parts --------------------------------------------------------------

    def hooks(self, client: LineClient) -> None:
        """Sends one line on each connection, and does not wait for the reply."""
        client.ask("PING")
        for number in range(200):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(self.home.socket))
                event = {"session_id": f"h{number % 40}", "hook_event_name": "PostToolUse"}
                sock.sendall(f"HOOK claude-code {{}} {json.dumps(event)}\n".encode())
            self.count("hooks", 1)

    def subscriber(self, client: LineClient) -> None:
        """Reads all pushes, and compares the sessions with the daemon's."""
        held: dict[str, str] = {}
        client.send("SUBSCRIBE json")
        while True:
            for _ in range(PICTURE):
                self._take(client.line(), held)
                self.count("pushes", 1)
            # Pipelined: LIST is of the same moment as the OK.
            client.send("PING", "SUBSCRIBE json")
            while (line := client.line()) != "OK":
                self._take(line, held)
            truth: dict[str, str] = {}
            self._take(client.line(), truth)
            if truth != held:
                wrong = {name for name in truth.keys() | held if truth.get(name) != held.get(name)}
                self.fault(f"subscriber: was wrong about {sorted(wrong)[:5]}")
            held = truth
            self.compared += 1

    def _take(self, line: str, held: dict[str, str]) -> None:
        word, _, rest = line.partition(" ")
        if word == "STATE":
            held.clear()
            held.update({s["id"]: s["status"] for s in json.loads(rest)})
        elif word == "UPDATE":
            name, status, _, whole = rest.split(" ", 3)
            held[name] = status
            if json.loads(whole)["status"] != status:
                self.fault(f"subscriber: {line}")
        elif word == "REMOVED":
            held.pop(rest, None)
        else:
            self.fault(f"subscriber: {line}")

    def sleeper(self, client: LineClient) -> None:
        """Subscribes, and reads rarely."""
        client.send("SUBSCRIBE")
        while not self.ended.wait(self.chance.uniform(0.5, 3)):
            client.sock.recv(1 << 20) or client.line()

    def rude(self, client: LineClient) -> None:
        """Sends many requests and closes in the middle of a line, or without reading."""
        kind = self.chance.randrange(4)
        with contextlib.suppress(TimeoutError):
            client.sock.settimeout(1)
            if kind == 0:
                client.send(*["LIST"] * 300)
            elif kind == 1:
                client.sock.sendall(self.chance.randbytes(20_000))
            elif kind == 2:
                client.sock.sendall(b"SET rude " + b"x" * 100_000 + b"\nSET half")
            else:
                client.send("SUBSCRIBE json", "LIST", "SUBSCRIBE", "GET nobody")
        self.count("rude", 1)
        self.ended.wait(self.chance.uniform(0, 0.05))

    def idle(self, client: LineClient) -> None:
        """Opens many connections that send nothing."""
        with contextlib.ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(self.home.client())
            client.line()

    # All of it --------------------------------------------------------------

    def run(self, daemons: Daemons, minutes: float) -> None:
        daemon = daemons.start()
        before = self._rss()
        parts = {
            "hooks": self.hooks,
            "subscriber": self.subscriber,
            "sleeper": self.sleeper,
            "rude": self.rude,
            "idle": self.idle,
        }
        parties = [Party(self, name, part) for name, part in parts.items()]
        for party in parties:
            party.start()
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            daemon = self._round(daemons, daemon)
        self.ended.set()
        with contextlib.suppress(OSError, EOFError), self.home.client() as client:
            client.ask("STOP")
        daemon.end()
        # The stop wakes threads that wait for lines; threads that connect need a daemon.
        daemon = daemons.start()
        for party in parties:
            party.join()
        self.report(before, self._rss())
        daemon.kill()

    def _round(self, daemons: Daemons, daemon: ForkedDaemon) -> ForkedDaemon:
        """Sends requests, ends the daemon meanwhile, and checks the state of the next one."""
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(self.home.client()) for _ in self.workers]
            for client in clients:
                client.ask("PING")
            threads = [
                threading.Thread(target=worker.work, args=(client, batch), daemon=True)
                for worker, client, batch in zip(self.workers, clients, (400, 50, 1), strict=True)
            ]
            for thread in threads:
                thread.start()
            time.sleep(REST + self.chance.expovariate(1))
            kind = self.chance.choice(("kill -9", "kill -9", "SIGTERM", "STOP", "upgrade"))
            daemon = self._end(kind, daemons, daemon)
            for thread in threads:
                thread.join(WAIT)
                if thread.is_alive():
                    self.fault(f"a worker hangs after {kind}")
        with self.home.client() as client:
            for worker in self.workers:
                self.count(worker.name, worker.lines)
                worker.lines = 0
                try:
                    worker.check(client)
                except AssertionError as error:
                    self.tally.lost += 1
                    self.fault(f"after {kind}: {str(error)[:500]}")
                    worker.acknowledged = self._as_it_is(worker, client)
            if client.info()["journal_failure"]:
                self.fault("the journal fails")
        self.tally.ends[kind] += 1
        return daemon

    def _as_it_is(self, worker: Worker, client: LineClient) -> dict[str, Known]:
        worker.sent = []
        mine = [name for name in client.sessions() if name.startswith(f"{worker.name}-")]
        return {name: Known.seen(client.get(name)) for name in mine}

    def _end(self, kind: str, daemons: Daemons, daemon: ForkedDaemon) -> ForkedDaemon:
        if kind == "upgrade":
            # The next daemon runs already, and signals the former to end.
            following = daemons.start()
            daemon.end()
            return following
        if kind == "kill -9":
            daemon.kill()
        elif kind == "SIGTERM":
            daemon.signal(signal.SIGTERM)
            daemon.end()
        else:
            with contextlib.suppress(EOFError, ConnectionError), self.home.client() as client:
                client.ask("STOP")
            daemon.end()
        return daemons.start()

    def _rss(self) -> int:
        with self.home.client() as client:
            rss: int = client.info()["rss"]
        return rss

    def report(self, before: int, after: int) -> None:
        tally = self.tally
        requests = {who: n for who, n in tally.lines.items() if who != "pushes"}
        print(f"lines  {sum(requests.values()):,} ({_counts(requests)})")
        pushes = tally.lines["pushes"]
        print(f"pushes {pushes:,} to one reader, compared {self.compared} times")
        print(f"ends   {sum(tally.ends.values())} ({_counts(tally.ends)})")
        print(f"lost   {tally.lost}")
        print(f"faults {len(tally.faults)}")
        for fault in tally.faults[:20]:
            print(f"       {fault}")
        print(f"rss    {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after")
        print(f"state  {self.home.journal.stat().st_size / 1e3:.0f} kB")


def _counts(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items()))


def main() -> int:
    """The command; returns 1 if something was lost or wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m checks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=1, help="duration (1)")
    parser.add_argument("--hours", type=float, default=0, help="additional duration")
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    given = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with DaemonHome() as made, listener(made) as sock, Daemons(made, sock) as daemons:
        soak = Soak(made, given.seed)
        soak.run(daemons, given.minutes + 60 * given.hours)
        log = daemons.log.read_text(errors="replace")
        for bad in ("Traceback", "invalid record", "set aside", "cannot be written"):
            if bad in log:
                print(f"log    {log.count(bad)} times {bad!r}, first: {_line_of(log, bad)}")
                soak.fault("see the log")
    return 1 if soak.tally.lost or soak.tally.faults else 0


def _line_of(log: str, word: str) -> str:
    return next(line for line in log.splitlines() if word in line)
