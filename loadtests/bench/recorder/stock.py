"""aiortc's own MediaRecorder, as its documentation shows it: decode, encode again, one MP4 for each participant."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRecorder
from aiortc.mediastreams import MediaStreamTrack


class StockRecorder:
    """Takes offers, records what comes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._connections: list[RTCPeerConnection] = []
        self._recorders: list[MediaRecorder] = []
        self._starting: list[asyncio.Task[None]] = []

    async def add(self, index: int, offer: RTCSessionDescription) -> RTCSessionDescription:
        """One more participant."""
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        recorder = MediaRecorder(str(self._folder / f"{index}.mp4"))
        self._connections.append(peer)
        self._recorders.append(recorder)

        @peer.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            recorder.addTrack(track)

        await peer.setRemoteDescription(offer)
        await peer.setLocalDescription(await peer.createAnswer())
        self._starting.append(asyncio.create_task(self._start(peer, recorder)))
        return peer.localDescription

    async def _start(self, peer: RTCPeerConnection, recorder: MediaRecorder) -> None:
        # When sound is muxed before the first picture, the file's header has no size and no picture gets in: its users
        # have to wait for one.
        for receiver in peer.getReceivers():
            if receiver.track.kind == "video":
                await receiver.track.recv()
        await recorder.start()

    async def end(self) -> dict[str, object]:
        """Close the files. `spoilt`: recorders that lost their pictures all the same."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        spoilt = 0
        for recorder in self._recorders:
            try:
                await recorder.stop()
            except av.FFmpegError:
                spoilt += 1
        for peer in self._connections:
            await peer.close()
        return {"spoilt": spoilt}
