"""Captions of a recording: what the machine heard, and what people made of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.caption_schema import caption_edits
from portal.ledger import audit

MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class ShownCaption:
    """A caption as it is shown, room time in ms. `heard`: the machine's words, where people changed them."""

    id: int
    from_ms: int
    to_ms: int
    user: str
    text: str
    heard: str | None


async def merge_captions(connection: AsyncConnection, lesson: str, heard: list[dict[str, Any]]) -> list[ShownCaption]:
    """What is shown: the machine's captions (fields of `recorder.captions.Caption`), with people's words over them."""
    rows = await connection.execute(
        select(caption_edits.c.caption, caption_edits.c.words).where(caption_edits.c.lesson == lesson)
    )
    edits = {row.caption: row.words for row in rows}
    return [
        ShownCaption(
            one["id"],
            one["from_ms"],
            one["to_ms"],
            one["user"],
            edits.get(one["id"], one["text"]),
            one["text"] if one["id"] in edits else None,
        )
        for one in heard
    ]


async def change_caption(
    connection: AsyncConnection, actor: Actor, lesson: str, caption: int, words: str | None, now_ms: int
) -> None:
    """Puts somebody's words over the machine's; None takes them away again. Audited, without the words."""
    await connection.execute(
        delete(caption_edits).where(caption_edits.c.lesson == lesson, caption_edits.c.caption == caption)
    )
    if words is not None:
        await connection.execute(
            insert(caption_edits).values(
                lesson=lesson, caption=caption, words=words, author=actor.user, changed_ms=now_ms
            )
        )
    detail = {"caption": caption, "restored": words is None}
    await audit(connection, actor.user, "caption.change", "lesson", lesson, now_ms, detail)
