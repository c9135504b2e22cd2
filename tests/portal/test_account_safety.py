"""What every door of the portal holds to: forms with a token, and one answer for what is unknown, used or over."""

import re
from collections.abc import Callable

import pytest

from portal.context import Portal
from portal.mails.links import new_links, token_of
from tests.portal.matrix import MATRIX
from tests.portal.test_access import fill
from tests.portal.world import Browser, FakeClock, fill_service, rows

_DAY_MS = 24 * 60 * 60 * 1000
# Whoever may use most forms: what is the coordinator's, what is the contact's, what is a family's.
_WHO = ("coordinator", "contact", "guardian", "tutor")


@pytest.mark.parametrize("who", _WHO)
async def test_every_form_needs_its_token(browser: Browser, portal: Portal, who: str) -> None:
    token = await fill_service(portal)
    await browser.log_in(who)
    forms = [path for (method, path), allowed in MATRIX.items() if method == "POST" and who in allowed.split()]
    assert len(forms) > 5
    before = {table: await rows(portal, table) for table in ("users", "audit_log", "warnings", "incidents", "outbox")}
    for path in forms:
        for csrf in ("", "x" * 43):
            address = fill(path, token=token)
            answer = await browser.client.post(address, data={"csrf": csrf}, allow_redirects=False)
            assert (answer.status, "no longer valid" in await answer.text()) == (403, True), path
    assert before == {table: await rows(portal, table) for table in before}


# What is fresh in each page: tokens of forms, challenges, and the name of a failure.
_FRESH = re.compile(r'value="[\w-]{43}"|content="[\w-]{43}"|data-options="[^"]*"|[Rr]eference[ =][\w-]+')


def _plain(text: str) -> str:
    return _FRESH.sub("", text)


async def test_link_that_never_was_is_used_or_too_old_looks_the_same(
    open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    async with portal.database.write() as connection:
        links = await new_links(connection, ["student", "tutor"], clock())
    used, old = (token_of(portal.keyring.link_secret, links[user]) for user in ("student", "tutor"))
    first = open_browser()
    await first.get(f"/welcome/{used}")
    chosen = {"password": "four words are long", "again": "four words are long"}
    assert (await first.submit(f"/welcome/{used}", chosen)).status == 303
    clock.advance(15 * _DAY_MS)
    answers = []
    for token in (used, old, old[:-1] + "_", "nonsense"):
        page = await open_browser().get(f"/welcome/{token}")
        answers.append((page.status, _plain(await page.text()).replace(token, "")))
    assert len(set(answers)) == 1
    assert answers[0][0] == 404


async def test_calendar_that_never_was_or_was_ended_looks_the_same(browser: Browser) -> None:
    await browser.log_in("student")
    await browser.submit("/calendar/feeds", {})
    page = await (await browser.get("/calendar")).text()
    found = re.search(r"/calendar/([^\"/]{20,})\.ics", page)
    feed = re.search(r'name="feed" value="(\w+)"', page)
    assert found is not None
    assert feed is not None
    assert (await browser.get(f"/calendar/{found[1]}.ics")).status == 200
    await browser.submit("/calendar/feeds/end", {"feed": feed[1]})
    ended = await browser.get(f"/calendar/{found[1]}.ics")
    never = await browser.get(f"/calendar/{'x' * len(found[1])}.ics")
    assert ended.status == never.status == 404
    assert _plain(await ended.text()).replace(found[1], "") == _plain(await never.text()).replace(
        "x" * len(found[1]), ""
    )
