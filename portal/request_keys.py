"""What the guard leaves on a request for the handlers after it."""

from aiohttp import web

from portal.accounts import Person
from portal.lessons import Lesson

PERSON = web.RequestKey("person", Person)
LESSON = web.RequestKey("lesson", Lesson)
# The token of somebody who is not logged in yet, for the log-in form.
VISIT = web.RequestKey("visit", str)
