"""One film picture as I420 planes, changed in place: only what is new is converted."""

from __future__ import annotations

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

Plane = npt.NDArray[np.uint8]


class Picture:
    """A persistent I420 picture, BT.601 limited range as webcams send it, so that their planes go in as they are."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._all: Plane = np.empty((height * 3 // 2, width), np.uint8)
        self.y = self._all[:height]
        quarter = height // 4
        self.u = self._all[height : height + quarter].reshape(height // 2, width // 2)
        self.v = self._all[height + quarter :].reshape(height // 2, width // 2)
        self._convert = VideoReformatter()
        self.y[:], self.u[:], self.v[:] = 16, 128, 128

    def paint_rgba(
        self, pixels: Plane, left: int, top: int, right: int, bottom: int, at_x: int = 0, at_y: int = 0
    ) -> None:
        """Take over a rectangle of an RGBA picture that lies at (at_x, at_y) in this one; both even."""
        left, top = left & ~1, top & ~1
        right, bottom = min(pixels.shape[1], right + 1 & ~1), min(pixels.shape[0], bottom + 1 & ~1)
        part = np.ascontiguousarray(pixels[top:bottom, left:right])
        frame = av.VideoFrame.from_ndarray(part, format="rgba")
        self.paint_frame(self._convert.reformat(frame, format="yuv420p"), at_x + left, at_y + top)

    def paint_frame(self, frame: av.VideoFrame, x: int, y: int) -> None:
        """Put an I420 frame at even (x, y)."""
        width, height = frame.width, frame.height
        for plane, source, shift in ((self.y, 0, 0), (self.u, 1, 1), (self.v, 2, 1)):
            plane[y >> shift : (y + height) >> shift, x >> shift : (x + width) >> shift] = frame_plane(frame, source)

    def fill(self, x: int, y: int, width: int, height: int, luma: int) -> None:
        """A grey rectangle at even coordinates."""
        self.y[y : y + height, x : x + width] = luma
        for plane in (self.u, self.v):
            plane[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = 128

    def frame(self) -> av.VideoFrame:
        """The picture as it is now, a copy."""
        return av.VideoFrame.from_ndarray(self._all, format="yuv420p")


def frame_plane(frame: av.VideoFrame, index: int) -> Plane:
    """One plane of an I420 frame without the padding of its lines."""
    plane = frame.planes[index]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
