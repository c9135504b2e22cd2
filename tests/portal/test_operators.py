"""The pages beside the operation page: jobs, storage, accounts. They count students, and name staff alone."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from portal.account_figures import by_school, load_role_figures, load_staff_accounts
from portal.account_schema import second_factors
from portal.authorize import Role
from portal.context import Portal
from portal.film_schema import film_words, films
from portal.jobs import Job, load_jobs
from portal.program_schema import webhooks
from portal.redaction_schema import redactions
from portal.retention_schema import destructions, recording_expiries
from portal.routes.operators import size_words
from portal.schema import lessons, logins, recordings, schools, users
from portal.service_schema import outbox
from portal.storage import Growth, Kind, walk_data
from tests.portal.world import FOREIGN_LESSON, LESSON, MINUTE_MS, NOON_MS, OTHER_LESSON, Browser, FakeClock, rows

DAY_MS = 24 * 60 * MINUTE_MS
PAGES = ("/operation/jobs", "/operation/storage", "/operation/people")
SECRET_WORDS = "550 student@school.example is unknown"


def film(identifier: str, lesson: str, state: str, progress: float = 0.0) -> dict[str, object]:
    return {
        "id": identifier, "lesson": lesson, "folder": lesson, "layout": "tiles", "height": 720, "format": "mp4",
        "captions": "none", "words": "", "asked_by": "tutor", "asked_ms": NOON_MS - 5 * MINUTE_MS, "state": state,
        "progress": progress, "detail": "its file is <gone>" if state == "failed" else "",
    }  # fmt: skip


def mail(identifier: str, school: str, state: str) -> dict[str, object]:
    return {
        "id": identifier, "school": school, "dedupe_key": identifier, "kind": "welcome", "user": "student",
        "about": "student", "address": "student@school.example", "subject": "Welcome", "body": "Body", "state": state,
        "attempts": 1, "detail": SECRET_WORDS, "created_ms": NOON_MS - 60 * MINUTE_MS, "next_ms": NOON_MS,
    }  # fmt: skip


def webhook(identifier: str, attempts: int, paused_ms: int | None) -> dict[str, object]:
    return {
        "id": identifier, "school": "here", "url": "https://school.example/hook", "events": "lesson.live",
        "made_by": "coordinator", "made_ms": NOON_MS - DAY_MS, "told_row": 0, "attempts": attempts, "next_ms": NOON_MS,
        "detail": "the receiver answered 500", "paused_ms": paused_ms,
    }  # fmt: skip


@pytest.fixture
async def work(portal: Portal) -> None:
    """A bit of everything: at the own school, and some at another one."""
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(state="ended", ended_ms=NOON_MS - 3 * DAY_MS))
        recording = {"progress": None, "heartbeat_ms": NOON_MS, "sealed_ms": NOON_MS - 120 * MINUTE_MS}
        await connection.execute(
            insert(recordings),
            [
                {"lesson": LESSON, "state": "sealed", "detail": "the film could not be made: no disk", **recording},
                {"lesson": OTHER_LESSON, "state": "rendering", "detail": "", **recording},
                {"lesson": FOREIGN_LESSON, "state": "failed", "detail": "fault", **recording},
            ],
        )
        await connection.execute(
            insert(films),
            [
                film("film-1", LESSON, "asked"), film("film-2", LESSON, "asked", 0.5), film("film-3", LESSON, "failed"),
                film("film-4", FOREIGN_LESSON, "asked"),
            ],
        )  # fmt: skip
        await connection.execute(
            insert(redactions).values(
                id="redaction-1",
                lesson=LESSON,
                audience="shown",
                without="[]",
                reason="r",
                destroys_original=False,
                asked_by="coordinator",
                asked_ms=NOON_MS,
                state="failed",
                progress=0,
                detail="the recording could not be read",
            )
        )
        await connection.execute(insert(film_words).values(folder=LESSON, lesson=LESSON, changed_ms=NOON_MS))
        await connection.execute(
            insert(outbox),
            [mail("mail-1", "here", "queued"), mail("mail-2", "here", "failed"), mail("mail-3", "far", "queued")],
        )
        await connection.execute(
            insert(webhooks), [webhook("hook-1", 0, None), webhook("hook-2", 3, None), webhook("hook-3", 72, NOON_MS)]
        )
        for lesson, day in ((LESSON, date(2026, 11, 22)), (OTHER_LESSON, date(2026, 11, 27))):
            values = {"lesson": lesson, "day": day, "changed_by": "coordinator", "changed_ms": NOON_MS}
            await connection.execute(insert(recording_expiries).values(values))


async def jobs_of(portal: Portal, school: str) -> dict[str, Job]:
    async with portal.database.read() as connection:
        return {job.name: job for job in (await load_jobs(connection, school, portal.clock())).kinds}


async def test_jobs_are_those_of_the_own_district(portal: Portal, work: None) -> None:
    def counts(job: Job) -> tuple[int, int, int]:
        return job.waiting, job.running, job.failed

    here = await jobs_of(portal, "here")
    assert {name: counts(job) for name, job in here.items()} == {
        "Recordings of lessons": (0, 0, 0),
        "Films of lessons": (0, 1, 1),
        "Films that people asked for": (1, 1, 1),
        "Redacted copies": (0, 0, 1),
        "Corrected captions for films": (1, 0, 0),
        "Mails": (1, 0, 1),
        "Webhooks that are behind": (1, 0, 1),
        "Recordings to destroy": (1, 0, 0),
        "Rooms that the relay is to erase": (0, 0, 0),
    }
    assert here["Films that people asked for"].since_ms == NOON_MS - 5 * MINUTE_MS
    assert here["Redacted copies"].since_ms is None
    assert "1 more within 7 days" in here["Recordings to destroy"].note
    far = await jobs_of(portal, "far")
    assert counts(far["Recordings of lessons"]) == (0, 0, 1)
    assert counts(far["Films that people asked for"]) == (1, 0, 0)
    async with portal.database.write() as connection:
        await connection.execute(update(schools).values(district="district-1"))
    assert counts((await jobs_of(portal, "here"))["Films that people asked for"]) == (2, 1, 1)


async def test_jobs_page_tells_what_failed_and_names_nobody(browser: Browser, work: None) -> None:
    await browser.log_in("district")
    text = await (await browser.get("/operation/jobs")).text()
    assert "its file is &lt;gone&gt;" in text
    assert "the film could not be made: no disk" in text
    assert "mail-2" in text
    assert "hook-3" in text
    for hidden in (SECRET_WORDS, "student@", "student name", FOREIGN_LESSON, "tutor name", "Title of", "Welcome"):
        assert hidden not in text, hidden


async def test_jobs_page_of_a_fresh_service_says_that_nothing_failed(browser: Browser) -> None:
    await browser.log_in("district")
    assert "Nothing failed." in await (await browser.get("/operation/jobs")).text()


def write(data: Path, path: str, size: int, days_ago: float) -> None:
    (data / path).parent.mkdir(parents=True, exist_ok=True)
    (data / path).write_bytes(b"x" * size)
    at_s = (NOON_MS - days_ago * DAY_MS) / 1000
    os.utime(data / path, (at_s, at_s))


def test_walk_knows_every_kind_of_file(tmp_path: Path) -> None:
    for path, size, days_ago in (
        ("keys/ticket.pem", 1, 30), ("recordings/a/archive.sqlite", 10, 20), ("recordings/a/media/x.webm", 100, 1),
        ("recordings/a/export/lesson.mp4", 1000, 1), ("recordings/c/export/lesson.mp4", 20, 1),
        ("recordings/.d.part/archive.sqlite", 5, 1), ("relay/rooms.sqlite", 3, 1), ("portal.sqlite-wal", 4, 1),
        ("assets/aa", 6, 1), ("materials/bb", 7, 9), ("imports/cc", 8, 1),
    ):  # fmt: skip
        write(tmp_path, path, size, days_ago)
    (tmp_path / "recordings" / "a" / "loop").symlink_to(tmp_path)
    walk = walk_data(tmp_path, {"c", "d"}, NOON_MS)
    assert {kind: (share.bytes, share.files, share.fresh_bytes) for kind, share in walk.shares.items()} == {
        Kind.RECORDINGS: (110, 2, 100),
        Kind.FILMS: (1000, 1, 1000),
        Kind.COPIES: (25, 2, 25),
        Kind.ROOMS: (3, 1, 0),
        Kind.DATABASE: (4, 1, 0),
        Kind.PICTURES: (6, 1, 6),
        Kind.MATERIALS: (7, 1, 0),
        Kind.IMPORTS: (8, 1, 0),
        Kind.REST: (1, 1, 0),
    }
    assert walk.whole
    assert walk.oldest_ms == NOON_MS - 30 * DAY_MS
    assert not walk_data(tmp_path, (), NOON_MS, most_files=3).whole
    assert walk_data(tmp_path / "nowhere", (), NOON_MS).oldest_ms is None


def test_days_until_full_are_told_only_where_something_grows() -> None:
    assert Growth(700, 7).days_left(1000) == pytest.approx(10)
    assert Growth(0, 7).days_left(1000) is None
    assert Growth(-5, 7).days_left(1000) is None


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (250_000_000, "250 MB"), (3_000_000_000_000, "3.0 TB")],
)
def test_sizes_are_readable(size: int, words: str) -> None:
    assert size_words(size) == words


async def test_growth_leaves_out_what_was_destroyed_and_is_looked_at_once_a_minute(
    portal: Portal, clock: FakeClock
) -> None:
    data, storage = portal.settings.data, portal.operation.storage
    for path in data.rglob("*"):
        os.utime(path, (NOON_MS / 1000, NOON_MS / 1000))
    assert (await storage.look()).growth is None
    write(data, "recordings/old/archive.sqlite", 500, 30)
    write(data, "recordings/new/archive.sqlite", 900, 2)
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(ended_ms=NOON_MS - 30 * DAY_MS))
        gone = {"lesson": LESSON, "school": "here", "basis": "policy", "days": 1, "decided_by": "coordinator"}
        gone |= {"asked_ms": NOON_MS, "encrypted": True, "files": 1, "bytes": 200, "done_ms": NOON_MS}
        await connection.execute(insert(destructions).values(gone))
    assert (await storage.look()).growth is None
    clock.advance(MINUTE_MS)
    seen = await storage.look()
    assert seen.growth is not None
    assert (seen.growth.bytes, seen.growth.days) == (700, 7)
    assert seen.days_left == pytest.approx(seen.free_bytes / 100)


async def test_storage_page_says_so_when_growth_cannot_be_told(browser: Browser) -> None:
    await browser.log_in("district")
    text = await (await browser.get("/operation/storage")).text()
    assert "cannot be told yet" in text
    assert "Room log of the relay" in text


async def test_accounts_are_counted_and_only_staff_has_rows(portal: Portal, browser: Browser) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "reviewer").values(disabled_ms=NOON_MS))
        await connection.execute(update(users).where(users.c.id == "other-student").values(erased_ms=NOON_MS))
        login = {"csrf": "", "created_ms": NOON_MS - DAY_MS, "seen_ms": NOON_MS, "expires_ms": NOON_MS}
        await connection.execute(
            insert(logins),
            [
                {"id": "1", "token_hash": "1", "user": "tutor", "awaits_code": None, **login},
                {"id": "2", "token_hash": "2", "user": "contact", "awaits_code": True, **login},
            ],
        )
        factor = {"secret": b"", "created_ms": NOON_MS, "last_step": 0}
        await connection.execute(
            insert(second_factors),
            [
                {"user": "tutor", "confirmed_ms": NOON_MS, **factor},
                {"user": "coordinator", "confirmed_ms": None, **factor},
            ],
        )
    async with portal.database.read() as connection:
        figures = await load_role_figures(connection, "here")
        staff = {each.name: each for each in await load_staff_accounts(connection, "here")}
    by_role = {figure.role: (figure.open, figure.closed, figure.never, figure.secured) for figure in figures}
    assert by_role[Role.TUTOR] == (2, 0, 1, 1)
    assert by_role[Role.REVIEWER] == (0, 1, 0, 0)
    assert by_role[Role.STUDENT] == (1, 0, 1, 0)
    assert by_role[Role.POINT_OF_CONTACT] == (1, 0, 1, 0)
    assert [(each.id, each.closed, each.unsecured) for each in by_school(figures)] == [("here", 1, 5)]
    assert staff["tutor name"].last_ms == NOON_MS - DAY_MS
    assert staff["tutor name"].secured
    assert staff["contact name"].last_ms is None
    assert not staff["coordinator name"].secured
    assert list(staff)[-1] == "reviewer name"
    await browser.log_in("district")
    text = await (await browser.get("/operation/people")).text()
    assert "tutor name" in text
    for name in ("student name", "guardian name", "far-coordinator name"):
        assert name not in text
    assert await rows(portal, "disclosure_log") == []


async def test_other_schools_of_the_district_are_figures(portal: Portal, browser: Browser) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(schools).values(district="district-1"))
    await browser.log_in("district")
    text = await (await browser.get("/operation/people")).text()
    assert "School far" in text
    assert "far-coordinator name" not in text


@pytest.mark.parametrize("path", PAGES)
async def test_pages_lead_to_each_other_and_are_for_the_district_alone(
    open_browser: Callable[[], Browser], path: str
) -> None:
    browser = open_browser()
    await browser.log_in("district")
    text = await (await browser.get(path)).text()
    for other in ("/operation", *PAGES):
        assert f'href="{other}"' in text
    assert f'href="{path}" aria-current="page"' in text
    stranger = open_browser()
    await stranger.log_in("coordinator")
    assert (await stranger.get(path)).status == 403
