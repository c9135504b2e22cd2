"""Lesson material of a class: kept by the hash of its bytes, in versions, for the people of the class."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.file_kinds import FileRefused, SafeFile
from portal.ids import new_id
from portal.ledger import audit
from portal.material_schema import materials
from portal.schema import users

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class Material:
    """One version of a piece of material."""

    id: str
    title: str
    version: int
    kind: str
    digest: str
    size_bytes: int
    by: str
    uploaded_ms: int


async def list_materials(connection: AsyncConnection, class_id: str) -> Sequence[Material]:
    """What a class has, by title, the newest version of each first."""
    found = await connection.execute(
        select(materials, users.c.name)
        .join(users, users.c.id == materials.c.uploaded_by)
        .where(materials.c["class"] == class_id, materials.c.removed_ms.is_(None))
        .order_by(materials.c.title, materials.c.version.desc())
    )
    return [
        Material(row.id, row.title, row.version, row.kind, row.digest, row.size_bytes, row.name, row.uploaded_ms)
        for row in found
    ]


async def find_material(connection: AsyncConnection, class_id: str, material: str) -> Material | None:
    """A piece of a class's material, or None."""
    return next((each for each in await list_materials(connection, class_id) if each.id == material), None)


async def add_material(
    connection: AsyncConnection, actor: Actor, class_id: str, title: str, file: SafeFile, folder: Path, now_ms: int
) -> str:
    """Keeps a file as a new version of its title; returns the id. Raises FileRefused when the class has too many."""
    mine = (materials.c["class"] == class_id, materials.c.removed_ms.is_(None))
    count = (await connection.execute(select(func.count()).select_from(materials).where(*mine))).scalar_one()
    if count >= MAX_FILES:
        raise FileRefused(f"A class has room for {MAX_FILES} files. Remove some first.")
    before = await connection.execute(
        select(func.max(materials.c.version)).where(materials.c["class"] == class_id, materials.c.title == title)
    )
    digest = hashlib.sha256(file.content).hexdigest()
    await asyncio.to_thread(_keep, folder, digest, file.content)
    made = new_id()
    values = {"id": made, "class": class_id, "title": title, "version": (before.scalar() or 0) + 1, "kind": file.kind}
    values |= {"digest": digest, "size_bytes": len(file.content), "uploaded_by": actor.user, "uploaded_ms": now_ms}
    await connection.execute(insert(materials).values(values))
    await audit(connection, actor.user, "material.add", "class", class_id, now_ms, {"material": made, "digest": digest})
    return made


async def remove_material(
    connection: AsyncConnection, actor: Actor, class_id: str, material: Material, folder: Path, now_ms: int
) -> None:
    """Takes a version away; its bytes go too unless something else has the same."""
    await connection.execute(update(materials).where(materials.c.id == material.id).values(removed_ms=now_ms))
    others = await connection.execute(
        select(materials.c.id).where(materials.c.digest == material.digest, materials.c.removed_ms.is_(None)).limit(1)
    )
    if others.first() is None:
        (folder / material.digest).unlink(missing_ok=True)
    await audit(connection, actor.user, "material.remove", "class", class_id, now_ms, {"material": material.id})


def _keep(folder: Path, digest: str, content: bytes) -> None:
    """Writes the bytes, whole or not at all. The same bytes are the same file."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if (folder / digest).exists():
        return
    beside = folder / f".{digest}.{new_id()}"
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / digest)
