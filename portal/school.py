"""A school's own settings."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.database import Database
from portal.schema import schools

DEFAULT_NOTICE = (
    "This lesson is recorded: the board, what is said, and the cameras. You, your tutor and your school's staff can "
    "watch it afterwards. Nobody else can."
)


@dataclass(frozen=True, slots=True)
class School:
    """A school, as lessons need it."""

    id: str
    name: str
    time_zone: str
    recording: str
    notice: str
    ice_policy: str
    demo: bool
    # Each student has a desk of their own beside the board.
    desks: bool = False
    # Students wait until the tutor lets them in or starts.
    waiting_room: bool = False


async def load_school(database: Database, school_id: str) -> School:
    """The school of an id that the database itself gave."""
    async with database.read() as connection:
        row = (await connection.execute(select(schools).where(schools.c.id == school_id))).one()
    return School(
        row.id,
        row.name,
        row.time_zone,
        row.recording,
        row.notice,
        row.ice_policy,
        row.demo,
        bool(row.desks),
        bool(row.waiting_room),
    )
