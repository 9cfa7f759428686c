"""The client's side of one connection, without IO: bytes in, messages out, bytes to send."""

from collections import deque
from typing import Final, NamedTuple

from acd.protocol import (
    Err,
    LineDecoder,
    List,
    Message,
    Ok,
    Reply,
    Request,
    Snapshot,
    Subscribe,
    encode,
    parse_message,
)

REPLY_SECONDS: Final = 10.0
"""How long a shell waits for a reply. A running daemon answers in well under a millisecond, one
that is being started in half a second."""

RECONNECT_DELAYS: Final = (0.2, 2.0)
"""The first and the longest delay of a Backoff, in seconds, before a connection is made again.
No delay follows a connection that lasted: the daemon has stopped, or was upgraded. A daemon
that fails at every start is not started ever faster."""


class MatchedReply(NamedTuple):
    """A reply to the oldest request that had none."""

    reply: Reply


class ClientSession:
    """Separates replies, which come in the order of the requests, from pushes in between."""

    def __init__(self) -> None:
        self._decoder = LineDecoder(None)
        self._pending: deque[Request] = deque()

    def send(self, request: Request) -> bytes:
        """Returns the bytes to send."""
        self._pending.append(request)
        return encode([request.format()])

    def receive(self, data: bytes) -> list[MatchedReply | Message]:
        """Returns the replies and pushes that `data` completes.

        An Err without a request is a push: the daemon ends the connection after
        it. Raises BadReply; the connection is of no use any more then.
        """
        messages = [parse_message(str(line)) for line in self._decoder.feed(data)]
        return [self._match(message) for message in messages]

    def _match(self, message: Message) -> MatchedReply | Message:
        match message:
            case Ok() | Err() if self._pending:
                self._pending.popleft()
                return MatchedReply(message)
            # A snapshot that is pushed just before the reply is as good as the reply.
            case Snapshot() if self._pending and isinstance(self._pending[0], List | Subscribe):
                self._pending.popleft()
                return MatchedReply(message)
        return message
