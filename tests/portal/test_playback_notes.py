"""Notes on a recording: portal/notes.py, portal/routes/playback_notes.py."""

from collections.abc import Callable

from portal.context import Portal
from tests.portal.world import LESSON, OTHER_LESSON, Browser, rows

NOTES = f"/api/recordings/{LESSON}/notes"


def note(words: str, audience: str = "private", at: int = 61_500) -> dict[str, object]:
    return {"words": words, "audience": audience, "room_time": at}


async def words_of(browser: Browser) -> list[str]:
    answer = await browser.get(NOTES)
    assert answer.status == 200
    return [each["words"] for each in (await answer.json())["notes"]]


async def test_private_note_is_its_authors_alone_and_one_for_the_class_is_everybodys(
    open_browser: Callable[[], Browser],
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(NOTES, note("later", at=90_000))
    answer = await student.post(NOTES, note("ask about thirds"))
    assert [each["words"] for each in (await answer.json())["notes"]] == ["ask about thirds", "later"]
    await tutor.post(NOTES, note("watch this again", "class", at=70_000))
    assert await words_of(student) == ["ask about thirds", "watch this again", "later"]
    assert await words_of(tutor) == ["watch this again"]


async def test_only_its_author_changes_a_note_and_the_tutor_removes_one_for_the_class(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(NOTES, note("for all", "class"))
    await student.post(NOTES, note("for me"))
    ids = {row["words"]: row["id"] for row in await rows(portal, "notes")}
    change = {"words": "changed", "audience": "class"}
    assert (await tutor.post(f"{NOTES}/{ids['for all']}", change)).status == 404
    assert (await tutor.post(f"{NOTES}/{ids['for me']}/remove")).status == 404
    assert (await tutor.post(f"{NOTES}/{ids['for all']}/remove")).status == 200
    assert [row["action"] for row in await rows(portal, "audit_log")][-1] == "note.remove"
    assert (await student.post(f"{NOTES}/{ids['for me']}", change)).status == 200
    assert await words_of(tutor) == ["changed"]


async def test_note_of_one_lesson_is_not_reached_through_another(browser: Browser, portal: Portal) -> None:
    await browser.log_in("coordinator")
    await browser.post(NOTES, note("mine"))
    (row,) = await rows(portal, "notes")
    assert (await browser.post(f"/api/recordings/{OTHER_LESSON}/notes/{row['id']}/remove")).status == 404
    assert len(await rows(portal, "notes")) == 1


async def test_reviewer_keeps_notes_private(browser: Browser) -> None:
    await browser.log_in("reviewer")
    refused = await browser.post(NOTES, note("well done", "class"))
    assert (refused.status, (await refused.json())["error"]) == (409, "note_refused")
    answer = await browser.post(NOTES, note("well done"))
    assert (answer.status, (await answer.json())["class_allowed"]) == (200, False)


async def test_chapter_is_set_by_whoever_leads_the_lesson_and_seen_by_all(
    open_browser: Callable[[], Browser],
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    refused = await student.post(NOTES, note("My chapter", "chapter"))
    assert (refused.status, (await refused.json())["error"]) == (409, "note_refused")
    allowed = await (await tutor.post(NOTES, note("Common denominators", "chapter"))).json()
    assert allowed["chapters_allowed"] is True
    (seen,) = (await (await student.get(NOTES)).json())["notes"]
    assert (seen["words"], seen["audience"], seen["removable"]) == ("Common denominators", "chapter", False)


async def test_note_without_words_or_moment_is_refused(browser: Browser) -> None:
    await browser.log_in("student")
    for wrong in (note(""), note("x" * 2001), note("x", "everybody"), note("x", at=-1), {"words": "x"}):
        assert (await browser.post(NOTES, wrong)).status == 400
