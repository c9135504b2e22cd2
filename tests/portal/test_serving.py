"""Real portal and relay under the real supervisor, beside a stand-in that follows the feed: portal/serving.py."""

import os
import signal
import ssl
import sys
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from portal.keyfiles import prepare_data
from portal.serving import Probe, ServeSettings, child_specs, make_plan
from portal.supervisor import Supervisor
from portal.tlsfront import tls_front

# What the recorder does first, without the recorder: it asks the portal for work, again and again.
FOLLOWER = """
import sys, time, urllib.request
url, secret = sys.argv[1:3]
since = -1
while True:
    request = urllib.request.Request(f"{url}/internal/recordings?since={since}&wait_s=20")
    request.add_header("Authorization", f"Bearer {secret}")
    urllib.request.urlopen(request).read()
    since = 999
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("tls", [None, ("self-signed", "-")], ids=["plain", "tls"])
async def test_service_comes_up_survives_a_killed_relay_and_goes_down(
    tmp_path: Path, tls: tuple[str, str] | None
) -> None:
    secret = prepare_data(tmp_path).internal_secret
    plan = make_plan(ServeSettings(port=0, data=tmp_path, tls=tls, log_level="error"))
    trusting: ssl.SSLContext | bool = True
    async with aiohttp.ClientSession() as client:
        portal, relay, recorder, _stand_by = child_specs(plan, Probe(client, secret))
        follower = replace(recorder, argv=(sys.executable, "-c", FOLLOWER, plan.portal_url, secret), stop_s=5.0)
        supervisor = Supervisor((portal, relay, follower), environ=os.environ)
        try:
            await supervisor.start()
            if plan.certificate is not None:
                trusting = ssl.create_default_context(cafile=str(plan.certificate[0]))
            async with client.get(f"{plan.public_url}login", ssl=trusting) as page:
                assert page.status == 200
                assert ("Strict-Transport-Security" in page.headers) == (tls is not None)
            victim = supervisor.pid("relay")
            assert victim is not None
            os.kill(victim, signal.SIGKILL)
            # The feed's answer proves that the portal did not notice; the relay's own /healthz that it is back.
            await supervisor.until_healthy("relay", not_pid=victim)
            assert supervisor.restarts == {"portal": 0, "relay": 1, "recorder": 0}
            if plan.certificate is not None:
                await _reach_relay_through_tls(client, plan.certificate, plan.inner_relay_port)
        finally:
            await supervisor.stop()
        assert [supervisor.pid(name) for name in ("portal", "relay", "recorder")] == [None, None, None]


async def _reach_relay_through_tls(client: aiohttp.ClientSession, certificate: tuple[Path, Path], inner: int) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    async with (
        tls_front("127.0.0.1", 0, context, inner) as port,
        client.ws_connect(f"wss://localhost:{port}/v1/session", ssl=trusting, protocols=["chalkmesh.v1"]) as socket,
    ):
        assert (await socket.receive_json(timeout=10))["t"] == "challenge"
