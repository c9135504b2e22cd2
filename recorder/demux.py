"""Opens the media of a recording for decoding, encrypted or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer

from recorder.ciphered import open_plain


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """A track or a film. Raises av.FFmpegError and OSError, also in the midst of reading."""
    with open_plain(path) as file, av.open(file, "r") as container:
        yield container
