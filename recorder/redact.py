"""The process that makes a recording without what was asked to be left out, and its film, at idle priority.

`python -m recorder.redact [--encrypt] FOLDER OUT WHAT:USER …`, with what as in `recorder.redaction`. Standard input
holds people's corrections of the captions, in JSON: {"words": {"3": "corrected"}}.

Prints what `recorder.worker` prints. A process that was killed is started again with the same words and goes on.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import av

from recorder.film import parse_words, read_job
from recorder.idle import become_idle
from recorder.redacted_copy import make_redacted_copy
from recorder.redaction import Redaction, parse_redaction
from recorder.worker import finish_lesson
from whiteboard_crdt.errors import SetupError

_ARGUMENTS = 3


def finish_redaction(
    folder: Path, out: Path, redaction: Redaction, *, encrypt: bool, words: Mapping[int, str] = MappingProxyType({})
) -> None:
    """Make the copy if it is not there yet, and all that is made of a recording. Raises as `finish_lesson` does.

    `words`: corrections of the captions, which the copy has in place of what the machine heard.
    """
    if not out.exists():
        make_redacted_copy(folder, out, redaction, words=words)
    finish_lesson(out, encrypt=encrypt)


def main(arguments: list[str]) -> int:
    """Make the copy of the folder given."""
    encrypt = arguments[:1] == ["--encrypt"]
    words = arguments[encrypt:]
    if len(words) < _ARGUMENTS:
        sys.stderr.write("usage: python -m recorder.redact [--encrypt] FOLDER OUT WHAT:USER …\n")
        return 2
    become_idle()
    try:
        corrected = parse_words(read_job().get("words"))
        finish_redaction(Path(words[0]), Path(words[1]), parse_redaction(words[2:]), encrypt=encrypt, words=corrected)
    except (SetupError, OSError, sqlite3.Error, av.FFmpegError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
