"""A week of the service as its people do it on the pages: roster → dry run → apply → place and staff → mails → first
sign-in → lesson → minutes → grade → report → disclosures → export and erasure. Real mail server, real lesson.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
import zipfile
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect

from portal.school_command import run_school
from tests.browser.chromium import launch, page_of
from tests.browser.participant import Participant
from tests.browser.servers import Classroom, classroom
from tests.portal.mailbox import Inbox, mail_server
from tests.portal.service.rosters import plain

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

_PASSWORD = "three blue boats"
_ROSTER = plain(
    "s-1,Ada,Lovelace,7,ada@school.example,ada,Mathematics,1:4",
    "s-2,Alan,=Turing,7,alan@school.example,,Mathematics,1:4",
)
# So long is Ada in the room that it counts as one minute, and not as two.
_STAYS_S = 33.0
# How the start page is headed, of all people or of one.
_TODAY = re.compile("^(Your l|L)essons today$")


def daytime_zone() -> ZoneInfo:
    """A zone in which a lesson of now neither begins before midnight nor ends after it."""
    for name in ("America/New_York", "Asia/Tokyo", "Europe/Berlin"):
        if 2 <= datetime.now(ZoneInfo(name)).hour < 22:
            return ZoneInfo(name)
    raise AssertionError("it is day somewhere")


class Week:
    """The school of one run, and the people's pages."""

    def __init__(
        self, school: Classroom, browser: Browser, inbox: Inbox, zone: ZoneInfo, stack: AsyncExitStack
    ) -> None:
        self.school, self.browser, self.inbox, self.zone, self.stack = school, browser, inbox, zone, stack

    async def page(self) -> Page:
        """A page with cookies of its own."""
        _, page = await self.stack.enter_async_context(page_of(self.browser))
        return page

    async def first_sign_in(self, page: Page, link: str, login: str) -> Participant:
        """Through the one-use link: choose a password, which signs in."""
        await page.goto(link)
        await page.get_by_label("Password", exact=True).fill(_PASSWORD)
        await page.get_by_label("Once more").fill(_PASSWORD)
        await page.get_by_role("button", name="Save and sign in").click()
        await expect(page.get_by_role("heading", name=_TODAY)).to_be_visible()
        return Participant(login, page, self.school.url)

    async def mailed_link(self, address: str, subject: str, part: str) -> str:
        """The address of the portal's that a mail holds."""
        mail = await self.inbox.wait(address, subject)
        found = re.search(rf"{self.school.url}/{part}/\S+", mail.get_content())
        assert found, mail.get_content()
        return found[0]


async def take_on_staff(week: Week, office: Page) -> None:
    """Accounts for a tutor with papers and for the school's point of contact."""
    await office.goto(f"{week.school.url}/staff")
    for name, address, role in (
        ("Maya Tutor", "maya@tutors.example", "Tutor"),
        ("Cora Contact", "cora@school.example", "Point of contact"),
    ):
        form = office.locator("section", has=office.get_by_role("heading", name="Somebody new"))
        await form.get_by_label("Name").fill(name)
        await form.get_by_label("Mail").fill(address)
        await form.get_by_label("What they do").select_option(label=role)
        await form.get_by_role("button", name="Make the account").click()
        await expect(office.get_by_role("heading", name=name)).to_be_visible()
    card = office.locator("section", has=office.get_by_role("heading", name="Maya Tutor"))
    await card.locator("summary").click()
    await card.get_by_label("Credentials", exact=True).fill("State licence 7")
    for label in ("Credentials until", "Background check until", "Privacy training until"):
        await card.get_by_label(label).fill((datetime.now(week.zone) + timedelta(days=300)).date().isoformat())
    await card.get_by_role("button", name="Save").click()


async def roster_comes_in(week: Week, office: Page) -> None:
    """The point of contact sends the file by the mailed address; the coordinator looks, and applies it."""
    await office.goto(f"{week.school.url}/roster")
    await office.get_by_role("button", name="Mail a link").click()
    contact = await week.page()
    await contact.goto(await week.mailed_link("cora@school.example", "Send in the roster", "send-roster"))
    wrong = FilePayload(name="roster.csv", mimeType="text/csv", buffer=b"student_id,nothing\n")
    right = FilePayload(name="roster.csv", mimeType="text/csv", buffer=_ROSTER.encode())
    await contact.get_by_label("File", exact=True).set_input_files(wrong)
    await contact.get_by_role("button", name="Send it").click()
    await expect(contact.get_by_role("alert")).to_contain_text("must be put right")
    await contact.get_by_label("File", exact=True).set_input_files(right)
    await contact.get_by_role("button", name="Send it").click()
    await expect(contact.get_by_role("status")).to_contain_text("2 students has arrived")
    await office.reload()
    await office.get_by_role("row", name="To be looked at").get_by_role("link", name="roster.csv").click()
    await expect(office.get_by_role("row", name="Ada Lovelace")).to_contain_text("asks for Mathematics 1:4")
    await office.get_by_role("button", name="Apply 2 changes").click()
    await expect(office.get_by_role("status")).to_contain_text("2 new, 0 changed, 0 left")


async def place_and_staff(week: Week, office: Page) -> None:
    """A class with both students, a tutor, and an hour that has just begun."""
    await office.goto(f"{week.school.url}/classes")
    await office.get_by_label("Name").fill("Maths with Maya")
    await office.get_by_label("Subject").fill("Mathematics")
    await office.get_by_role("button", name="Make the class").click()
    for name in ("Ada Lovelace", "Alan =Turing"):
        await office.get_by_role("button", name=f"Place {name}").click()
        await expect(office.locator("summary", has_text=f"Remove {name}")).to_be_visible()
    await office.get_by_label("Assign").select_option(label="Maya Tutor")
    await office.get_by_role("button", name="Assign").click()
    now = datetime.now(week.zone)
    await office.get_by_label("Every").select_option(label=now.strftime("%A"))
    await office.get_by_label("From").fill(now.strftime("%H:%M"))
    await office.get_by_label("First day").fill(now.date().isoformat())
    await office.get_by_label("Last day").fill((now + timedelta(days=60)).date().isoformat())
    await office.get_by_role("button", name="Add", exact=True).click()
    await expect(office.get_by_role("status").filter(has_text="Staffed and scheduled")).to_be_visible()


async def hold_lesson(week: Week, tutor: Participant, ada: Participant) -> None:
    """Both draw, and Ada stays for as long as the minutes say later."""
    path = await tutor.lesson_path("Maths with Maya")
    await asyncio.gather(tutor.join(path, media=False), ada.join(path, media=False))
    came = asyncio.get_running_loop().time()
    await tutor.start_lesson()
    await ada.lesson_state("live")
    for number, person in enumerate((tutor, ada)):
        await person.by_id("tool-pen").click()
        await person.stroke([(0.2 + 0.02 * n, 0.3 + 0.2 * number) for n in range(12)])
    for person in (tutor, ada):
        await person.wait_shapes(2)
        await person.saved()
    # The tutor's free hand: a column of the grade book, in a second tab, while the lesson goes on.
    await prepare_grades(week, await tutor.page.context.new_page())
    await asyncio.sleep(max(0.0, came + _STAYS_S - asyncio.get_running_loop().time()))  # a minute has to pass
    await ada.by_id("leave").click()
    await expect(ada.page.get_by_role("heading", name=_TODAY)).to_be_visible()
    # The page says so at once; the portal's list does when the portal has answered.
    async with tutor.page.expect_response(lambda answer: answer.url.endswith("/end")):
        await tutor.end_lesson()


async def prepare_grades(week: Week, page: Page) -> None:
    """A category, and a piece of work with a score for Ada."""
    await page.goto(f"{week.school.url}/classes")
    await page.get_by_role("link", name="Grade book of Maths with Maya").click()
    await page.get_by_label("Name").fill("Quiz")
    await page.get_by_role("button", name="Add the category").click()
    await page.get_by_label("Title").fill("First quiz")
    await page.get_by_role("button", name="Add and enter scores").click()
    card = page.get_by_role("group", name="Ada Lovelace")
    await card.get_by_label("State").select_option(label="Scored")
    await card.get_by_label("Points").fill("9")
    await page.get_by_role("button", name="Save the scores").click()
    await expect(page.get_by_role("row", name="Ada Lovelace")).to_contain_text("90")
    await page.close()


async def report_attendance(week: Week, tutor: Page, office: Page) -> None:
    """The tutor says that Alan sat beside Ada; page, CSV and PDF of the week say the same minutes."""
    await tutor.goto(f"{week.school.url}/")
    await tutor.get_by_role("link", name="Attendance of Maths with Maya").click()
    card = tutor.locator("section", has=tutor.get_by_role("heading", name="Alan =Turing"))
    await card.get_by_text("Correct").click()
    await card.get_by_label("Minutes").fill("12")
    await card.get_by_label("Reason").fill("Sat beside Ada")
    await card.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text("12 of 45 minutes")

    await office.goto(f"{week.school.url}/attendance")
    await expect(office.get_by_role("row", name=re.compile("^Ada Lovelace .* 45 1$"))).to_be_visible()
    day = datetime.now(week.zone).date().isoformat()
    async with office.expect_download() as sheet:
        await office.get_by_role("link", name="CSV").click()
    table = list(csv.DictReader(io.StringIO((await (await sheet.value).path()).read_text("utf-8-sig"))))
    assert [(row["Student"], row["Date"], row["Scheduled minutes"], row["Minutes"], row["Note"]) for row in table] == [
        ("Ada Lovelace", day, "45", "1", ""),
        ("Alan =Turing", day, "45", "12", "Corrected from 0: Sat beside Ada"),
    ]
    async with office.expect_download() as paper:
        await office.get_by_role("link", name="PDF").click()
    document = pypdfium2.PdfDocument(await (await paper.value).path())
    words = " ".join(document[0].get_textpage().get_text_bounded().split())
    assert f"Ada Lovelace 7 Mathematics {day} Maths with Maya 45 1" in words
    assert f"Alan =Turing 7 Mathematics {day} Maths with Maya 45 12 Corrected from 0: Sat beside Ada" in words


async def let_ada_go(week: Week, office: Page) -> None:
    """Who read her record, everything about her as a file, and its erasure."""
    await office.goto(f"{week.school.url}/students")
    await office.get_by_role("link", name="Ada Lovelace").click()
    page = office.url
    await office.get_by_role("link", name="Who read this record").click()
    await expect(office.get_by_role("row", name="Maya Tutor").first).to_be_visible()
    await office.goto(page)
    async with office.expect_download() as sent:
        await office.get_by_role("button", name="Export everything").click()
    with zipfile.ZipFile(await (await sent.value).path()) as bundle:
        assert "Ada" in bundle.read("person.json").decode()
        assert "First quiz" in "".join(bundle.read(name).decode() for name in bundle.namelist())
    # A recording that is still being made cannot be erased: its film comes first.
    await office.goto(f"{week.school.url}/recordings")
    await office.get_by_role("link", name="Other files").click()
    await expect(office.get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    await office.goto(page)
    await office.get_by_role("link", name="Erase").click()
    await office.get_by_label("Reason").fill("The family asked")
    await office.get_by_label("Type ERASE").fill("ERASE")
    await office.get_by_role("button", name="Erase for good").click()
    await expect(office.get_by_role("heading", name="Certificate")).to_be_visible()
    await office.goto(f"{week.school.url}/attendance")
    await expect(office.get_by_role("row", name=re.compile("^Erased student .* 45 1 "))).to_be_visible()
    assert "Ada" not in (await office.content()).replace("Sat beside Ada", "")


async def test_a_week_of_the_service_in_browsers(tmp_path: Path) -> None:
    zone = daytime_zone()
    async with async_playwright() as playwright, mail_server() as (inbox, port), AsyncExitStack() as stack:
        mail: dict[str, str | int] = {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "smtp_security": "none",
            "mail_from": "c@school.example",
        }
        school = await stack.enter_async_context(classroom(tmp_path, demo=False, settings=mail))
        browser = await launch(playwright)
        stack.push_async_callback(browser.close)
        week = Week(school, browser, inbox, zone, stack)
        first = ("Otto Office", "otto@school.example")
        said: list[str] = []
        await asyncio.to_thread(
            run_school, tmp_path, None, "Hill School", zone.key, first, None, None, f"{school.url}/", said.append
        )
        coordinator = await week.first_sign_in(await week.page(), said[0].split()[-1], "otto@school.example")
        office = coordinator.page

        await take_on_staff(week, office)
        await roster_comes_in(week, office)
        await place_and_staff(week, office)
        people = []
        for address, login in (("maya@tutors.example", "maya@tutors.example"), ("ada@school.example", "ada")):
            link = await week.mailed_link(address, "Your account", "welcome")
            people.append(await week.first_sign_in(await week.page(), link, login))
        tutor, ada = people
        for address in ("ada@school.example", "cora@school.example"):
            welcome = (await inbox.wait(address, "Welcome: Maths with Maya")).get_content()
            assert "with Maya Tutor" in welcome
            assert "How to join" in welcome
        await hold_lesson(week, tutor, ada)
        await report_attendance(week, tutor.page, office)
        await let_ada_go(week, office)
