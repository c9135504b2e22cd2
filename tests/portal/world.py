"""Two small schools, a clock that stands still, and browsers that keep their cookies."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, CookieJar, FormData
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Role
from portal.context import Portal
from portal.crisis_schema import crisis_alerts
from portal.learning_schema import assignments, grade_categories, guardians
from portal.mails.links import new_links, token_of
from portal.mails.outbox import Letter, enqueue
from portal.material_schema import materials
from portal.privacy_schema import access_reviews, amendments, incidents
from portal.roster.apply import ask_for_lessons
from portal.safety_schema import warnings
from portal.schema import lesson_members, lessons, metadata, schools, users
from portal.service_schema import classes, enrollments, erasures, outbox, roster_uploads
from portal.talk_schema import questions
from whiteboard_crdt.keys import dump_point, encode_base64url

# 2026-11-23 14:05 UTC, a Monday: 09:05 in New York.
NOON_MS = 1_795_442_700_000
MINUTE_MS = 60_000
PASSWORD = "correct horse"
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

LESSON = "lesson-one"
OTHER_LESSON = "lesson-two"
FOREIGN_LESSON = "lesson-far"

PEOPLE = (
    # id and log-in, school, role
    ("tutor", "here", Role.TUTOR),
    ("student", "here", Role.STUDENT),
    ("other-tutor", "here", Role.TUTOR),
    ("other-student", "here", Role.STUDENT),
    ("coordinator", "here", Role.COORDINATOR),
    ("reviewer", "here", Role.REVIEWER),
    ("guardian", "here", Role.GUARDIAN),
    ("contact", "here", Role.POINT_OF_CONTACT),
    ("district", "here", Role.DISTRICT_ADMIN),
    ("on-call", "here", Role.ON_CALL),
    ("far-coordinator", "far", Role.COORDINATOR),
    ("far-student", "far", Role.STUDENT),
)


@dataclass
class FakeClock:
    """A clock that moves when it is told to."""

    now_ms: int = NOON_MS

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms


async def fill_schools(portal: Portal) -> None:
    """Two schools, their people, a lesson now, one of somebody else, and one at the other school."""
    encoded = CHEAP_HASHER.hash(PASSWORD)
    async with portal.database.write() as connection:
        for school in ("here", "far"):
            await connection.execute(
                insert(schools).values(
                    id=school,
                    name=f"School {school}",
                    time_zone="America/New_York",
                    recording="required",
                    notice="This lesson is recorded.",
                    ice_policy="all",
                    demo=False,
                    created_ms=NOON_MS,
                )
            )
        for name, school, role in PEOPLE:
            await connection.execute(
                insert(users).values(
                    id=name,
                    school=school,
                    login=name,
                    name=f"{name} name",
                    role=role.value,
                    password_hash=encoded,
                    created_ms=NOON_MS,
                )
            )
        for lesson, school, members in (
            (LESSON, "here", ("tutor", "student")),
            (OTHER_LESSON, "here", ("other-tutor", "other-student")),
            (FOREIGN_LESSON, "far", ()),
        ):
            await connection.execute(
                insert(lessons).values(
                    id=lesson,
                    school=school,
                    room=f"room-{lesson}",
                    title=f"Title of {lesson}",
                    subject="Mathematics",
                    starts_ms=NOON_MS,
                    ends_ms=NOON_MS + 60 * MINUTE_MS,
                    state="scheduled",
                    recording="required",
                    demo=False,
                )
            )
            for member in members:
                part = "tutor" if "tutor" in member else "student"
                await connection.execute(insert(lesson_members).values(lesson=lesson, user=member, part=part))


async def fill_service(portal: Portal) -> str:
    """One of everything that a path can name, at both schools: `<what>-one` and `<what>-far`; returns a link's token.

    The student is in class-one with the tutor, has a guardian, waits for Art, and is whom the mail speaks of.
    """
    async with portal.database.write() as connection:
        for school, end, student, tutor, office in (
            ("here", "one", "student", "tutor", "coordinator"),
            ("far", "far", "far-student", None, "far-coordinator"),
        ):
            group = {"subject": "Mathematics", "grade": "", "kind": "1:4", "capacity": 4, "teacher_of_record": ""}
            await connection.execute(
                insert(classes).values(
                    id=f"class-{end}", school=school, title=f"Class {end}", tutor=tutor, created_ms=NOON_MS, **group
                )
            )
            await connection.execute(
                insert(enrollments).values({"class": f"class-{end}", "student": student, "since_ms": NOON_MS})
            )
            await connection.execute(
                insert(grade_categories).values(
                    {
                        "id": f"category-{end}",
                        "class": f"class-{end}",
                        "name": "Quiz",
                        "weight": 1,
                        "created_ms": NOON_MS,
                    }
                )
            )
            await connection.execute(
                insert(assignments).values(
                    {
                        "id": f"assignment-{end}",
                        "class": f"class-{end}",
                        "category": f"category-{end}",
                        "title": "First quiz",
                        "most_points": 10,
                        "day": date(2026, 11, 20),
                        "created_ms": NOON_MS,
                    }
                )
            )
            await connection.execute(
                insert(materials).values(
                    {
                        "id": f"material-{end}",
                        "class": f"class-{end}",
                        "title": "Worksheet",
                        "version": 1,
                        "kind": "png",
                        "digest": "0" * 64,
                        "size_bytes": 3,
                        "uploaded_by": office,
                        "uploaded_ms": NOON_MS,
                    }
                )
            )
            await ask_for_lessons(connection, school, [(student, "Art", "1:4")], NOON_MS)
            content = f"student_id,given_name,family_name,grade\nx-{end},A,B,7\n".encode()
            await connection.execute(
                insert(roster_uploads).values(
                    id=f"upload-{end}",
                    school=school,
                    uploaded_by=office,
                    uploaded_ms=NOON_MS,
                    file_name="r.csv",
                    digest="",
                    content=content,
                    plan_digest="",
                    state="checked",
                    counts="{}",
                )
            )
            letter = Letter(f"k-{end}", "welcome", school, office, student, "a@example.org", "Subject", "Body")
            await enqueue(connection, [letter], NOON_MS)
            await connection.execute(update(outbox).where(outbox.c.school == school).values(id=f"mail-{end}"))
            await connection.execute(
                insert(erasures).values(
                    id=f"erasure-{end}",
                    school=school,
                    student="gone",
                    erased_by=office,
                    reason="r",
                    at_ms=NOON_MS,
                    counts="{}",
                )
            )
        for school, end, lesson in (("here", "one", LESSON), ("far", "far", FOREIGN_LESSON)):
            await _fill_privacy(connection, school, end)
            await connection.execute(
                insert(warnings).values(
                    id=f"warning-{end}",
                    school=school,
                    kind="reads",
                    subject="tutor",
                    figure=100,
                    opened_ms=NOON_MS,
                    last_ms=NOON_MS,
                    note="",
                )
            )
            await connection.execute(
                insert(questions).values(
                    id=f"question-{end}",
                    reference="7K3M-Q2XD",
                    school=school,
                    user="student" if end == "one" else "far-student",
                    name="",
                    address="",
                    place="/",
                    words="No sound",
                    state="open",
                    created_ms=NOON_MS,
                )
            )
            await connection.execute(
                insert(crisis_alerts).values(
                    id=f"alert-{end}",
                    school=school,
                    lesson=lesson,
                    session="0000000000000001",
                    pressed_by="tutor",
                    reason="medical",
                    pressed_ms=NOON_MS,
                    received_ms=NOON_MS,
                    carried_by="tutor",
                    step=0,
                )
            )
        await connection.execute(insert(guardians).values(guardian="guardian", student="student", since_ms=NOON_MS))
        portal.settings.materials.mkdir(exist_ok=True)
        (portal.settings.materials / ("0" * 64)).write_bytes(b"png")
        links = await new_links(connection, ["student"], NOON_MS)
    return token_of(portal.keyring.link_secret, links["student"])


async def _fill_privacy(connection: AsyncConnection, school: str, end: str) -> None:
    office, day = "coordinator" if end == "one" else "far-coordinator", date(2026, 11, 20)
    await connection.execute(
        insert(incidents).values(
            id=f"incident-{end}",
            school=school,
            title="A lost laptop",
            records="Names",
            students=2,
            found_day=day,
            due_day=date(2026, 11, 27),
            opened_by=office,
            opened_ms=NOON_MS,
        )
    )
    content = '{"staff": [], "grants": [], "guardians": 0, "region": ""}'
    await connection.execute(
        insert(access_reviews).values(
            id=f"review-{end}",
            school=school,
            content=content,
            digest="",
            note="All in order",
            signed_by=office,
            signed_ms=NOON_MS,
        )
    )
    await connection.execute(
        insert(amendments).values(
            id=f"amendment-{end}",
            school=school,
            student="student" if end == "one" else "far-student",
            part="Minutes",
            words="I was there.",
            asked_by="student" if end == "one" else "far-student",
            asked_ms=NOON_MS,
            due_day=date(2027, 1, 7),
            reason="",
            statement="",
        )
    )


@dataclass
class Browser:
    """One browser: its cookies, and the token of the page that it saw last."""

    server: TestServer
    portal: Portal
    csrf: str = ""
    client: TestClient[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        # unsafe: the server of a test has an address for a name.
        self.client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))

    async def get(self, path: str, **options: Any) -> ClientResponse:
        response = await self.client.get(path, allow_redirects=False, **options)
        if response.content_type == "text/html":
            found = re.search(r'<meta name="csrf" content="([^"]*)"', await response.text())
            self.csrf = found[1] if found else self.csrf
        return response

    async def submit(self, path: str, fields: Mapping[str, str]) -> ClientResponse:
        """Sends a form as a page would, with the token of the page."""
        return await self.client.post(path, data={"csrf": self.csrf, **fields}, allow_redirects=False)

    async def upload(self, path: str, field_name: str, file_name: str, content: bytes) -> ClientResponse:
        """Sends a file as a form does."""
        form = FormData()
        form.add_field("csrf", self.csrf)
        form.add_field(field_name, content, filename=file_name, content_type="application/octet-stream")
        return await self.client.post(path, data=form, allow_redirects=False)

    async def post(self, path: str, body: object = None, **headers: str) -> ClientResponse:
        """Calls the API as the application would."""
        sent = {"X-CSRF-Token": self.csrf, **headers}
        return await self.client.post(path, json={} if body is None else body, headers=sent, allow_redirects=False)

    async def log_in(self, login: str, password: str = PASSWORD) -> ClientResponse:
        """Through the real form; afterwards the token is the log-in's."""
        await self.get("/login")
        response = await self.submit("/login", {"login": login, "password": password})
        if response.status == 303:
            await self.get("/")
        return response

    async def internal(self, method: str, path: str, body: object = None) -> ClientResponse:
        """Calls as relay or recorder."""
        headers = {"Authorization": f"Bearer {self.portal.keyring.internal_secret}"}
        return await self.client.request(method, path, json=body, headers=headers)


def session_key() -> str:
    """The public key of a fresh session, as a page sends it."""
    return encode_base64url(dump_point(ec.generate_private_key(ec.SECP256R1()).public_key()))


async def rows(portal: Portal, table: str) -> list[dict[str, Any]]:
    """Everything in a table of the portal's database."""
    async with portal.database.read() as connection:
        return [dict(row) for row in (await connection.execute(select(metadata.tables[table]))).mappings()]


def make_build(folder: Path) -> Path:
    """A build of the web client as small as can be."""
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "main-abc.js").write_text("export {};\n")
    (folder / "assets" / "shared-abc.js").write_text("export {};\n")
    (folder / "assets" / "main-abc.css").write_text("body { margin: 0 }\n")
    (folder / "manifest.json").write_text(
        """{
          "_shared.js": {"file": "assets/shared-abc.js"},
          "src/classroom/main.tsx": {"file": "assets/main-abc.js", "imports": ["_shared.js"], "isEntry": true},
          "src/player/main.tsx": {"file": "assets/main-abc.js", "imports": ["_shared.js"], "isEntry": true},
          "src/alerts/main.ts": {"file": "assets/main-abc.js", "isEntry": true},
          "src/passkeys/main.ts": {"file": "assets/main-abc.js", "isEntry": true},
          "src/styles/main.css": {"file": "assets/main-abc.css", "isEntry": true}
        }"""
    )
    return folder
