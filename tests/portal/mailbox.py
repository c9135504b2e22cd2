"""A real mail server in the test's own process, which keeps what it gets."""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Inbox:
    """A mail server that keeps what it gets; `answers` come first, then it takes everything.

    Whatever is for `stalled` it leaves without an answer until `go_on`; `stalling` is set once it does.
    """

    taken: list[Envelope] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    stalled: str = ""
    stalling: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.stalled in envelope.rcpt_tos:
            self.stalling.set()
            await self.go_on.wait()
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "hang up":
            # As a server does that dies after it stored the mail.
            self.taken.append(envelope)
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 gone"
        if answer.startswith("250"):
            async with self.arrived:
                self.taken.append(envelope)
                self.arrived.notify_all()
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def mails(self) -> list[EmailMessage]:
        """What was taken so far, read as a mail program reads it."""
        return [read_mail(envelope) for envelope in self.taken]

    async def wait(self, address: str, subject: str, timeout_s: float = 20) -> EmailMessage:
        """The newest mail to this address whose subject holds these words, once there is one."""

        def found() -> EmailMessage | None:
            fitting = [mail for mail in self.mails() if mail["To"] == address and subject in str(mail["Subject"])]
            return fitting[-1] if fitting else None

        async with asyncio.timeout(timeout_s), self.arrived:
            await self.arrived.wait_for(lambda: found() is not None)
        mail = found()
        assert mail is not None
        return mail


def read_mail(envelope: Envelope) -> EmailMessage:
    """The mail that an envelope carries."""
    assert isinstance(envelope.content, bytes)
    mail = email.message_from_bytes(envelope.content, policy=SMTP_POLICY)
    assert isinstance(mail, EmailMessage)
    return mail


@asynccontextmanager
async def mail_server() -> AsyncIterator[tuple[Inbox, int]]:
    """A running server with its port on loopback."""
    box = Inbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box, hostname="mail"), "127.0.0.1", 0)
    try:
        yield box, server.sockets[0].getsockname()[1]
    finally:
        server.close()
