"""Crisis alerts on their way: whom the relay and a Python peer hand them to (rule C4)."""

from __future__ import annotations

import asyncio
from functools import partial

from signaling.client import Peer
from signaling.events import AlertBrought, Event
from signaling.server import Relay
from tests.signaling.conftest import session_url
from tests.signaling.raw_client import RawClient, raw_client
from tests.signaling.school import Person, School
from whiteboard_crdt.ids import Role
from whiteboard_crdt.messages import AlertMessage, PingMessage, PongMessage

ALERT = AlertMessage(bytes(range(16)), bytes(80))
RECEIPT = AlertMessage(bytes(range(16)), bytes(16), receipt=True)


async def heard(client: RawClient) -> list[AlertMessage]:
    """The alerts that came before an answer of the relay, which is a barrier."""
    await client.send(PingMessage(len(client.messages) + 1))
    await client.message(PongMessage)
    return [message for message in client.messages if isinstance(message, AlertMessage)]


async def settled(*senders: RawClient) -> None:
    """All that these sent has reached the relay."""
    for sender in senders:
        await heard(sender)


async def test_alert_goes_to_staff_observers_and_recorder_and_not_to_students_C4(school: School, url: str) -> None:
    people = {
        role: school.person(role.value, role)
        for role in (Role.TUTOR, Role.REVIEWER, Role.COORDINATOR, Role.RECORDER, Role.STUDENT, Role.BOT)
    }
    async with (
        raw_client(url) as tutor,
        raw_client(url) as reviewer,
        raw_client(url) as coordinator,
        raw_client(url) as recorder,
        raw_client(url) as student,
        raw_client(url) as bot,
    ):
        clients = {
            Role.TUTOR: tutor,
            Role.REVIEWER: reviewer,
            Role.COORDINATOR: coordinator,
            Role.RECORDER: recorder,
            Role.STUDENT: student,
            Role.BOT: bot,
        }
        for role, client in clients.items():
            await client.join(people[role], mode="log" if role is Role.RECORDER else "live")
        await tutor.send(ALERT)
        await recorder.send(RECEIPT)
        await settled(tutor, recorder)
        assert await heard(reviewer) == [ALERT, RECEIPT]
        assert await heard(coordinator) == [ALERT, RECEIPT]
        assert await heard(tutor) == [RECEIPT]
        assert [await heard(client) for client in (student, bot)] == [[], []]


async def test_alert_goes_to_a_student_where_nobody_else_can_carry_it_C4(school: School, url: str) -> None:
    async with raw_client(url) as tutor, raw_client(url) as student:
        await tutor.join(school.person("ann", Role.TUTOR))
        await student.join(school.person("bob"))
        await tutor.send(RECEIPT)
        await tutor.send(ALERT)
        await settled(tutor)
        assert await heard(student) == [ALERT]
        await student.send(RECEIPT)
        await settled(student)
        assert await heard(tutor) == [RECEIPT]


async def test_flood_of_alerts_is_dropped_over_its_rate_C4(school: School, url: str) -> None:
    async with raw_client(url) as mallory, raw_client(url) as tutor:
        await tutor.join(school.person("ann", Role.TUTOR))
        await mallory.join(school.person("mallory"))
        for number in range(60):
            await mallory.send(AlertMessage(number.to_bytes(16, "big"), bytes(80)))
        await settled(mallory)
        assert 20 <= len(await heard(tutor)) < 30


async def test_peer_tells_its_application_and_answers_the_staff_C4(school: School, relay: Relay) -> None:
    url = session_url(relay)
    tutor, recorder = school.person("ann", Role.TUTOR), school.person("rec", Role.RECORDER)
    async with school.peer(tutor, url) as ann, school.peer(recorder, url) as carrier:
        got: dict[str, AlertMessage] = {}
        both = asyncio.Event()

        def listen(who: Person, other: Peer, event: Event) -> None:
            if isinstance(event, AlertBrought):
                got[who.ticket.user] = event.message
                if not event.message.receipt:
                    other.tell_alert(RECEIPT)
                else:
                    both.set()

        ann.on_event = partial(listen, tutor, ann)
        carrier.on_event = partial(listen, recorder, carrier)
        await ann.wait_for(lambda: ann.connected and carrier.connected)
        ann.tell_alert(ALERT)
        async with asyncio.timeout(5):
            await both.wait()
        assert got == {"rec": ALERT, "ann": RECEIPT}
