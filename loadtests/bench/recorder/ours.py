"""Our recorder's media side without a room around it: encoded ingest, clocks, archive, sealing."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from loadtests.bench.recorder.classroom import Classroom, write_board
from recorder.archive import open_archive
from recorder.clock import RoomClock
from recorder.disk import DiskWriter
from recorder.ingest import EncodedReceiver
from recorder.media_desk import MediaDesk
from recorder.projection import Viewer, load_manifest

_FLUSH_S = 0.25
_STAFF = Viewer("u1", True)


class OurRecorder:
    """Takes offers, records what comes. `board`: also put a written board into the archive before it is sealed."""

    def __init__(self, folder: Path, *, board: bool) -> None:
        self._folder = folder
        self._with_board = board
        self._classroom = Classroom()
        self._archive = open_archive(folder, self._classroom.info)
        self._clock = RoomClock()
        self._clock.observe(0.0, time.monotonic())
        self._archive.meta("room_epoch_at", round(time.time() * 1000))
        self._archive.meta("start_ms", 0)
        self._disk = DiskWriter(self._archive)
        self._desk = MediaDesk(self._archive.media, self._archive, self._clock, lambda _: True, lambda _: False)
        self._desk.start()
        self._connections: list[RTCPeerConnection] = []
        self._receivers: list[EncodedReceiver] = []
        self._running = asyncio.create_task(self._flush())

    async def add(self, index: int, offer: RTCSessionDescription) -> RTCSessionDescription:
        """One more participant."""
        person = self._classroom.join(index)
        self._archive.session(person.ticket, person.token, self._clock.at(time.monotonic()))
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections.append(peer)

        @peer.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            # Since `install` they are ours, whatever the signature says.
            receivers: list[object] = list(peer.getReceivers())
            receiver = next(each for each in receivers if isinstance(each, EncodedReceiver) and each.track is track)
            self._receivers.append(receiver)
            self._desk.on_track(person.session, track.kind, receiver, peer)

        await peer.setRemoteDescription(offer)
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription

    async def end(self) -> dict[str, object]:
        """Close, seal, and say how that went; times in s."""
        running = load_manifest(self._folder, _STAFF, "")
        live = sum(1 for track in running["tracks"] if track["bytes"] > 2000)
        began_s = time.monotonic()
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        self._desk.end()
        await self._disk.flush(self._desk.take())
        end_ms = self._clock.at(time.monotonic())
        written_s = 0.0
        if self._with_board:
            # Written by hand, not by the recorder, so it is no part of the time that sealing takes.
            before_s = time.monotonic()
            write_board(self._archive, self._classroom, round(end_ms))
            written_s = time.monotonic() - before_s
        self._archive.covered(None, "board", 0, end_ms)
        await asyncio.to_thread(self._archive.seal, end_ms)
        sealed = load_manifest(self._folder, _STAFF, "")
        watchable_s = time.monotonic() - began_s - written_s
        self._archive.close()
        counts = {
            "packets": sum(each.packets for each in self._receivers),
            "lost_packets": {
                kind: sum(r.lost for r in self._receivers if r.kind == kind) for kind in ("audio", "video")
            },
            "recovered": {
                kind: sum(r.recovered for r in self._receivers if r.kind == kind) for kind in ("audio", "video")
            },
        }
        for peer in self._connections:
            await peer.close()
        assert sealed["state"] == "sealed", json.dumps(sealed["problems"])
        return {"watchable_s": watchable_s, "tracks_while_running": live, **counts}

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self._disk.flush(self._desk.take())


__all__ = ["OurRecorder"]
