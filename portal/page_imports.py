"""PDFs on their way onto a board: kept on disk for an hour, for the person who brought them and that lesson only."""

import asyncio
import os
import secrets
import shutil
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portal.clock import Clock

MAX_PDF_BYTES: Final = 40 * 1024 * 1024
_KEPT_MS: Final = 60 * 60 * 1000
_EACH: Final = 4
_ALL: Final = 64


@dataclass(frozen=True, slots=True)
class PageImport:
    """A PDF that was read once. `own`: the file is ours, and goes with it."""

    id: str
    lesson: str
    user: str
    path: Path
    pages: int
    made_ms: int
    own: bool


class PageImports:
    """Knows what is under way; what another process left behind is removed at the start."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._known: OrderedDict[str, PageImport] = OrderedDict()
        shutil.rmtree(folder, ignore_errors=True)

    async def keep(self, lesson: str, user: str, content: bytes, pages: int) -> PageImport:
        """Keeps an uploaded PDF; the person's oldest one gives way."""
        made = secrets.token_urlsafe(16)
        await asyncio.to_thread(_write, self._folder, made, content)
        return self._add(PageImport(made, lesson, user, self._folder / made, pages, self._clock(), own=True))

    def point(self, lesson: str, user: str, path: Path, pages: int) -> PageImport:
        """Names a PDF that is kept elsewhere, such as lesson material."""
        made = secrets.token_urlsafe(16)
        return self._add(PageImport(made, lesson, user, path, pages, self._clock(), own=False))

    def get(self, lesson: str, user: str, wanted: str) -> PageImport | None:
        """The import of that id, if it is this person's in this lesson and is still there."""
        self._sweep()
        found = self._known.get(wanted)
        return found if found is not None and (found.lesson, found.user) == (lesson, user) else None

    def _add(self, made: PageImport) -> PageImport:
        self._sweep()
        self._known[made.id] = made
        mine = [each for each in self._known.values() if each.user == made.user]
        for late in (*mine[:-_EACH], *list(self._known.values())[:-_ALL]):
            self._remove(late)
        return made

    def _sweep(self) -> None:
        now_ms = self._clock()
        for each in [each for each in self._known.values() if now_ms - each.made_ms > _KEPT_MS]:
            self._remove(each)

    def _remove(self, gone: PageImport) -> None:
        self._known.pop(gone.id, None)
        if gone.own:
            gone.path.unlink(missing_ok=True)


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
