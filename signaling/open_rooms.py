"""Open rooms (protocol section O): plain y-protocols for any Yjs application, with the same checks and the same log.

Clients are known by their connection only. A connection owns the Yjs client ids that it first writes with, for as long
as it lasts (O3). Nothing reaches pycrdt that was not read strictly before.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

from pycrdt import Doc

from signaling.fanout import Fanout, Pace
from signaling.frames import binary_frame
from signaling.open_ledger import OpenLedger, OpenUpdate
from signaling.open_protocol import (
    OPEN_LIMITS,
    AwarenessEntry,
    AwarenessMessage,
    OpenMessage,
    QueryAwareness,
    Step1,
    UpdateMessage,
    decode_open_message,
    decode_updates,
    encode_awareness,
    encode_state_vector,
    encode_step1,
    encode_step2,
    encode_update,
    encode_updates,
    short_update,
)
from signaling.panic import die, is_panic
from signaling.roomlog import LogOverflow, Record, RoomHistory
from signaling.settings import DeletePolicy
from signaling.socket_writer import send_to_all
from whiteboard_crdt.documents import apply_unobserved
from whiteboard_crdt.errors import CloseCode, ProtocolError, UpdateRefused
from whiteboard_crdt.spec import UpdateLimits
from whiteboard_crdt.yappend import Continuation

__all__ = ["OPEN_PREFIX", "OpenClient", "OpenLog", "OpenRoom"]

log = logging.getLogger("chalkmesh.relay.open")

OPEN_PREFIX: Final = "open:"
"""Open rooms stand in the log under this prefix; no lesson's room may begin with it."""
_DOC: Final = "update"
_DOC_OF_MANY: Final = "updates"
_EMPTY_UPDATE: Final = b"\x00\x00"
_GONE_KEPT: Final = 1024
_OWNED_IDS: Final = 1024
_STORE_AT_ONCE: Final = 256  # messages
_STORE_AT_ONCE_BYTES: Final = 16_384  # of one message


class OpenLog(Protocol):
    """Where an open room's updates are kept: the relay's `RoomLog`, or nothing for a room that is only passed on."""

    def append(self, room: str, record: Record) -> asyncio.Future[None]:
        """Store one update."""
        ...


class OpenClient(Protocol):
    """One connection, as a room sees it."""

    name: str

    def send(self, frame: bytes) -> None:
        """Queue a prebuilt frame."""
        ...

    def send_catch_up(self, message: bytes) -> None:
        """Queue a message of any length."""
        ...


class OpenRoom:
    """One room: its document, what each connection owns, and who is aware of whom. Lives on the event loop."""

    def __init__(
        self,
        name: str,
        history: RoomHistory,
        store: OpenLog,
        deletes: DeletePolicy,
        wall_ms: Callable[[], int],
        limits: UpdateLimits = OPEN_LIMITS,
        pace: Pace | None = None,
    ) -> None:
        self.name = name
        self.clients: set[OpenClient] = set()
        self._pace = pace or Pace()
        self._fanout: Fanout[OpenClient] = Fanout(lambda: self.clients, send_to_all, self._pace, self._written)
        self._store = store
        self._deletes = deletes
        self._wall_ms = wall_ms
        self._started_ms = history.started_ms
        self._doc: Doc[object] = Doc()  # type: ignore[type-var]  # its roots are the applications' business
        self._ledger = OpenLedger(limits)
        self._owners: dict[int, OpenClient] = {}
        self._aware: dict[int, AwarenessEntry] = {}
        self._aware_owner: dict[int, OpenClient] = {}
        # The last clock of clients that left: y-websocket tells the relay again what it heard of others, and a late
        # echo must not bring a ghost back. Bounded, the oldest are forgotten.
        self._gone: OrderedDict[int, int] = OrderedDict()
        self._full_state: bytes | None = None
        self._seq = 0
        self._stored: asyncio.Future[None] | None = None
        # Taken and told: one record of the log for what came within 50 ms.
        self._taken: list[bytes] = []
        self._storing = False  # it is arranged
        self._unstored: list[Record] = []
        self._promised: asyncio.Future[None] | None = None
        # How each client's next update begins if it goes on where it stopped.
        self._expected: dict[OpenClient, Continuation] = {}
        for record in history.records:
            self._seq = max(self._seq, record.seq)
            self._restore(record)

    @property
    def stored(self) -> asyncio.Future[None] | None:
        """Done when all that was taken so far is durable; None when nothing was."""
        if not self._taken and not self._unstored:
            return self._stored
        if self._storing:
            self._store_taken()  # somebody waits for it
            if self.settled:
                return self._stored
        if self._promised is None:
            self._promised = asyncio.get_running_loop().create_future()
        return self._promised

    @property
    def settled(self) -> bool:
        """Whether the log has been given all that was taken: only then may the room be dropped from memory."""
        return not self._taken and not self._unstored

    # Coming and going

    def join(self, client: OpenClient) -> None:
        """O2: step 1 and all awareness at join."""
        self._fanout.flush()
        self.clients.add(client)
        client.send(binary_frame(encode_step1(self._ledger.state_vector())))
        if self._aware:
            client.send_catch_up(encode_awareness(self._aware.values()))

    def leave(self, client: OpenClient) -> None:
        """Forget a connection; null awareness for what it was known as, so that no ghost stays."""
        self.clients.discard(client)
        if not self.clients:
            self._store_taken()
        self._expected.pop(client, None)
        for owned in [key for key, owner in self._owners.items() if owner is client]:
            del self._owners[owned]
        ghosts = [key for key, owner in self._aware_owner.items() if owner is client]
        nulls = []
        for ghost in ghosts:
            del self._aware_owner[ghost]
            entry = self._aware.pop(ghost)
            nulls.append(AwarenessEntry(ghost, entry.clock + 1, b"null"))
            self._remember_gone(ghost, entry.clock + 1)
        if nulls:
            self._fanout.put(binary_frame(encode_awareness(nulls)))

    def keep_alive(self) -> None:
        """y-websocket drops a socket that brought no application message for 30 s; pings do not count."""
        self._fanout.put(binary_frame(encode_awareness(())))
        self._store_taken()

    def flush(self) -> None:
        """Write what was told in this turn of the loop now, and give the log what was taken."""
        self._fanout.flush()
        self._store_taken()

    # Messages

    def receive(self, client: OpenClient, data: bytes) -> bool:
        """Handle one binary message. Raises ProtocolError when the connection has to be closed.

        False for an update that was not taken because its base is missing: step 1 asked for all of it. Raises
        LogOverflow, and takes nothing, while the log has no room for what was taken.
        """
        if self._unstored:
            self._store_taken()
            if self._unstored:
                raise LogOverflow("the room log does not keep up")
        update = short_update(data)
        if update is not None:
            expected = self._expected.get(client)
            if expected is not None and self._owners.get(expected.client) is client:
                clocks = self._ledger.goes_on(expected, update)
                if clocks:
                    self._apply(update)
                    self._ledger.went_on(expected, clocks)
                    self._taken.append(update)
                    self._fanout.put(binary_frame(data), but=(client,))
                    return True
        return self._handle(client, decode_open_message(data))

    def _handle(self, client: OpenClient, message: OpenMessage) -> bool:
        if isinstance(message, Step1):
            self._answer(client, message)
        elif isinstance(message, UpdateMessage):
            return self._update(client, message)
        elif isinstance(message, AwarenessMessage):
            self._awareness(client, message.entries)
        elif isinstance(message, QueryAwareness):
            client.send_catch_up(encode_awareness(self._aware.values()))
        return True

    def _answer(self, client: OpenClient, step1: Step1) -> None:
        # Only what we know too, and never beyond it: the state vector that the library sees is ours (P9).
        held = self._ledger.held
        known = {key: min(clocks, held[key]) for key, clocks in step1.held.items() if key in held}
        if any(known.values()):
            client.send_catch_up(encode_step2(self._doc.get_update(encode_state_vector(known))))
            return
        if self._full_state is None:
            # Kept until the next update: thirty who come at once are sent the same bytes.
            self._full_state = encode_step2(self._doc.get_update())
        client.send_catch_up(self._full_state)

    def _update(self, client: OpenClient, message: UpdateMessage) -> bool:
        if message.update == _EMPTY_UPDATE:
            return True
        update = self._ledger.read(message.update)
        if update is None:
            # Its base is not here: nothing of it is kept. The answer to step 1 brings all of it, in order.
            client.send(binary_frame(encode_step1(self._ledger.state_vector())))
            return False
        if update.empty:
            return True
        self._check_owner(client, update)
        for owned in update.fresh:
            self._owners[owned] = client
        self._apply(update.update)
        self._ledger.note(update)
        expected = self._ledger.continuation(update)
        if expected is not None:
            self._expected[client] = expected
        self._taken.append(update.update)
        self._fanout.put(binary_frame(encode_update(update.update)), but=(client,))
        return True

    def _written(self) -> None:
        """Once what was taken is told: the log gets it at once where somebody waits for it or it is much."""
        taken = self._taken
        if self._promised is not None or self._unstored or len(taken) >= _STORE_AT_ONCE:
            self._store_taken()
        elif not taken:
            return
        elif len(taken[-1]) >= _STORE_AT_ONCE_BYTES:
            self._store_taken()
        elif not self._storing:
            self._storing = True
            self._pace.arrange_storing(self._store_taken)

    def _store_taken(self) -> None:
        """Give the log what was told; what it has no room for waits, and nothing more is taken meanwhile."""
        self._storing = False
        taken = self._taken
        if taken:
            self._taken = []
            self._seq += 1
            now_ms = self._wall_ms()
            doc, payload = (_DOC, taken[0]) if len(taken) == 1 else (_DOC_OF_MANY, encode_updates(taken))
            self._unstored.append(Record(doc, "", self._seq, max(0, now_ms - self._started_ms), now_ms, payload))
        while self._unstored:
            try:
                self._stored = self._store.append(OPEN_PREFIX + self.name, self._unstored[0])
            except LogOverflow:
                return
            del self._unstored[0]
        if self._promised is not None and self._stored is not None:
            self._stored.add_done_callback(partial(_keep, self._promised))
            self._promised = None

    def _awareness(self, client: OpenClient, entries: Iterable[AwarenessEntry]) -> None:
        changed = []
        for entry in entries:
            owner = self._aware_owner.get(entry.client)
            held = self._aware.get(entry.client)
            if owner is None:
                if entry.gone or entry.clock <= self._gone.get(entry.client, -1):
                    continue
                if len(self._aware_owner) >= _OWNED_IDS:
                    raise ProtocolError("too many awareness states", CloseCode.RATE_LIMITED)
                self._aware_owner[entry.client] = client
            elif owner is not client or held is None or entry.clock < held.clock:
                continue  # an echo of what it heard from us, or an old state
            changed.append(entry)
            if entry.gone:
                del self._aware_owner[entry.client], self._aware[entry.client]
                self._remember_gone(entry.client, entry.clock)
            else:
                self._aware[entry.client] = entry
        if changed:
            # To its sender too: that is what y-websocket's 30 s watchdog waits for (O2).
            self._fanout.put_relaxed(binary_frame(encode_awareness(changed)))

    # State

    def _check_owner(self, client: OpenClient, update: OpenUpdate) -> None:
        """O3. Raises ProtocolError."""
        for key in update.fresh:
            if self._owners.get(key, client) is not client:
                raise UpdateRefused("P2", "client id of another connection", CloseCode.NOT_ALLOWED)
        if len(self._owners) + len(update.fresh) > _OWNED_IDS * max(1, len(self.clients)):
            raise ProtocolError("too many client ids", CloseCode.RATE_LIMITED)
        if self._deletes == "own":
            for key, anything in update.deletes.items():
                if anything and key not in update.fresh and self._owners.get(key) is not client:
                    raise UpdateRefused("P4", "deletes items of others", CloseCode.NOT_ALLOWED)

    def _apply(self, update: bytes) -> None:
        try:
            apply_unobserved(self._doc, update)
        except ValueError:
            raise UpdateRefused("P1", "not taken by the document") from None
        except BaseException as error:
            if is_panic(error):
                die("open room")
            raise
        self._full_state = None

    def _restore(self, record: Record) -> None:
        """Apply a stored update again. It was checked when it came; a hole after a damaged record is left out."""
        try:
            updates = decode_updates(record.payload) if record.doc == _DOC_OF_MANY else [record.payload]
        except ProtocolError as error:
            log.error("stored updates left out seq=%d reason=%s", record.seq, error.reason)
            return
        for one in updates:
            try:
                update = self._ledger.read(one)
                if update is None:
                    raise UpdateRefused("P3", "its base is missing")
                self._apply(update.update)
                self._ledger.note(update)
            except UpdateRefused as error:
                log.error("stored update left out seq=%d rule=%s", record.seq, error.rule)

    def _remember_gone(self, client: int, clock: int) -> None:
        self._gone[client] = clock
        self._gone.move_to_end(client)
        if len(self._gone) > _GONE_KEPT:
            self._gone.popitem(last=False)


def _keep(promised: asyncio.Future[None], stored: asyncio.Future[None]) -> None:
    if not promised.done():
        if stored.cancelled() or stored.exception() is not None:
            promised.cancel()
        else:
            promised.set_result(None)
