"""`/readyz` tells the truth, and `/metrics` answers to its token alone with figures that move."""

from __future__ import annotations

import re

import aiohttp
import msgspec

from signaling.relay_figures import RelayFigures
from signaling.server import Relay
from tests.signaling.conftest import StartRelay, session_url
from tests.signaling.drawing import draw
from tests.signaling.raw_client import raw_client
from tests.signaling.school import SECRET, School
from whiteboard_crdt.errors import CloseCode

TOKEN = "a-token-of-this-test"


async def ask(relay: Relay, path: str, token: str | None = None) -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{relay.port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return 0.0 if found is None else float(found[1])


async def test_relay_without_ticket_keys_is_healthy_but_not_ready(school: School, start_relay: StartRelay) -> None:
    keys = school.data / "keys" / "ticket.pub.json"
    kept = keys.read_bytes()
    keys.unlink()
    relay = await start_relay()
    assert (await ask(relay, "/healthz"))[0] == 200
    assert (await ask(relay, "/readyz"))[0] == 503
    keys.write_bytes(kept)
    assert await ask(relay, "/readyz") == (200, "ready")


async def test_metrics_want_their_token(school: School, relay: Relay) -> None:
    assert (await ask(relay, "/metrics", TOKEN))[0] == 503
    (school.data / "keys" / "metrics.secret").write_text(TOKEN)
    assert [(await ask(relay, "/metrics", token))[0] for token in (None, "", "wrong", TOKEN)] == [401, 401, 401, 200]


async def test_metrics_follow_what_happens_in_rooms_and_name_nobody(school: School, relay: Relay) -> None:
    (school.data / "keys" / "metrics.secret").write_text(TOKEN)
    _, before = await ask(relay, "/metrics", TOKEN)
    person = school.person("student-17")
    async with school.peer(person, session_url(relay)) as peer:
        await peer.wait_synced()
        for _ in range(3):
            draw(peer)
            await peer.saved()
        _, during = await ask(relay, "/metrics", TOKEN)
    assert value(during, "chalkmesh_relay_rooms") == value(during, "chalkmesh_relay_sockets") == 1
    assert value(during, 'chalkmesh_relay_participants{role="student"}') == 1
    assert value(during, "chalkmesh_relay_log_ok") == 1
    for name in ("chalkmesh_relay_edits_total", "chalkmesh_relay_ack_seconds_count"):
        assert value(during, name) - value(before, name) == 3
    assert "student-17" not in during
    assert person.session not in during
    assert person.ticket.room not in re.sub(r"chalkmesh_relay_rooms?", "", during)


async def test_closed_sockets_are_counted_by_code(school: School, relay: Relay) -> None:
    (school.data / "keys" / "metrics.secret").write_text(TOKEN)
    _, before = await ask(relay, "/metrics", TOKEN)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(session_url(relay), protocols=("chalkmesh.v1",)) as socket,
    ):
        await socket.receive()
        await socket.send_str("{}")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        code = socket.close_code
    _, after = await ask(relay, "/metrics", TOKEN)
    name = f'chalkmesh_relay_closes_total{{code="{code}"}}'
    assert value(after, name) - value(before, name) == 1


async def test_sockets_closed_for_no_fault_of_their_own_are_counted_too_S10(school: School, relay: Relay) -> None:
    (school.data / "keys" / "metrics.secret").write_text(TOKEN)
    person, name = school.person(), f'chalkmesh_relay_closes_total{{code="{CloseCode.REPLACED}"}}'
    _, before = await ask(relay, "/metrics", TOKEN)
    async with raw_client(session_url(relay)) as first, raw_client(session_url(relay)) as second:
        await first.join(person)
        await second.join(person)
        assert await first.close_code() == CloseCode.REPLACED
    _, after = await ask(relay, "/metrics", TOKEN)
    assert value(after, name) - value(before, name) == 1


async def test_figures_for_the_portal_want_its_secret_and_count_people_without_naming_them(
    school: School, relay: Relay
) -> None:
    assert [(await ask(relay, "/internal/figures", token))[0] for token in (None, "wrong")] == [401, 401]
    person = school.person()
    async with school.peer(person, session_url(relay)) as peer:
        draw(peer, 2)
        await peer.saved()
        status, text = await ask(relay, "/internal/figures", SECRET)
    assert status == 200
    figures = msgspec.json.decode(text, type=RelayFigures)
    assert [(room.people, room.recorder) for room in figures.rooms] == [(1, False)]
    assert figures.edits > 0
    assert figures.log_ok
    assert [bound for bound, _ in figures.acks] == sorted(bound for bound, _ in figures.acks)
    assert person.ticket.name not in text
    assert person.session not in text
