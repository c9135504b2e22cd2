"""Takes what the mesh receives: every remote track of a room gets a recorder, every connection a clock."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiortc import RTCPeerConnection, RTCRtpReceiver

from recorder.clock import RoomClock, SenderClock
from recorder.frames import EncodedFrame, Kind
from recorder.ingest import EncodedReceiver
from recorder.tracks import DiskJob, TrackJournal, TrackRecorder
from whiteboard_crdt.ids import SessionId

__all__ = ["MediaDesk", "TakenJob"]

log = logging.getLogger("chalkmesh.recorder.media")


@dataclass(frozen=True, slots=True)
class TakenJob:
    """Something that waits for the disk, and whose it is."""

    track: TrackRecorder
    run: DiskJob


@dataclass(slots=True)
class _Connection:
    clock: SenderClock = field(default_factory=SenderClock)
    tracks: list[TrackRecorder] = field(default_factory=list)
    # What came and is not kept: whose, what, and from when on (room time).
    declined: list[tuple[SessionId, Kind, float]] = field(default_factory=list)


class _Sink:
    """A `FrameSink` that keeps a failing disk away from the receiver."""

    def __init__(self, track: TrackRecorder) -> None:
        self._track = track

    def frame(self, frame: EncodedFrame) -> None:
        """A file that cannot be made stops this track, nothing else."""
        try:
            self._track.frame(frame)
        except OSError as error:
            log.error(
                "media stopped session=%s kind=%s error=%s", self._track.session, self._track.kind, error.strerror
            )
            self._track.fail()

    def report(self, timestamp: int, ntp: int, arrival_s: float) -> None:
        """Passed on."""
        self._track.report(timestamp, ntp, arrival_s)

    def ended(self) -> None:
        """The desk closes files when the connection is finished."""
        self._track.ended()


class MediaDesk:
    """All tracks of one room. On the event loop; the jobs of `take` are run in order by whoever owns the disk."""

    def __init__(
        self,
        media: Path,
        journal: TrackJournal,
        room: RoomClock,
        introduce: Callable[[SessionId], bool],
        is_declined: Callable[[SessionId], bool],
    ) -> None:
        """`introduce` makes sure that the archive knows a session; False: it is unknown, and not recorded.

        `is_declined`: its ticket says that nothing that it sends is kept.
        """
        self._media = media
        self._journal = journal
        self._room = room
        self._introduce = introduce
        self._is_declined = is_declined
        self._connections: dict[RTCPeerConnection, _Connection] = {}
        self._ended: list[TakenJob] = []
        self._asking: set[asyncio.Task[None]] = set()
        self._recording = False
        self._start_ms: float | None = None

    def start(self) -> None:
        """The lesson is live: keep what comes."""
        self._recording = True
        if self._start_ms is None:
            self._start_ms = self.now_ms
        for connection in self._connections.values():
            for track in connection.tracks:
                track.start()

    def on_track(
        self, session: SessionId, kind: str, receiver: RTCRtpReceiver | EncodedReceiver, connection: RTCPeerConnection
    ) -> None:
        """A remote track is about to flow (`MeshOptions.on_track`)."""
        if not isinstance(receiver, EncodedReceiver) or kind not in ("audio", "video") or not self._introduce(session):
            return
        media: Kind = "audio" if kind == "audio" else "video"
        held = self._connections.setdefault(connection, _Connection())
        if self._is_declined(session):
            # The receiver gets no sink: what arrives is dropped in memory.
            held.declined.append((session, media, self.now_ms))
            return
        track = TrackRecorder(
            session=session,
            kind=media,
            media=self._media,
            journal=self._journal,
            room=self._room,
            sender=held.clock,
            ask_keyframe=lambda: self._ask(receiver),
        )
        held.tracks.append(track)
        receiver.sink = _Sink(track)
        if self._recording:
            track.start()

    def on_closed(self, session: SessionId, connection: RTCPeerConnection) -> None:
        """A connection is finished (`MeshOptions.on_closed`): its files end here."""
        held = self._connections.pop(connection, None)
        if held is not None:
            self._end(held)

    def take(self) -> list[TakenJob]:
        """What is to be written now, in order."""
        ended, self._ended = self._ended, []
        tracks = [track for connection in self._connections.values() for track in connection.tracks]
        return ended + [TakenJob(track, job) for track in tracks for job in track.take()]

    @property
    def stopped(self) -> bool:
        """Whether the disk has refused some track, so that it is not kept."""
        return any(track.disk_failed for connection in self._connections.values() for track in connection.tracks)

    def resume(self) -> None:
        """The disk has room again."""
        for connection in self._connections.values():
            for track in connection.tracks:
                track.resume()

    def end(self, *, interrupted: bool = False) -> None:
        """The lesson is over, or only this recorder's part in it: every file ends; `take` gives the jobs."""
        self._recording = False
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            self._end(connection, "recorder" if interrupted else "")
        for task in self._asking:
            task.cancel()

    @property
    def now_ms(self) -> float:
        """Room time now."""
        return self._room.at(time.monotonic())

    def _end(self, connection: _Connection, cause: str = "") -> None:
        for session, kind, from_ms in connection.declined:
            if self._start_ms is not None:
                begun_ms = max(0.0, from_ms, self._start_ms)
                self._journal.hole(session, kind, begun_ms, max(begun_ms, self.now_ms), "declined")
        for track in connection.tracks:
            self._ended += [TakenJob(track, job) for job in track.take_end(cause)]

    def _ask(self, receiver: EncodedReceiver) -> None:
        task = asyncio.get_running_loop().create_task(receiver.request_keyframe())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
