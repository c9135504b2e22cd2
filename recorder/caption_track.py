"""The track of captions of a film: 3GPP timed text in MP4, WebVTT in WebM."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
from av.container import OutputContainer
from av.subtitles.stream import SubtitleStream

__all__ = ["CaptionTrack"]

_MS: Final = Fraction(1, 1000)
# The least that libavcodec's writers of captions take for a header (SubStation Alpha).
_STYLE: Final = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class CaptionTrack:
    """Captions one after another in a file that is being written. Raises av.FFmpegError."""

    def __init__(self, container: OutputContainer, *, webm: bool) -> None:
        """Adds the track; before anything is written into the file."""
        self._container = container
        self._is_mov_text = not webm
        self._stream: SubtitleStream = container.add_stream("webvtt" if webm else "mov_text")
        # Only their writers' own encoders need a style; packets are handed over as they are to be.
        self._stream.codec_context.subtitle_header = _STYLE
        self._stream.codec_context.time_base = self._stream.time_base = _MS

    def add(self, from_ms: int, to_ms: int, text: str) -> None:
        """Append a caption, film ms; it begins no sooner than the one before ends."""
        data = text.encode()
        if self._is_mov_text:
            # 3GPP TS 26.245, 5.17: the length of the text and the text.
            data = len(data).to_bytes(2, "big") + data
        packet = av.Packet(data)
        packet.stream, packet.time_base = self._stream, _MS
        packet.pts = packet.dts = from_ms
        packet.duration = to_ms - from_ms
        self._container.mux(packet)
