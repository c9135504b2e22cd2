"""The process `chalkmesh bots`: makes the finished lesson of a demonstration school, then draws with whoever comes."""

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import uvloop

from portal.clock import Clock, unix_ms
from portal.database import Database, database_url
from portal.keyfiles import Keyring, load_keyring
from portal.lessons import Lesson
from portal.logs import get_log
from portal.settings import explained
from portal.showcase.bot import Room
from portal.showcase.club import BotProfile, Club, RelayRooms
from portal.showcase.finished import ensure_finished_lesson, render_film
from portal.tickets import Holder, TicketOffice
from signaling.client import Grant, Peer
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role, SessionId
from whiteboard_crdt.keys import SessionKey, load_jwks

_ASK_TIMEOUT_S: Final = 3.0
_CLIENT_IDS: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class BotsSettings:
    """Settings of `chalkmesh bots`."""

    data: Path = field(default=Path("data"), metadata=explained("The portal's data folder.", "folder"))
    relay_url: str = field(
        default="http://127.0.0.1:8081", metadata=explained("Where the relay answers on this host.", "URL")
    )
    database_url: str | None = field(
        default=None, metadata=explained("The portal's database; without it, DATA/portal.sqlite.", "SQLAlchemy URL")
    )

    @property
    def recordings(self) -> Path:
        """The folder that holds one folder per recorded lesson."""
        return self.data / "recordings"

    @property
    def session_url(self) -> str:
        """The relay's session socket."""
        parts = urlsplit(self.relay_url)
        scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
        if scheme is None or not parts.netloc:
            raise SetupError(f"{self.relay_url} is no address of a relay; write http://host:port.")
        return urlunsplit((scheme, parts.netloc, "/v1/session", "", ""))


class BotEntrance:
    """Lets bots into rooms, with tickets of the school's own office."""

    def __init__(self, database: Database, keyring: Keyring, session_url: str, clock: Clock = unix_ms) -> None:
        self._office = TicketOffice(database, keyring)
        self._keys = load_jwks(keyring.jwks)
        self._session_url = session_url
        self._clock = clock

    @asynccontextmanager
    async def enter(self, lesson: Lesson, profile: BotProfile) -> AsyncIterator[Room]:
        """A bot in a lesson's room that knows what is there. Raises TicketRefused, TimeoutError, ConnectionError."""
        key = SessionKey.generate()
        client = secrets.randbelow(_CLIENT_IDS) + 1
        holder = Holder(profile.user, profile.name, Role.BOT)

        async def ticket_source(session: SessionId | None) -> Grant:
            if session is None:
                _, token = await self._office.issue(lesson, holder, key.public, client, self._clock())
            else:
                _, token = await self._office.renew(lesson, holder, session, self._clock())
            return Grant(token, self._session_url)

        # Without direct links: two bots are to cost next to nothing beside a lesson.
        async with Peer(lesson.room, ticket_source, self._keys, key=key, client_id=client) as peer:
            await peer.wait_synced()
            yield peer


def main(settings: BotsSettings) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code. Raises SetupError for what a person can put right."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(settings))


async def serve(settings: BotsSettings) -> int:
    """Runs until a signal comes."""
    keyring = load_keyring(settings.data)
    entrance_url = settings.session_url
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database(database_url(settings.data, settings.database_url))
    try:
        await database.upgrade()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_TIMEOUT_S)) as client:
            rooms = RelayRooms(client, settings.relay_url.rstrip("/"), keyring.internal_secret)
            club = Club(database, rooms.present, BotEntrance(database, keyring, entrance_url).enter)
            tasks = [
                asyncio.create_task(club.run(), name="club"),
                asyncio.create_task(_finish_lesson(database, settings.recordings, keyring), name="finished-lesson"),
            ]
            await stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
    finally:
        await database.close()
    return 0


async def _finish_lesson(database: Database, recordings: Path, keyring: Keyring) -> None:
    log = get_log("bots")
    try:
        if await ensure_finished_lesson(database, recordings, keyring, unix_ms()):
            log.info("demo_recording_made")
            await render_film(database, recordings)
            log.info("demo_film_made")
    except Exception:
        # The edge of this task: a demonstration without its recording is still one with bots.
        log.exception("demo_recording_failed")
