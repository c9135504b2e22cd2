"""A relay and its clients in one process, whose disk is traced.

``python -m tests.faults.disk_workload DATA SEED [--normal]``. Each acknowledgement that a client gets is written to
DATA/relay/acks, so that it stands in the trace among the writes. ``--normal`` takes SQLite's ``synchronous=NORMAL``
instead: the control that shows that the simulation bites.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from pathlib import Path
from unittest.mock import patch

import uvloop

from signaling import checkpoints, room, server
from signaling.roomlog_schema import open_database
from signaling.roomlog_sqlite import Connect, SqliteRoomLog
from signaling.server import Relay
from signaling.settings import RelaySettings
from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.school import School
from whiteboard_crdt.messages import AckMessage, EnvelopeMessage

CLIENTS = 5
ROUNDS = 45
ACKS = "acks"


class NormalLog(SqliteRoomLog):
    @classmethod
    async def open(cls, path: Path, connect: Connect = open_database) -> SqliteRoomLog:
        def normal(path: Path) -> sqlite3.Connection:
            db = connect(path)
            db.execute("PRAGMA synchronous=NORMAL")
            return db

        return await super().open(path, normal)


async def write(url: str, school: School, user: str, seed: str, acks: int) -> None:
    chance = random.Random(seed)
    person = school.person(user)
    scribe = Scribe(person)
    async with raw_client(url) as client:
        await client.join(person)
        for _ in range(ROUNDS):
            for _ in range(chance.randint(1, 12)):
                size = chance.choice((20, 200, 2_000, 9_000))
                await client.send(_message(scribe, "x" * size))
            while True:
                ack = await client.message(AckMessage)
                done = max((entry.seq for entry in ack.entries if entry.session == person.session), default=0)
                if done:
                    os.write(acks, f"{person.session} {done}\n".encode())
                if done >= scribe.seq:
                    break


def _message(scribe: Scribe, value: str) -> EnvelopeMessage:
    return EnvelopeMessage(scribe.seal(scribe.update(value=value)))


async def run(data: Path, seed: int) -> None:
    school = School(data)
    relay = Relay(RelaySettings(data=data, port=0))
    await relay.start()
    acks = os.open(data / "relay" / ACKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    url = f"ws://127.0.0.1:{relay.port}/v1/session"
    try:
        await asyncio.gather(*(write(url, school, f"user-{n}", f"{seed}-{n}", acks) for n in range(CLIENTS)))
    finally:
        os.close(acks)
        await relay.stop()


if __name__ == "__main__":
    # Often enough that cuts fall into the writing of snapshots too.
    patch.object(checkpoints, "EVERY_ENVELOPES", 150).start()
    patch.object(room, "_EXPIRE_EVERY_S", 0.1).start()
    if "--normal" in sys.argv:
        patch.object(server, "SqliteRoomLog", NormalLog).start()
    uvloop.run(run(Path(sys.argv[1]), int(sys.argv[2])))
