"""The process that finishes one sealed lesson at idle priority: packed envelopes, hashes, encryption, poster, film.

`python -m recorder.worker [--encrypt] FOLDER`.

Prints one JSON object a line: `{"progress": 0 … 1}` and in the end `{"problems": n}`. Exit code 0, or 1 with one line
on standard error.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import av

from recorder.ciphered import encrypt_recording
from recorder.export import export
from recorder.idle import become_idle
from recorder.packing import pack_envelopes
from recorder.poster import make_poster
from recorder.projection import EXPORT_FOLDER, FILM, POSTER
from recorder.reading import ArchiveReader
from recorder.render import FilmSettings
from recorder.schema import MANIFEST
from recorder.seal import write_hashes
from recorder.silence import FILE as SILENCE
from recorder.silence import make_silences
from recorder.storyboard import make_storyboard
from recorder.webpage import FILE as WEBPAGE
from recorder.webpage import make_webpage
from whiteboard_crdt.errors import SetupError

_STEP = 0.01


def finish_lesson(folder: Path, settings: FilmSettings | None = None, *, encrypt: bool = False) -> int:
    """Do what is still missing; returns the number of problems met. Raises SetupError, OSError, sqlite3.Error."""
    with ArchiveReader(folder) as archive:
        lesson = str(archive.meta.get("lesson", folder.name))
    if not (folder / MANIFEST).is_file():
        # What the hashes are of must not change any more.
        pack_envelopes(folder)
        write_hashes(folder, lesson)
    if encrypt:
        # Before the film: one that cannot be made must not leave the recording in the open.
        encrypt_recording(folder)
    out = folder / EXPORT_FOLDER
    if not (out / POSTER).is_file():
        make_poster(folder, out / POSTER)
    said = -1.0

    def progress(done: float) -> None:
        nonlocal said
        if done - said >= _STEP or done >= 1:
            said = done
            _say({"progress": round(done, 3)})

    if not (out / SILENCE).is_file():
        make_silences(folder, out / SILENCE)
    problems = 0
    if not (out / FILM).is_file():
        problems = len(export(folder, out / FILM, progress, settings).problems)
    make_storyboard(out / FILM, out)
    if not (out / WEBPAGE).is_file():
        make_webpage(folder, out / WEBPAGE)
    if encrypt:
        encrypt_recording(folder)
    _say({"problems": problems})
    return problems


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Finish the lesson in the folder given."""
    encrypt = arguments[:1] == ["--encrypt"]
    if len(arguments) != 1 + encrypt:
        sys.stderr.write("usage: python -m recorder.worker [--encrypt] FOLDER\n")
        return 2
    become_idle()
    try:
        finish_lesson(Path(arguments[-1]), encrypt=encrypt)
    except (SetupError, OSError, sqlite3.Error, av.FFmpegError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
