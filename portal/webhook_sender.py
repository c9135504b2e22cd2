"""The task that tells webhooks what happened: signed, in order, again and again until the receiver took it."""

import asyncio
import hashlib
import hmac
import socket
from contextlib import suppress

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from sqlalchemy import func, select, update

from portal.clock import Clock
from portal.database import Database
from portal.logs import get_log
from portal.program_schema import webhooks
from portal.service_schema import audit_head
from portal.times import format_iso
from portal.webhooks import Event, Webhook, WebhookRefused, check_address, events_since, is_public, load_webhooks

SIGNATURE = "Chalkmesh-Signature"
MOST_ATTEMPTS = 72
_LOOK_S = 2.0
_TIMEOUT_S = 10.0
_AT_ONCE = 4
_IN_ONE_TURN = 50
# Then once an hour: with MOST_ATTEMPTS, a receiver may be away for three days.
_BACKOFF_MS = (10_000, 60_000, 300_000, 900_000, 3_600_000)


def sign(secret: str, at_s: int, body: bytes) -> str:
    """The header that proves where a body comes from: HMAC-SHA256 over `<unix seconds>.<body>`, in hex."""
    digest = hmac.digest(secret.encode(), str(at_s).encode() + b"." + body, hashlib.sha256)
    return f"t={at_s},v1={digest.hex()}"


class OutsideOnly(AbstractResolver):
    """Names that lead into a private network lead nowhere: no webhook asks for what only this machine can reach."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises OSError when one of them is not of the public network."""
        found = await self._resolver.resolve(host, port, family)
        for each in found:
            if not is_public(each["host"]):
                raise OSError(f"{host} is inside a private network")
        return found

    async def close(self) -> None:
        """Nothing is held open."""
        await self._resolver.close()


class WebhookSender:
    """Tells every webhook what it wants to hear. Owns one task (`run`)."""

    def __init__(self, database: Database, clock: Clock, link_secret: str, *, inside: bool) -> None:
        self._database = database
        self._clock = clock
        self._secret = link_secret
        self._inside = inside
        self._log = get_log("portal")
        # Up to which row nothing is for the webhook, although it was told of an earlier one last.
        self._looked: dict[str, int] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Tells what is due until cancelled."""
        while True:
            try:
                await self.tell_due()
            except Exception:
                # The edge of this task: the next round may go better.
                self._log.exception("webhooks_failed")
            await asyncio.sleep(_LOOK_S)

    async def tell_due(self) -> int:
        """One round over all webhooks; returns how many events were taken."""
        now_ms = self._clock()
        async with self._database.glance() as connection:
            head = (await connection.execute(select(func.max(audit_head.c.row)))).scalar() or 0
            due = [
                hook
                for hook in await load_webhooks(connection, self._secret)
                if hook.paused_ms is None and hook.next_ms <= now_ms and self._row(hook) < head
            ]
        if not due:
            return 0
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=None if self._inside else OutsideOnly()),
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Chalkmesh"},
            ) as http,
            asyncio.TaskGroup() as turns,
        ):
            told = [turns.create_task(self._try_turn(http, hook, head)) for hook in due]
        return sum(task.result() for task in told)

    def _row(self, hook: Webhook) -> int:
        return max(hook.told_row, self._looked.get(hook.id, 0))

    async def _try_turn(self, http: aiohttp.ClientSession, hook: Webhook, head: int) -> int:
        try:
            return await self._turn(http, hook, head)
        except Exception:
            # The edge of this task: one webhook must not end the round of all the others.
            self._log.exception("webhook_failed", webhook=hook.id)
            return 0

    async def _turn(self, http: aiohttp.ClientSession, hook: Webhook, head: int) -> int:
        """The events of one webhook, as long as its receiver takes them, for about as long as one may take."""
        taken = 0
        async with self._slots:
            async with self._database.read() as connection:
                events = await events_since(connection, hook, self._row(hook), _IN_ONE_TURN)
            with suppress(TimeoutError):
                async with asyncio.timeout(_TIMEOUT_S):
                    for event in events:
                        if (detail := await self._tell(http, hook, event)) is not None:
                            await self._failed(hook, detail)
                            return taken
                        await self._told(hook, event)
                        taken += 1
            if taken == len(events) < _IN_ONE_TURN:
                self._looked[hook.id] = head
        return taken

    async def _tell(self, http: aiohttp.ClientSession, hook: Webhook, event: Event) -> str | None:
        """None once the receiver took it, else why it did not."""
        body = msgspec.json.encode(
            {
                "id": f"{hook.id}.{event.row}",
                "event": event.event,
                "at": format_iso(event.at_ms),
                "school": hook.school,
                event.kind: event.object,
            }
        )
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(hook.secret, self._clock() // 1000, body),
        }
        try:
            check_address(hook.url, inside=self._inside)
            async with http.post(hook.url, data=body, headers=headers, allow_redirects=False) as answer:
                return None if 200 <= answer.status < 300 else f"the receiver answered {answer.status}"
        except WebhookRefused as error:
            return str(error)
        except TimeoutError:
            return f"no answer within {_TIMEOUT_S:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: a name that cannot be asked for, such as one with an empty part.
            return f"no connection ({type(error).__name__})"

    async def _told(self, hook: Webhook, event: Event) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(webhooks)
                .where(webhooks.c.id == hook.id)
                .values(told_row=event.row, told_ms=self._clock(), attempts=0, detail="")
            )

    async def _failed(self, hook: Webhook, detail: str) -> None:
        now_ms = self._clock()
        async with self._database.write() as connection:
            attempts = (
                await connection.execute(select(webhooks.c.attempts).where(webhooks.c.id == hook.id))
            ).scalar_one()
            values: dict[str, object] = {
                "attempts": attempts + 1,
                "detail": detail[:200],
                "next_ms": now_ms + _BACKOFF_MS[min(attempts, len(_BACKOFF_MS) - 1)],
            }
            if attempts + 1 >= MOST_ATTEMPTS:
                values["paused_ms"] = now_ms
                self._log.warning("webhook_paused", webhook=hook.id)
            await connection.execute(update(webhooks).where(webhooks.c.id == hook.id).values(**values))
