"""Films of a recording as people want them, beside the one that every lesson has: asked for, made, kept for a while."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.film_schema import film_words, films
from portal.ids import new_id
from portal.ledger import audit
from portal.orders import ASKED, DONE, ENDED, FAILED, OrderRefused, check_finished, next_order
from portal.redactions import find_showing

LAYOUTS = ("tiles", "board", "speaker")
HEIGHTS = (720, 1080)
FORMATS = ("mp4", "webm")
CAPTIONS = ("none", "soft", "burnt")
KEPT_DAYS = 14
MOST_KEPT = 6
MOST_ASKED = 3
MOST_WAITING = 30
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class FilmWish:
    """How a film is to be; the words that the constants above list."""

    layout: str
    height: int
    format: str
    captions: str


STANDARD = FilmWish("tiles", 720, "mp4", "soft")
"""What every lesson has."""


@dataclass(frozen=True, slots=True)
class FilmRow:
    """One film. `folder`: among the recordings; `words`: of the corrections in it; `progress` 0 to 1; unix ms."""

    id: str
    lesson: str
    folder: str
    wish: FilmWish
    words: str
    asked_by: str
    asked_ms: int
    state: str
    progress: float
    detail: str
    bytes: int | None
    done_ms: int | None

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"film-{self.id}.{self.wish.format}"


@dataclass(frozen=True, slots=True)
class StaleFilm:
    """The film of a folder has older words than people gave it."""

    folder: str
    lesson: str
    changed_ms: int


def words_hash(words: Mapping[int, str]) -> str:
    """What tells one set of corrections from another."""
    return hashlib.sha256(json.dumps(sorted(words.items())).encode()).hexdigest()


async def ask_film(
    connection: AsyncConnection, actor: Actor, lesson: str, wish: FilmWish, words: Mapping[int, str], now_ms: int
) -> str:
    """Asks for one of the recording as it is shown; returns its id. One that is there already is given again.

    `words`: people's corrections of its captions. Raises OrderRefused.
    """
    await check_finished(connection, lesson)
    showing = await find_showing(connection, lesson)
    if showing.withheld:
        raise OrderRefused("Something is being left out of this recording just now. Wait until it is done.")
    words_in = words_hash(words) if wish.captions != "none" else ""
    there = await load_films(connection, lesson, showing.folder)
    for film in there:
        if film.wish == wish and film.words == words_in and film.state in (ASKED, DONE):
            return film.id
    await _check_room(connection, actor)
    done = sorted((film for film in there if film.state == DONE), key=lambda film: film.done_ms or 0)
    for film in [film for film in there if film.state == FAILED] + done[: max(0, len(done) - MOST_KEPT + 1)]:
        await end_film(connection, film.id)
    identifier = new_id()
    await connection.execute(
        insert(films).values(
            id=identifier, lesson=lesson, folder=showing.folder, layout=wish.layout, height=wish.height,
            format=wish.format, captions=wish.captions, words=words_in, asked_by=actor.user, asked_ms=now_ms,
            state=ASKED, progress=0.0, detail="",
        )
    )  # fmt: skip
    detail = {"film": identifier, **asdict(wish)}
    await audit(connection, actor.user, "recording.film", "lesson", lesson, now_ms, detail)
    return identifier


async def _check_room(connection: AsyncConnection, actor: Actor) -> None:
    waiting = (
        await connection.execute(
            select(films.c.asked_by, func.count()).where(films.c.state == ASKED).group_by(films.c.asked_by)
        )
    ).all()
    if sum(count for _, count in waiting) >= MOST_WAITING:
        raise OrderRefused("Many films are being made just now. Ask again later.")
    if any(user == actor.user and count >= MOST_ASKED for user, count in waiting):
        raise OrderRefused(f"{MOST_ASKED} films that you asked for are still to be made. Wait for one of them.")


async def load_films(connection: AsyncConnection, lesson: str, folder: str) -> list[FilmRow]:
    """The films of a recording as it is shown from `folder`, the latest first."""
    found = await connection.execute(
        select(films)
        .where(films.c.lesson == lesson, films.c.folder == folder, films.c.state != ENDED)
        .order_by(films.c.asked_ms.desc(), films.c.id.desc())
    )
    return [_row(row) for row in found]


async def end_film(connection: AsyncConnection, identifier: str) -> None:
    """It is no longer wanted: its file goes."""
    await connection.execute(update(films).where(films.c.id == identifier).values(state=ENDED))


async def remove_film(connection: AsyncConnection, actor: Actor, film: FilmRow, now_ms: int) -> None:
    """Somebody takes it away."""
    await end_film(connection, film.id)
    await audit(connection, actor.user, "recording.film_end", "lesson", film.lesson, now_ms, {"film": film.id})


async def next_asked(connection: AsyncConnection) -> FilmRow | None:
    """The one that waits longest."""
    row = await next_order(connection, films)
    return _row(row) if row is not None else None


async def end_old_films(connection: AsyncConnection, now_ms: int) -> None:
    """Those that were kept long enough: they can be made again at any time."""
    await connection.execute(
        update(films).where(films.c.state == DONE, films.c.done_ms < now_ms - KEPT_DAYS * _DAY_MS).values(state=ENDED)
    )


async def load_ended(connection: AsyncConnection) -> list[FilmRow]:
    """Those whose files are to go."""
    return [_row(row) for row in await connection.execute(select(films).where(films.c.state == ENDED))]


async def forget_film(connection: AsyncConnection, identifier: str) -> None:
    """Its file is gone."""
    await connection.execute(delete(films).where(films.c.id == identifier))


async def note_words(connection: AsyncConnection, lesson: str, now_ms: int) -> None:
    """Captions were corrected: the films that every folder of the recording has get the words."""
    showing = await find_showing(connection, lesson)
    await connection.execute(update(film_words).where(film_words.c.lesson == lesson).values(changed_ms=now_ms))
    known = set((await connection.execute(select(film_words.c.folder).where(film_words.c.lesson == lesson))).scalars())
    for folder in {lesson, showing.folder} - known:
        await connection.execute(insert(film_words).values(folder=folder, lesson=lesson, changed_ms=now_ms))


async def load_stale(connection: AsyncConnection, lesson: str | None = None) -> list[StaleFilm]:
    """The films of folders that are to have other words, the longest unchanged first."""
    lacking = film_words.c.made_ms.is_(None) | (film_words.c.made_ms < film_words.c.changed_ms)
    wanted = lacking if lesson is None else lacking & (film_words.c.lesson == lesson)
    found = await connection.execute(select(film_words).where(wanted).order_by(film_words.c.changed_ms))
    return [StaleFilm(row.folder, row.lesson, row.changed_ms) for row in found]


async def words_made(connection: AsyncConnection, stale: StaleFilm) -> None:
    """The film has the words that people gave up to then."""
    await connection.execute(
        update(film_words).where(film_words.c.folder == stale.folder).values(made_ms=stale.changed_ms)
    )


def wish_of(values: Mapping[str, str], *, captions: bool) -> FilmWish:
    """What a form asks for. Raises OrderRefused for what there is not. `captions`: whether the lesson has any."""
    words = [
        _one_of(values.get(field, ""), among)
        for field, among in (
            ("layout", LAYOUTS), ("height", map(str, HEIGHTS)), ("format", FORMATS), ("captions", CAPTIONS),
        )
    ]  # fmt: skip
    layout, height, kind, shown = words
    return FilmWish(layout, int(height), kind, shown if captions else "none")


def _one_of(value: str, among: Iterable[str]) -> str:
    if value not in tuple(among):
        raise OrderRefused("Choose one of what is offered.")
    return value


def _row(row: Row[tuple[object, ...]]) -> FilmRow:
    return FilmRow(
        row.id, row.lesson, row.folder, FilmWish(row.layout, row.height, row.format, row.captions), row.words,
        row.asked_by, row.asked_ms, row.state, row.progress, row.detail, row.bytes, row.done_ms,
    )  # fmt: skip
