"""The command line as a stranger meets it, in processes of its own: portal/cli.py, portal/serving.py, portal/tls*."""

import asyncio
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from portal.cli import expand_self_signed
from portal.keyfiles import prepare_data
from portal.serving import Plan, ServeSettings, banner, child_specs, make_plan
from portal.tls import self_signed
from portal.tlsfront import tls_front
from tests.portal.world import session_key
from whiteboard_crdt.keys import load_jwks
from whiteboard_crdt.ticket import read_ticket

ROOT = Path(__file__).parents[2]
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("CHALKMESH_", "DATA", "PORT"))}


def chalkmesh(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "portal.cli", *arguments],
        cwd=ROOT,
        env=ENVIRON,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def assert_one_clear_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("chalkmesh: ")
    assert words in lines[0]
    assert done.returncode == 2
    assert done.stdout == ""


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("command", ["", "serve", "portal", "relay", "recorder", "bots", "ticket", "export", "verify"])
def test_help_says_what_a_command_is_for(command: str) -> None:
    done = chalkmesh(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    purpose = done.stdout.split("\n\n")[1].strip()
    assert len(purpose) > 15
    assert "...\n" not in done.stdout.split("Commands:")[-1]


@pytest.mark.parametrize("command", ["serve", "portal"])
def test_taken_port_is_one_line(command: str, taken_port: int, tmp_path: Path) -> None:
    done = chalkmesh(command, "--data", str(tmp_path / "data"), "--port", str(taken_port))
    assert_one_clear_line(done, f"Cannot listen on 127.0.0.1:{taken_port}")


@pytest.mark.parametrize("command", ["serve", "portal"])
def test_data_folder_that_cannot_be_is_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = chalkmesh(command, "--data", str(tmp_path / "file" / "data"), "--port", "0")
    assert_one_clear_line(done, "cannot be used")


@pytest.mark.parametrize("command", ["serve", "portal"])
def test_unreadable_database_is_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "portal.sqlite").write_bytes(b"this is not a database" * 100)
    done = chalkmesh(command, "--data", str(tmp_path), "--port", "0")
    assert_one_clear_line(done, "file is not a database")


@pytest.mark.parametrize("command", ["serve", "portal"])
def test_certificate_that_is_not_there_is_one_line(command: str, tmp_path: Path) -> None:
    done = chalkmesh(command, "--data", str(tmp_path), "--port", "0", "--tls", "/no/cert", "/no/key")
    assert_one_clear_line(done, "/no/cert")


@pytest.mark.parametrize("command", ["export", "verify"])
def test_folder_that_is_no_recording_is_one_line(command: str, tmp_path: Path) -> None:
    rest = ["-o", str(tmp_path / "out.mp4")] if command == "export" else []
    assert_one_clear_line(chalkmesh(command, str(tmp_path / "nothing"), *rest), "There is no folder")
    assert_one_clear_line(chalkmesh(command, str(tmp_path), *rest), "holds no lesson.sqlite")


def test_ticket_is_printed_and_holds(tmp_path: Path) -> None:
    keyring = prepare_data(tmp_path)
    done = chalkmesh(
        "ticket",
        "--data",
        str(tmp_path),
        "--room",
        "r1",
        "--user",
        "bot1",
        "--role",
        "bot",
        "--key",
        session_key(),
        "--client",
        "7",
    )
    assert done.stderr == ""
    ticket = read_ticket(done.stdout.strip(), load_jwks(keyring.jwks))
    assert (ticket.room, ticket.user, ticket.role, ticket.client) == ("r1", "bot1", "bot", 7)
    assert ticket.expires_ms - ticket.issued_ms == 300_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--room", "r", "--lesson", "l"], "either --lesson or --room"),
        ([], "either --lesson or --room"),
        (["--lesson", "unknown"], "no portal database"),
        (["--room", "r", "--role", "king"], "Roles: tutor"),
        (["--room", "r", "--caps", "board,fly"], "Capabilities: board"),
        (["--room", "r", "--key", "AAAA"], "P-256"),
    ],
)
def test_ticket_that_cannot_be_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    prepare_data(tmp_path)
    given = ["--key", session_key(), *arguments]
    assert_one_clear_line(chalkmesh("ticket", "--data", str(tmp_path), "--user", "u", "--client", "1", *given), words)


def test_self_signed_is_one_word_where_two_are_expected() -> None:
    assert expand_self_signed(["serve", "--tls", "self-signed", "--demo"]) == [
        "serve",
        "--tls",
        "self-signed",
        "-",
        "--demo",
    ]
    assert expand_self_signed(["serve", "--tls", "c", "k"]) == ["serve", "--tls", "c", "k"]


async def test_portal_process_serves_and_stops_on_sigterm(tmp_path: Path) -> None:
    plan = make_plan(ServeSettings(port=0, data=tmp_path))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "portal.cli", "portal", "--data", str(tmp_path), "--port", str(plan.port), "--demo"),
        cwd=ROOT,
        env=ENVIRON,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(40):
            while b"portal_ready" not in (line := await process.stderr.readline()):
                assert line, "the portal ended"
            async with aiohttp.ClientSession() as client:
                async with client.get(f"{plan.portal_url}/healthz") as answer:
                    assert (answer.status, await answer.text()) == (200, "ok")
                async with client.get(f"{plan.portal_url}/login") as answer:
                    assert "Maya Torres" in await answer.text()
            process.send_signal(signal.SIGTERM)
            logged = (await process.stderr.read()).decode()
            assert await process.wait() == 0
        assert "Maya" not in logged
        assert re.search(r'"route": "/login"', logged)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_plan_gives_the_relay_the_port_after_the_portals(tmp_path: Path) -> None:
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
    try:
        plan = make_plan(ServeSettings(port=port, data=tmp_path))
    except Exception:
        pytest.skip("the port after a free one is taken on this machine")
    assert plan.relay_port == port + 1
    assert plan.portal_url == f"http://127.0.0.1:{port}"


def test_under_tls_the_inner_addresses_are_plain_and_on_the_loopback(tmp_path: Path) -> None:
    plan = make_plan(ServeSettings(host="0.0.0.0", port=0, data=tmp_path, tls=("self-signed", "-")))
    assert plan.public_url.startswith("https://localhost:")
    assert plan.portal_url == f"http://127.0.0.1:{plan.inner_portal_port}"
    assert plan.relay_url == f"http://127.0.0.1:{plan.inner_relay_port}"
    assert len({plan.port, plan.relay_port, plan.inner_portal_port, plan.inner_relay_port}) == 4
    assert any("self-signed" in line for line in banner(plan))


async def test_commands_of_the_children_hold_what_they_need(tmp_path: Path) -> None:
    from portal.serving import Probe

    async with aiohttp.ClientSession() as client:
        plan = Plan(ServeSettings(data=tmp_path, demo=True), 1, 2, 1, 2, None)
        specs = child_specs(plan, Probe(client, "secret"))
    assert [spec.name for spec in specs] == ["portal", "relay", "recorder", "recorder-2", "bots"]
    assert "--demo" in specs[0].argv
    for spec in specs:
        assert str(tmp_path) in spec.argv


async def test_tls_front_passes_bytes_both_ways(tmp_path: Path) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1000):
            writer.write(piece.upper())
            await writer.drain()
        writer.close()

    inner = await asyncio.start_server(echo, "127.0.0.1", 0)
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with tls_front("127.0.0.1", 0, context, inner.sockets[0].getsockname()[1]) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname="localhost")
        writer.write(b"hello" * 10_000)
        assert await reader.readexactly(50_000) == b"HELLO" * 10_000
        writer.close()
    inner.close()
