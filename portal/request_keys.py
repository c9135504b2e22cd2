"""What the guard leaves on a request for the handlers after it."""

from aiohttp import web

from portal.accounts import Person
from portal.lessons import Lesson
from portal.programs import Program

PERSON = web.RequestKey("person", Person)
LESSON = web.RequestKey("lesson", Lesson)
PROGRAM = web.RequestKey("program", Program)
# Set once a handler has named the students whose records its list shows.
LISTED = web.RequestKey("listed", bool)
# The token of a log-in that a fresh proof has renewed, for the cookie of whatever the answer will be.
RENEWED = web.RequestKey("renewed", str)
# Of a refusal: what the person can name, and the log line has too.
REFERENCE = web.RequestKey("reference", str)
# The token of somebody who is not logged in yet, for the log-in form.
VISIT = web.RequestKey("visit", str)
# What the form before this page did, in English (portal/done.py).
DONE = web.RequestKey("done", str)
