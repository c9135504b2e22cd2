"""`chalkmesh export` and `chalkmesh verify`: recorded lessons in the hands of an operator."""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from portal.keyfiles import TICKET_KEYS_PUBLIC
from recorder.export import export
from recorder.redacted_copy import make_redacted_copy
from recorder.redaction import parse_redaction
from recorder.render import FilmSettings
from recorder.verify import Report, verify
from recorder.webpage import make_webpage
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.keys import PublicKey, load_jwks

_BROKEN = 1


def run_export(folder: Path, output: Path, say: Callable[[str], None], settings: FilmSettings | None = None) -> int:
    """Renders with progress on standard error: a bar in a terminal, otherwise a line every ten per cent."""
    check_archive(folder)
    if output.suffix.lower() == ".html":
        if settings is not None and settings.redaction.hidden:
            raise SetupError(
                "Nothing can be left out of a page of an original. Make a copy with “chalkmesh recordings redact”,"
                " then a page of the copy."
            )
        return _export_page(folder, output, say)
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"Rendering {output.name}", total=1.0)
            film = export(folder, output, lambda done: bar.update(task, completed=done), settings)
    else:
        film = export(folder, output, TenthSayer(f"Rendering {output.name}"), settings)
    for problem in film.problems:
        say(f"note: {problem}")
    say(f"{output} is written ({output.stat().st_size / 1e6:.1f} MB).")
    return 0


def run_redact(folder: Path, output: Path, words: list[str], say: Callable[[str], None]) -> int:
    """Writes a plain copy without what the words name. Raises SetupError."""
    check_archive(folder)
    try:
        problems = make_redacted_copy(folder, output, parse_redaction(words))
    except OSError as error:
        raise SetupError(f"{error.filename or output}: {error.strerror or error}") from None
    for problem in problems:
        say(f"note: {problem}")
    say(f"{output} is written. Nothing of what was left out is in it.")
    return 0


def _export_page(folder: Path, output: Path, say: Callable[[str], None]) -> int:
    try:
        problems = make_webpage(folder, output)
    except OSError as error:
        raise SetupError(f"{error.filename or output}: {error.strerror or error}") from None
    for problem in problems:
        say(f"note: {problem}")
    say(f"{output} is written ({output.stat().st_size / 1e6:.1f} MB).")
    return 0


class TenthSayer:
    """Says each tenth of the way once, on standard error."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._said = -1

    def __call__(self, done: float) -> None:
        """`done`: 0 to 1."""
        if int(done * 10) > self._said:
            self._said = int(done * 10)
            sys.stderr.write(f"{self._words}: {self._said * 10} %\n")
            sys.stderr.flush()


def run_verify(folder: Path, key_set: Path | None, say: Callable[[str], None]) -> int:
    """Prints what is wrong, a line each, and the verdict; 0 when all is well, 1 otherwise. Raises SetupError.

    Without `key_set`, the keys of the data folder around the recording are taken, if it stands in one.
    """
    check_archive(folder)
    beside = folder.resolve().parent.parent / TICKET_KEYS_PUBLIC
    path = key_set or (beside if beside.is_file() else None)
    report = verify(folder, _load_keys(path) if path is not None else None)
    for line in verdict(folder, report, forgery_checked=path is not None):
        say(line)
    return _BROKEN if report.errors else 0


def verdict(folder: Path, report: Report, *, forgery_checked: bool) -> list[str]:
    """The report in lines, the verdict last."""
    lines = [f"error: {error}" for error in report.errors]
    lines += [f"note: {note}" for note in report.notes]
    if not forgery_checked:
        lines.append("note: checked against the keys that the archive itself states; give --keys to rule out a forgery")
    lines.append(f"{folder}: {f'{len(report.errors)} errors' if report.errors else 'all is well'}")
    return lines


def check_archive(folder: Path) -> None:
    """Raises SetupError unless the folder is one of a recorded lesson."""
    if not folder.is_dir():
        raise SetupError(f"There is no folder {folder}.")
    if not (folder / "lesson.sqlite").is_file():
        raise SetupError(f"{folder} is no recorded lesson: it holds no lesson.sqlite.")


def _load_keys(path: Path) -> dict[str, PublicKey]:
    try:
        return load_jwks(path.read_bytes())
    except OSError as error:
        raise SetupError(f"The key set {path} cannot be read: {error.strerror or error}.") from error
