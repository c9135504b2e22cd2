"""The process that makes a film as somebody wants it, or puts corrected captions into the one that is there.

`python -m recorder.film FOLDER`, with a job on standard input, in JSON: {"name": "x.mp4", "layout": "tiles",
"height": 720, "captions": "soft", "words": {"3": "corrected"}}, where the name's ending says MP4 or WebM. A job whose
only field is "words" is for the film that the worker made.

Prints what `recorder.worker` prints. A process that was killed is started again with the same job and goes on.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import av

from recorder.captions_film import FilmCaptions
from recorder.ciphered import encrypt_recording, is_ciphered
from recorder.export import export
from recorder.idle import become_idle
from recorder.layouts import Layout
from recorder.recaption import recaption
from recorder.render import FilmSettings
from recorder.schema import DATABASE, EXPORT_FOLDER, FILM
from recorder.worker import say_progress
from whiteboard_crdt.errors import SetupError

__all__ = ["make_film", "parse_words"]

_NAME: Final = re.compile(r"film-[a-z0-9-]{4,64}\.(?:mp4|webm)")
# More than the most captions of the most letters.
_MOST_JOB_BYTES: Final = 64 << 20


# `Any`: JSON.
def make_film(folder: Path, job: Mapping[str, Any]) -> None:
    """Do the job. Raises SetupError for one that makes no sense, OSError, sqlite3.Error and av.FFmpegError."""
    words = parse_words(job.get("words"))
    if set(job) == {"words"}:
        recaption(folder, folder / EXPORT_FOLDER / FILM, words)
    else:
        name = job.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name) or job.get("height") not in (720, 1080):
            raise SetupError("the film has no name of ours, or an unknown height")
        try:
            settings = FilmSettings(
                height=job["height"],
                layout=Layout(str(job.get("layout"))),
                captions=FilmCaptions(str(job.get("captions"))),
            )
        except ValueError as error:
            raise SetupError(f"there is no such film: {error}") from None
        export(folder, folder / EXPORT_FOLDER / name, say_progress(), settings, words)
    if is_ciphered(folder / DATABASE):
        encrypt_recording(folder)


# `Any`: JSON.
def parse_words(value: Any) -> dict[int, str]:
    """Corrections by the number of the caption. Raises SetupError for anything else."""
    if not isinstance(value, dict) or not all(isinstance(text, str) and key.isdigit() for key, text in value.items()):
        raise SetupError("the corrections are no words by number")
    return {int(key): text for key, text in value.items()}


# `Any`: JSON.
def read_job() -> dict[str, Any]:
    """The job on standard input. Raises SetupError."""
    try:
        job = json.loads(sys.stdin.buffer.read(_MOST_JOB_BYTES))
    except (ValueError, RecursionError):
        raise SetupError("there is no job in JSON on standard input") from None
    if not isinstance(job, dict):
        raise SetupError("the job is no object")
    return job


def main(arguments: list[str]) -> int:
    """Make the film that standard input asks for, of the folder given."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m recorder.film FOLDER < JOB\n")
        return 2
    become_idle()
    try:
        make_film(Path(arguments[0]), read_job())
    except (SetupError, OSError, sqlite3.Error, av.FFmpegError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
