"""The tasks that take mails from the outbox to the mail server, in two lanes.

Ordinary mails go one after another, so a server that is slow with one holds up the next. No crisis letter waits behind
them: those have a lane of their own, with a connection for each letter.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib
from sqlalchemy.engine import Row

from portal.clock import Clock
from portal.database import Database
from portal.logs import get_log
from portal.mails.letters import LINK, ROSTER_LINK
from portal.mails.links import ROSTER, token_of
from portal.mails.outbox import claim, recover, settle_refused, settle_sent, settle_unsure
from portal.settings import PortalSettings
from portal.times import local

_EVERY_S = 5.0
_TIMEOUT_S = 30.0
# Crisis letters on their way at a time. Further ones wait for the first of these to end, at most the time-outs of one.
_CRISIS_AT_ONCE = 4


class NotTaken(Exception):
    """The server certainly has not taken the mail. `for_good`: it never will."""

    def __init__(self, detail: str, *, for_good: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.for_good = for_good


class Unsure(Exception):
    """The connection ended after the mail was sent and before the server said whether it took it."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The mail server of the settings."""

    host: str
    port: int
    security: str
    user: str
    password: str

    async def send(self, sender: str, address: str, content: bytes) -> None:
        """One mail over one connection. Raises NotTaken, or Unsure when nobody can know."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user or None,
            password=self.password or None,
            timeout=_TIMEOUT_S,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Also a refused log-in: that is ours to put right, and the mail can wait for it.
            client.close()
            raise NotTaken(f"no connection ({type(error).__name__})") from error
        try:
            await client.mail(sender)
            await client.rcpt(address)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise NotTaken(f"the server answered {error.code}", for_good=500 <= error.code < 600) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise NotTaken(f"no connection ({type(error).__name__})") from error
        try:
            await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            raise NotTaken(f"the server answered {error.code}", for_good=500 <= error.code < 600) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Unsure from error
        finally:
            # The answer to QUIT changes nothing any more.
            client.close()


@dataclass(frozen=True, slots=True)
class _Lane:
    """Mails that wait for each other and for no other's. `slots`: how many are on their way at a time."""

    crisis: bool
    slots: asyncio.Semaphore
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class PostOffice:
    """Writes and sends what is due. Owns one task (`run`), which owns the lanes and every mail on its way."""

    def __init__(self, database: Database, clock: Clock, settings: PortalSettings, link_secret: str) -> None:
        self._database = database
        self._clock = clock
        self._secret = link_secret
        self._crisis = _Lane(crisis=True, slots=asyncio.Semaphore(_CRISIS_AT_ONCE))
        self._ordinary = _Lane(crisis=False, slots=asyncio.Semaphore(1))
        self._log = get_log("portal")
        self._settings = settings
        self._sender = settings.mail_from or f"chalkmesh@{settings.smtp_host or 'localhost'}"

    @property
    def server(self) -> SmtpServer | None:
        """Where mails go; None: they wait in the outbox."""
        settings = self._settings
        if not settings.smtp_host:
            return None
        return SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_user,
            settings.smtp_password,
        )

    @property
    def portal_url(self) -> str:
        """The portal as people open it, with a slash at the end."""
        return self._settings.portal_url

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._crisis.wake.set()
        self._ordinary.wake.set()

    def body(self, body: str, link: str | None) -> str:
        """The words of a mail with its one-use link in place: made anew each time, stored nowhere."""
        if link is None:
            return body
        account = f"{self.portal_url}welcome/{token_of(self._secret, link)}"
        roster = f"{self.portal_url}send-roster/{token_of(self._secret, link, ROSTER)}"
        return body.replace(LINK, account).replace(ROSTER_LINK, roster)

    async def start(self) -> None:
        """Once, before anything is sent: what an earlier process was sending when it ended is unsure now."""
        async with self._database.write() as connection:
            if unsure := await recover(connection):
                self._log.warning("mails_unsure", count=unsure)

    async def run(self) -> None:
        """Sends until cancelled."""
        await self.start()
        server = self.server
        if server is None:
            return
        async with asyncio.TaskGroup() as lanes:
            lanes.create_task(self._run_lane(self._crisis, server), name="mail-crisis")
            lanes.create_task(self._run_lane(self._ordinary, server), name="mail-ordinary")

    async def send_due(self) -> int:
        """Sends everything that is due now, one after the other; returns how many the server took."""
        server = self.server
        if server is None:
            return 0
        sent = 0
        for lane in (self._crisis, self._ordinary):
            while (mail := await self._claim(lane)) is not None:
                sent += await self._send(server, mail)
        return sent

    async def _run_lane(self, lane: _Lane, server: SmtpServer) -> None:
        async with asyncio.TaskGroup() as on_their_way:
            while True:
                # Before the look, so that a letter that comes during it is looked for again at once.
                lane.wake.clear()
                await lane.slots.acquire()
                try:
                    mail = await self._claim(lane)
                except Exception:
                    # The edge of this task: one look that failed must not end all later ones.
                    self._log.exception("mails_failed", crisis=lane.crisis)
                    mail = None
                if mail is not None:
                    on_their_way.create_task(self._send_in_lane(lane, server, mail))
                    continue
                lane.slots.release()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY_S):
                        await lane.wake.wait()

    async def _send_in_lane(self, lane: _Lane, server: SmtpServer, mail: Row[tuple[object, ...]]) -> None:
        try:
            await self._send(server, mail)
        except Exception:
            # The edge of this task: the mail stays marked as being sent, and the next start leaves it to a person.
            self._log.exception("mail_failed", mail=mail.id)
        finally:
            lane.slots.release()

    async def _claim(self, lane: _Lane) -> Row[tuple[object, ...]] | None:
        async with self._database.write() as connection:
            return await claim(connection, self._clock(), crisis=lane.crisis)

    async def _send(self, server: SmtpServer, mail: Row[tuple[object, ...]]) -> bool:
        try:
            await server.send(self._sender, mail.address, self._write(mail))
        except NotTaken as error:
            async with self._database.write() as connection:
                await settle_refused(
                    connection, mail.id, mail.attempts, error.detail, self._clock(), for_good=error.for_good
                )
            self._log.warning("mail_not_taken", mail=mail.id, detail=error.detail, for_good=error.for_good)
            return False
        except Unsure:
            async with self._database.write() as connection:
                await settle_unsure(connection, mail.id, "the connection ended before the server answered")
            self._log.warning("mail_unsure", mail=mail.id)
            return False
        async with self._database.write() as connection:
            await settle_sent(connection, mail.id, self._clock())
        return True

    def _write(self, mail: Row[tuple[object, ...]]) -> bytes:
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self._sender
        message["To"] = mail.address
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(local(self._clock(), "UTC"))
        # The same for every attempt, so that a server that has it can tell.
        message["Message-ID"] = f"<{mail.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.body(mail.body, mail.link))
        return message.as_bytes()
