"""The privacy report, the access review and incidents: portal/{access_review,incidents}.py and their routes."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import insert

from portal.context import PORTAL, Portal
from portal.server import open_portal
from portal.service_schema import holidays
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, MINUTE_MS, Browser, FakeClock, fill_schools, fill_service, rows

DAY_MS = 24 * 60 * MINUTE_MS
FOUND = {
    "title": "A lost laptop",
    "records": "Names and grades",
    "students": "3",
    "found": "2026-11-20",
    "words": "On a bus.",
}


@pytest.fixture
async def contact(browser: Browser, portal: Portal) -> Browser:
    await browser.log_in("contact")
    return browser


async def test_region_of_the_settings_stands_in_report_and_review(settings: PortalSettings, clock: FakeClock) -> None:
    set_up = replace(settings, storage_region="Ohio, USA")
    async with open_portal(set_up, clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        browser = Browser(server, app[PORTAL])
        try:
            await browser.log_in("contact")
            assert "<dd>Ohio, USA</dd>" in await (await browser.get("/privacy")).text()
            assert "kept in: Ohio, USA." in await (await browser.get("/privacy/access")).text()
        finally:
            await browser.client.session.close()
            await server.close()


async def sign(contact: Browser, **fields: str) -> int:
    text = await (await contact.get("/privacy/access")).text()
    covers = re.search(r'name="covers" value="(\w+)"', text)
    assert covers is not None
    form = {"covers": covers[1], "note": "All in order", "looked": "yes", **fields}
    return (await contact.submit("/privacy/access", form)).status


async def test_access_review_is_signed_as_it_was_seen_and_due_again_in_a_year(
    contact: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    page = await (await contact.get("/privacy/access")).text()
    assert "None yet" in page
    assert "reviewer name" in page
    assert "student name" not in page
    assert await sign(contact, looked="") == 400
    assert await sign(contact, note=" ") == 400
    assert await sign(contact, covers="0" * 64) == 400  # another report than the one that was shown
    assert await sign(contact) == 303
    (review,) = await rows(portal, "access_reviews")
    signed = await (await contact.get(f"/privacy/access/{review['id']}")).text()
    assert review["digest"] in signed
    assert "reviewer name" in signed
    audited = [row for row in await rows(portal, "audit_log") if row["action"] == "access.review"]
    assert review["digest"] in audited[0]["detail"]
    assert "the next until 2027-11-23" in await (await contact.get("/privacy")).text()
    office = open_browser()
    await office.log_in("coordinator")
    assert "signs." in await (await office.get("/privacy/access")).text()
    await office.submit("/staff/reviewer/close", {})
    assert "reviewer name" in await (await contact.get(f"/privacy/access/{review['id']}")).text()  # as it was
    clock.advance(366 * DAY_MS)
    await contact.log_in("contact")
    assert "over since 2027-11-23" in await (await contact.get("/privacy")).text()


async def test_incident_runs_its_clock_in_business_days(contact: Browser, portal: Portal, clock: FakeClock) -> None:
    async with portal.database.write() as connection:
        day = {"school": "here", "name": "Thanksgiving"}
        await connection.execute(insert(holidays).values(day=date(2026, 11, 26), **day))
    future = await contact.submit("/privacy/incidents", {**FOUND, "found": "2026-11-24"})
    assert (future.status, "yet to come" in await future.text()) == (400, True)
    made = await contact.submit("/privacy/incidents", FOUND)
    path = made.headers["Location"]
    # From Friday the 20th: Mon, Tue, Wed, not Thanksgiving, Fri, Mon.
    text = await (await contact.get(path)).text()
    assert "Tell the school until 2026-11-30" in text
    assert "4 business days left" in text
    early = await contact.submit(f"{path}/close", {"learned": "Lock them."})
    assert (early.status, "First enter when the school was told." in await early.text()) == (400, True)
    step = {"kind": "told", "day": "2026-11-23", "who": "", "words": "By telephone"}
    assert (await contact.submit(f"{path}/steps", step)).status == 400  # to whom?
    assert (await contact.submit(f"{path}/steps", {**step, "who": "P", "day": "2026-11-19"})).status == 400
    assert (await contact.submit(f"{path}/steps", {**step, "who": "The principal"})).status == 303
    purge = {"kind": "purged", "day": "2026-11-23", "who": "The IT desk", "words": "Wiped from afar"}
    assert (await contact.submit(f"{path}/steps", purge)).status == 303
    text = await (await contact.get(path)).text()
    assert "confirmed by The IT desk" in text
    assert (await contact.submit(f"{path}/close", {"learned": "Lock them."})).status == 303
    assert (await contact.submit(f"{path}/steps", purge)).status == 400
    assert "none is open" in await (await contact.get("/privacy")).text()
    audited = [row["action"] for row in await rows(portal, "audit_log") if row["action"].startswith("incident")]
    assert audited == ["incident.open", "incident.told", "incident.purged", "incident.close"]


async def test_incident_that_nobody_told_is_overdue(contact: Browser, clock: FakeClock) -> None:
    path = (await contact.submit("/privacy/incidents", FOUND)).headers["Location"]
    clock.advance(7 * DAY_MS)
    await contact.log_in("contact")
    assert "should have been told until 2026-11-27" in await (await contact.get(path)).text()
    assert "overdue" in await (await contact.get("/privacy")).text()
    late = {"kind": "told", "day": "2026-11-30", "who": "The principal", "words": "By mail"}
    assert (await contact.submit(f"{path}/steps", late)).status == 303
    assert "too late" in await (await contact.get(path)).text()


async def test_record_of_another_school_is_not_there(contact: Browser, portal: Portal) -> None:
    await fill_service(portal)
    for path in ("/privacy/incidents/incident-far", "/privacy/access/review-far"):
        assert (await contact.get(path)).status == 404
