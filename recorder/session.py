"""Records one lesson.

Sits in its room as a peer of mode "log", writes the archive, and seals it when the lesson is over.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from aiortc import RTCPeerConnection, RTCRtpReceiver

from recorder.alerts import AlertCourier
from recorder.archive import Archive, LessonInfo, open_archive, open_sealed
from recorder.clock import RoomClock
from recorder.disk import DiskWriter
from recorder.gathering import Gatherer
from recorder.late import load_sealing
from recorder.media_desk import MediaDesk
from recorder.metrics import EDITS
from recorder.portal_client import PortalAway, PortalClient, RecordingStatus, WantedLesson, Ways
from recorder.room_log import RoomLog
from recorder.settings import RecorderSettings
from signaling.asset_store import AssetStore
from signaling.client import Grant, Peer
from signaling.events import AlertBrought, Connected, Event, RoomState, SeenEnvelope, Stopped
from signaling.mesh import MeshOptions
from signaling.peer_tickets import IceServer
from whiteboard_crdt.assets import AssetId
from whiteboard_crdt.envelope import Envelope, decode_envelope
from whiteboard_crdt.errors import ChalkmeshError, SetupError
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import PublicKey, SessionKey, encode_base64url, load_jwks

__all__ = ["LessonRecorder", "RoomLost"]

log = logging.getLogger("chalkmesh.recorder")

_RETRY_FIRST_S = 0.5
_RETRY_LONGEST_S = 10.0
# How long the portal is tried to be told that a lesson is sealed; a restart tells it too.
_TELL_S = 600.0
_LOOK_S = 0.05
_DISK_AGAIN_S = 5.0
_NOTES_EVERY_S = 1.0
# A sealing does not wait longer for pictures; what comes afterwards is still taken.
_PICTURES_S = 1.0
# How long the relay is tried for the rest of the late work after a restart.
_REST_S = 300.0


class RoomLost(ChalkmeshError):
    """The relay put the recorder out for good; a new session may get in."""


class LessonRecorder:
    """One lesson. `run` returns when it is sealed; cancelled, it leaves an archive that the next run goes on with."""

    def __init__(self, lesson: WantedLesson, settings: RecorderSettings, portal: PortalClient) -> None:
        self.lesson = lesson
        self._settings = settings
        self._portal = portal
        self._clock = RoomClock()
        self._key = SessionKey.generate()
        self._client = secrets.randbelow(2**32 - 1) + 1
        self._late = lesson.state == "ended"
        self._desk: MediaDesk | None = None
        self._recording = False
        self._room_closed = False
        self._start_ms: float | None = None
        self._peer: Peer | None = None
        self._edits: Counter[str] = Counter()
        # Set whenever something happened that the waiting parts look at.
        self._news = asyncio.Event()
        self._beat = asyncio.Event()

    @property
    def folder(self) -> Path:
        """Where the archive is."""
        return self._settings.recordings / self.lesson.lesson

    @property
    def state(self) -> str:
        """For metrics: connecting, joined or recording. While the relay is lost, a link to anybody is enough."""
        if self._peer is None or not (self._peer.connected or self.links):
            return "connecting"
        return "recording" if self._recording else "joined"

    @property
    def links(self) -> int:
        """Direct links that are up."""
        return 0 if self._peer is None else sum(link.healthy for link in self._peer.direct.values())

    def update(self, lesson: WantedLesson) -> None:
        """The portal's view of the lesson changed."""
        self.lesson = lesson
        self._news.set()

    async def run(self) -> None:
        """Record to the end, seal, and tell the portal. Raises SetupError, RoomLost, OSError, sqlite3.Error."""
        sealing = await asyncio.to_thread(load_sealing, self.folder)
        if sealing is None or sealing.takes_late_work:
            keys, jwks = await asyncio.to_thread(_load_keys, self._settings.key_set)
            info = LessonInfo(self.lesson.lesson, self.lesson.room, self.lesson.title, self.lesson.school, jwks)
            if sealing is None:
                archive = await asyncio.to_thread(open_archive, self.folder, info)
            else:
                archive = await asyncio.to_thread(open_sealed, self.folder)
            try:
                duration = await self._record(archive, keys, resumes_late=sealing is not None)
            finally:
                archive.close()
        else:
            duration = sealing.duration_ms
        await self._tell_until_heard("sealed", duration)

    # The stay in the room

    async def _record(self, archive: Archive, keys: dict[str, PublicKey], *, resumes_late: bool) -> int:
        """Returns how long the recording is. `resumes_late`: it is sealed, and only late work is to come."""
        disk = DiskWriter(archive)
        mesh = MeshOptions(on_track=self._on_track, on_closed=self._on_closed, media="recvonly")
        peer = Peer(
            RoomId(self.lesson.room),
            self._ticket,
            keys,
            key=self._key,
            client_id=self._client,
            mode="log",
            mesh=mesh,
        )
        await self._prepare(peer)
        gatherer = self._gatherer(peer, archive)
        room_log = self._catch_up(peer, archive, gatherer)
        self._desk = desk = MediaDesk(archive.media, archive, self._clock, room_log.introduce, room_log.is_declined)
        courier = AlertCourier(self.lesson.lesson, self._portal, peer)
        peer.on_event = self._listener(room_log, courier)
        peer.on_envelope = peer.on_event
        heartbeat: asyncio.Task[None] | None = None
        mending: asyncio.Task[None] | None = None
        pictures: asyncio.Task[None] | None = None
        try:
            if archive.run > 1 and not resumes_late:
                mending = await self._mend(archive)
            async with peer:
                self._peer = peer
                pictures = asyncio.create_task(self._gather(gatherer), name="pictures")
                if resumes_late:
                    await self._take_rest(peer, room_log, disk)
                    return await self._wait_for_late_work(peer, archive, disk, gatherer)
                heartbeat = asyncio.create_task(self._heartbeat(peer))
                end_ms = await self._sit(peer, room_log, archive, disk)
                desk.end()
                await disk.flush(desk.take())
                await self._drain(peer, room_log, disk)
                if mending is not None:
                    await mending
                await gatherer.finish(_PICTURES_S)
                await self._seal(archive, room_log, disk, end_ms)
                heartbeat.cancel()
                return await self._wait_for_late_work(peer, archive, disk, gatherer)
        finally:
            self._peer = None
            await courier.close()
            for task in (heartbeat, pictures):
                if task is not None:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            desk.end(interrupted=True)
            with suppress(sqlite3.Error):
                if archive.get("state") == "recording":
                    archive.event("recorder", None, {"run": archive.run, "what": "stop"}, self._now_ms())
                await disk.flush(desk.take())
            if mending is not None:
                # A thread cannot be cancelled, and the archive must not be closed under it.
                await asyncio.gather(mending, return_exceptions=True)

    async def _mend(self, archive: Archive) -> asyncio.Task[None]:
        """Set about the files that a killed run left, beside everything else: the lesson goes on meanwhile."""
        epoch_at = archive.get("room_epoch_at")
        now_ms = time.time() * 1000 - epoch_at if isinstance(epoch_at, int) else 0.0
        unfinished = await asyncio.to_thread(archive.unfinished)
        return asyncio.create_task(asyncio.to_thread(archive.mend, unfinished, now_ms), name="mend")

    async def _prepare(self, peer: Peer) -> None:
        """Obtain the first ticket, however long the portal takes."""
        pause_s = _RETRY_FIRST_S
        while True:
            try:
                await peer.prepare()
            except PortalAway as error:
                log.info("no ticket yet lesson=%s: %s", self.lesson.lesson, error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _RETRY_LONGEST_S)
            else:
                return

    def _gatherer(self, peer: Peer, archive: Archive) -> Gatherer:
        store, room = AssetStore(self._settings.relay_assets), RoomId(self.lesson.room)
        return Gatherer(
            archive,
            lambda asset: peer.assets.get(asset, timeout_s=None),
            lambda asset: store.path(room, AssetId(asset)),
            self._now_ms,
        )

    async def _gather(self, gatherer: Gatherer) -> None:
        try:
            await gatherer.run()
        except Exception:
            # The edge of this task: a fault in it must not end the recording.
            log.exception("pictures are no longer gathered lesson=%s", self.lesson.lesson)

    def _catch_up(self, peer: Peer, archive: Archive, gatherer: Gatherer) -> RoomLog:
        """Give the peer what an earlier run archived, so that only the rest is fetched."""

        def held() -> Iterator[Envelope]:
            for stored in archive.envelopes():
                envelope = decode_envelope(stored.raw)
                gatherer.seen(envelope, stored.room_ms)
                yield envelope

        peer.preload(archive.tickets(), held())
        room_log = RoomLog(peer, archive, self._clock, gatherer)
        for known in peer.replica.sessions:
            if archive.knows(known.ticket.session):
                room_log.introduce(known.ticket.session)
        room_log.note_messages()
        return room_log

    async def _sit(self, peer: Peer, room_log: RoomLog, archive: Archive, disk: DiskWriter) -> float | None:
        """Stay until the portal says that the lesson ended; returns that moment in room time, None if it was before."""
        noted, flushed_s, looked_s = False, 0.0, 0.0
        while self.lesson.state != "ended":
            if peer.stopped is not None:
                raise RoomLost(f"the relay closed with {peer.stopped.code}")
            if self._clock.known and not noted:
                noted = True
                what = "start" if archive.run == 1 else "resume"
                archive.event("recorder", None, {"run": archive.run, "what": what}, self._now_ms())
            if self._clock.known and not self._recording and (self.lesson.state == "live" or room_log.live):
                self._begin(archive, room_log)
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.flush_every_ms / 1000):
                    await self._news.wait()
            assert self._desk is not None
            jobs, now_s = self._desk.take(), time.monotonic()
            # A commit costs more than all else that a board without media does. What only notes speak of waits a
            # little, unless nobody else holds it.
            if jobs or self._news.is_set() or not peer.synced or now_s - flushed_s >= _NOTES_EVERY_S:
                flushed_s = now_s
                await disk.flush(jobs)
            if self._desk.stopped and now_s - looked_s >= _DISK_AGAIN_S:
                looked_s = now_s
                if await disk.has_room():
                    log.warning("disk takes media again lesson=%s", self.lesson.lesson)
                    self._desk.resume()
        return None if self._late or not self._clock.known else self._now_ms()

    def _begin(self, archive: Archive, room_log: RoomLog) -> None:
        self._recording = True
        begun = archive.get("start_ms")
        self._start_ms = float(begun) if isinstance(begun, int) else self._now_ms()
        if begun is None:
            archive.meta("start_ms", round(self._start_ms))
            if not room_log.live:
                archive.event("state", None, {"state": "live"}, self._start_ms)
        assert self._desk is not None
        self._desk.start()
        self._beat.set()
        log.info("recording lesson=%s run=%d", self.lesson.lesson, archive.run)

    async def _drain(self, peer: Peer, room_log: RoomLog, disk: DiskWriter) -> None:
        """Wait until the relay's whole log is here: synced, and quiet for a moment."""
        settings = self._settings
        began_s = time.monotonic()
        while peer.stopped is None:
            now_s = time.monotonic()
            quiet_ms = (now_s - max(room_log.last_news_s, began_s)) * 1000
            if peer.synced and quiet_ms >= settings.drain_quiet_ms:
                break
            if self._clock.known and (now_s - began_s) * 1000 >= settings.drain_longest_ms:
                log.warning("ended without the end of the room log lesson=%s", self.lesson.lesson)
                break
            await asyncio.sleep(_LOOK_S)
        await disk.flush([])

    async def _seal(self, archive: Archive, room_log: RoomLog, disk: DiskWriter, end_ms: float | None) -> None:
        last_ms = archive.last_ms()
        end = last_ms if end_ms is None else round(end_ms)
        if archive.get("start_ms") is None and room_log.live_since_ms is not None:
            # It was live while no recorder was there; the board at least is known from the room log.
            archive.meta("start_ms", round(room_log.live_since_ms))
        archive.covered(None, "board", 0, max(0, end))
        archive.event("recorder", None, {"run": archive.run, "what": "stop"}, end)
        await disk.flush([])
        await asyncio.to_thread(archive.close_broken_off)
        await asyncio.to_thread(archive.seal, end)
        log.info("sealed lesson=%s", self.lesson.lesson)

    async def _take_rest(self, peer: Peer, room_log: RoomLog, disk: DiskWriter) -> None:
        """After a restart: the late work that the relay's log holds and the archive does not."""
        try:
            async with asyncio.timeout(_REST_S):
                await self._drain(peer, room_log, disk)
        except TimeoutError:
            log.warning("late work not looked for, the relay is away lesson=%s", self.lesson.lesson)

    async def _wait_for_late_work(self, peer: Peer, archive: Archive, disk: DiskWriter, gatherer: Gatherer) -> int:
        """Stay until the relay closes the room: until then it takes what somebody brings who was away.

        What comes is written as it comes; a run that is killed here is gone on with by the next one. Returns how long
        the recording is now.
        """
        told = asyncio.create_task(self._tell_until_heard("sealed", _length_ms(archive)), name="tell-sealed")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.late_longest_ms / 1000):
                    while peer.stopped is None and not self._room_closed:
                        self._news.clear()
                        with suppress(TimeoutError):
                            async with asyncio.timeout(self._settings.flush_every_ms / 1000):
                                await self._news.wait()
                        await disk.flush([])
        finally:
            told.cancel()
            await asyncio.gather(told, return_exceptions=True)
        await gatherer.finish(_PICTURES_S)
        await disk.flush([])
        await asyncio.to_thread(archive.end_late)
        late = archive.get("late") or {}
        log.info("room closed lesson=%s late=%d", self.lesson.lesson, late.get("envelopes", 0))
        return _length_ms(archive)

    # What the peer and the mesh call

    def _listener(self, room_log: RoomLog, courier: AlertCourier) -> Callable[[Event], None]:
        def listen(event: Event) -> None:
            if isinstance(event, AlertBrought):
                courier.brought(event.message)
                return
            live = room_log.live
            room_log.on_event(event)
            if isinstance(event, SeenEnvelope):
                way = "mesh" if event.via == "mesh" else "relay"
                EDITS.labels(way).inc()
                self._edits[way] += 1
            if isinstance(event, Connected):
                self._beat.set()
            if isinstance(event, RoomState) and event.state == "closed":
                self._room_closed = True
            if isinstance(event, Connected | Stopped | RoomState) or room_log.live != live:
                self._news.set()

        return listen

    def _on_track(self, session: SessionId, kind: str, receiver: RTCRtpReceiver, connection: RTCPeerConnection) -> None:
        if self._desk is not None:
            self._desk.on_track(session, kind, receiver, connection)

    def _on_closed(self, session: SessionId, connection: RTCPeerConnection) -> None:
        if self._desk is not None:
            self._desk.on_closed(session, connection)

    # The portal

    async def _ticket(self, session: SessionId | None) -> Grant:
        lesson = self.lesson.lesson
        if session is None:
            answer = await self._portal.ticket(lesson, encode_base64url(self._key.public), self._client)
        else:
            answer = await self._portal.renew(lesson, session)
        servers = tuple(IceServer(each.urls, each.username, each.credential) for each in answer.ice_servers)
        return Grant(answer.ticket, self._settings.relay_url or answer.relay_url, servers)

    async def _heartbeat(self, peer: Peer) -> None:
        every_s = self._settings.heartbeat_every_ms / 1000
        while True:
            self._beat.clear()
            if peer.connected or self._recording:
                try:
                    ways = Ways(links=self.links, relay=self._edits["relay"], mesh=self._edits["mesh"])
                    await self._portal.status(
                        self.lesson.lesson, self._status(), duration_ms=self._duration_ms(), ways=ways
                    )
                except PortalAway as error:
                    log.info("portal does not hear lesson=%s: %s", self.lesson.lesson, error)
            # A changed state is told at once, because a lesson may wait for it.
            with suppress(TimeoutError):
                async with asyncio.timeout(every_s):
                    await self._beat.wait()

    def _status(self) -> RecordingStatus:
        return "recording" if self._recording else "joined"

    def _duration_ms(self) -> int | None:
        return None if self._start_ms is None else max(0, round(self._now_ms() - self._start_ms))

    async def _tell_until_heard(self, state: RecordingStatus, duration_ms: int) -> None:
        pause_s, until_s = _RETRY_FIRST_S, time.monotonic() + _TELL_S
        while time.monotonic() < until_s:
            try:
                await self._portal.status(self.lesson.lesson, state, duration_ms=duration_ms)
            except PortalAway as error:
                log.info("portal does not hear lesson=%s: %s", self.lesson.lesson, error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _RETRY_LONGEST_S)
            else:
                return

    def _now_ms(self) -> float:
        return max(0.0, self._clock.at(time.monotonic())) if self._clock.known else 0.0


def _length_ms(archive: Archive) -> int:
    """Of a sealed one; 0 where it never was live."""
    start, end = archive.get("start_ms"), archive.get("end_ms")
    return max(0, end - start) if isinstance(start, int) and isinstance(end, int) else 0


def _load_keys(path: Path) -> tuple[dict[str, PublicKey], str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path}: {error.strerror or error}") from None
    return load_jwks(data), data.decode("utf-8")
