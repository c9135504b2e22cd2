"""A peer's pictures: put, get, and handed on to whoever asks on a direct link (protocol section A)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from signaling.asset_server import AssetError, AssetServer, ServerRest
from signaling.links.link import Bulk
from whiteboard_crdt.asset_fetch import Action, Ask, AskServer, AssetFetcher, Check, Failed, Fetched
from whiteboard_crdt.assets import (
    ASSET_LIMITS,
    AskMessage,
    AssetId,
    AssetSender,
    decode_bulk,
    encode_bulk,
    parse_asset,
    sniff_mime,
)
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import SessionId

__all__ = ["Asset", "PeerAssets"]

log = logging.getLogger("chalkmesh.peer")

_SHELF_BYTES: Final = 64 * 1024 * 1024
_UPLOAD_RETRY_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Asset:
    """A picture whose hash is right. ``mime`` is told by its first bytes: decode it with limits of your own."""

    id: AssetId
    mime: str
    data: bytes


@dataclass(slots=True, eq=False)
class _Upload:
    data: bytes
    done: asyncio.Event = field(default_factory=asyncio.Event)
    error: AssetError | None = None


@dataclass(slots=True, eq=False)
class _BulkLink:
    bulk: Bulk
    sender: AssetSender
    # Encoded, not taken by the channel yet.
    waiting: list[bytes] = field(default_factory=list)


class PeerAssets:
    """Lives on the event loop. Direct links first, the server where they cannot; `tick` several times a second.

    ``close_link(session)`` is called for a peer whose bulk messages break the protocol. What was fetched is kept in
    memory, 64 MiB at most, the least used goes first.
    """

    def __init__(
        self, server: AssetServer, clock: Callable[[], float], close_link: Callable[[SessionId], None]
    ) -> None:
        self._server = server
        self._clock = clock
        self._close_link = close_link
        self._fetcher = AssetFetcher()
        self._shelf: OrderedDict[AssetId, bytes] = OrderedDict()
        self._shelf_bytes = 0
        self._uploads: dict[AssetId, _Upload] = {}
        self._wake_upload = asyncio.Event()
        self._waiting: dict[AssetId, list[asyncio.Future[bytes]]] = {}
        self._links: dict[SessionId, _BulkLink] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._uploader: asyncio.Task[None] | None = None

    # For whoever uses the peer

    async def put(self, data: bytes) -> AssetId:
        """Offer a picture to the room: kept here, uploaded in the background. Raises AssetError, see `AssetError`."""
        if len(data) > ASSET_LIMITS.asset_bytes:
            raise AssetError("too_large")
        if sniff_mime(data) is None:
            raise AssetError("not_a_picture")
        asset = AssetId(await asyncio.to_thread(_digest, data))
        if asset not in self._uploads:
            if sum(len(upload.data) for upload in self._uploads.values()) + len(data) > ASSET_LIMITS.room_bytes:
                raise AssetError("too_many")
            self._uploads[asset] = _Upload(data)
            self._wake_upload.set()
            if self._uploader is None:
                self._uploader = asyncio.get_running_loop().create_task(self._upload_for_ever(), name="asset-upload")
        return asset

    async def stored(self, asset: AssetId, timeout_s: float | None = 30.0) -> None:
        """Wait until the server holds a picture that was `put` here. Raises AssetError, TimeoutError."""
        upload = self._uploads.get(asset)
        if upload is None:
            return
        async with asyncio.timeout(timeout_s):
            await upload.done.wait()
        if upload.error is not None:
            raise upload.error

    async def get(self, asset: AssetId | str, timeout_s: float | None = 60.0) -> Asset:
        """A picture, from here, from a peer or from the server.

        Raises AssetError: `unknown` when nobody has it, `unreachable` when the server could not be asked, `too_many`
        when 1,024 are wanted already; TimeoutError; ProtocolError for what is no asset's id.
        """
        wanted = parse_asset(asset)
        data = self._held(wanted)
        if data is None:
            arrival: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            if not self._fetcher.want(wanted, self._now_ms()):
                raise AssetError("too_many")
            waiting = self._waiting.setdefault(wanted, [])
            waiting.append(arrival)
            self._act()
            try:
                async with asyncio.timeout(timeout_s):
                    data = await arrival
            finally:
                if arrival in waiting:
                    waiting.remove(arrival)
                if not waiting and self._waiting.get(wanted) is waiting:
                    del self._waiting[wanted]
                    self._fetcher.forget(wanted, self._now_ms())
                    self._act()
        return Asset(wanted, sniff_mime(data) or "application/octet-stream", data)

    # For the peer

    def link_up(self, session: SessionId, bulk: Bulk) -> None:
        """A direct link is healthy."""
        known = self._links.get(session)
        if known is None or known.bulk is not bulk:
            link = self._links[session] = _BulkLink(bulk, AssetSender(self._held))
            bulk.on_message = partial(self._arrived, session, link)
            bulk.on_drain = partial(self._pump, link)
        self._fetcher.peer_up(session, self._now_ms())
        self._act()

    def link_down(self, session: SessionId) -> None:
        """A direct link is silent or gone."""
        self._fetcher.peer_down(session, self._now_ms())
        self._act()

    def forget_link(self, session: SessionId) -> None:
        """A direct link is closed."""
        self._links.pop(session, None)
        self.link_down(session)

    def connected(self) -> None:
        """The relay let us in: what waits for the server may go."""
        self._wake_upload.set()

    def tick(self) -> None:
        """Stalls, pauses, and channels that were not open yet."""
        for link in tuple(self._links.values()):
            self._pump(link)
        self._fetcher.tick(self._now_ms())
        self._act()

    async def close(self) -> None:
        """Stop everything; who waits gets `unreachable`."""
        tasks = {*self._tasks, *((self._uploader,) if self._uploader is not None else ())}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for asset in tuple(self._waiting):
            self._settle(asset, AssetError("unreachable"))
        await self._server.close()

    # Inside

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _held(self, asset: AssetId) -> bytes | None:
        upload = self._uploads.get(asset)
        if upload is not None:
            return upload.data
        data = self._shelf.get(asset)
        if data is not None:
            self._shelf.move_to_end(asset)
        return data

    def _keep(self, asset: AssetId, data: bytes) -> None:
        if asset not in self._shelf:
            self._shelf[asset] = data
            self._shelf_bytes += len(data)
            while self._shelf_bytes > _SHELF_BYTES:
                _, dropped = self._shelf.popitem(last=False)
                self._shelf_bytes -= len(dropped)

    def _arrived(self, session: SessionId, link: _BulkLink, data: bytes) -> None:
        if self._links.get(session) is not link:
            return
        try:
            message = decode_bulk(data)
            if isinstance(message, AskMessage):
                link.sender.receive(message)
                self._pump(link)
            else:
                self._fetcher.receive(session, message, self._now_ms())
                self._act()
        except ProtocolError as error:
            log.warning("link closed session=%s code=%d reason=%s channel=bulk", session, error.code, error.reason)
            self._close_link(session)

    def _pump(self, link: _BulkLink) -> None:
        """Send until the channel has no room; it calls again when it has."""
        while True:
            if not link.waiting:
                message = link.sender.next_message()
                if message is None:
                    return
                link.waiting.append(encode_bulk(message))
            if not link.bulk.send(link.waiting[0]):
                return
            del link.waiting[0]

    def _act(self) -> None:
        while actions := self._fetcher.take_actions():
            for action in actions:
                self._do(action)

    def _do(self, action: Action) -> None:
        if isinstance(action, Ask):
            link = self._links.get(action.peer)
            if link is not None:
                # At most two windows of three assets wait here (A3, A6).
                link.waiting.append(encode_bulk(action.message))
                self._pump(link)
        elif isinstance(action, AskServer):
            self._own(self._ask_server(action))
        elif isinstance(action, Check):
            self._own(self._check(action))
        elif isinstance(action, Fetched):
            self._keep(action.asset, action.data)
            self._settle(action.asset, action.data)
        elif isinstance(action, Failed):
            log.info("picture not to be had asset=%s reason=%s", action.asset, action.reason)
            self._settle(action.asset, AssetError(action.reason))

    def _settle(self, asset: AssetId, outcome: bytes | AssetError) -> None:
        for arrival in self._waiting.pop(asset, ()):
            if arrival.done():
                continue
            if isinstance(outcome, bytes):
                arrival.set_result(outcome)
            else:
                arrival.set_exception(outcome)

    async def _ask_server(self, action: AskServer) -> None:
        answer = await self._server.fetch(action.asset, action.first)
        now_ms = self._now_ms()
        if isinstance(answer, ServerRest):
            self._fetcher.server_rest(action.asset, answer.offset, answer.total, answer.data, now_ms)
        elif answer == "missing":
            self._fetcher.server_missing(action.asset, now_ms)
        else:
            self._fetcher.server_away(action.asset, now_ms)
        self._act()

    async def _check(self, action: Check) -> None:
        good = await asyncio.to_thread(_digest, action.data) == action.asset
        if not good:
            log.warning("picture with a wrong hash asset=%s", action.asset)
        self._fetcher.checked(action.asset, good, self._now_ms())
        self._act()

    async def _upload_for_ever(self) -> None:
        while True:
            self._wake_upload.clear()
            left = False
            for asset, upload in tuple(self._uploads.items()):
                try:
                    if not await self._server.store(asset, upload.data):
                        left = True
                        continue
                except AssetError as error:
                    log.warning("picture refused by the server asset=%s reason=%s", asset, error.reason)
                    upload.error = error
                del self._uploads[asset]
                self._keep(asset, upload.data)
                upload.done.set()
            try:
                async with asyncio.timeout(_UPLOAD_RETRY_S if left else None):
                    await self._wake_upload.wait()
            except TimeoutError:
                continue

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("fault while getting a picture", exc_info=task.exception())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
