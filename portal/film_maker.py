"""Makes the films that people asked for, and puts corrected captions into those that are there."""

import asyncio
import shutil
from pathlib import Path

from portal.captions import load_words
from portal.film_schema import films
from portal.films import (
    FilmRow,
    StaleFilm,
    end_old_films,
    forget_film,
    load_ended,
    load_stale,
    next_asked,
    words_made,
)
from portal.idle_maker import LOOK_AGAIN_S, IdleMaker
from portal.idle_process import run_idle
from portal.logs import get_log
from portal.orders import fail_order, finish_order
from portal.redactions import find_showing
from recorder.ciphered import plain_size
from recorder.schema import EXPORT_FOLDER, FILM

_MODULE = "recorder.film"
# Somebody who corrects one caption corrects the next; the film gets the words once nobody has for this long.
_SETTLED_MS = 30_000


class FilmMaker(IdleMaker):
    """Awake when a film was asked for, when captions were corrected, and when a film is to go."""

    failed_event = "films_failed"

    async def clear(self) -> None:
        """Removes the files of films that are no longer wanted."""
        async with self._database.write() as connection:
            await end_old_films(connection, self._clock())
            ended = await load_ended(connection)
        for film in ended:
            try:
                await asyncio.to_thread(_remove, self._path(film))
            except OSError as error:
                get_log("portal").error("film_not_removed", film=film.id, kind=type(error).__name__)
                continue
            async with self._database.write() as connection:
                await forget_film(connection, film.id)

    async def _finish_round(self) -> float:
        return _SETTLED_MS / 1000 if await self.put_words() else LOOK_AGAIN_S

    async def put_words(self) -> bool:
        """Corrected captions into the films that lack them; whether some are still to wait."""
        async with self._database.read() as connection:
            stale = await load_stale(connection)
            shown = {each.lesson: (await find_showing(connection, each.lesson)).folder for each in stale}
        waiting = False
        for each in stale:
            if each.folder != shown[each.lesson]:
                # What nobody sees gets the words once it is shown again.
                continue
            if each.changed_ms > self._clock() - _SETTLED_MS or not await asyncio.to_thread(self._has_film, each):
                waiting = True
                continue
            fault = await self._put(each)
            if fault is not None:
                # It keeps its older words; the next correction tries again.
                get_log("portal").error("film_not_corrected", folder=each.folder)
            async with self._database.write() as connection:
                await words_made(connection, each)
        return waiting

    async def _put(self, stale: StaleFilm) -> str | None:
        async with self._database.read() as connection:
            words = await load_words(connection, stale.lesson)

        async def say(_: float) -> bool:
            return True

        async with self._turn:
            return await run_idle(_MODULE, [str(self._recordings / stale.folder)], {"words": words}, say)

    async def _make_next(self) -> bool:
        async with self._database.read() as connection:
            film = await next_asked(connection)
            words = await load_words(connection, film.lesson) if film is not None else {}
        if film is None:
            return False
        wish = film.wish
        job: dict[str, object] = {
            "name": film.file, "layout": wish.layout, "height": wish.height, "captions": wish.captions, "words": words,
        }  # fmt: skip

        fault = await self._work(_MODULE, [str(self._recordings / film.folder)], job, (films, film.id))
        size = None if fault is not None else await asyncio.to_thread(_size, self._path(film))
        async with self._database.write() as connection:
            if size is None:
                await fail_order(connection, films, film.id, fault or "its file is gone")
                get_log("portal").error("film_failed", film=film.id)
            else:
                await finish_order(connection, films, film.id, self._clock(), bytes=size)
        return True

    def _has_film(self, stale: StaleFilm) -> bool:
        return (self._recordings / stale.folder / EXPORT_FOLDER / FILM).is_file()

    def _path(self, film: FilmRow) -> Path:
        return self._recordings / film.folder / EXPORT_FOLDER / film.file


def _remove(path: Path) -> None:
    """The film, and what was made of it so far."""
    parts = path.with_name(path.name + ".parts")
    if parts.exists():
        shutil.rmtree(parts)
    path.unlink(missing_ok=True)


def _size(path: Path) -> int | None:
    try:
        return plain_size(path)
    except OSError:
        return None
