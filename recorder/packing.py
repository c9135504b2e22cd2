"""Makes a sealed archive small: its envelopes, compressed many at a time (`docs/recording.md`, lesson.sqlite).

A stroke's envelope is to a third the same bytes as the one before: names of fields, the author, the page. One at a time
they do not compress; 64 KiB of them do, to two thirds. The envelopes stay what they are, byte for byte.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from recorder.schema import DATABASE
from whiteboard_crdt.errors import SetupError

__all__ = ["pack_envelopes", "show_envelopes"]

_PACK_BYTES: Final = 64 * 1024
# No pack says that it is larger: a foreign file must not make a reader take all memory.
_MOST_BYTES: Final = 16 << 20
_CACHED: Final = 4

_VIEW: Final = """
create temp view envelopes as select id, room_ms, authored_ms, stream, seq,
case when pack is null then envelope else unpacked(pack, at, size) end as envelope from main.envelopes
"""


def pack_envelopes(folder: Path) -> bool:
    """Pack the envelopes of a sealed archive; False if they are packed already.

    Works on a copy that takes the archive's place when it was compared with it, so that a reader sees the one or the
    other. Raises SetupError for an archive that is not sealed or does not survive the comparison, sqlite3.Error,
    OSError.
    """
    path = folder / DATABASE
    part = path.with_name(DATABASE + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
        if source.execute("select value from meta where key = 'state'").fetchone() != ('"sealed"',):
            raise SetupError(f"the recording in {folder} is not sealed")
        if _is_packed(source):
            return False
        try:
            source.execute("vacuum into ?", [str(part)])
            with closing(sqlite3.connect(part)) as copy:
                _pack(copy)
                show_envelopes(copy)
                _compare(folder, source, copy)
            with part.open("rb") as file:
                os.fsync(file.fileno())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    part.replace(path)
    return True


def show_envelopes(conn: sqlite3.Connection, which: str = "true") -> bool:
    """Let the table `envelopes` of this connection look as if nothing were packed; False where nothing is.

    `which`: a condition on its columns. What cannot be unpacked comes out empty, which no envelope is.
    Raises sqlite3.DatabaseError.
    """
    if not _is_packed(conn):
        return False
    packs: OrderedDict[int, bytes] = OrderedDict()

    def unpacked(pack: int, at: int, size: int) -> bytes:
        data = packs.get(pack)
        if data is None:
            data = packs[pack] = _unpack(conn, pack)
            if len(packs) > _CACHED:
                packs.popitem(last=False)
        try:
            return data[at : at + size] if 0 <= at <= at + size <= len(data) else b""
        except TypeError:
            return b""

    conn.create_function("unpacked", 3, unpacked)
    conn.execute(f"{_VIEW} where {which}")
    return True


def _is_packed(conn: sqlite3.Connection) -> bool:
    return conn.execute("select 1 from main.sqlite_master where name = 'packs'").fetchone() is not None


def _unpack(conn: sqlite3.Connection, pack: int) -> bytes:
    try:
        row = conn.execute("select data from packs where id = ?", [pack]).fetchone()
        return zlib.decompressobj().decompress(row[0], _MOST_BYTES) if row is not None else b""
    except (sqlite3.DatabaseError, zlib.error, TypeError):
        return b""


def _pack(copy: sqlite3.Connection) -> None:
    with copy:
        for column in ("pack", "at", "size"):
            copy.execute(f"alter table envelopes add column {column} integer")
        copy.execute("create table packs (id integer primary key, envelopes integer, bytes integer, data blob)")
        for number, rows in enumerate(_groups(copy), 1):
            raw = b"".join(envelope for _, envelope in rows)
            packed = (number, len(rows), len(raw), zlib.compress(raw, 9))
            copy.execute("insert into packs (id, envelopes, bytes, data) values (?, ?, ?, ?)", packed)
            at = 0
            for identifier, envelope in rows:
                where = (number, at, len(envelope), identifier)
                copy.execute("update envelopes set envelope = null, pack = ?, at = ?, size = ? where id = ?", where)
                at += len(envelope)
    copy.execute("vacuum")


def _groups(conn: sqlite3.Connection) -> Iterator[list[tuple[int, bytes]]]:
    # The identifiers first: rows change while this goes on.
    ids = [identifier for (identifier,) in conn.execute("select id from envelopes order by id")]
    group: list[tuple[int, bytes]] = []
    size = 0
    for identifier in ids:
        (envelope,) = conn.execute("select envelope from envelopes where id = ?", [identifier]).fetchone()
        group.append((identifier, bytes(envelope)))
        size += len(envelope)
        if size >= _PACK_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _compare(folder: Path, source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    sql = "select id, room_ms, authored_ms, stream, seq, envelope from envelopes order by id"
    before, after = source.execute(sql), copy.execute(sql)
    for row in before:
        if after.fetchone() != row:
            raise SetupError(f"the recording in {folder} cannot be packed: an envelope came out different")
    if after.fetchone() is not None:
        raise SetupError(f"the recording in {folder} cannot be packed: an envelope came from nowhere")
