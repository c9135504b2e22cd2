"""Writes encoded frames of one track into WebM or Matroska so that a killed process leaves a playable file.

The layout is described in `docs/recording.md`, Media files.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from recorder import ebml

CLUSTER_SPAN_MS = 2000
# Samples that an Opus encoder runs ahead; the first ones of a stream are to be thrown away (RFC 7845, 4.2; 6.5 ms at
# 48 kHz).
OPUS_PRE_SKIP = 312
_OPUS_DELAY_NS = OPUS_PRE_SKIP * 1_000_000_000 // 48_000
_OPUS_PREROLL_NS = 80_000_000
_SEEK_HEAD_ROOM = 96
_DURATION_ROOM = 11
_TRACK = 1


@dataclass(frozen=True, slots=True)
class TrackHeader:
    """What the file says about its only track. `codec`: opus, vp8 or h264; sizes in px, video only."""

    codec: str
    width_px: int = 0
    height_px: int = 0
    private: bytes = b""

    @property
    def suffix(self) -> str:
        """File suffix; H.264 does not go into WebM."""
        return ".mkv" if self.codec == "h264" else ".webm"


@dataclass(slots=True)
class Cluster:
    """Where a cluster lies: byte offset of its id in the file, timestamp in ms, whether it can be started from."""

    offset: int
    t_ms: int
    keyframe: bool


@dataclass(slots=True)
class FileIndex:
    """All that closing a file needs to know; the writer keeps it, and a scan of the file makes it again."""

    segment_start: int
    seek_head_at: int
    info_at: int
    duration_at: int
    tracks_at: int
    clusters: list[Cluster] = field(default_factory=list)
    end_ms: float = 0.0


def encode_header(header: TrackHeader) -> tuple[bytes, FileIndex]:
    """The bytes before the first cluster, and where the places to fill in later are."""
    kind = 2 if header.codec == "opus" else 1
    codec_id = {"opus": "A_OPUS", "vp8": "V_VP8", "h264": "V_MPEG4/ISO/AVC"}[header.codec]
    entry = ebml.unsigned(ebml.TRACK_NUMBER, _TRACK) + ebml.unsigned(ebml.TRACK_UID, _TRACK)
    entry += ebml.unsigned(ebml.TRACK_TYPE, kind) + ebml.unsigned(ebml.FLAG_LACING, 0)
    entry += ebml.text(ebml.CODEC_ID, codec_id)
    if header.codec == "opus":
        opus_head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, OPUS_PRE_SKIP, 48_000, 0, 0)
        entry += ebml.element(ebml.CODEC_PRIVATE, opus_head)
        entry += ebml.unsigned(ebml.CODEC_DELAY, _OPUS_DELAY_NS) + ebml.unsigned(ebml.SEEK_PREROLL, _OPUS_PREROLL_NS)
        entry += ebml.element(
            ebml.AUDIO, ebml.double(ebml.SAMPLING_FREQUENCY, 48_000.0) + ebml.unsigned(ebml.CHANNELS, 2)
        )
    else:
        if header.private:
            entry += ebml.element(ebml.CODEC_PRIVATE, header.private)
        size = ebml.unsigned(ebml.PIXEL_WIDTH, header.width_px) + ebml.unsigned(ebml.PIXEL_HEIGHT, header.height_px)
        entry += ebml.element(ebml.VIDEO, size)
    start = ebml.element(
        ebml.EBML,
        ebml.unsigned(0x4286, 1)
        + ebml.unsigned(0x42F7, 1)
        + ebml.unsigned(0x42F2, 4)
        + ebml.unsigned(0x42F3, 8)
        + ebml.text(0x4282, "matroska" if header.codec == "h264" else "webm")
        + ebml.unsigned(0x4287, 4)
        + ebml.unsigned(0x4285, 2),
    )
    start += ebml.encode_id(ebml.SEGMENT) + ebml.UNKNOWN_SIZE
    segment_start = len(start)
    seek_head_at = len(start)
    start += ebml.void(_SEEK_HEAD_ROOM)
    info_at = len(start)
    before = ebml.unsigned(ebml.TIMESTAMP_SCALE, 1_000_000)
    info = (
        before
        + ebml.void(_DURATION_ROOM)
        + ebml.text(ebml.MUXING_APP, "chalkmesh")
        + ebml.text(ebml.WRITING_APP, "chalkmesh")
    )
    head = ebml.encode_id(ebml.INFO) + ebml.encode_size(len(info))
    duration_at = info_at + len(head) + len(before)
    start += head + info
    tracks_at = len(start)
    start += ebml.element(ebml.TRACKS, ebml.element(ebml.TRACK_ENTRY, entry))
    return start, FileIndex(segment_start, seek_head_at, info_at, duration_at, tracks_at)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes to append to a file, and then bytes to write over places further up: (offset, bytes)."""

    data: bytes
    patches: tuple[tuple[int, bytes], ...] = ()


def encode_end(index: FileIndex, cues_at: int) -> Piece:
    """Cues to append at the end of a file, and what closing fills into its header.

    The order of the patches keeps the file playable at every moment; the size of the segment comes last and says that
    the file is whole.
    """
    points = b"".join(
        ebml.element(
            ebml.CUE_POINT,
            ebml.unsigned(ebml.CUE_TIME, cluster.t_ms)
            + ebml.element(
                ebml.CUE_TRACK_POSITIONS,
                ebml.unsigned(ebml.CUE_TRACK, _TRACK)
                + ebml.unsigned(ebml.CUE_CLUSTER_POSITION, cluster.offset - index.segment_start),
            ),
        )
        for cluster in index.clusters
        if cluster.keyframe
    )
    cues = ebml.element(ebml.CUES, points)
    seeks = b"".join(
        ebml.element(
            ebml.SEEK,
            ebml.element(ebml.SEEK_ID, ebml.encode_id(identifier))
            + ebml.element(ebml.SEEK_POSITION, (at - index.segment_start).to_bytes(8, "big")),
        )
        for identifier, at in ((ebml.INFO, index.info_at), (ebml.TRACKS, index.tracks_at), (ebml.CUES, cues_at))
    )
    head = ebml.element(ebml.SEEK_HEAD, seeks)
    patches = [
        (index.duration_at, ebml.double(ebml.DURATION, max(0.0, index.end_ms))),
        (index.seek_head_at, head + ebml.void(_SEEK_HEAD_ROOM - len(head))),
        (index.segment_start - 8, ebml.encode_size8(cues_at + len(cues) - index.segment_start)),
    ]
    if index.clusters:
        last = index.clusters[-1].offset
        patches.insert(0, (last + 4, ebml.encode_size8(cues_at - last - 12)))
    return Piece(cues, tuple(patches))


def write_piece(fd: int, piece: Piece) -> None:
    """Append and patch. Raises OSError."""
    view = memoryview(piece.data)
    while view:
        view = view[os.write(fd, view) :]
    for offset, data in piece.patches:
        os.pwrite(fd, data, offset)


class MatroskaWriter:
    """One growing media file.

    `block`, `take` and `take_end` only work in memory and belong to one thread, the event loop's. What `take` gives is
    written with `write`, in order, wherever the disk is waited for. Timestamps are ms from the file's beginning and
    never go back.
    """

    def __init__(self, path: Path, header: TrackHeader) -> None:
        self.path = path
        start, self._index = encode_header(header)
        # O_EXCL: an epoch is never written twice.
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        self._out = bytearray(start)
        self._patches: list[tuple[int, bytes]] = []
        self._size = len(start)
        self._last_ms = 0
        self._always_key = header.codec == "opus"

    @property
    def size_bytes(self) -> int:
        """Bytes of the file once everything that was taken is written."""
        return self._size - len(self._out)

    @property
    def pending_bytes(self) -> int:
        """Bytes that wait for `take`."""
        return len(self._out)

    def block(self, t_ms: int, data: bytes, *, keyframe: bool, duration_ms: float = 0.0) -> None:
        """Append a frame."""
        t_ms = max(t_ms, self._last_ms)
        self._last_ms = t_ms
        clusters = self._index.clusters
        out = bytearray()
        if not clusters or t_ms - clusters[-1].t_ms >= CLUSTER_SPAN_MS or (keyframe and not self._always_key):
            if clusters:
                size = self._size - clusters[-1].offset - 12
                self._patches.append((clusters[-1].offset + 4, ebml.encode_size8(size)))
            clusters.append(Cluster(self._size, t_ms, keyframe))
            out += ebml.encode_id(ebml.CLUSTER) + ebml.UNKNOWN_SIZE + ebml.unsigned(ebml.TIMESTAMP, t_ms)
        flags = 0x80 if keyframe else 0
        body = ebml.encode_size(_TRACK) + struct.pack(">hB", t_ms - clusters[-1].t_ms, flags) + data
        out += ebml.element(ebml.SIMPLE_BLOCK, body)
        self._size += len(out)
        self._out += out
        self._index.end_ms = max(self._index.end_ms, t_ms + duration_ms)

    def take(self) -> Piece:
        """What came since the last call: whole blocks, to be written at once."""
        piece = Piece(bytes(self._out), tuple(self._patches))
        self._out, self._patches = bytearray(), []
        return piece

    def take_end(self) -> Piece:
        """As `take`, and cues and duration; nothing may be appended afterwards."""
        rest = self.take()
        end = encode_end(self._index, self._size)
        self._size += len(end.data)
        return Piece(rest.data + end.data, rest.patches + end.patches)

    def write(self, piece: Piece) -> None:
        """Hand a piece to the operating system. Raises OSError."""
        write_piece(self._fd, piece)

    def write_end(self, piece: Piece) -> None:
        """Write the last piece through to the disk and close the file. Raises OSError."""
        try:
            write_piece(self._fd, piece)
            os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def abandon(self) -> None:
        """Close as it is, without cues: the disk is full, or the file is to be repaired later."""
        os.close(self._fd)
