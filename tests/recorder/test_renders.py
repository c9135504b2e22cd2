"""The queue of films: `recorder.renders`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from recorder.ciphered import is_encrypted
from recorder.portal_client import PortalAway, PortalClient
from recorder.renders import RenderQueue
from tests.recorder.lesson import Lesson
from tests.recorder.test_archive import make_whole
from tests.recorder.world import until


class Portal(PortalClient):
    """Remembers reports; is away, or does not know the lesson, when told to."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, str, str]] = []
        self.answers: int | None = 200
        self.heard = asyncio.Condition()

    async def status(self, lesson: str, state: Any, *, detail: str = "", **_: Any) -> None:
        async with self.heard:
            self.reports.append((lesson, state, detail))
            self.heard.notify_all()
        if self.answers != 200:
            raise PortalAway("away", self.answers)

    async def wait_for(self, state: str) -> tuple[str, str, str]:
        async with self.heard:
            while True:
                for report in self.reports:
                    if report[1] == state:
                        return report
                await self.heard.wait()


@asynccontextmanager
async def running(recordings: Path, portal: Portal, *, encrypt: bool = False) -> AsyncIterator[RenderQueue]:
    queue = RenderQueue(recordings, portal, 4, encrypt=encrypt)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_sealed_lesson_from_before_the_restart_is_found_and_rendered(tmp_path: Path) -> None:
    make_whole(tmp_path / "l1")
    portal = Portal()
    async with running(tmp_path, portal):
        assert (await portal.wait_for("rendered"))[0] == "l1"
        await until((tmp_path / "l1" / "export" / "told").exists)
    assert (tmp_path / "l1" / "export" / "lesson.mp4").is_file()
    portal.reports.clear()
    queue = RenderQueue(tmp_path, portal, 4)
    queue.rescan()
    assert not queue._waiting


async def test_film_that_the_portal_was_not_told_of_is_only_reported(tmp_path: Path) -> None:
    make_whole(tmp_path / "l1")
    film = tmp_path / "l1" / "export" / "lesson.mp4"
    film.parent.mkdir()
    film.write_bytes(b"made before")
    portal = Portal()
    portal.answers = 404
    async with running(tmp_path, portal):
        await until(film.with_name("told").exists)
    assert film.read_bytes() == b"made before"
    assert [report[1] for report in portal.reports] == ["rendered"]


async def test_recording_that_was_left_in_the_open_is_encrypted_before_the_film_is_reported(tmp_path: Path) -> None:
    recordings = tmp_path / "recordings"
    make_whole(recordings / "l1")
    film = recordings / "l1" / "export" / "lesson.mp4"
    portal = Portal()
    portal.answers = 404
    async with running(recordings, portal):
        await until(film.with_name("told").exists)
    assert not is_encrypted(recordings / "l1")
    film.with_name("told").unlink()
    async with running(recordings, portal, encrypt=True):
        await until(film.with_name("told").exists)
    assert is_encrypted(recordings / "l1")


async def test_film_that_cannot_be_made_is_given_up_and_said(tmp_path: Path) -> None:
    make_whole(tmp_path / "l1")
    portal = Portal()
    queue = RenderQueue(tmp_path, portal, 4)
    (tmp_path / "l1" / "export" / "lesson.mp4.part").mkdir(parents=True)
    for _ in range(3):
        await queue._make(tmp_path / "l1")
    assert portal.reports[-1][1] == "sealed"
    assert "could not be made" in portal.reports[-1][2]
    assert not (tmp_path / "l1" / "export" / "lesson.mp4").exists()


async def test_folder_in_disorder_does_not_stop_the_other_films(tmp_path: Path) -> None:
    make_whole(tmp_path / "a")
    (tmp_path / "a" / "export").write_bytes(b"in the way")
    make_whole(tmp_path / "b")
    portal = Portal()
    async with running(tmp_path, portal):
        assert (await portal.wait_for("rendered"))[0] == "b"


async def test_lesson_that_was_never_live_gets_no_film(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "l1")
    lesson.people[0].line([(0, 0), (9, 9)])
    lesson.did(lesson.people[0], 10)
    lesson.finish(500)
    queue = RenderQueue(tmp_path, Portal(), 4)
    queue.rescan()
    assert not queue._waiting


async def test_queue_is_bounded_and_finds_the_rest_again(tmp_path: Path) -> None:
    queue = RenderQueue(tmp_path, Portal(), 2)
    for name in ("a", "b", "c", "a"):
        queue.put(tmp_path / name)
    assert len(queue._waiting) == 2
    assert queue._overflowed


async def test_sealed_lesson_that_may_still_get_late_work_is_not_found(tmp_path: Path) -> None:
    make_whole(tmp_path / "l1")
    recorded = {"l1"}
    queue = RenderQueue(tmp_path, Portal(), 2, recorded)
    queue.rescan()
    assert not queue._waiting
    recorded.clear()
    queue.rescan()
    assert list(queue._waiting) == [tmp_path / "l1"]
