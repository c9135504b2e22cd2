"""Warnings about what is unusual in the portal's own logs: portal/{safety,failed_logins}.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, text, update

from portal.authorize import Action
from portal.context import PORTAL, Portal
from portal.failed_logins import count_failures
from portal.ledger import audit
from portal.safety import LOGIN_WINDOW_MS, READ_WINDOW_MS, Watch
from portal.schema import disclosure_log, schools, users
from portal.school_schema import districts
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, NOON_MS, Browser, FakeClock, rows


@pytest.fixture
async def watch(portal: Portal) -> Watch:
    """A lookout with low thresholds; point of contact and district administrator have mail addresses."""
    async with portal.database.write() as connection:
        await connection.execute(insert(districts).values(id="north", name="North", created_ms=NOON_MS))
        await connection.execute(update(schools).values(district="north"))
        for user in ("contact", "district"):
            await connection.execute(update(users).where(users.c.id == user).values(email=f"{user}@example.org"))
    low = PortalSettings(
        warn_records_read=2, warn_records_listed=2, warn_exports=1, warn_account_failures=5, warn_login_failures=8
    )
    return Watch(portal.database, portal.clock, low, portal.post_office)


async def read(
    portal: Portal, actor: str, *students: str, action: Action = Action.READ_STUDENT, kind: str = "student"
) -> None:
    """Writes the rows of one person's reads, as the guard does."""
    async with portal.database.write() as connection:
        for student in students:
            await connection.execute(
                insert(disclosure_log).values(
                    at_ms=portal.clock(),
                    actor=actor,
                    login="login",
                    action=action.value,
                    object_kind=kind,
                    object=student,
                    student=student,
                    reason="r",
                )
            )


async def warned(portal: Portal) -> list[tuple[str, str, str, int]]:
    return [(row["school"], row["kind"], row["subject"], row["figure"]) for row in await rows(portal, "warnings")]


async def test_many_records_read_are_told_once_to_contact_and_district(portal: Portal, watch: Watch) -> None:
    await read(portal, "coordinator", "student")
    assert await watch.look() == 0
    await read(portal, "coordinator", "student", "other-student")
    assert await watch.look() == 1
    assert await watch.look() == 0
    assert await warned(portal) == [("here", "reads", "coordinator", 2)]
    mails = await rows(portal, "outbox")
    assert sorted(mail["address"] for mail in mails) == ["contact@example.org", "district@example.org"]
    for mail in mails:
        assert "records of 2 students" in mail["body"]
        assert "coordinator name" not in mail["body"]


async def test_what_is_counted_is_other_students_within_the_hour(
    portal: Portal, watch: Watch, clock: FakeClock
) -> None:
    await read(portal, "student", "student")  # one's own record
    await read(portal, "tutor", "student", "student")  # one student twice
    clock.advance(READ_WINDOW_MS)
    await read(portal, "tutor", "other-student")
    assert await watch.look() == 0


async def test_lists_and_exports_have_thresholds_of_their_own(portal: Portal, watch: Watch) -> None:
    await read(portal, "tutor", "student", "other-student", kind="list", action=Action.LIST_CLASSES)
    await read(portal, "contact", "student", action=Action.EXPORT_STUDENT)
    assert await watch.look() == 2
    assert sorted(await warned(portal)) == [("here", "exports", "contact", 1), ("here", "lists", "tutor", 2)]
    # Whom it is about is not told by mail.
    told = {mail["address"] for mail in await rows(portal, "outbox") if "exported" in mail["body"]}
    assert told == {"district@example.org"}


async def test_answered_warning_comes_again_only_for_what_follows(
    portal: Portal, watch: Watch, open_browser: Callable[[], Browser], clock: FakeClock
) -> None:
    await read(portal, "coordinator", "student", "other-student")
    await watch.look()
    contact = open_browser()
    await contact.log_in("contact")
    (warning,) = await rows(portal, "warnings")
    page = await (await contact.get("/privacy/warnings")).text()
    assert "coordinator name" in page
    path = f"/privacy/warnings/{warning['id']}/answer"
    empty = await contact.submit(path, {"note": " "})
    assert (empty.status, "Enter what you found." in await empty.text()) == (400, True)
    clock.advance(1)
    assert (await contact.submit(path, {"note": "The yearly review"})).status == 303
    assert (await contact.submit(path, {"note": "Again"})).status == 409
    assert "The yearly review" in await (await contact.get("/privacy/warnings")).text()
    clock.advance(1)
    assert await watch.look() == 0
    await read(portal, "coordinator", "student")
    assert await watch.look() == 0
    await read(portal, "coordinator", "other-student")
    assert await watch.look() == 1
    assert [row["action"] for row in await rows(portal, "audit_log")][-1] == "warning.answer"


async def test_nobody_answers_a_warning_about_themselves(
    portal: Portal, watch: Watch, open_browser: Callable[[], Browser]
) -> None:
    await read(portal, "contact", "student", action=Action.EXPORT_STUDENT)
    await watch.look()
    contact = open_browser()
    await contact.log_in("contact")
    (warning,) = await rows(portal, "warnings")
    page = await (await contact.get("/privacy/warnings")).text()
    assert "somebody else must answer it" in page
    refused = await contact.submit(f"/privacy/warnings/{warning['id']}/answer", {"note": "It was me"})
    assert refused.status == 409


async def test_failed_logins_at_one_account_are_told_with_the_account(
    portal: Portal, watch: Watch, browser: Browser, clock: FakeClock
) -> None:
    for _ in range(5):
        assert (await browser.log_in("tutor", "wrong")).status == 401
    assert await watch.look() == 1
    assert await warned(portal) == [("here", "account", "tutor", 5)]
    clock.advance(LOGIN_WINDOW_MS)
    assert await watch.look() == 0


async def test_failed_logins_over_a_school_and_with_unknown_names(
    portal: Portal, watch: Watch, browser: Browser
) -> None:
    for name in ("tutor", "student", "reviewer", "contact"):
        for _ in range(2):
            await browser.log_in(name, "wrong")
            await browser.log_in(f"no-{name}", "wrong")
    assert await watch.look() == 3
    assert sorted(await warned(portal)) == [
        ("far", "unknown", "", 8),
        ("here", "school", "", 8),
        ("here", "unknown", "", 8),
    ]
    # Both schools are of one district, whose administrator reads of the unknown names once.
    mails = [mail for mail in await rows(portal, "outbox") if "nobody has" in mail["body"]]
    assert sorted(mail["address"] for mail in mails) == ["contact@example.org", "district@example.org"]


async def test_broken_audit_log_is_told_once_for_its_row(portal: Portal, watch: Watch, clock: FakeClock) -> None:
    async with portal.database.write() as connection:
        for number in range(3):
            await audit(connection, "u", "x", "y", str(number), number)
    assert await watch.look() == 0
    async with portal.database.write() as connection:
        await connection.execute(text("UPDATE audit_log SET actor = 'v' WHERE id = 2"))
    assert await watch.look() == 0  # once an hour
    clock.advance(READ_WINDOW_MS)
    assert await watch.look() == 2
    assert await warned(portal) == [("far", "chain", "2", 2), ("here", "chain", "2", 2)]
    async with portal.database.write() as connection:
        await connection.execute(text("UPDATE warnings SET answered_ms = 1, answered_by = 'contact'"))
    clock.advance(READ_WINDOW_MS)
    assert await watch.look() == 0


async def test_portal_that_starts_with_a_broken_log_says_so(portal: Portal, watch: Watch) -> None:
    async with portal.database.write() as connection:
        await audit(connection, "u", "x", "y", "z", 1)
        await connection.execute(text("DELETE FROM audit_log"))
    assert await watch.look() == 2


async def test_burst_is_counted_over_a_restart_and_forgotten_afterwards(
    portal: Portal, watch: Watch, browser: Browser, settings: PortalSettings, clock: FakeClock
) -> None:
    for _ in range(3):
        await browser.log_in("tutor", "wrong")
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as again:
        accounts = again[PORTAL].accounts
        for _ in range(2):
            assert await accounts.log_in("tutor", "wrong", "192.0.2.1", None, clock()) is None
    assert await watch.look() == 1
    assert await warned(portal) == [("here", "account", "tutor", 5)]
    assert len(await rows(portal, "failed_logins")) == 5
    clock.advance(READ_WINDOW_MS)
    await watch.look()
    assert await rows(portal, "failed_logins") == []


async def test_failures_are_kept_without_the_names_that_were_typed(portal: Portal, browser: Browser) -> None:
    await browser.log_in("my secret password", "wrong")
    await browser.log_in("tutor", "wrong")
    kept = await rows(portal, "failed_logins")
    assert [set(row) for row in kept] == [{"id", "user", "at_ms"}] * 2
    assert [row["user"] for row in kept] == [None, "tutor"]
    async with portal.database.read() as connection:
        burst = await count_failures(connection, NOON_MS - 1)
    assert (dict(burst.by_user), burst.unknown) == ({"tutor": 1}, 1)
