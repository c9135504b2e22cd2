"""A recorded session that speaks again: the same updates under the same session and client id, signed anew.

A signature covers the room (E2), so what was recorded is valid in its own room only. The content is not touched.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict

from loadtests.netlab.school import LabSchool
from loadtests.replay.lesson import RecordedAuthor, RecordedEdit
from loadtests.users.measures import EditTimes, Sink
from signaling.control import RelayControl, Welcome
from signaling.links.websocket import Introduction
from signaling.relay_connection import RelayConnection
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, envelope_hash, seal
from whiteboard_crdt.ids import Capability, ClientId, DocRef, UserId
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import (
    AckMessage,
    EnvelopeMessage,
    HaveMessage,
    PingMessage,
    PongMessage,
    RefusedMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.ticket import Ticket, issue_ticket

__all__ = ["ReplayAuthor"]

_LIFETIME_MS = 24 * 3_600_000
_MESSAGE_BYTES = 64 * 1024 * 1024


class ReplayAuthor:
    """One session in one room. Holds no document: it says what it said then, and listens for acknowledgements."""

    def __init__(self, author: RecordedAuthor, school: LabSchool, times: EditTimes, sink: Sink) -> None:
        self.refused = 0
        self.stopped_code = 0
        self._cut = False
        self._author = author
        self._school = school
        self._times = times
        self._sink = sink
        self._key = SessionKey.generate()
        self._connection = RelayConnection(self)
        self._welcomed = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._heads: dict[DocRef, tuple[int, bytes]] = {}
        self._unacked: OrderedDict[tuple[DocRef, int], tuple[float, bytes]] = OrderedDict()

    async def enter(self, limit_s: float) -> None:
        """Connect. Raises TimeoutError."""
        begun_s = time.monotonic()
        self._connection.start()
        async with asyncio.timeout(limit_s):
            await self._welcomed.wait()
        self._sink.put("ROOM", "join", (time.monotonic() - begun_s) * 1000)

    def say(self, edit: RecordedEdit) -> None:
        """Make one edit and send it."""
        self.send(self.write(edit))

    def write(self, edit: RecordedEdit) -> bytes:
        """Make one edit; it is sent by `send`, or with whatever else waits when the connection is there again."""
        seq, prev = self._heads.get(edit.doc, (0, FIRST_PREV))
        envelope = self._seal(edit, seq + 1, prev)
        self._heads[edit.doc] = seq + 1, envelope_hash(self._school.room, envelope.body)
        data = encode_message(EnvelopeMessage(envelope))
        self._unacked[edit.doc, seq + 1] = time.monotonic(), data
        self._quiet.clear()
        self._times.made(envelope, time.monotonic())
        return data

    def send(self, data: bytes) -> None:
        """What `write` made; nothing happens while the connection is broken."""
        self._connection.send(data)

    def cut(self, broken: bool) -> None:
        """Break the connection, as it was broken then, or let it come back."""
        self._cut = broken
        self._connection.cut(broken)

    async def saved(self, limit_s: float) -> bool:
        """Whether all of it became durable within `limit_s`."""
        try:
            async with asyncio.timeout(limit_s):
                await self._quiet.wait()
        except TimeoutError:
            return False
        return True

    async def leave(self) -> None:
        """Say goodbye."""
        await self._connection.stop()

    def _seal(self, edit: RecordedEdit, seq: int, prev: bytes) -> Envelope:
        now_ms = time.time_ns() // 1_000_000
        session = self._author.session
        return seal(self._school.room, edit.doc, session, seq, prev, now_ms, edit.update, self._key.sign)

    # RelayHost

    async def introduce(self, *, expired: bool) -> tuple[str, Introduction]:
        """A ticket for the recorded session, with a key of this run."""
        now_ms = time.time_ns() // 1_000_000
        author = self._author
        ticket = Ticket(
            room=self._school.room, user=UserId(author.user), name=author.user, role=author.role,
            caps=frozenset(Capability), session=author.session, client=ClientId(author.client), key=self._key.public,
            issued_ms=now_ms, expires_ms=now_ms + _LIFETIME_MS,
        )  # fmt: skip
        token = issue_ticket(ticket, self._school.private, self._school.kid)
        return self._school.relay_url, Introduction(token, self._key, "live", HaveMessage(()))

    def on_welcome(self, welcome: Welcome) -> None:
        """What was under way when the socket broke is sent again."""
        self._welcomed.set()
        for _, data in self._unacked.values():
            self._connection.send(data)

    def on_binary(self, data: bytes) -> None:
        """Acknowledgements and refusals; others' work is the observer's to look at."""
        message = decode_message(data, max(_MESSAGE_BYTES, 2 * SNAPSHOT_LIMITS.bytes))
        if isinstance(message, AckMessage):
            self._acked(message)
        elif isinstance(message, RefusedMessage) and message.session == self._author.session:
            self.refused += 1
            self._sink.put("EDIT", "durable", 0.0, error=f"refused {message.code}")
            self._forget(message.doc, message.seq)
        elif isinstance(message, PingMessage):
            self._connection.send(encode_message(PongMessage(message.nonce)))
        elif isinstance(message, WantMessage) and message.session == self._author.session:
            for seq in range(message.first, message.last + 1):
                if (message.doc, seq) in self._unacked:
                    self._connection.send(self._unacked[message.doc, seq][1])

    def on_control(self, message: RelayControl) -> None:
        """Nothing of it concerns an author who only repeats."""

    def on_lost(self, code: int, reason: str) -> None:
        """It comes back by itself."""
        self._sink.put("ROOM", "socket lost", 0.0, error="" if self._cut else str(code))

    def on_stopped(self, code: int, reason: str) -> None:
        """The relay wants no more of this session."""
        self.stopped_code = code
        self._sink.put("ROOM", "socket stopped", 0.0, error=str(code))
        self._welcomed.set()

    def _acked(self, message: AckMessage) -> None:
        now_s = time.monotonic()
        for entry in message.entries:
            if entry.session != self._author.session:
                continue
            for doc, seq in [key for key in self._unacked if key[0] == entry.doc and key[1] <= entry.seq]:
                self._sink.put("EDIT", "durable", (now_s - self._unacked[doc, seq][0]) * 1000)
                self._forget(doc, seq)

    def _forget(self, doc: DocRef, seq: int) -> None:
        self._unacked.pop((doc, seq), None)
        if not self._unacked:
            self._quiet.set()
