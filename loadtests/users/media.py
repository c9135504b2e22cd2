"""Counts the pictures and the sound that a bot receives, without decoding any of it."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Final

import aiortc.rtcrtpreceiver
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpReceiver

from loadtests.netlab.bot_media import BotMedia
from signaling.mesh import MeshOptions
from whiteboard_crdt.ids import SessionId

__all__ = ["MediaCounts", "mesh_with_media"]

# By the identity of a track's queue, which is all that aiortc tells its decoder about whom a frame is for.
_counted: Final[dict[int, _Counter]] = {}
_media: list[BotMedia] = []
_TONE_HZ: Final = 440


class _Counter:
    """Frames of one track; the decoder's thread counts, the loop reads."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._lock = threading.Lock()
        self._frames = 0
        self._longest_s = 0.0
        self._last_s = 0.0

    def count(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            if self._last_s:
                self._longest_s = max(self._longest_s, now_s - self._last_s)
            self._frames += 1
            self._last_s = now_s

    def take(self) -> tuple[int, float]:
        """Frames since the last call, and the longest time without one, which may still go on."""
        with self._lock:
            waiting_s = time.monotonic() - self._last_s if self._last_s else 0.0
            taken = self._frames, max(self._longest_s, waiting_s)
            self._frames, self._longest_s = 0, 0.0
        return taken


class MediaCounts:
    """What one bot receives."""

    def __init__(self) -> None:
        self._tracks: dict[RTCPeerConnection, dict[int, _Counter]] = {}

    def on_track(self, _session: SessionId, kind: str, receiver: RTCRtpReceiver, connection: RTCPeerConnection) -> None:
        """A track was agreed on."""
        place = id(_queue(receiver.track))
        _counted[place] = self._tracks.setdefault(connection, {})[place] = _Counter(kind)

    def on_closed(self, _session: SessionId, connection: RTCPeerConnection) -> None:
        """A connection ended, with its tracks."""
        for place in self._tracks.pop(connection, {}):
            _counted.pop(place, None)

    def take(self) -> list[tuple[str, int, float]]:
        """For each track: "audio" or "video", frames since the last call, and the longest gap between two, ms."""
        taken = []
        for tracks in self._tracks.values():
            for counter in tracks.values():
                frames, longest_s = counter.take()
                taken.append((counter.kind, frames, longest_s * 1000))
        return taken


def mesh_with_media(counts: MediaCounts) -> MeshOptions:
    """Options of a peer that sends a tone and a moving picture to everybody, and counts what it gets."""
    if not _media:
        _media.append(BotMedia(_TONE_HZ))
        aiortc.rtcrtpreceiver.decoder_worker = _count  # type: ignore[assignment]  # other names of its arguments
    return MeshOptions(media=_media[0].tracks, on_track=counts.on_track, on_closed=counts.on_closed)


def _queue(track: MediaStreamTrack) -> object:
    # `Any`: aiortc keeps the queue to itself; it is the second argument of its decoder.
    remote: Any = track
    return remote._queue


def _count(_loop: object, incoming: queue.Queue[Any], outgoing: object, _error: object) -> None:
    """In place of aiortc's decoder, in its thread. `Any`: aiortc's own encoded frames."""
    while incoming.get() is not None:
        counter = _counted.get(id(outgoing))
        if counter is not None:
            counter.count()
