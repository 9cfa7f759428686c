"""RECORD: the connections that get every record of the journal as it is written."""

from __future__ import annotations

from acd.daemon.connection import Connection
from acd.protocol import encode, err_line, recorded_line
from acd.sessions import recording
from acd.sessions.store import Store
from acd.sessions.values import Now


class Recorders:
    """The connections that have sent RECORD; a recording.RecordWriter in front of the journal."""

    def __init__(self, store: Store, journal: recording.RecordWriter):
        self._store = store
        self._journal = journal
        self._connections: set[Connection] = set()
        self.output: recording.RecordWriter = journal
        """Where the server writes records: the journal itself while there are no recordings."""

    def add(self, connection: Connection, now: Now) -> str:
        """Starts a recording; returns the reply, and the sessions with which it begins."""
        self._connections.add(connection)
        self.output = self
        begin = [recorded_line(line) for line in recording.session_records(self._store, now)]
        return "\n".join(["OK", *begin])

    def append(self, records: list[str], now: Now) -> None:
        """Writes records into the journal, and pushes them without texts."""
        self._journal.append(records, now)
        data = encode([recorded_line(line) for line in recording.lines(records, now)])
        # A copy: a write can fill a buffer, which ends that recording.
        for connection in list(self._connections):
            connection.transport.write(data)

    def remove(self, connection: Connection) -> None:
        """Ends the connection's recording, if there is one."""
        if connection in self._connections:
            self._connections.remove(connection)
            if not self._connections:
                self.output = self._journal

    def pause(self, connection: Connection) -> None:
        """Ends the recording and its connection: with a gap it would replay to wrong statuses."""
        if connection in self._connections:
            self.remove(connection)
            connection.send(encode([err_line("the recording is read too slowly")]))
            connection.transport.close()
