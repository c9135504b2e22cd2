"""One sentence on the page after a form: what has been done.

A form is answered with a redirect (`answers.see_other`), so the page that follows cannot know of it by itself. The
route stands in a cookie of a minute, with that one page; what the page says is looked up here, so that a cookie of
somebody's own making says nothing else.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from portal.context import portal_of
from portal.cookies import clear_cookie, cookie_name, set_cookie
from portal.language import phrase
from portal.request_keys import DONE
from portal.routing import Handler

_COOKIE: Final = "done"
_MAX_AGE_S: Final = 60

# By the route of the form. A page that says what came of it itself needs no line here.
DONE_WORDS: Final[Mapping[str, str]] = {
    "/classes": phrase("The class is made."),
    "/classes/{group}/students": phrase("The student is placed in this class."),
    "/classes/{group}/students/remove": phrase("The student is taken out of this class."),
    "/classes/{group}/tutor": phrase("The tutor is assigned."),
    "/classes/{group}/hours": phrase("The weekly time is added."),
    "/classes/{group}/hours/end": phrase("The weekly time is ended, and its lessons are taken back."),
    "/classes/{group}/materials": phrase("The material is added."),
    "/classes/{group}/materials/{material}/remove": phrase("The material is removed."),
    "/classes/{group}/pacing/apply": phrase("The new version of the pacing guide holds."),
    "/classes/{group}/pacing/add": phrase("The week is added."),
    "/classes/{group}/pacing/change": phrase("The week is changed."),
    "/classes/{group}/pacing/remove": phrase("The week is removed."),
    "/classes/{group}/grades/categories": phrase("The category is added."),
    "/classes/{group}/grades/assignments": phrase("The piece of work is added. Its points go in here."),
    "/classes/{group}/grades/{assignment}": phrase("The grades are saved."),
    "/students/new": phrase("The student is enrolled."),
    "/students/{student}/requests": phrase("The lessons are asked for."),
    "/students/{student}/recording": phrase("Kept. It holds from the next time the student enters a lesson."),
    "/students/{student}/guardians": phrase("The guardian is added, and a mail with a link is on its way."),
    "/students/{student}/guardians/end": phrase("The guardian's access is ended."),
    "/students/{student}/goals": phrase("The goal is set."),
    "/students/{student}/goals/reached": phrase("The goal is reached."),
    "/students/{student}/access": phrase("The access is given."),
    "/students/{student}/access/end": phrase("The access is ended."),
    "/students/{student}/amendments": phrase("The school has your request."),
    "/students/{student}/amendments/{amendment}/decide": phrase("The decision is kept, and whoever asked is told."),
    "/students/{student}/amendments/{amendment}/statement": phrase("Your statement stands beside the record."),
    "/lessons/{lesson}/substitute": phrase("The lesson has another tutor now, and a mail tells those in it."),
    "/lessons/{lesson}/call-off": phrase("The lesson is called off, and a mail tells those in it."),
    "/lessons/{lesson}/make-up": phrase("The lesson to make up for it is planned, and a mail tells those in it."),
    "/lessons/{lesson}/attendance": phrase("The minutes are corrected."),
    "/lessons/{lesson}/retention/day": phrase("The day is set."),
    "/lessons/{lesson}/retention/hold": phrase("The recording is held."),
    "/lessons/{lesson}/retention/release": phrase("The hold is released."),
    "/retention": phrase("The policy is saved."),
    "/holidays": phrase("The days are added, and their lessons are taken back."),
    "/holidays/remove": phrase("The day is taken back, and its lessons are made again."),
    "/onboarding": phrase("The dates are saved."),
    "/onboarding/steps": phrase("The step is saved."),
    "/roster/links": phrase("The address is on its way by mail."),
    "/roster/links/revoke": phrase("The address is taken back."),
    "/roster/uploads/{upload}/discard": phrase("The file is discarded. Nothing was changed."),
    "/hours": phrase("The contract is added."),
    "/hours/end": phrase("The contract is ended."),
    "/staff": phrase("The account is made, and a mail with a link is on its way."),
    "/staff/{staff}": phrase("The dates are saved."),
    "/staff/{staff}/role": phrase("The role is changed."),
    "/staff/{staff}/close": phrase("The account is closed."),
    "/staff/{staff}/second-factor/remove": phrase("The second step is taken off."),
    "/programs/end": phrase("The program's access is ended."),
    "/programs/webhooks/end": phrase("The address gets nothing any more."),
    "/programs/webhooks/resume": phrase("The address gets what happens again."),
    "/lesson-rooms": phrase("The rules are saved."),
    "/alerts/{alert}/acknowledge": phrase("You have it. Nobody else is called."),
    "/alerts/{alert}/close": phrase("The alert is closed."),
    "/outbox/{mail}/again": phrase("The mail goes out once more."),
    "/questions/take": phrase("The question is given to the school."),
    "/questions/{question}/answer": phrase("The answer is sent."),
    "/questions/{question}/close": phrase("The question is closed."),
    "/privacy/access": phrase("The review is signed."),
    "/privacy/incidents": phrase("The incident is recorded, and its clock runs."),
    "/privacy/incidents/{incident}/steps": phrase("The entry is kept."),
    "/privacy/incidents/{incident}/close": phrase("The incident is closed."),
    "/privacy/warnings/{warning}/answer": phrase("The answer is kept."),
    "/calendar/feeds/end": phrase("The address is ended. Calendars that use it show nothing new."),
    "/security/passkeys": phrase("The passkey signs you in from now on."),
    "/security/passkeys/rename": phrase("The name is changed."),
    "/security/passkeys/remove": phrase("The passkey is removed."),
    "/security/sessions/end": phrase("That device is signed out."),
    "/recordings/{lesson}/films": phrase("The film is being made. It stands here when it is ready."),
    "/recordings/{lesson}/films/{film}/remove": phrase("The film is removed."),
}


@web.middleware
async def tell_what_was_done(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives the page to which a form leads its sentence (`DONE` of the request), once."""
    settings = portal_of(request).settings
    form, _, page = unquote(request.cookies.get(cookie_name(settings, _COOKIE), "")).partition(" ")
    is_due = page == request.path and request.method == "GET"
    if is_due and form in DONE_WORDS:
        request[DONE] = DONE_WORDS[form]
    answer = await handler(request)
    resource = request.match_info.route.resource
    asked = "" if resource is None else resource.canonical
    if request.method == "POST" and answer.status == 303 and asked in DONE_WORDS:
        leads_to = urlsplit(answer.headers.get("Location", "")).path
        # Strangers are sent to the sign-in instead.
        if leads_to != "/login":
            set_cookie(answer, settings, _COOKIE, quote(f"{asked} {leads_to}", safe=""), _MAX_AGE_S)
    elif is_due:
        clear_cookie(answer, settings, _COOKIE)
    return answer
