"""Camera files that are pleasant to look at: the showcase's figures, for pictures of the product."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from portal.showcase.avatar import HEIGHT_PX, WIDTH_PX, Avatar, Look
from portal.showcase.voice import RATE_HZ, mouth_open, syllables, synthesise
from tests.browser.known_media import FRAMES_PER_S, SAMPLE_RATE_HZ, save_wav

LENGTH_MS = 8_000


@dataclass(frozen=True, slots=True)
class Portrait:
    """What one person's camera and microphone give; `speaks`: a voice is heard and the mouth moves."""

    look: Look
    speaks: bool = False

    def save(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write `<name>.wav` and `<name>.y4m` and return their paths."""
        audio, video = folder / f"{name}.wav", folder / f"{name}.y4m"
        spoken = syllables([(200, LENGTH_MS - 200)], 190.0, self.look.number) if self.speaks else []
        save_wav(audio, np.repeat(synthesise(spoken, LENGTH_MS, self.look.number), SAMPLE_RATE_HZ // RATE_HZ))
        avatar = Avatar(self.look)
        with video.open("wb") as out:
            out.write(f"YUV4MPEG2 W{WIDTH_PX} H{HEIGHT_PX} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
            for index in range(LENGTH_MS * FRAMES_PER_S // 1000):
                t_s = index / FRAMES_PER_S
                picture = avatar.frame(t_s, mouth_open(spoken, t_s * 1000))
                frame = av.VideoFrame.from_ndarray(picture, "bgra").reformat(format="yuv420p")
                out.write(b"FRAME\n" + np.ascontiguousarray(frame.to_ndarray()).tobytes())
        return audio, video
