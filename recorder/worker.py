"""The process that finishes one sealed lesson at idle priority: packed envelopes, hashes, encryption, poster, film.

`python -m recorder.worker [--encrypt] [--captions MODEL] FOLDER`, the model as in `load_recogniser`.

Prints one JSON object a line: `{"progress": 0 … 1}` and in the end `{"problems": n}`. Exit code 0, or 1 with one line
on standard error.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import av

from recorder.captions import FILE as CAPTIONS
from recorder.captions import Recogniser, make_captions, save_captions
from recorder.captions_whisper import load_recogniser
from recorder.ciphered import encrypt_recording
from recorder.export import export
from recorder.idle import become_idle
from recorder.packing import pack_envelopes
from recorder.poster import make_poster
from recorder.reading import ArchiveReader
from recorder.render import FilmSettings
from recorder.schema import EXPORT_FOLDER, FILM, MANIFEST, POSTER
from recorder.seal import write_hashes
from recorder.silence import FILE as SILENCE
from recorder.silence import make_silences
from recorder.storyboard import make_storyboard
from recorder.webpage import FILE as WEBPAGE
from recorder.webpage import make_webpage
from signaling.tracing import begin_tracing, end_tracing, span
from whiteboard_crdt.errors import SetupError

_STEP = 0.01
_CAPTIONS_TRIED = "captions.tried"
_WITH_CAPTIONS = 3


def finish_lesson(
    folder: Path,
    settings: FilmSettings | None = None,
    *,
    encrypt: bool = False,
    recogniser: Callable[[], Recogniser | None] = lambda: None,
) -> int:
    """Do what is still missing; returns the number of problems met. Raises SetupError, OSError, sqlite3.Error.

    `recogniser` is asked for where there are no captions yet; without one there are none.
    """
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
    if not (out / SILENCE).is_file():
        make_silences(folder, out / SILENCE)
    problems = _write_captions(folder, out, recogniser)
    if not (out / FILM).is_file():
        problems += len(export(folder, out / FILM, say_progress(), settings).problems)
    make_storyboard(out / FILM, out)
    if not (out / WEBPAGE).is_file():
        make_webpage(folder, out / WEBPAGE)
    if encrypt:
        encrypt_recording(folder)
    _say({"problems": problems})
    return problems


def _write_captions(folder: Path, out: Path, recogniser: Callable[[], Recogniser | None]) -> int:
    """Captions, before the film that carries them. Returns the number of problems: a film is made all the same."""
    trying = out / _CAPTIONS_TRIED
    if (out / CAPTIONS).is_file() or trying.is_file():
        # Where it is still there, the engine took the whole process along.
        return int(trying.is_file())
    try:
        engine = recogniser()
        if engine is None:
            return 0
        trying.touch()
        save_captions(out / CAPTIONS, make_captions(folder, engine), engine.name)
    except SetupError as error:
        sys.stderr.write(f"no captions: {error}\n")
        return 1
    trying.unlink()
    return 0


def say_progress() -> Callable[[float], None]:
    """What tells whoever follows this process how far it is, 0 to 1: a line for each hundredth."""
    said = -1.0

    def progress(done: float) -> None:
        nonlocal said
        if done - said >= _STEP or done >= 1:
            said = done
            _say({"progress": round(done, 3)})

    return progress


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Finish the lesson in the folder given."""
    encrypt = arguments[:1] == ["--encrypt"]
    words = arguments[encrypt:]
    model = words[1] if words[:1] == ["--captions"] and len(words) == _WITH_CAPTIONS else None
    if len(words) != (1 if model is None else _WITH_CAPTIONS):
        sys.stderr.write("usage: python -m recorder.worker [--encrypt] [--captions MODEL] FOLDER\n")
        return 2
    become_idle()
    folder = Path(words[-1])
    try:
        begin_tracing("recorder")
        with span("export", lesson=folder.name):
            finish_lesson(folder, encrypt=encrypt, recogniser=lambda: load_recogniser(model))
    except (SetupError, OSError, sqlite3.Error, av.FFmpegError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        end_tracing()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
