"""The portal's routes, a file for each thing that people or programs come for."""

from portal.routes import (
    account,
    attendance,
    classes,
    health,
    internal,
    lesson_api,
    mail,
    privacy,
    recording_api,
    roster,
    schedule,
    staff,
    static,
    welcome,
)
from portal.routing import RouteTable

ALL_ROUTES: list[RouteTable] = [
    account.routes,
    schedule.routes,
    lesson_api.routes,
    recording_api.routes,
    roster.routes,
    classes.routes,
    staff.routes,
    attendance.routes,
    mail.routes,
    privacy.routes,
    welcome.routes,
    internal.routes,
    static.routes,
    health.routes,
]
