"""The portal's routes, a file for each thing that people or programs come for."""

from portal.routes import account, health, internal, lesson_api, recording_api, schedule, static
from portal.routing import RouteTable

ALL_ROUTES: list[RouteTable] = [
    account.routes,
    schedule.routes,
    lesson_api.routes,
    recording_api.routes,
    internal.routes,
    static.routes,
    health.routes,
]
