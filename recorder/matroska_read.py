"""Reads the media files that the recorder writes: for checking them, and for repair after a crash."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recorder import ebml
from recorder.ciphered import CipheredFile, open_plain
from recorder.ebml import MalformedMedia
from recorder.frames import opus_duration
from recorder.matroska import Cluster, FileIndex, TrackHeader, encode_end, write_piece

_VIDEO_FRAME_MS = 40.0
_LEVEL_1 = frozenset({ebml.CLUSTER, ebml.CUES, ebml.SEEK_HEAD, ebml.INFO, ebml.TRACKS, ebml.VOID})


@dataclass(slots=True)
class Scan:
    """What a file holds. `good_bytes`: everything before is whole; `closed`: it has cues and a duration."""

    header: TrackHeader
    index: FileIndex
    blocks: int
    keyframes: int
    first_ms: int
    last_ms: int
    good_bytes: int
    size_bytes: int
    closed: bool
    was_closed: bool

    @property
    def truncated(self) -> bool:
        """Whether a closed file lost its end, or one that was being written was torn inside a block."""
        return not self.closed and (self.good_bytes < self.size_bytes or self.was_closed)


def scan(path: Path) -> Scan:
    """Walk through a whole file. Raises MalformedMedia where even its beginning cannot be read, OSError."""
    with open_plain(path) as file:
        if file.seek(0, os.SEEK_END) == 0:
            raise MalformedMedia("the file is empty")
        if isinstance(file.raw, CipheredFile):
            file.seek(0)
            return _walk(memoryview(file.read()))
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view = memoryview(data)
            try:
                return _walk(view)
            finally:
                view.release()


def repair(path: Path) -> Scan:
    """Make a file that was never closed whole: cut the torn end off, write cues and duration.

    Harmless on a closed one.
    """
    found = scan(path)
    if found.closed:
        return found
    fd = os.open(path, os.O_RDWR)
    try:
        os.ftruncate(fd, found.good_bytes)
        os.lseek(fd, 0, os.SEEK_END)
        write_piece(fd, encode_end(found.index, found.good_bytes))
        os.fsync(fd)
    finally:
        os.close(fd)
    return scan(path)


def _children(view: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    while at < end:
        identifier, at = ebml.decode_id(view, at)
        size, at = ebml.decode_size(view, at)
        if size is None or at + size > end:
            raise MalformedMedia(f"element {identifier:X} does not end where it should")
        yield identifier, at, at + size
        at += size


def _track_header(view: memoryview, at: int, end: int) -> TrackHeader:
    codec, width, height, private = "", 0, 0, b""
    for identifier, start, stop in _children(view, at, end):
        if identifier != ebml.TRACK_ENTRY:
            continue
        for inner, first, last in _children(view, start, stop):
            if inner == ebml.CODEC_ID:
                name = bytes(view[first:last]).decode("ascii", "replace")
                codec = {"A_OPUS": "opus", "V_VP8": "vp8", "V_MPEG4/ISO/AVC": "h264"}.get(name, "")
            elif inner == ebml.CODEC_PRIVATE:
                private = bytes(view[first:last])
            elif inner == ebml.VIDEO:
                for size_id, a, b in _children(view, first, last):
                    if size_id == ebml.PIXEL_WIDTH:
                        width = int.from_bytes(view[a:b], "big")
                    elif size_id == ebml.PIXEL_HEIGHT:
                        height = int.from_bytes(view[a:b], "big")
    if not codec:
        raise MalformedMedia("the track has no codec that is recorded here")
    return TrackHeader(codec, width, height, private)


def _walk(view: memoryview) -> Scan:
    try:
        walker = _Walker(view)
        walker.read_head()
    except IndexError:
        raise MalformedMedia("the file ends inside its header") from None
    walker.read_body()
    return walker.result()


class _Walker:
    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.header = TrackHeader("")
        self.index = FileIndex(0, 0, 0, 0, 0)
        self.blocks = self.keyframes = 0
        self.first_ms = self.last_ms = 0
        self.last_duration_ms = _VIDEO_FRAME_MS
        self.good = 0
        self.segment_size: int | None = None

    def read_head(self) -> None:
        view = self.view
        identifier, at = ebml.decode_id(view, 0)
        if identifier != ebml.EBML:
            raise MalformedMedia("this is no Matroska file")
        size, at = ebml.decode_size(view, at)
        at += size or 0
        identifier, at = ebml.decode_id(view, at)
        if identifier != ebml.SEGMENT:
            raise MalformedMedia("the file has no segment")
        self.segment_size, at = ebml.decode_size(view, at)
        self.index.segment_start = self.index.seek_head_at = at
        self.good = at
        while not self.index.tracks_at:
            start = at
            identifier, at = ebml.decode_id(view, at)
            size, at = ebml.decode_size(view, at)
            if size is None or identifier not in _LEVEL_1 or identifier == ebml.CLUSTER:
                raise MalformedMedia("the header is not one that the recorder writes")
            if at + size > len(view):
                raise IndexError
            if identifier == ebml.INFO:
                self.index.info_at = start
                for inner, _, last in _children(view, at, at + size):
                    if inner == ebml.TIMESTAMP_SCALE:
                        self.index.duration_at = last
            elif identifier == ebml.TRACKS:
                self.index.tracks_at = start
                self.header = _track_header(view, at, at + size)
            at += size
            self.good = at

    def read_body(self) -> None:
        at, view = self.good, self.view
        cluster_ms: int | None = None
        cluster_at = at
        try:
            while at < len(view):
                start = at
                identifier, at = ebml.decode_id(view, at)
                size, at = ebml.decode_size(view, at)
                if identifier == ebml.CLUSTER:
                    cluster_ms = None
                    cluster_at = start
                    continue
                if size is None or at + size > len(view):
                    return
                if identifier == ebml.TIMESTAMP:
                    cluster_ms = int.from_bytes(view[at : at + size], "big")
                    self.index.clusters.append(Cluster(cluster_at, cluster_ms, False))
                elif identifier == ebml.SIMPLE_BLOCK and cluster_ms is not None and size >= 4:
                    self._block(cluster_ms, at, size)
                    self.good = at + size
                elif identifier not in _LEVEL_1:
                    return
                at += size
        except (IndexError, MalformedMedia):
            # The torn end of a file that was being written, or bytes that are not ours: what came before counts.
            return

    def _block(self, cluster_ms: int, at: int, size: int) -> None:
        relative, flags = struct.unpack_from(">hB", self.view, at + 1)
        keyframe = bool(flags & 0x80)
        self.last_ms = cluster_ms + relative
        if self.blocks == 0:
            self.first_ms = self.last_ms
        cluster = self.index.clusters[-1]
        if self.last_ms == cluster.t_ms and keyframe:
            cluster.keyframe = True
        self.blocks += 1
        self.keyframes += keyframe
        if self.header.codec == "opus":
            self.last_duration_ms = opus_duration(bytes(self.view[at + 4 : at + 6])) / 48

    def result(self) -> Scan:
        # A cluster whose first block was torn off goes with it.
        while self.index.clusters and self.index.clusters[-1].offset >= self.good:
            self.index.clusters.pop()
        self.index.end_ms = self.last_ms + self.last_duration_ms if self.blocks else 0.0
        # The size of the segment is the last thing that closing writes.
        closed = self.segment_size is not None and self.segment_size == len(self.view) - self.index.segment_start
        return Scan(
            self.header,
            self.index,
            self.blocks,
            self.keyframes,
            self.first_ms,
            self.last_ms,
            self.good,
            len(self.view),
            closed,
            self.segment_size is not None,
        )
