"""`chalkmesh serve`: portal, relay and recorder as three processes of one service on one host."""

import asyncio
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from portal.demo import LOGINS, PASSWORD
from portal.keyfiles import prepare_data
from portal.server import load_tls
from portal.settings import PortalSettings, explained
from portal.supervisor import ChildSpec, StartFailed, Supervisor
from portal.tls import self_signed
from portal.tlsfront import tls_front
from whiteboard_crdt.errors import SetupError

SELF_SIGNED = "self-signed"
_PROBE_TIMEOUT_S = 2.0
# The recorder has media to flush and files to close.
_RECORDER_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Settings of `chalkmesh serve`."""

    host: str = field(default="127.0.0.1", metadata=explained("Address to listen on.", "address"))
    port: int = field(default=8080, metadata=explained("Port of the portal; 0 takes a free one.", "TCP port"))
    data: Path = field(default=Path("data"), metadata=explained("Folder that holds everything.", "folder"))
    relay_port: int | None = field(
        default=None, metadata=explained("Port of the relay; without it, the port after the portal's.", "TCP port")
    )
    demo: bool = field(default=False, metadata=explained("Fill an empty database with a demo school.", "yes or no"))
    tls: tuple[str, str] | None = field(
        default=None, metadata=explained("Certificate and key, or self-signed.", "two PEM files")
    )
    log_level: str = field(default="warning", metadata=explained("What the three processes log.", "level"))


@dataclass(frozen=True, slots=True)
class Plan:
    """Addresses and files, decided before anything starts. `inner_*` are plain loopback ports, used under TLS."""

    settings: ServeSettings
    port: int
    relay_port: int
    inner_portal_port: int
    inner_relay_port: int
    certificate: tuple[Path, Path] | None

    @property
    def portal_url(self) -> str:
        """Where relay and recorder find the portal."""
        host = "127.0.0.1" if self.certificate else _loopback(self.settings.host)
        return f"http://{host}:{self.inner_portal_port}"

    @property
    def relay_host(self) -> str:
        """Where the relay itself listens."""
        return "127.0.0.1" if self.certificate else self.settings.host

    @property
    def relay_url(self) -> str:
        """Where portal and recorder find the relay."""
        return f"http://{_loopback(self.relay_host)}:{self.inner_relay_port}"

    @property
    def public_url(self) -> str:
        """What a person opens."""
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.settings.host, self.settings.host)
        return f"{'https' if self.certificate else 'http'}://{_bracket(host)}:{self.port}/"


def make_plan(settings: ServeSettings) -> Plan:
    """Decides ports and certificate. Raises SetupError for a port that is taken or a file that is not there."""
    port = claim_port(settings.host, settings.port)
    relay_port = claim_port(settings.host, settings.relay_port or (settings.port + 1 if settings.port else 0))
    certificate = None
    if settings.tls is not None:
        if settings.tls[0] == SELF_SIGNED:
            certificate = self_signed(settings.data)
        else:
            certificate = (Path(settings.tls[0]), Path(settings.tls[1]))
            for path in certificate:
                if not path.is_file():
                    raise SetupError(f"There is no file {path}.")
        load_tls(PortalSettings(tls_certificate=certificate[0], tls_key=certificate[1]))
    return Plan(
        settings=settings,
        port=port,
        relay_port=relay_port,
        inner_portal_port=claim_port("127.0.0.1", 0) if certificate else port,
        inner_relay_port=claim_port("127.0.0.1", 0) if certificate else relay_port,
        certificate=certificate,
    )


def claim_port(host: str, port: int) -> int:
    """The port, or a free one for 0, after making sure that it can be had. Raises SetupError."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OverflowError as error:
        raise SetupError(f"{port} is not a port.") from error
    except OSError as error:
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error


def child_specs(plan: Plan, probe: "Probe") -> Sequence[ChildSpec]:
    """The children, in the order in which they start; they stop in the opposite order. The demo has bots besides."""
    settings = plan.settings
    common = ("--data", str(settings.data), "--log-level", settings.log_level)
    portal = ["--host", settings.host, "--port", str(plan.port), "--relay-port", str(plan.relay_port)]
    portal += ["--relay-internal-url", plan.relay_url]
    if settings.demo:
        portal.append("--demo")
    if plan.certificate is not None:
        portal += ["--tls", *map(str, plan.certificate), "--internal-port", str(plan.inner_portal_port)]
    relay = ["--host", plan.relay_host, "--port", str(plan.inner_relay_port), "--portal-url", plan.portal_url]
    specs = [
        ChildSpec("portal", _command("portal", *portal, *common), probe.answers(f"{plan.portal_url}/healthz")),
        ChildSpec(
            "relay",
            _command("relay", *relay, *common),
            probe.answers(f"{plan.relay_url}/healthz"),
            alive=probe.answers_at_all(f"{plan.relay_url}/healthz"),
        ),
        ChildSpec(
            "recorder",
            _command("recorder", "--portal-url", plan.portal_url, *common),
            probe.recorder_follows(plan.portal_url),
            stop_s=_RECORDER_STOP_S,
        ),
    ]
    # Does nothing but stand by, loaded, until the other one dies; then they change places.
    standby = ChildSpec("recorder-2", specs[-1].argv, _at_once, stop_s=_RECORDER_STOP_S)
    specs.append(standby)
    if settings.demo:
        specs.append(ChildSpec("bots", _command("bots", "--relay-url", plan.relay_url, *common), _at_once))
    return specs


async def _at_once() -> bool:
    """Nobody has to wait for it."""
    return True


class Probe:
    """Asks children whether they work."""

    def __init__(self, client: aiohttp.ClientSession, internal_secret: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {internal_secret}"}

    def answers(self, url: str) -> "_Question":
        """Whether the address answers 200."""
        return _Question(self._client, url, {}, lambda body: True)

    def answers_at_all(self, url: str) -> "_Question":
        """Whether the address answers, be it that something is wrong: the process is there and its loop turns."""
        return _Question(self._client, url, {}, lambda body: True, whatever=True)

    def recorder_follows(self, portal_url: str) -> "_Question":
        """Whether the portal has seen the recorder at its feed: then it is there, and the two understand each other."""
        return _Question(
            self._client, f"{portal_url}/internal/recorder", self._headers, lambda body: b'"following":true' in body
        )


@dataclass(frozen=True, slots=True)
class _Question:
    client: aiohttp.ClientSession
    url: str
    headers: dict[str, str]
    accept: Callable[[bytes], bool]
    whatever: bool = False

    async def __call__(self) -> bool:
        try:
            async with self.client.get(self.url, headers=self.headers) as answer:
                return (self.whatever or answer.status == 200) and self.accept(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


def serve(settings: ServeSettings, say: Callable[[str], None]) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code. `say` prints for people. Raises SetupError."""
    keyring = prepare_data(settings.data)
    return asyncio.run(_serve(make_plan(settings), keyring.internal_secret, say))


async def _serve(plan: Plan, internal_secret: str, say: Callable[[str], None]) -> int:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_PROBE_TIMEOUT_S))
        )
        if plan.certificate is not None:
            await stack.enter_async_context(
                tls_front(plan.settings.host, plan.relay_port, _tls(plan.certificate), plan.inner_relay_port)
            )
        supervisor = Supervisor(child_specs(plan, Probe(client, internal_secret)), environ=os.environ)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, supervisor.request_stop)
        try:
            await supervisor.start()
            if not supervisor.stopping:
                for line in banner(plan):
                    say(line)
            await supervisor.wait()
        except StartFailed as failure:
            return failure.code
        finally:
            await supervisor.stop()
    return 0


def banner(plan: Plan) -> list[str]:
    """What a person needs to know once everything runs."""
    lines = [f"Chalkmesh is ready: {plan.public_url}"]
    if plan.certificate is not None and plan.settings.tls is not None and plan.settings.tls[0] == SELF_SIGNED:
        lines.append("The certificate is self-signed: the browser warns once, for this address.")
    if plan.settings.demo:
        lines.append("")
        lines.append(f"Demo school. Everybody's password is: {PASSWORD}")
        lines += [f"  {each.login:<12} {each.name}, {each.role.value}" for each in LOGINS]
    lines += ["", "Stop with Ctrl-C."]
    return lines


def _tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = load_tls(PortalSettings(tls_certificate=certificate[0], tls_key=certificate[1]))
    if context is None:
        raise AssertionError("a certificate makes a context")
    return context


def _command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "portal.cli", name, *arguments]


def _loopback(host: str) -> str:
    return _bracket({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host))


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
