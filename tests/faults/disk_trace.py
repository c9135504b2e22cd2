"""What a power cut leaves of files, from a record of every write and fsync (disk_trace.c).

The model: a write is certain once an fsync of its file returned after it; before, each of its 512-byte sectors may be
on the disk or not, in any order. A name is certain once its folder was synced. This is harsher than any disk in use.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

SECTOR_BYTES: Final = 512
SOURCE: Final = Path(__file__).with_name("disk_trace.c")
_HEADER: Final = struct.Struct("=BIQQ")


class Kind(IntEnum):
    CREATED = 1
    WRITTEN = 2
    TRUNCATED = 3
    SYNCED = 4
    REMOVED = 5


@dataclass(frozen=True, slots=True)
class Change:
    kind: Kind
    path: str
    offset: int
    data: bytes


def compiler() -> str | None:
    return shutil.which("cc")


def compile_tracer(folder: Path) -> Path:
    """Builds the library for LD_PRELOAD."""
    library = folder / "disk_trace.so"
    command = [compiler() or "cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl", "-pthread"]
    subprocess.run(command, check=True)
    return library


def load_trace(path: Path) -> list[Change]:
    return list(_parse(path.read_bytes()))


def _parse(raw: bytes) -> Iterator[Change]:
    at = 0
    while at + _HEADER.size <= len(raw):
        kind, path_bytes, offset, size = _HEADER.unpack_from(raw, at)
        at += _HEADER.size
        path = raw[at : at + path_bytes].decode()
        at += path_bytes
        yield Change(Kind(kind), path, offset, raw[at : at + size])
        at += size


@dataclass(slots=True)
class _File:
    certain: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)
    name_certain: bool = False
    there: bool = True


class Disk:
    """The files as the changes so far left them: what is certain, and what is not."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def take(self, change: Change) -> None:
        if change.kind is Kind.SYNCED and change.path not in self._files:
            self._sync_folder(change.path)
            return
        file = self._files.setdefault(change.path, _File())
        if change.kind is Kind.CREATED:
            file.there = True
        elif change.kind is Kind.REMOVED:
            file.there = file.name_certain = False
            file.certain.clear()
            file.pending.clear()
        elif change.kind is Kind.SYNCED:
            for pending in file.pending:
                _apply(file.certain, pending.kind, pending.offset, pending.data)
            file.pending.clear()
        else:
            file.pending.append(change)

    def _sync_folder(self, folder: str) -> None:
        for path, file in self._files.items():
            if path.rpartition("/")[0] == folder.rstrip("/"):
                file.name_certain = file.there

    def cut(self, chance: random.Random, folder: str) -> dict[str, bytes]:
        """What could be found after a power cut now: file name under `folder` → content."""
        kept = chance.choice((0.0, 0.5, 0.9, 1.0))
        found = {}
        for path, file in sorted(self._files.items()):
            if not file.there or not path.startswith(folder):
                continue
            if not file.name_certain and chance.random() >= 0.5:
                continue
            content = bytearray(file.certain)
            for change in file.pending:
                if change.kind is Kind.TRUNCATED:
                    if chance.random() < kept:
                        _apply(content, change.kind, change.offset, b"")
                    continue
                for start in range(0, len(change.data), SECTOR_BYTES):
                    if chance.random() < kept:
                        _apply(content, change.kind, change.offset + start, change.data[start : start + SECTOR_BYTES])
            found[path[len(folder) :].lstrip("/")] = bytes(content)
        return found


def _apply(content: bytearray, kind: Kind, offset: int, data: bytes) -> None:
    if kind is Kind.TRUNCATED:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
