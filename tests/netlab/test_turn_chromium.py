"""Chromium with the portal's ephemeral TURN credentials, and nothing but the TURN server between two ends."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.async_api import async_playwright

from loadtests.netlab.turnserver import TurnServer, turn_server
from portal.turn import ice_servers
from tests.browser.chromium import launch, page_of
from tests.netlab.conftest import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed"),
]
SCRIPT = Path(__file__).with_name("turn_page.js").read_text()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "turn.crt", folder / "turn.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


def servers(turn: TurnServer, url: str, secret: str) -> list[Any]:
    return list(ice_servers(url, secret, "0123456789abcdef", time.time_ns() // 1_000_000))


async def test_data_and_sound_through_the_turn_server_in_every_way_that_a_school_may_allow(tmp_path: Path) -> None:
    tls = (free_port(), *self_signed(tmp_path / "tls"))
    async with (
        turn_server(tmp_path / "turn", "127.0.0.1", free_port(), tls=tls) as turn,
        async_playwright() as playwright,
    ):
        # A real school has a certificate that browsers trust; this one stands for it.
        browser = await launch(playwright, flags=("--ignore-certificate-errors",))
        try:
            async with page_of(browser) as (_context, page):
                await page.goto("about:blank")
                for url, protocol in ((turn.udp_url, "udp"), (turn.tcp_url, "tcp"), (turn.tls_url, "tls")):
                    found = await page.evaluate(SCRIPT, servers(turn, url, turn.secret))
                    assert found["data"] == "through the server", found
                    assert (found["candidateType"], found["relayProtocol"]) == ("relay", protocol)
                    assert found["packets"] >= 20
                    # Not even the related address of a candidate tells where the person is.
                    assert all(" relay " in each and "raddr 0.0.0.0" in each for each in found["candidates"])
                refused = await page.evaluate(SCRIPT, servers(turn, turn.udp_url, "not the secret"))
                assert refused["data"] is None and refused["candidates"] == []
        finally:
            await browser.close()
