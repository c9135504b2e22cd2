"""Crisis alerts: taken from whoever brings one, told to the on-call people at once, and to the next until one answers.

What is brought is sealed and signed (protocol section C). So it does not matter who carries it, and the session that
pressed is believed by its own key.
"""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.clock import Clock
from portal.crisis_schema import crisis_alerts, crisis_calls
from portal.database import Database
from portal.keyfiles import Keyring
from portal.ledger import audit
from portal.lessons import Lesson
from portal.logs import get_log
from portal.mails.crisis_letter import crisis_letter
from portal.mails.letters import Recipient
from portal.mails.outbox import enqueue
from portal.mails.sender import PostOffice
from portal.schema import lessons, room_sessions, schools, users
from portal.service_schema import outbox
from whiteboard_crdt.alert import Alert, derive_alert_key, open_alert, verify_alert
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import Role as RoomRole
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.keys import decode_base64url, dump_point, encode_base64url, load_point

# Words for the codes that the classroom offers; another code is shown as it is.
REASON_WORDS = {
    "danger": "Somebody may be in danger",
    "medical": "Medical emergency",
    "distress": "A student is in distress",
    "conduct": "Conduct that I cannot handle alone",
    "other": "Something else that cannot wait",
}
_MAY_PRESS = frozenset({RoomRole.TUTOR.value, RoomRole.COORDINATOR.value, RoomRole.REVIEWER.value})
# How soon a due call is made; on a wake-up it is made at once.
_LOOK_S = 5.0
_SHOWN = 50


class AlertRefused(Exception):
    """Nothing is stored: it was not sealed for us, or not pressed by whoever may."""


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert as the on-call page lists it. Times are unix ms; `called`: names in the order of calling."""

    id: str
    lesson: str
    title: str
    by: str
    reason: str
    pressed_ms: int
    received_ms: int
    called: tuple[str, ...]
    acknowledged_by: str
    acknowledged_ms: int | None
    closed_ms: int | None
    note: str

    @property
    def is_open(self) -> bool:
        """Nobody has it in hand yet."""
        return self.acknowledged_ms is None and self.closed_ms is None

    @property
    def reason_words(self) -> str:
        """The reason for people."""
        return REASON_WORDS.get(self.reason, self.reason)


class CrisisDesk:
    """Stores alerts, calls people, and tells the pages that wait. Owns one task (`run`) that goes on calling."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, post_office: PostOffice, again_ms: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._post_office = post_office
        self._again_ms = again_ms
        self._key = derive_alert_key(keyring.private_key)
        self._changed = asyncio.Condition()
        # Not from 0: a page that waited through a restart is answered at once.
        self._version = secrets.randbelow(2**40)
        self._closing = False
        self._log = get_log("portal")

    @property
    def public_key(self) -> str:
        """What alerts are sealed for: base64url of the 65-byte point."""
        return encode_base64url(dump_point(self._key.public_key()))

    async def receive(self, lesson: Lesson, alert_id: str, sealed: str, carrier: str) -> tuple[str, bool]:
        """Takes an alert, once; returns its receipt (base64url), and whether somebody has it in hand already.

        Raises AlertRefused.
        """
        alert = self._open(lesson, alert_id, sealed)
        now_ms = self._clock()
        async with self._database.write() as connection:
            known = (
                await connection.execute(
                    select(crisis_alerts.c.lesson, crisis_alerts.c.acknowledged_ms, crisis_alerts.c.session).where(
                        crisis_alerts.c.id == alert_id
                    )
                )
            ).first()
            presser = await self._presser(connection, lesson, alert)
            if known is not None:
                if (known.lesson, known.session) != (lesson.id, alert.session):
                    raise AlertRefused
                return encode_base64url(alert.receipt), known.acknowledged_ms is not None
            await connection.execute(
                insert(crisis_alerts).values(
                    id=alert_id,
                    school=lesson.school,
                    lesson=lesson.id,
                    session=alert.session,
                    pressed_by=presser,
                    reason=alert.reason,
                    pressed_ms=alert.at_ms,
                    received_ms=now_ms,
                    carried_by=carrier,
                    step=0,
                    next_call_ms=now_ms,
                )
            )
            detail = {"lesson": lesson.id, "reason": alert.reason, "carried_by": carrier}
            await audit(connection, presser, "crisis.press", "alert", alert_id, now_ms, detail)
            await self._call_next(connection, alert_id, now_ms)
        self._log.warning("crisis_pressed", alert=alert_id, lesson=lesson.id, carrier=carrier)
        await self._tell()
        return encode_base64url(alert.receipt), False

    async def acknowledge(self, alert_id: str, actor: Actor) -> bool:
        """Somebody has it in hand: nobody else is called. False when somebody had it already."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            done = await connection.execute(
                update(crisis_alerts)
                .where(crisis_alerts.c.id == alert_id, crisis_alerts.c.acknowledged_ms.is_(None))
                .values(acknowledged_by=actor.user, acknowledged_ms=now_ms, next_call_ms=None)
            )
            if done.rowcount:
                await audit(connection, actor.user, "crisis.acknowledge", "alert", alert_id, now_ms)
        await self._tell()
        return done.rowcount > 0

    async def close_alert(self, alert_id: str, note: str, actor: Actor) -> bool:
        """It is over, with a note of what was done. False when it was not acknowledged, or is closed already."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            done = await connection.execute(
                update(crisis_alerts)
                .where(
                    crisis_alerts.c.id == alert_id,
                    crisis_alerts.c.acknowledged_ms.is_not(None),
                    crisis_alerts.c.closed_ms.is_(None),
                )
                .values(closed_by=actor.user, closed_ms=now_ms, note=note)
            )
            if done.rowcount:
                # The note stays in its own table: it may speak of a child, and an audit row outlives one.
                await audit(connection, actor.user, "crisis.close", "alert", alert_id, now_ms)
        await self._tell()
        return done.rowcount > 0

    async def shown(self, school: str) -> list[ShownAlert]:
        """The alerts of a school, newest first."""
        async with self._database.read() as connection:
            found = (
                await connection.execute(
                    select(crisis_alerts, lessons.c.title)
                    .join(lessons, lessons.c.id == crisis_alerts.c.lesson)
                    .where(crisis_alerts.c.school == school)
                    .order_by(crisis_alerts.c.received_ms.desc())
                    .limit(_SHOWN)
                )
            ).all()
            ids = [row.id for row in found]
            calls = (
                await connection.execute(
                    select(crisis_calls).where(crisis_calls.c.alert.in_(ids)).order_by(crisis_calls.c.step)
                )
            ).all()
            people = {row.pressed_by for row in found} | {row.acknowledged_by for row in found if row.acknowledged_by}
            people |= {call.user for call in calls}
            named = await connection.execute(select(users.c.id, users.c.name).where(users.c.id.in_(people)))
            names: dict[str, str] = {row.id: row.name for row in named}
        return [
            ShownAlert(
                row.id,
                row.lesson,
                row.title,
                names.get(row.pressed_by, row.pressed_by),
                row.reason,
                row.pressed_ms,
                row.received_ms,
                tuple(names.get(call.user, call.user) for call in calls if call.alert == row.id),
                names.get(row.acknowledged_by or "", ""),
                row.acknowledged_ms,
                row.closed_ms,
                row.note or "",
            )
            for row in found
        ]

    async def wait(self, since: int, wait_s: float) -> int:
        """The version of all alerts, once it differs from `since`, or after `wait_s`."""
        async with self._changed:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait_for(lambda: self._closing or self._version != since)
            return self._version

    async def close(self) -> None:
        """Lets go of who waits."""
        async with self._changed:
            self._closing = True
            self._changed.notify_all()

    async def run(self) -> None:
        """Calls the next person wherever nobody has answered in time, until cancelled."""
        while True:
            try:
                await self.call_due()
            except Exception:
                # The edge of this task: a round that failed must not end the calling.
                self._log.exception("crisis_calls_failed")
            await asyncio.sleep(_LOOK_S)

    async def call_due(self) -> int:
        """Calls whom it is time to call; returns how many alerts were told on."""
        now_ms = self._clock()
        async with self._database.read() as connection:
            due = (
                (await connection.execute(select(crisis_alerts.c.id).where(crisis_alerts.c.next_call_ms <= now_ms)))
                .scalars()
                .all()
            )
        for alert_id in due:
            async with self._database.write() as connection:
                await self._call_next(connection, alert_id, now_ms)
        if due:
            await self._tell()
        return len(due)

    def _open(self, lesson: Lesson, alert_id: str, sealed: str) -> Alert:
        try:
            return open_alert(RoomId(lesson.room), bytes.fromhex(alert_id), decode_base64url(sealed), self._key)
        except (ProtocolError, ValueError) as error:
            raise AlertRefused from error

    async def _presser(self, connection: AsyncConnection, lesson: Lesson, alert: Alert) -> str:
        row = (
            await connection.execute(
                select(room_sessions.c.user, room_sessions.c.role, room_sessions.c.key).where(
                    room_sessions.c.session == alert.session, room_sessions.c.lesson == lesson.id
                )
            )
        ).first()
        if row is None or row.role not in _MAY_PRESS or not verify_alert(alert, load_point(row.key)):
            raise AlertRefused
        return str(row.user)

    async def _call_next(self, connection: AsyncConnection, alert_id: str, now_ms: int) -> None:
        """The next of the chain, who comes again after the last; whoever has no address is passed on at once."""
        row = (
            await connection.execute(
                select(
                    crisis_alerts.c.school,
                    crisis_alerts.c.step,
                    crisis_alerts.c.next_call_ms,
                    lessons.c.title,
                    schools.c.name,
                )
                .join(lessons, lessons.c.id == crisis_alerts.c.lesson)
                .join(schools, schools.c.id == crisis_alerts.c.school)
                .where(crisis_alerts.c.id == alert_id)
                .with_for_update(of=crisis_alerts)
            )
        ).one()
        if row.next_call_ms is None or row.next_call_ms > now_ms:
            return  # somebody answered meanwhile
        chain = await _chain(connection, row.school)
        step = row.step
        for _ in chain:
            person = chain[step % len(chain)]
            await connection.execute(
                insert(crisis_calls).values(alert=alert_id, step=step, user=person.user, called_ms=now_ms)
            )
            await audit(connection, "clock", "crisis.call", "alert", alert_id, now_ms, {"user": person.user})
            step += 1
            if person.address:
                letter = crisis_letter(
                    row.school, row.name, person, alert_id, step, row.title, self._post_office.portal_url
                )
                await enqueue(connection, [letter], now_ms)
                # Before every other letter of its lane that waits.
                await connection.execute(
                    update(outbox).where(outbox.c.dedupe_key == letter.dedupe_key).values(next_ms=0)
                )
                break
        if not chain:
            self._log.error("crisis_nobody_to_call", alert=alert_id, school=row.school)
        await connection.execute(
            update(crisis_alerts)
            .where(crisis_alerts.c.id == alert_id)
            .values(step=step, next_call_ms=now_ms + self._again_ms)
        )

    async def _tell(self) -> None:
        self._post_office.wake()
        async with self._changed:
            self._version += 1
            self._changed.notify_all()


async def _chain(connection: AsyncConnection, school: str) -> list[Recipient]:
    """Who is called, in this order: the on-call people, then the coordinators, each in the order of their accounts."""
    found = await connection.execute(
        select(users.c.id, users.c.name, users.c.email, users.c.role)
        .where(
            users.c.school == school,
            users.c.role.in_((Role.ON_CALL.value, Role.COORDINATOR.value)),
            users.c.disabled_ms.is_(None),
            users.c.erased_ms.is_(None),
        )
        .order_by(users.c.created_ms, users.c.id)
    )
    rows = sorted(found.all(), key=lambda row: row.role != Role.ON_CALL)
    return [Recipient(row.id, row.name, row.email or "") for row in rows]
