"""Applying rosters: portal/roster/{plan,apply,desk}.py and its pages."""

import re
from datetime import date

import pytest
from sqlalchemy import insert, select

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.roster.desk import PlanChanged, RosterDesk, UploadRefused
from portal.schema import users
from portal.service_schema import holidays
from tests.portal.service.office import upload_roster
from tests.portal.service.rosters import ONEROSTER, make_zip, plain
from tests.portal.world import Browser, FakeClock, rows

ACTOR = Actor("coordinator", "here", Role.COORDINATOR, "login")
TWO = plain("1,Ada,Lovelace,7,ada@school.example,,Math|Art", "2,Alan,Turing,8").encode()


async def students(portal: Portal) -> dict[str, dict[str, object]]:
    return {row["external_id"]: row for row in await rows(portal, "users") if row["external_id"]}


async def apply(portal: Portal, content: bytes, name: str = "r.csv") -> dict[str, int]:
    upload = await portal.rosters.keep(ACTOR, name, content)
    _, check = await portal.rosters.look(upload)
    assert check is not None
    assert check.roster.problems == []
    return dict(await portal.rosters.apply(ACTOR, upload, check.plan.digest))


def changed(counts: dict[str, int]) -> int:
    return sum(value for key, value in counts.items() if key != "unchanged")


@pytest.mark.parametrize(("name", "content"), [("r.csv", TWO), ("r.zip", make_zip(ONEROSTER))])
async def test_second_upload_of_the_same_file_changes_nothing(portal: Portal, name: str, content: bytes) -> None:
    assert changed(await apply(portal, content, name)) > 0
    before = [await rows(portal, table) for table in ("users", "outbox", "staffing_requests", "one_use_links")]
    assert changed(await apply(portal, content, name)) == 0
    assert before == [await rows(portal, table) for table in ("users", "outbox", "staffing_requests", "one_use_links")]


async def test_subject_in_other_letters_is_no_new_request(portal: Portal) -> None:
    await apply(portal, plain("1,A,B,7,,,Math|Art,1:1").encode())
    assert changed(await apply(portal, plain("1,A,B,7,,,ART|MATH|math,1:1").encode())) == 0
    assert sorted(row["subject"] for row in await rows(portal, "staffing_requests")) == ["Art", "Math"]


async def test_dry_run_changes_nothing(browser: Browser, portal: Portal) -> None:
    await browser.log_in("contact")
    before = await rows(portal, "users")
    page = await (await browser.get(await upload_roster(browser, TWO))).text()
    assert "Ada Lovelace" in page
    assert "asks for Art 1:4, Math 1:4" in page
    assert await rows(portal, "users") == before


async def test_diff_says_what_was_and_what_will_be(browser: Browser, portal: Portal) -> None:
    await apply(portal, TWO)
    await browser.log_in("coordinator")
    fresh = plain("1,Ada,King,8,,,Math,,", "2,Alan,Turing,8,,,,,leaves").encode()
    page = re.sub(r"\s+", " ", await (await browser.get(await upload_roster(browser, fresh))).text())
    assert "family name: <del>Lovelace</del> → <ins>King</ins>; grade: <del>7</del> → <ins>8</ins>" in page
    assert "no longer asks for Art" in page
    assert "1 account would be closed" in page


async def test_faulty_file_is_shown_by_line_and_cannot_be_applied(browser: Browser, portal: Portal) -> None:
    await browser.log_in("coordinator")
    path = await upload_roster(browser, plain("1,Ada,,7").encode(), "faulty.csv")
    page = re.sub(r"\s+", " ", await (await browser.get(path)).text())
    page = re.sub(' data-label="[^"]*"', "", page)
    assert '<td>faulty.csv</td><td class="numbers">2</td><td>family_name is empty</td>' in page
    assert (await browser.submit(f"{path}/apply", {"plan": ""})).status == 409
    assert (await browser.submit(f"{path}/discard", {})).status == 303
    assert [row["content"] for row in await rows(portal, "roster_uploads")] == [None]


async def test_plan_that_no_longer_holds_is_shown_again(browser: Browser, portal: Portal) -> None:
    await browser.log_in("coordinator")
    path = await upload_roster(browser, TWO)
    plan = re.search(r'name="plan" value="(\w+)"', await (await browser.get(path)).text())
    assert plan is not None
    await apply(portal, plain("1,Ada,Lovelace,7").encode())
    answer = await browser.submit(f"{path}/apply", {"plan": plan[1]})
    assert answer.headers["Location"] == f"{path}?changed=1"
    assert "The school has changed since you looked" in await (await browser.get(f"{path}?changed=1")).text()


async def test_failure_in_the_middle_leaves_nothing(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*arguments: object) -> None:
        raise LookupError

    upload = await portal.rosters.keep(ACTOR, "r.csv", TWO)
    _, check = await portal.rosters.look(upload)
    assert check is not None
    before = await rows(portal, "users")
    monkeypatch.setattr("portal.roster.apply.enqueue", fail)
    with pytest.raises(LookupError):
        await portal.rosters.apply(ACTOR, upload, check.plan.digest)
    assert await rows(portal, "users") == before
    monkeypatch.undo()
    await portal.rosters.apply(ACTOR, upload, check.plan.digest)
    with pytest.raises(UploadRefused):
        await portal.rosters.apply(ACTOR, upload, check.plan.digest)


async def test_bulk_roster_closes_the_accounts_of_those_who_are_gone_and_opens_them_again(
    portal: Portal, clock: FakeClock
) -> None:
    await apply(portal, make_zip(ONEROSTER), "r.zip")
    lines = ONEROSTER["users.csv"].splitlines(keepends=True)
    fewer = {**ONEROSTER, "users.csv": "".join(lines[:1] + lines[2:])}
    fewer["enrollments.csv"] = ONEROSTER["enrollments.csv"].replace("e1,,c1,s1,student\n", "")
    counts = await apply(portal, make_zip(fewer), "r.zip")
    assert (counts["leaves"], counts["unchanged"]) == (1, 2)
    assert (await students(portal))["s1"]["disabled_ms"] == clock()
    assert next(r for r in await rows(portal, "staffing_requests") if r["withdrawn_ms"])["subject"] == "Math"
    counts = await apply(portal, make_zip(ONEROSTER), "r.zip")
    assert (counts["returns"], counts["asks"]) == (1, 1)
    assert (await students(portal))["s1"]["disabled_ms"] is None
    assert [row["withdrawn_ms"] for row in await rows(portal, "staffing_requests")] == [None] * 3
    # The people of the school who came by no roster are none of its business.
    assert all(row["disabled_ms"] is None for row in await rows(portal, "users"))


async def test_user_names_are_made_and_never_shared(portal: Portal) -> None:
    await apply(portal, plain("1,Zoë,O'Brien,7", "2,Zoe,Obrien,7", "3,李,明,7", "4,T,T,7,,tutor").encode())
    assert {key: row["login"] for key, row in (await students(portal)).items()} == {
        "1": "zoe.obrien",
        "2": "zoe.obrien2",
        "3": "student2",
        "4": "tutor2",
    }


async def test_same_id_at_another_school_is_another_student(portal: Portal) -> None:
    await apply(portal, TWO)
    far = Actor("far-coordinator", "far", Role.COORDINATOR, "login")
    upload = await portal.rosters.keep(far, "r.csv", TWO)
    _, check = await portal.rosters.look(upload)
    assert check is not None
    assert check.plan.counts["adds"] == 2


async def test_requests_are_due_after_ten_business_days_of_the_school(portal: Portal) -> None:
    async with portal.database.write() as connection:
        for day in (date(2026, 11, 26), date(2026, 11, 27)):
            await connection.execute(insert(holidays).values(school="here", day=day, name="Thanksgiving"))
    await apply(portal, TWO)
    assert {str(row["due_day"]) for row in await rows(portal, "staffing_requests")} == {"2026-12-09"}


async def test_file_is_kept_only_until_it_is_applied(portal: Portal) -> None:
    await apply(portal, TWO)
    (row,) = await rows(portal, "roster_uploads")
    assert (row["state"], row["content"]) == ("applied", None)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("r.csv", b"", "This file is empty"), ("", b"x", "Choose a file"), ("r.csv", b"x" * (16 * 2**20 + 1), "16 MB")],
)
async def test_upload_that_is_none_is_said_beside_the_field(
    browser: Browser, name: str, content: bytes, words: str
) -> None:
    await browser.log_in("coordinator")
    await browser.get("/roster")
    page = await browser.upload("/roster/uploads", "file", name, content)
    assert page.status == 400
    assert re.search(rf'id="file-error">[^<]*{words}', await page.text())


async def test_large_body_is_taken_only_from_those_who_may_upload(browser: Browser) -> None:
    await browser.log_in("tutor")
    refused = await browser.upload("/roster/uploads", "file", "r.csv", b"x" * 2**20)
    assert refused.status == 403


async def test_only_the_plan_that_was_shown_is_applied(portal: Portal) -> None:
    desk: RosterDesk = portal.rosters
    upload = await desk.keep(ACTOR, "r.csv", TWO)
    _, check = await desk.look(upload)
    assert check is not None
    await desk.apply(ACTOR, upload, check.plan.digest)
    other = await desk.keep(ACTOR, "r.csv", plain("9,A,B,7").encode())
    with pytest.raises(PlanChanged):
        await desk.apply(ACTOR, other, "0" * 64)
    async with portal.database.read() as connection:
        count = (await connection.execute(select(users.c.id).where(users.c.external_id.is_not(None)))).all()
    assert len(count) == 2
