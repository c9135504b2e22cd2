"""The recorder as the carrier of crisis alerts: recorder/alerts.py."""

from __future__ import annotations

import asyncio
from pathlib import Path

from recorder.alerts import AlertCourier
from recorder.portal_client import AlertAnswer, PortalAway, PortalClient
from whiteboard_crdt.keys import decode_base64url, encode_base64url
from whiteboard_crdt.messages import AlertMessage

RECEIPT = bytes(range(16))


class FakePortal(PortalClient):
    def __init__(self) -> None:
        super().__init__("http://portal.test", Path("none"))
        self.away = False
        self.answer = encode_base64url(RECEIPT)
        self.brought: list[tuple[str, str, bytes]] = []

    async def alert(self, lesson: str, alert: str, sealed: str) -> AlertAnswer:
        self.brought.append((lesson, alert, decode_base64url(sealed)))
        if self.away:
            raise PortalAway("away")
        return AlertAnswer(self.answer)


class FakeRoom:
    def __init__(self) -> None:
        self.told: list[AlertMessage] = []

    def tell_alert(self, message: AlertMessage) -> None:
        self.told.append(message)


async def carried(courier: AlertCourier) -> None:
    """Lets what is under way end."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "alert"]
    await asyncio.gather(*tasks)


def alert(number: int) -> AlertMessage:
    return AlertMessage(number.to_bytes(16, "big"), bytes(80))


async def test_alert_is_brought_once_and_answered_every_time_it_comes() -> None:
    portal, room = FakePortal(), FakeRoom()
    courier = AlertCourier("l-1", portal, room)
    for _ in range(2):
        courier.brought(alert(1))
    await carried(courier)
    courier.brought(alert(1))
    assert portal.brought == [("l-1", alert(1).id.hex(), alert(1).content)]
    assert room.told == [AlertMessage(alert(1).id, RECEIPT, receipt=True)] * 2
    courier.brought(AlertMessage(alert(2).id, RECEIPT, receipt=True))
    assert len(portal.brought) == 1
    await courier.close()


async def test_alert_that_the_portal_did_not_take_is_tried_again_when_it_comes_again() -> None:
    portal, room = FakePortal(), FakeRoom()
    courier = AlertCourier("l-1", portal, room)
    portal.away = True
    courier.brought(alert(1))
    await carried(courier)
    assert room.told == []
    portal.away, portal.answer = False, "not base64!"
    courier.brought(alert(1))
    await carried(courier)
    assert room.told == []
    portal.answer = encode_base64url(RECEIPT)
    courier.brought(alert(1))
    await carried(courier)
    assert len(portal.brought) == 3
    assert len(room.told) == 1


async def test_flood_of_alerts_is_bounded() -> None:
    portal, room = FakePortal(), FakeRoom()
    courier = AlertCourier("l-1", portal, room)
    for number in range(100):
        courier.brought(alert(number))
    await carried(courier)
    assert len(portal.brought) == 16
    await courier.close()
