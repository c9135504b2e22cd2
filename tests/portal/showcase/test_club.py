"""When bots come and go: on a virtual clock with rooms that are only said to be, and once with a real relay."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from portal.database import Database
from portal.keyfiles import Keyring
from portal.lessons import Lesson
from portal.showcase.bot import Room
from portal.showcase.club import ALONE_S, BOTS, BotProfile, Club, RelayRooms, until_alone
from portal.showcase.service import BotEntrance, BotsSettings
from portal.tickets import Holder, TicketOffice
from signaling.client import Grant, Peer
from signaling.events import LiveReceived, Stopped
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.portal.showcase.conftest import NOW_MS
from tests.portal.showcase.stage_door import OLD_BOT, PERSON, FakeRoom, VirtualTime
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import MAIN_PAGE, Role, SessionId
from whiteboard_crdt.keys import SessionKey, load_jwks


class Street:
    """Rooms that bots may enter, and how many are said to be in each."""

    def __init__(self, clock: VirtualTime) -> None:
        self.clock = clock
        self.present: dict[str, int] = {}
        self.rooms: list[FakeRoom] = []
        self.left = 0
        self.fault: Exception | None = None

    async def look(self) -> dict[str, int]:
        return dict(self.present)

    @asynccontextmanager
    async def enter(self, lesson: Lesson, profile: BotProfile) -> AsyncIterator[Room]:
        if self.fault is not None:
            raise self.fault
        room = FakeRoom(self.clock)
        room.enter(PERSON, Role.STUDENT)
        self.rooms.append(room)
        yield room
        self.left += 1


@pytest.fixture
def street() -> Street:
    return Street(VirtualTime())


@pytest.fixture
async def club(database: Database, street: Street) -> AsyncIterator[Club]:
    club = Club(database, street.look, street.enter, clock=lambda: NOW_MS, timing=street.clock.timing)
    running = asyncio.create_task(club.run())
    yield club
    running.cancel()
    await asyncio.wait((running,))
    assert club.visited == frozenset()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        # The clock is virtual: only giving way to the other tasks moves it.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_bots_come_when_somebody_is_there_and_leave_with_the_last_person(
    club: Club, street: Street, club_lesson: Lesson
) -> None:
    street.present = {"elsewhere": 3, club_lesson.room: 0}
    begun_s = street.clock.now_s
    await until(lambda: street.clock.now_s > begun_s + 20)
    assert street.rooms == []
    street.present = {club_lesson.room: 1}
    await until(lambda: len(street.rooms) == len(BOTS) and all(room.flushed for room in street.rooms))
    assert club.visited == {club_lesson.room}
    street.present = {}
    for room in street.rooms:
        room.leave(PERSON)
    await until(lambda: street.left == len(BOTS))
    await until(lambda: not club.visited)


async def test_a_room_that_cannot_be_entered_is_tried_again(club: Club, street: Street, club_lesson: Lesson) -> None:
    street.fault = ConnectionError()
    street.present = {club_lesson.room: 1}
    begun_s = street.clock.now_s
    await until(lambda: street.clock.now_s > begun_s + 10)
    street.fault = None
    await until(lambda: len(street.rooms) == len(BOTS))


async def test_bots_are_no_company_and_a_reload_is_waited_for() -> None:
    clock = VirtualTime()
    room = FakeRoom(clock)
    room.enter(OLD_BOT, Role.BOT)
    begun_s = clock.now_s
    await until_alone(room, clock.timing)
    assert ALONE_S <= clock.now_s - begun_s < ALONE_S + 2

    room.enter(PERSON, Role.STUDENT)
    waiting = asyncio.create_task(until_alone(room, clock.timing))
    begun_s = clock.now_s
    await until(lambda: clock.now_s > begun_s + 30)
    room.leave(PERSON)
    gone_s = clock.now_s
    await until(lambda: clock.now_s > gone_s + ALONE_S - 2)
    room.enter(PERSON, Role.STUDENT)
    await until(lambda: clock.now_s > gone_s + 3 * ALONE_S)
    assert not waiting.done()
    room.stopped = Stopped(4410, "the lesson's room is closed")
    await waiting


def test_the_session_socket_is_derived_from_the_relay() -> None:
    assert BotsSettings(relay_url="http://127.0.0.1:8081").session_url == "ws://127.0.0.1:8081/v1/session"
    assert BotsSettings(relay_url="https://relay.example/").session_url == "wss://relay.example/v1/session"
    with pytest.raises(SetupError):
        _ = BotsSettings(relay_url="127.0.0.1:8081").session_url


async def test_a_person_sees_two_bots_draw_on_a_real_relay(
    database: Database, keyring: Keyring, club_lesson: Lesson, tmp_path: Path
) -> None:
    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    relay = Relay(RelaySettings(data=tmp_path, port=0))
    await relay.start()
    settings = BotsSettings(relay_url=f"http://127.0.0.1:{relay.port}")
    entrance = BotEntrance(database, keyring, settings.session_url)
    office = TicketOffice(database, keyring)
    key, client_id = SessionKey.generate(), secrets.randbits(31)

    async def tickets(session: SessionId | None) -> Grant:
        assert session is None
        holder = Holder("demo-leo", "Leo Novak", Role.STUDENT)
        _, token = await office.issue(club_lesson, holder, key.public, client_id, now_ms())
        return Grant(token, settings.session_url)

    keys = load_jwks(keyring.jwks)
    async with aiohttp.ClientSession() as http:
        rooms = RelayRooms(http, settings.relay_url, keyring.internal_secret)
        club = Club(database, rooms.present, entrance.enter, clock=now_ms)
        try:
            async with Peer(club_lesson.room, tickets, keys, key=key, client_id=client_id) as person:
                live: dict[SessionId, int] = {}

                def watch(event: object) -> None:
                    if isinstance(event, LiveReceived) and event.message.ink is not None:
                        live[event.message.session] = live.get(event.message.session, 0) + 1

                person.subscribe(watch)
                await person.wait_synced()
                assert await rooms.present() == {club_lesson.room: 1}
                await club.look()
                await person.wait_for(lambda: len(live) == 2 and min(live.values()) > 3, 20)
                await person.wait_for(lambda: len({shape.author for shape in person.board.shapes(MAIN_PAGE)}) == 2, 20)
                assert {each.ticket.role for each in person.participants.values()} == {Role.BOT}
                assert len(person.chat.messages()) == 1
        finally:
            await club.close()
            await relay.stop()
