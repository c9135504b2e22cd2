"""The webcams of a film: decodes each person's video track by track and gives the picture of a moment."""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.video.reformatter import VideoReformatter

from recorder.demux import open_media
from recorder.painter import Canvas
from recorder.reading import TrackRow

# In a film of 720 lines.
TILE_WIDTH, TILE_HEIGHT = 320, 180
# A camera that sends nothing for this long is off.
_FRESH_MS = 2500.0
_LABEL_HEIGHT = 20


class VideoSource:
    """All video of one person on room time."""

    def __init__(self, tracks: list[TrackRow], width: int = TILE_WIDTH, height: int = TILE_HEIGHT) -> None:
        """`width`, `height`: of the tile, px, both even."""
        self._width, self._height = width, height
        self._all = sorted(tracks, key=lambda track: track.start_ms)
        self._tracks = list(self._all)
        self._frames: Iterator[tuple[float, av.VideoFrame]] = iter(())
        self._next: tuple[float, av.VideoFrame] | None = None
        self._shown_ms = float("-inf")
        self._scale = VideoReformatter()
        self.failed: list[str] = []

    def advance(self, room_ms: float) -> av.VideoFrame | None:
        """The newest frame up to that moment, scaled to fit a tile.

        None when there is none newer than at the last call.
        """
        newest: av.VideoFrame | None = None
        while True:
            if self._next is None:
                self._next = next(self._frames, None)
            if self._next is not None and self._next[0] <= room_ms:
                self._shown_ms, newest = self._next
                self._next = None
            elif self._tracks and self._tracks[0].start_ms <= room_ms:
                # A later track takes over even where the one before has frames left.
                self._next = None
                self._frames = self._decode(self._tracks.pop(0))
            else:
                break
        return self._fit(newest) if newest is not None else None

    def jump(self, room_ms: float) -> None:
        """Go to a moment: the next call of `advance` finds the frame that is shown there, wherever this was before."""
        begun = [track for track in self._all if track.start_ms <= room_ms]
        self._tracks = [track for track in self._all if track.start_ms > room_ms]
        self._next = None
        self._shown_ms = float("-inf")
        self._frames = self._decode(begun[-1], room_ms) if begun else iter(())

    def is_off(self, room_ms: float) -> bool:
        """Whether the camera shows nothing at that moment."""
        return room_ms - self._shown_ms > _FRESH_MS

    def _decode(self, track: TrackRow, from_ms: float = 0.0) -> Iterator[tuple[float, av.VideoFrame]]:
        try:
            with open_media(track.path) as container:
                stream = container.streams.video[0]
                stream.codec_context.thread_count = 1
                if from_ms > track.start_ms and track.closed and stream.time_base is not None:
                    # The keyframe before it, by the cues.
                    place_ms = (from_ms - track.start_ms) / track.rate
                    container.seek(int(place_ms / 1000 / stream.time_base), stream=stream)
                for packet in container.demux(stream):
                    try:
                        frames = packet.decode()
                    except av.FFmpegError:
                        # A damaged frame; the next ones may be whole.
                        continue
                    for frame in frames:
                        if frame.time is not None:
                            yield track.start_ms + track.rate * frame.time * 1000.0, frame
        except (av.FFmpegError, OSError, IndexError) as error:
            self.failed.append(f"{track.path.name}: {type(error).__name__}")

    def _fit(self, frame: av.VideoFrame) -> av.VideoFrame:
        scale = min(self._width / frame.width, self._height / frame.height)
        width = max(2, round(frame.width * scale) & ~1)
        height = max(2, round(frame.height * scale) & ~1)
        return self._scale.reformat(frame, width=width, height=height, format="yuv420p")


def initials(name: str) -> str:
    """Up to two letters for a person without picture."""
    words = [word for word in name.split() if word]
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else (words[0][:1] if words else "?")
    return letters.upper()


def paint_placeholder(name: str, colour: str, scale: float = 1.0) -> Canvas:
    """The tile of a person whose camera is off."""
    width, height = round(TILE_WIDTH * scale), round(TILE_HEIGHT * scale)
    canvas = Canvas(width, height)
    canvas.fill(colour)
    text = initials(name)
    canvas.label(text, width / 2 - 22 * scale * len(text), height / 2 + 22 * scale, 64 * scale, "#ffffff", bold=True)
    return canvas


def paint_label(name: str, scale: float = 1.0) -> Canvas:
    """A name on a dark strip, to be laid over a tile's lower left corner."""
    shown = name if len(name) <= 32 else name[:31] + "…"
    width = min(TILE_WIDTH, 16 + 2 * round(3.8 * len(shown)))
    canvas = Canvas(round(width * scale) & ~1, round(_LABEL_HEIGHT * scale) & ~1)
    canvas.fill("#20262c")
    canvas.label(shown, 8 * scale, 15 * scale, 13 * scale, "#ffffff")
    return canvas
