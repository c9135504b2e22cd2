"""The page of whoever runs the service: it tells what the relay and the database say, and names nobody."""

import re

import aiohttp
import pytest

from portal.operation import Operation, Ways, quantile_ms
from portal.sparklines import HEIGHT, WIDTH, sparkline
from signaling.relay_figures import LiveRoom, RelayFigures
from tests.portal.world import FOREIGN_LESSON, LESSON, Browser

FIGURES = RelayFigures(
    rooms=[LiveRoom(f"room-{LESSON}", 3, 1, True), LiveRoom(f"room-{FOREIGN_LESSON}", 2, 1, False)],
    sockets=6,
    queue_writes=7,
    queue_bytes=700,
    edits=40,
    acks=[(0.01, 10), (0.1, 20)],
    refusals={"P6": 4},
    closes={"4413": 2},
    log_ok=False,
    log_detail="the room log cannot store: disk <full>",
)


def test_quantile_counts_only_what_came_since() -> None:
    assert quantile_ms([(0.01, 10), (0.1, 20)], {}, 0.5) == pytest.approx(10)
    assert quantile_ms([(0.01, 10), (0.1, 20)], {0.01: 10, 0.1: 10}, 0.5) == pytest.approx(55)
    assert quantile_ms([(0.01, 10)], {0.01: 10}, 0.95) is None


def test_sparkline_leaves_gaps_and_begins_at_nothing() -> None:
    line = sparkline([0, None, 4], 1)
    assert line.top == 4
    assert [points.split(",")[0] for points in line.lines] == ["0.0", f"{WIDTH:.1f}"]
    assert float(line.lines[0].split(",")[1]) < HEIGHT
    assert sparkline([None], 1).lines == ()


def test_share_of_direct_links_is_told_only_once_there_are_edits() -> None:
    assert Ways(2, 0, 0).direct_share is None
    assert Ways(2, 1, 3).direct_share == 0.75


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that answers from the portal's first look on."""

    async def answer(operation: Operation, http: aiohttp.ClientSession) -> RelayFigures:
        return FIGURES

    monkeypatch.setattr(Operation, "_ask", answer)


# The relay comes first: the portal begins to look when it starts.
async def test_page_shows_rooms_of_the_own_district_and_counts_the_others(relay: None, browser: Browser) -> None:
    report = {"state": "joined", "ways": {"links": 4, "relay": 1, "mesh": 3}}
    assert (await browser.internal("POST", f"/internal/recordings/{LESSON}/status", report)).status == 200
    await browser.log_in("district")
    answer = await browser.get("/operation")
    assert answer.status == 200
    text = await answer.text()
    assert f"<code>{LESSON}</code>" in text
    assert "lesson-far" not in text
    assert "1 more on this host belongs" in text
    assert "75%" in text
    assert "disk &lt;full&gt;" in text
    assert "P6" in text
    assert "4413" in text
    assert re.search(r"<polyline points=\"[\d., ]+\"", text)
    for name in ("tutor name", "student name", "Title of"):
        assert name not in text


async def test_page_says_when_the_relay_does_not_answer(browser: Browser) -> None:
    await browser.log_in("district")
    answer = await browser.get("/operation")
    assert answer.status == 200
    assert "It does not answer." in await answer.text()
