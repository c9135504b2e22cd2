"""What the guard leaves on a request for the handlers after it."""

from aiohttp import web

from portal.accounts import Person
from portal.lessons import Lesson

PERSON = web.RequestKey("person", Person)
LESSON = web.RequestKey("lesson", Lesson)
# Set once a handler has named the students whose records its list shows.
LISTED = web.RequestKey("listed", bool)
# The token of somebody who is not logged in yet, for the log-in form.
VISIT = web.RequestKey("visit", str)
