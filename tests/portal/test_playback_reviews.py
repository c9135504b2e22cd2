"""Quality reviews: portal/rubric.py, portal/reviews.py, portal/routes/playback_reviews.py."""

from collections.abc import Callable

from sqlalchemy import insert, update

from portal.context import Portal
from portal.rubric import Candidate, average, sample
from portal.schema import lessons, recordings
from tests.portal.world import LESSON, NOON_MS, OTHER_LESSON, Browser

REVIEW = f"/api/recordings/{LESSON}/review"
MARK = {"room_time": 30_000, "criterion": "checking", "verdict": "well", "words": "Waits for the answer"}


async def finish_lessons(portal: Portal) -> None:
    """Both lessons of the school are over and recorded."""
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(state="ended", ended_ms=NOON_MS))
        for lesson in (LESSON, OTHER_LESSON):
            await connection.execute(
                insert(recordings).values(
                    lesson=lesson,
                    state="sealed",
                    detail="",
                    duration_ms=60_000,
                    heartbeat_ms=NOON_MS,
                    sealed_ms=NOON_MS,
                )
            )


def test_tutor_who_was_reviewed_least_comes_first_and_each_in_turn() -> None:
    candidates = [Candidate(f"a{n}", "ann") for n in range(4)] + [Candidate(f"b{n}", "ben") for n in range(4)]
    tutors = [each.tutor for each in sample(candidates, {"ann": 2}, 6)]
    assert tutors[:2] == ["ben", "ben"]
    assert sorted(tutors[2:4]) == sorted(tutors[4:6]) == ["ann", "ben"]


def test_sample_is_the_same_whatever_the_order_of_the_lessons() -> None:
    candidates = [Candidate(f"lesson-{n}", f"tutor-{n % 3}") for n in range(30)]
    assert sample(candidates, {}, 9) == sample(candidates[::-1], {}, 9)
    assert [each.lesson for each in sample(candidates, {}, 30)] != [each.lesson for each in candidates]


def test_average_counts_what_was_seen() -> None:
    assert average({}) is None
    assert average({"goal": 4, "craft": 1}) == 2.5


async def test_review_with_marks_reaches_the_tutor_once_it_is_finished(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    await finish_lessons(portal)
    reviewer, tutor = open_browser(), open_browser()
    await reviewer.log_in("reviewer")
    await tutor.log_in("tutor")
    page = await (await reviewer.get("/reviews")).text()
    assert f"/recordings/{LESSON}?review" in page
    assert (await (await reviewer.get(REVIEW)).json())["review"] is None
    answer = await (await reviewer.post(f"{REVIEW}/marks", MARK)).json()
    assert [mark["words"] for mark in answer["review"]["marks"]] == ["Waits for the answer"]
    early = await reviewer.post(REVIEW, {"scores": {}, "words": "", "finish": True})
    assert early.status == 409
    await reviewer.post(REVIEW, {"scores": {"checking": 3}, "words": "A calm lesson"})
    assert (await (await tutor.get(REVIEW)).json())["review"] is None
    done = await (await reviewer.post(REVIEW, {"scores": {"checking": 4}, "words": "Calm", "finish": True})).json()
    assert (done["can_write"], done["review"]["scores"]) == (False, {"checking": 4})
    seen = await (await tutor.get(REVIEW)).json()
    assert (seen["review"]["words"], seen["can_write"]) == ("Calm", False)
    assert (await reviewer.post(f"{REVIEW}/marks", MARK)).status == 409
    assert "4.0 of 4" in await (await reviewer.get("/reviews")).text()


async def test_mark_is_removed_by_its_reviewer(browser: Browser, portal: Portal) -> None:
    await browser.log_in("reviewer")
    answer = await (await browser.post(f"{REVIEW}/marks", MARK)).json()
    mark = answer["review"]["marks"][0]["id"]
    assert (await browser.post(f"/api/recordings/{OTHER_LESSON}/review/marks/{mark}/remove")).status == 404
    answer = await (await browser.post(f"{REVIEW}/marks/{mark}/remove")).json()
    assert answer["review"]["marks"] == []


async def test_unknown_criteria_and_scores_are_refused(browser: Browser) -> None:
    await browser.log_in("reviewer")
    for wrong in ({"scores": {"looks": 2}, "words": ""}, {"scores": {"goal": 5}, "words": ""}):
        assert (await browser.post(REVIEW, wrong)).status == 400
    assert (await browser.post(f"{REVIEW}/marks", {**MARK, "criterion": "looks"})).status == 400


async def test_student_never_sees_a_review(browser: Browser) -> None:
    await browser.log_in("student")
    assert (await browser.get(REVIEW)).status == 403
    assert (await browser.get("/reviews")).status == 403
