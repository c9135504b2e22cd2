"""Puts people's corrections into the captions of a film that is there: pictures and sound stay, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import av

from recorder.caption_track import CaptionTrack
from recorder.captions import FILE as CAPTIONS
from recorder.captions import load_captions
from recorder.captions_film import archive_lines
from recorder.demux import open_media
from recorder.reading import ArchiveReader
from recorder.redaction import Redaction
from recorder.schema import EXPORT_FOLDER

__all__ = ["recaption"]


def recaption(folder: Path, film: Path, words: Mapping[int, str]) -> None:
    """Write the MP4 `film` of the recording in `folder` anew with these words over the machine's, in one step.

    `words`: by number of the caption, as in `correct_captions`. The new film is plain, whatever the old one was. Raises
    SetupError, OSError and av.FFmpegError; then the old film is as it was.
    """
    with ArchiveReader(folder) as archive:
        heard = load_captions(folder / EXPORT_FOLDER / CAPTIONS)
        lines = archive_lines(archive, heard, words, Redaction())
    part = film.with_name(film.name + ".part")
    try:
        with open_media(film) as old, av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as new:
            new.set_chapters(old.chapters())
            kept = [stream for stream in old.streams if stream.type in ("video", "audio")]
            copies = {stream.index: new.add_stream_from_template(stream) for stream in kept}
            for stream in kept:
                copies[stream.index].time_base = stream.time_base
            track = CaptionTrack(new, webm=False) if lines else None
            waiting = iter(lines)
            line = next(waiting, None)
            for packet in old.demux(kept):
                if packet.dts is None:
                    # The demuxer's way to say that a stream is at its end.
                    continue
                while track is not None and line is not None and line.from_ms <= packet.dts * packet.time_base * 1000:
                    track.add(*line)
                    line = next(waiting, None)
                packet.stream = copies[packet.stream.index]
                new.mux(packet)
            while track is not None and line is not None:
                track.add(*line)
                line = next(waiting, None)
        shutil.copystat(film, part)
        part.touch()
        part.replace(film)
    finally:
        part.unlink(missing_ok=True)
