"""A school for load tests: one tutor and students for each lesson, all with one password, in an empty data folder.

``python -m portal.loadtest_school DATA --rooms N --people N --portal URL`` writes DATA/accounts.json for
`loadtests/locustfile.py`; with ``--keys`` only the keys are made, for a relay alone. `chalkmesh loadtest` calls it.
"""

import argparse
import asyncio
import json
import secrets
import sys
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from portal.authorize import Role
from portal.clock import unix_ms
from portal.database import Database, database_url
from portal.ids import new_id
from portal.keyfiles import prepare_data
from portal.lessons import LessonState
from portal.passwords import Passwords
from portal.schema import lesson_members, lessons, schools, users
from portal.school import DEFAULT_NOTICE
from portal.times import local
from whiteboard_crdt.errors import SetupError

SCHOOL = "loadtest"
TIME_ZONE = "UTC"
_HOUR_MS = 60 * 60 * 1000
_PAPERS_DAYS = 30


async def fill(data: Path, rooms: int, people: int, portal: str) -> None:
    """Fills an empty database and writes the accounts. Raises SetupError when there is a school already."""
    password = secrets.token_urlsafe(18)
    database, passwords = Database(database_url(data, None)), Passwords()
    try:
        await database.upgrade()
        async with database.read() as connection:
            if (await connection.execute(select(func.count()).select_from(schools))).scalar_one():
                raise SetupError(f"{data} holds a school already; a load test needs an empty folder.")
        # One hash for all: a thousand would take minutes, and logging in checks it all the same.
        encoded = await passwords.hash(password)
        plan = [(new_id(), [f"load-{room}-{place}" for place in range(people)]) for room in range(rooms)]
        await _insert(database, plan, encoded)
    finally:
        passwords.close()
        await database.close()
    accounts = {
        "portal": portal,
        "password": password,
        "lessons": [{"lesson": lesson, "people": logins} for lesson, logins in plan],
    }
    path = data / "accounts.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts), encoding="utf-8")


async def _insert(database: Database, plan: list[tuple[str, list[str]]], encoded: str) -> None:
    now_ms = unix_ms()
    until = local(now_ms, TIME_ZONE).date() + timedelta(days=_PAPERS_DAYS)
    common = {"school": SCHOOL, "password_hash": encoded, "created_ms": now_ms}
    async with database.write() as connection:
        await connection.execute(
            insert(schools).values(
                id=SCHOOL, name="Load test", time_zone=TIME_ZONE, recording="required", notice=DEFAULT_NOTICE,
                ice_policy="all", demo=False, created_ms=now_ms,
            )
        )  # fmt: skip
        for number, (lesson, logins) in enumerate(plan):
            rows = []
            for place, login in enumerate(logins):
                tutor = place == 0
                papers = until if tutor else None
                rows.append(
                    {
                        **common, "id": login, "login": login, "name": f"Bot {number}.{place}",
                        "role": (Role.TUTOR if tutor else Role.STUDENT).value, "credentials_until": papers,
                        "background_check_until": papers, "privacy_training_until": papers,
                    }
                )  # fmt: skip
            await connection.execute(insert(users), rows)
            await connection.execute(
                insert(lessons).values(
                    id=lesson, school=SCHOOL, room=new_id(), title=f"Load test {number}", subject="Mathematics",
                    starts_ms=now_ms, ends_ms=now_ms + _HOUR_MS, state=LessonState.SCHEDULED.value,
                    recording="required", demo=False,
                )
            )  # fmt: skip
            members = [
                {"lesson": lesson, "user": login, "part": "student" if place else "tutor"}
                for place, login in enumerate(logins)
            ]
            await connection.execute(insert(lesson_members), members)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--portal", default="http://127.0.0.1:8080")
    given = parser.parse_args()
    try:
        prepare_data(given.data)
        if not given.keys:
            asyncio.run(fill(given.data, given.rooms, given.people, given.portal))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
