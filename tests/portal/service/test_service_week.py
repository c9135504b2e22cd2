"""A week of the service through its pages: roster → place and staff → mails → lesson → minutes → report → disclosures
→ export and erasure. The lesson's joins and leaves come as the relay sends them.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

from sqlalchemy import update

from portal.context import Portal
from portal.ledger import verify_audit
from portal.schema import users
from tests.portal.service.office import add_hour, apply_roster, make_class
from tests.portal.service.rosters import plain
from tests.portal.world import MINUTE_MS, Browser, FakeClock, rows, session_key

ROSTER = plain(
    "s-1,Ada,Lovelace,7,ada@school.example,ada,Mathematics,1:4",
    "s-2,Alan,=Turing,7,alan@school.example,,Mathematics,1:4",
).encode()
DAY_MS = 24 * 60 * MINUTE_MS
# Tuesday, 24 November 2026, 15:30 in New York.
TUESDAY_MS = 1_795_552_200_000


async def test_a_week_of_the_service(open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock) -> None:
    office, ada, tutor = open_browser(), open_browser(), open_browser()
    async with portal.database.write() as connection:
        papers = {"credentials": "Licence 7", "credentials_until": date(2027, 8, 1)}
        papers["background_check_until"] = date(2027, 8, 1)
        await connection.execute(update(users).where(users.c.id == "tutor").values(papers))
        await connection.execute(update(users).where(users.c.id == "contact").values(email="contact@school.example"))

    # Roster: the dry run changes nothing, applying does, and doing it again does not.
    await office.log_in("coordinator")
    dry = await apply_roster(office, ROSTER)
    assert "Apply 2 changes" in dry
    assert "Apply 0 changes" in await apply_roster(office, ROSTER)
    listed = await (await office.get("/students?q=Ada")).text()
    student = re.search(r'href="/students/(\w+)">Ada Lovelace', listed)
    assert student is not None
    ada_id = student[1]
    requests = await (await office.get("/requests")).text()
    assert requests.count("10 business days left") == 2

    # Place and staff.
    path = await make_class(office, "Maths with Maya", "Mathematics", grade="7")
    text = await (await office.get(path)).text()
    for suggested in re.findall(r'name="student" value="(\w+)">Place', text):
        assert (await office.submit(f"{path}/students", {"student": suggested})).status == 303
    assert (await office.submit(f"{path}/tutor", {"tutor": "tutor"})).status == 303
    assert await add_hour(office, path, 1, "15:30", from_day="2026-11-23") == 303
    assert "Staffed and scheduled" in await (await office.get(path)).text()
    assert "Nobody waits" in await (await office.get("/requests")).text()

    # Mails: a link without a password for each student, and Welcome Letters to students and the point of contact.
    mails = await rows(portal, "outbox")
    assert sorted((mail["kind"], mail["address"]) for mail in mails) == [
        ("credentials", "ada@school.example"),
        ("credentials", "alan@school.example"),
        ("welcome", "ada@school.example"),
        ("welcome", "alan@school.example"),
        ("welcome", "contact@school.example"),
        ("welcome", "contact@school.example"),
    ]
    (invitation,) = [mail for mail in mails if mail["kind"] == "credentials" and mail["user"] == ada_id]
    link = re.search(r"(/welcome/\S+)", portal.post_office.body(invitation["body"], invitation["link"]))
    assert link is not None
    assert (await ada.get(link[1])).status == 200
    fields = {"password": "three blue boats", "again": "three blue boats"}
    assert (await ada.submit(link[1], fields)).status == 303
    assert (await ada.get(link[1])).status == 404  # once
    assert "Your lessons today" in await (await ada.get("/")).text()  # and signed in by it

    # The lesson of Tuesday: Ada comes twice, on two devices at once for a while; Alan does not come.
    lessons = sorted(await rows(portal, "lessons"), key=lambda row: row["starts_ms"])
    lesson = next(row for row in lessons if row["starts_ms"] == TUESDAY_MS)
    clock.now_ms = TUESDAY_MS - 5 * MINUTE_MS
    await ada.log_in("ada", "three blue boats")
    await tutor.log_in("tutor")
    assert f'href="/lessons/{lesson["id"]}/room"' in await (await ada.get("/")).text()
    for number, browser in enumerate((ada, tutor)):
        body = {"key": session_key(), "client": number}
        assert (await browser.post(f"/api/lessons/{lesson['id']}/ticket", body)).status == 200
    events = [
        ("a" * 16, "join", -5),
        ("b" * 16, "join", 10),
        ("a" * 16, "leave", 20),
        ("b" * 16, "leave", 30),
        ("c" * 16, "join", 50),
        ("c" * 16, "leave", 61),
    ]
    sent = [
        {
            "id": f"e{n}",
            "room": lesson["room"],
            "user": ada_id,
            "session": session,
            "kind": kind,
            "at_ms": TUESDAY_MS + minute * MINUTE_MS,
        }
        for n, (session, kind, minute) in enumerate(events)
    ]
    assert (await office.internal("POST", "/internal/relay/events", {"events": sent})).status == 200
    clock.now_ms = TUESDAY_MS + 60 * MINUTE_MS
    assert (await tutor.post(f"/api/lessons/{lesson['id']}/end")).status == 200

    # Minutes: 0 to 30 and 50 to 60. The tutor knows that Alan sat beside Ada, and says so.
    page = f"/lessons/{lesson['id']}/attendance"
    text = await (await tutor.get(page)).text()
    assert "15:30 to 16:00, 16:20 to 16:30" in text
    alan_id = next(p["id"] for p in await rows(portal, "users") if p["name"] == "Alan =Turing")
    assert (await tutor.submit(page, {"student": alan_id, "minutes": "90", "reason": "x"})).status == 400
    assert (await tutor.submit(page, {"student": alan_id, "minutes": "40", "reason": "Sat beside Ada"})).status == 303

    # The report, as page, CSV and PDF.
    await office.log_in("coordinator")
    assert "Sat beside Ada" in await (await office.get("/attendance?week=2026-11-24")).text()
    sheet = (await (await office.get("/attendance.csv?week=2026-11-24")).read()).decode("utf-8-sig")
    report = [row for row in csv.DictReader(io.StringIO(sheet)) if row["Date"] == "2026-11-24"]
    assert [
        (row["Student"], row["Subject"], row["Date"], row["Scheduled minutes"], row["Minutes"]) for row in report
    ] == [
        ("Ada Lovelace", "Mathematics", "2026-11-24", "60", "40"),
        ("Alan =Turing", "Mathematics", "2026-11-24", "60", "40"),
    ]
    assert report[1]["Note"] == "Corrected from 0: Sat beside Ada"
    document = await office.get("/attendance.pdf?week=2026-11-24")
    assert (await document.read()).startswith(b"%PDF-")

    # Who read Ada's record; everything about her; and away with it.
    log = await (await office.get(f"/students/{ada_id}/disclosures?reason=parent+asked")).text()
    assert "tutor name" in log
    assert "tutor of the lesson" in log
    assert "parent asked" in log
    exported = await office.submit(f"/students/{ada_id}/export", {})
    with zipfile.ZipFile(io.BytesIO(await exported.read())) as bundle:
        assert "Ada" in bundle.read("person.json").decode()
        assert ",40," in bundle.read("attendance.csv").decode()
        assert bundle.read("presence.csv").decode().count(ada_id) == 6
        assert "Alan" not in "".join(bundle.read(name).decode() for name in bundle.namelist())
    erase = f"/students/{ada_id}/erase"
    assert (await office.submit(erase, {"reason": "Parent asked", "confirm": "erase"})).status == 400
    erased = await office.submit(erase, {"reason": "Parent asked", "confirm": "ERASE"})
    assert erased.status == 303
    certificate = await (await office.get(erased.headers["Location"])).text()
    assert ada_id in certificate
    assert "Ada" not in certificate
    assert (await office.get(f"/students/{ada_id}")).status == 404
    assert (await ada.get("/")).status == 303
    everything = [await rows(portal, table) for table in ("users", "outbox", "audit_log", "lessons", "enrollments")]
    assert "Ada" not in str(everything)
    assert "ada@" not in str(everything)
    verdict = await verify_audit(portal.database)
    assert verdict.broken_at is None
    assert verdict.rows > 12
    again = await (await office.get("/attendance?week=2026-11-24")).text()
    assert "Erased student" in again
    assert ada_id not in again
