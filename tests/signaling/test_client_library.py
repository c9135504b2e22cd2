"""docs/client.md and the example are what the library does."""

from __future__ import annotations

import ast
import asyncio
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portal.keyfiles import prepare_data
from portal.local_bot import local_bot
from portal.ticket_command import make_ticket
from signaling import events
from signaling.asset_server import AssetErrorReason
from signaling.client import Grant, Peer, TicketSource
from signaling.mesh import MeshOptions
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.signaling.school import ROOM, School
from whiteboard_crdt.errors import SetupError, TicketError
from whiteboard_crdt.keys import PublicKey, SessionKey, encode_base64url, load_jwks
from whiteboard_crdt.ticket import read_ticket

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "client.md").read_text()
EXAMPLE = ROOT / "examples" / "draw_a_circle.py"
FIRST_BOT = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)[0]


def ticket_for(data: Path, key: SessionKey, user: str) -> str:
    return make_ticket(
        data, room="circles", user=user, name=user, role="student", key=encode_base64url(key.public),
        client=secrets.randbelow(2**32 - 1) + 1, caps=None, lifetime_s=None,
    )  # fmt: skip


@pytest.mark.timeout(120)
async def test_the_example_draws_a_circle_that_others_see(tmp_path: Path) -> None:
    keyring = prepare_data(tmp_path)
    relay = Relay(RelaySettings(data=tmp_path, port=0))
    await relay.start()
    try:
        url = f"ws://127.0.0.1:{relay.port}/v1/session"
        key = SessionKey.generate()
        grant = Grant(ticket_for(tmp_path, key, "watcher"), url)
        async with Peer.from_ticket(grant, key, load_jwks(keyring.jwks)) as watcher:
            await watcher.wait_synced()
            command = [sys.executable, str(EXAMPLE), "--data", str(tmp_path), "--room", "circles", "--relay", url]
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
            await watcher.wait_for(lambda: len(watcher.board.shapes()) == 1, timeout_s=60)
            output, _ = await process.communicate()
            assert process.returncode == 0
            assert output.decode() == "Drew a circle beside 0 shapes; saved. Also there: watcher.\n"
            (shape,) = watcher.board.shapes()
            assert (shape.colour, round(shape.x), round(shape.y)) == ("blue", 280, 180)
            author = watcher.person(shape.author)
            assert author is not None and (author.name, author.role) == ("Circle bot", "bot")
            program = tmp_path / "line_bot.py"
            here = FIRST_BOT.replace("lesson=lesson", f"room=lesson, relay_url={url!r}")
            program.write_text(here.replace('Path("data")', f"Path({str(tmp_path)!r})"))
            process = await asyncio.create_subprocess_exec(sys.executable, str(program), "circles", cwd=ROOT)
            assert await process.wait() == 0
            await watcher.wait_for(lambda: len(watcher.board.shapes()) == 2)
            assert [message.text for message in watcher.chat.messages()] == ["I drew a line."]
    finally:
        await relay.stop()


async def test_a_local_bot_renews_its_ticket_under_one_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_data(tmp_path)
    sources: list[TicketSource] = []

    def made(room: str, source: TicketSource, jwks: Mapping[str, PublicKey], mesh: MeshOptions | None) -> Peer:
        sources.append(source)
        return Peer(room, source, jwks, mesh=mesh)

    monkeypatch.setattr("portal.local_bot.Peer", made)
    async with local_bot(tmp_path, "Bot", room="circles", relay_url="ws://127.0.0.1:9/v1/session") as bot:
        renewed = await sources[0](bot.session)
        again = read_ticket(renewed.ticket, load_jwks((tmp_path / "keys" / "ticket.pub.json").read_bytes()))
        assert (again.session, again.client, again.key) == (bot.session, bot.client_id, bot.key.public)
        assert (again.name, again.role) == ("Bot", "bot")


@pytest.mark.parametrize(("where", "problem"), [({}, "a lesson or a room"), ({"lesson": "none"}, "no portal database")])
async def test_a_local_bot_that_cannot_be_made_says_why(tmp_path: Path, where: dict[str, str], problem: str) -> None:
    prepare_data(tmp_path)
    with pytest.raises(SetupError, match=problem):
        async with local_bot(tmp_path, "Bot", lesson=where.get("lesson")):
            pass


async def test_looking_for_a_lesson_does_not_change_the_database_of_a_portal_that_runs(tmp_path: Path) -> None:
    prepare_data(tmp_path)
    (tmp_path / "portal.sqlite").touch()
    with pytest.raises(SetupError, match="cannot be read"):
        async with local_bot(tmp_path, "Bot", lesson="some"):
            pass
    assert (tmp_path / "portal.sqlite").stat().st_size == 0


def test_the_first_bot_is_as_short_as_the_docs_say() -> None:
    assert len([line for line in FIRST_BOT.splitlines() if line]) == 15


async def test_a_peer_from_a_ticket_checks_whose_it_is(school: School) -> None:
    person = school.person()
    grant = Grant(person.token, "ws://127.0.0.1:9/v1/session")
    peer = Peer.from_ticket(grant, person.key, school.jwks)
    assert (peer.room, peer.client_id) == (ROOM, person.ticket.client)
    with pytest.raises(TicketError):
        Peer.from_ticket(grant, person.key, {})
    with pytest.raises(TicketError):
        await Peer.from_ticket(grant, SessionKey.generate(), school.jwks).prepare()


def test_code_in_the_docs_compiles_and_imports_what_is_there() -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        tree = compile(block, "docs/client.md", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                module: Any = __import__(node.module, fromlist=["*"])
                assert all(hasattr(module, name.name) for name in node.names), node.module


def public_members(kind: type, instance: object) -> set[str]:
    return {name for name in {*vars(kind), *vars(instance)} if not name.startswith("_")}


def test_every_member_of_the_peer_is_in_the_docs_and_the_other_way_round(school: School) -> None:
    # What only the parts of a peer call on it.
    inner = {
        "attach", "detach", "emit", "on_direct", "on_health", "on_stopped", "publish_presence", "relay", "send_signal",
        "asset_server", "ice", "room", "from_ticket",
    }  # fmt: skip
    described = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", DOCS, re.MULTILINE))))
    members = public_members(Peer, school.peer(school.person(), "ws://127.0.0.1:9/v1/session"))
    assert described == members - inner


def test_every_event_and_reason_is_in_the_docs() -> None:
    kinds = set(events.__all__) - {"Event", "Participant", "Via"}
    assert {name for name in kinds if f"`{name}`" not in DOCS} == set()
    assert {reason for reason in AssetErrorReason.__args__ if f"`{reason}`" not in DOCS} == set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(vars(Peer)))
def test_every_public_member_says_what_it_is_for(name: str) -> None:
    member = vars(Peer)[name]
    if not name.startswith("_") and (callable(member) or isinstance(member, property | classmethod)):
        assert member.__doc__ if not isinstance(member, classmethod) else member.__func__.__doc__
