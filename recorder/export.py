"""`chalkmesh export`: a recording folder in, an MP4 or WebM file out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import av

from recorder.render import FilmReport, FilmSettings, render
from whiteboard_crdt.errors import SetupError


def export(
    folder: Path,
    out: Path,
    progress: Callable[[float], None],
    settings: FilmSettings | None = None,
    words: Mapping[int, str] = MappingProxyType({}),
) -> FilmReport:
    """Render the archive in `folder` into `out`, running or sealed or damaged; `progress` hears fractions from 0 to 1.

    `words`: people's corrections of its captions, by number.
    Everything that a person can put right, or a broken archive, is a SetupError of one line.
    """
    suffix = out.suffix.lower()
    if suffix not in (".mp4", ".webm"):
        raise SetupError(f"{out}: the name of the film must end in .mp4 or .webm")
    try:
        return render(folder, out, progress, replace(settings or FilmSettings(), webm=suffix == ".webm"), words)
    except av.FFmpegError as error:
        raise SetupError(f"the film of {folder} could not be made: {error}") from None
    except OSError as error:
        raise SetupError(f"{error.filename or out}: {error.strerror or error}") from None
