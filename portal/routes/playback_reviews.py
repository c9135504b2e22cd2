"""Quality reviews: the queue's page, and the review of one lesson for the player."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from portal.answers import json_answer, json_body
from portal.authorize import Action, Role, permitted
from portal.context import lesson_of, person_of, portal_of
from portal.failures import BadRequest, Conflict, NotThere
from portal.guard import disclose_listed
from portal.reviews import (
    SAMPLED_DAYS,
    Review,
    ReviewRefused,
    add_mark,
    load_queue,
    load_review,
    remove_mark,
    save_review,
)
from portal.routes.playback_notes import RoomTime
from portal.routing import RouteTable, may
from portal.rubric import LEAST_SCORE, MOST_SCORE, RUBRIC, SCORE_WORDS, average

routes = RouteTable()

_WRITE = may(Action.WRITE_REVIEW)


class ReviewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Scores by criterion, words on the whole, and whether the review is finished with that."""

    scores: dict[str, Annotated[int, msgspec.Meta(ge=LEAST_SCORE, le=MOST_SCORE)]]
    words: Annotated[str, msgspec.Meta(max_length=4000)]
    finish: bool = False


class MarkRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What is said of a moment, in ms of room time."""

    room_time: RoomTime
    criterion: str
    verdict: Literal["well", "better"]
    words: Annotated[str, msgspec.Meta(max_length=1000)]


@routes.get("/reviews", may(Action.LIST_REVIEWS, listing=True))
async def reviews_page(request: web.Request) -> web.Response:
    """The lessons that are to be reviewed next, and the reviews that there are."""
    portal, person = portal_of(request), person_of(request)
    async with portal.database.read() as connection:
        queue = await load_queue(connection, person.actor.school, portal.clock())
    entries = [*queue.next, *queue.begun, *queue.finished]
    await disclose_listed(request, {student for entry in entries for student in entry.students})
    return portal.pages.respond(
        request,
        "reviews.html",
        queue=queue,
        days=SAMPLED_DAYS,
        average=average,
        most_score=MOST_SCORE,
        can_review=person.actor.role is Role.REVIEWER,
    )


@routes.get("/api/recordings/{lesson}/review", may(Action.READ_REVIEW, disclosing=True))
async def review(request: web.Request) -> web.Response:
    """The rubric, and the review as far as it is the viewer's to see."""
    return await _review(request)


@routes.post("/api/recordings/{lesson}/review", _WRITE)
async def save(request: web.Request) -> web.Response:
    """Keeps scores and words."""
    portal, wanted = portal_of(request), await json_body(request, ReviewRequest)
    if not set(wanted.scores) <= set(RUBRIC):
        raise BadRequest("There is no such criterion.", code="bad_criterion")
    try:
        async with portal.database.write() as connection:
            await save_review(
                connection,
                person_of(request).actor,
                lesson_of(request).id,
                wanted.scores,
                wanted.words.strip(),
                finish=wanted.finish,
                now_ms=portal.clock(),
            )
    except ReviewRefused as error:
        raise Conflict(str(error), code="review_refused") from error
    return await _review(request)


@routes.post("/api/recordings/{lesson}/review/marks", _WRITE)
async def mark(request: web.Request) -> web.Response:
    """Marks a moment."""
    portal, wanted = portal_of(request), await json_body(request, MarkRequest)
    if wanted.criterion not in RUBRIC:
        raise BadRequest("There is no such criterion.", code="bad_criterion")
    try:
        async with portal.database.write() as connection:
            await add_mark(
                connection,
                person_of(request).actor,
                lesson_of(request).id,
                room_time=wanted.room_time,
                criterion=wanted.criterion,
                verdict=wanted.verdict,
                words=wanted.words.strip(),
                now_ms=portal.clock(),
            )
    except ReviewRefused as error:
        raise Conflict(str(error), code="review_refused") from error
    return await _review(request)


@routes.post("/api/recordings/{lesson}/review/marks/{mark}/remove", _WRITE)
async def unmark(request: web.Request) -> web.Response:
    """Removes a mark."""
    portal = portal_of(request)
    try:
        async with portal.database.write() as connection:
            removed = await remove_mark(
                connection,
                person_of(request).actor,
                lesson_of(request).id,
                request.match_info["mark"],
                portal.clock(),
            )
    except ReviewRefused as error:
        raise Conflict(str(error), code="review_refused") from error
    if not removed:
        raise NotThere("There is no such mark of yours.")
    return await _review(request)


async def _review(request: web.Request) -> web.Response:
    portal, actor, lesson = portal_of(request), person_of(request).actor, lesson_of(request)
    async with portal.database.read() as connection:
        found = await load_review(connection, lesson.id)
    writes = permitted(actor, Action.WRITE_REVIEW, lesson.access)
    if not writes and actor.role is not Role.COORDINATOR and found is not None and found.finished_ms is None:
        # The tutor sees what was said once it is all said.
        found = None
    return json_answer(
        {
            "rubric": [{"key": key, "words": words} for key, words in RUBRIC.items()],
            "score_words": {str(score): words for score, words in SCORE_WORDS.items()},
            "review": _facts(found) if found is not None else None,
            "can_write": writes and (found is None or (found.reviewer == actor.user and found.finished_ms is None)),
        }
    )


def _facts(found: Review) -> dict[str, object]:
    return {
        "reviewer": found.name,
        "scores": found.scores,
        "words": found.words,
        "finished_ms": found.finished_ms,
        "marks": found.marks,
    }
