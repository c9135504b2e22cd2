"""coturn as a process of a test or a benchmark: on loopback or in a namespace, started and ended by its owner."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COMMAND: Final = "turnserver"
_READY_S: Final = 15.0
_RELAY_PORTS: Final = (49_152, 65_535)


class NoTurnServer(Exception):
    """coturn is not installed here."""


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A running TURN server. `secret` makes credentials (`portal.turn`)."""

    host: str
    port: int
    tls_port: int | None
    secret: str
    log: Path

    @property
    def udp_url(self) -> str:
        """TURN over UDP."""
        return f"turn:{self.host}:{self.port}?transport=udp"

    @property
    def tcp_url(self) -> str:
        """TURN over TCP, for networks that drop UDP."""
        return f"turn:{self.host}:{self.port}?transport=tcp"

    @property
    def tls_url(self) -> str:
        """TURN over TLS."""
        return f"turns:{self.host}:{self.tls_port}?transport=tcp"


@asynccontextmanager
async def turn_server(
    folder: Path,
    host: str,
    port: int,
    *,
    secret: str | None = None,
    tls: tuple[int, Path, Path] | None = None,
    prefix: Sequence[str] = (),
    peers: Sequence[str] = ("allow-loopback-peers",),
) -> AsyncIterator[TurnServer]:
    """Run coturn on `host`:`port` until the end. `tls`: port, certificate, key. `prefix`: the namespace's command.

    Raises NoTurnServer. `peers`: the lines about whom it reaches; loopback, as here, never in production.
    """
    if shutil.which(COMMAND) is None:
        raise NoTurnServer(f"`{COMMAND}` is not installed (Debian: coturn)")
    secret = secret or secrets.token_urlsafe(24)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "turnserver.conf"
    # In a file of ours: on the command line every user of the host could read the secret.
    lines = [
        f"listening-ip={host}",
        f"listening-port={port}",
        f"relay-ip={host}",
        f"min-port={_RELAY_PORTS[0]}",
        f"max-port={_RELAY_PORTS[1]}",
        "use-auth-secret",
        f"static-auth-secret={secret}",
        "realm=school.example",
        "fingerprint",
        "allocation-default-address-family=keep",
        "no-cli",
        "no-dtls",
        *peers,
        "log-file=stdout",
        "simple-log",
        f"pidfile={folder / 'turnserver.pid'}",
        f"userdb={folder / 'turnserver.db'}",
    ]
    if tls is None:
        lines.append("no-tls")
    else:
        lines += [f"tls-listening-port={tls[0]}", f"cert={tls[1]}", f"pkey={tls[2]}"]
    config.touch(mode=0o600)
    config.write_text("\n".join([*lines, ""]))
    log = folder / "turnserver.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *prefix, COMMAND, "-c", str(config), stdout=out, stderr=asyncio.subprocess.STDOUT
        )
    try:
        await _listening(process, log)
        yield TurnServer(host, port, None if tls is None else tls[0], secret, log)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(5):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _listening(process: asyncio.subprocess.Process, log: Path) -> None:
    """coturn has no readiness signal; the line of its last thread comes after the listeners."""
    async with asyncio.timeout(_READY_S):
        while b"(admin thread)" not in log.read_bytes():
            if process.returncode is not None:
                raise RuntimeError(f"coturn ended with {process.returncode}: {log.read_text()[-500:]}")
            await asyncio.sleep(0.05)
