"""A demonstration school whose sketch club is open."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from portal.database import Database, database_url
from portal.demo import fill_demo, keep_lessons_joinable
from portal.keyfiles import Keyring, prepare_data
from portal.lessons import Lesson, LessonState, load_lesson
from portal.passwords import Passwords
from portal.schema import lessons
from tests.portal.world import CHEAP_HASHER

NOW_MS = 1_790_000_000_000


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return prepare_data(tmp_path)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(tmp_path, None))
    passwords = Passwords(CHEAP_HASHER)
    try:
        await database.upgrade()
        await fill_demo(database, passwords, NOW_MS)
        await keep_lessons_joinable(database, NOW_MS)
        yield database
    finally:
        passwords.close()
        await database.close()


@pytest.fixture
async def club_lesson(database: Database) -> Lesson:
    async with database.write() as connection:
        lesson_id = (await connection.execute(select(lessons.c.id).where(lessons.c.demo))).scalar_one()
        await connection.execute(
            update(lessons).where(lessons.c.id == lesson_id).values(state=LessonState.OPEN.value, opened_ms=NOW_MS)
        )
    lesson = await load_lesson(database, lesson_id)
    assert lesson is not None
    return lesson
