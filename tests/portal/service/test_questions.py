"""The help page and the questions asked there: portal/{questions,references}.py, portal/routes/{help,questions}.py."""

import re
from collections.abc import Callable

from sqlalchemy import update

from portal.context import Portal
from portal.references import new_reference, read_reference
from portal.schema import users
from tests.portal.world import LESSON, Browser, rows

REFERENCE = "7K3M-Q2XD"


def test_references_are_read_as_they_are_made() -> None:
    made = {new_reference() for _ in range(200)}
    assert len(made) == 200
    assert all(read_reference(each) == each for each in made)
    assert read_reference(" 7k3m-q2xd ") == REFERENCE
    assert [read_reference(text) for text in ("", "7K3M", "7K3M-Q2XO", "<script>", f"{REFERENCE}x")] == [None] * 5


async def test_refusal_has_a_reference_that_leads_to_the_form(browser: Browser) -> None:
    page = await (await browser.get("/nothing-here")).text()
    found = re.search(r'href="(/help\?reference=[0-9A-Z-]{9}&amp;place=[^"#]*)#ask"', page)
    assert found is not None
    form = await (await browser.get(found[1].replace("&amp;", "&"))).text()
    reference = re.search(r'name="reference" value="([^"]+)"', form)
    assert reference is not None
    assert reference[1] in page
    answer = await browser.get(f"/api/lessons/{LESSON}")
    assert read_reference((await answer.json())["reference"]) is not None


async def test_whoever_cannot_get_in_asks_without_signing_in(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    asked = {"words": "It says No connection", "reference": REFERENCE, "lesson": LESSON, "place": "/lessons/x/room"}
    await browser.get("/help")
    refused = await browser.submit("/help", {**asked, "words": ""})
    assert refused.status == 400
    text = await refused.text()
    assert "Say who you are" in text
    assert f'value="{REFERENCE}"' in text
    sent = await browser.submit("/help", {**asked, "name": "Leo", "address": "leo@home.example"})
    assert (sent.status, sent.headers["Location"]) == (303, f"/help?sent={REFERENCE}")
    (row,) = await rows(portal, "questions")
    assert (row["school"], row["user"], row["lesson"], row["name"]) == ("here", None, LESSON, "Leo")
    office = open_browser()
    await office.log_in("coordinator")
    page = await (await office.get("/questions")).text()
    assert "It says No connection" in page
    assert "mailto:leo@home.example" in page
    far = open_browser()
    await far.log_in("far-coordinator")
    assert "It says No connection" not in await (await far.get("/questions")).text()
    assert (await far.submit(f"/questions/{row['id']}/answer", {"words": "Hi"})).status == 404


async def test_address_of_a_stranger_adds_nothing_to_the_answer(
    browser: Browser, open_browser: Callable[[], Browser]
) -> None:
    await browser.get("/help")
    asked = {"words": "Help", "name": "Leo", "lesson": LESSON}
    for address in ("leo@home", "leo@home.example,eve@evil.example", "a@b.example?bcc=eve@evil.example"):
        assert (await browser.submit("/help", {**asked, "address": address})).status == 400
    assert (await browser.submit("/help", {**asked, "address": "a?bcc=eve@evil.example"})).status == 303
    office = open_browser()
    await office.log_in("coordinator")
    assert 'href="mailto:a%3Fbcc=eve@evil.example"' in await (await office.get("/questions")).text()


async def test_answer_stands_on_the_help_page_and_a_mail_leads_there(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "student").values(email="s@school.example"))
    await browser.log_in("student")
    assert (await browser.submit("/help", {"words": "No sound\nat all"})).status == 303
    (row,) = await rows(portal, "questions")
    office = open_browser()
    await office.log_in("coordinator")
    path = f"/questions/{row['id']}"
    assert "No sound\nat all" in await (await office.get("/questions")).text()
    assert (await office.submit(f"{path}/answer", {"words": " "})).status == 400
    assert (await office.submit(f"{path}/answer", {"words": "Plug the headphones in."})).status == 303
    mine = await (await browser.get("/help")).text()
    assert "No sound\nat all" in mine
    assert "Plug the headphones in." in mine
    (mail,) = [each for each in await rows(portal, "outbox") if each["kind"] == "question"]
    assert (mail["user"], mail["address"]) == ("student", "s@school.example")
    assert "headphones" not in mail["body"]
    assert row["reference"] in mail["body"]
    seen = [each for each in await rows(portal, "disclosure_log") if each["action"] == "questions.read"]
    assert [(each["actor"], each["student"]) for each in seen] == [("coordinator", "student")]
    assert (await office.submit(f"{path}/close", {})).status == 303
    assert (await office.submit(f"{path}/answer", {"words": "More"})).status == 409
    assert "Closed" in await (await browser.get("/help")).text()


async def test_pace_is_kept_without_an_account(browser: Browser, portal: Portal) -> None:
    await browser.get("/help")
    for number in range(20):
        answer = await browser.submit("/help", {"words": f"Question {number}", "name": "Somebody"})
        assert answer.status == 303
    late = await browser.submit("/help", {"words": "One more", "name": "Somebody"})
    assert late.status == 429
    assert int(late.headers["Retry-After"]) > 0
    # Of two schools nobody knows which: they wait for the administrator of a district.
    assert {row["school"] for row in await rows(portal, "questions")} == {None}


async def test_administrator_gives_a_question_of_nowhere_to_a_school(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    await browser.get("/help")
    await browser.submit("/help", {"words": "I forgot my user name", "name": "Amara"})
    (row,) = await rows(portal, "questions")
    district = open_browser()
    await district.log_in("district")
    assert "I forgot my user name" in await (await district.get("/questions")).text()
    assert (await district.submit("/questions/take", {"question": row["id"]})).status == 303
    (row,) = await rows(portal, "questions")
    assert row["school"] == "here"
