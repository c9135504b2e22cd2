"""Captions of a recording: what the machine heard, and what people made of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.caption_schema import caption_edits
from portal.films import note_words
from portal.ledger import audit
from portal.redactions import find_showing, load_name_mask

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
    edits = await load_words(connection, lesson)
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


async def load_words(connection: AsyncConnection, lesson: str) -> dict[int, str]:
    """People's corrections, by number of the caption; "" where nothing is shown. Without names that are left out."""
    mask = await load_name_mask(connection, lesson, await find_showing(connection, lesson))
    rows = await connection.execute(
        select(caption_edits.c.caption, caption_edits.c.words).where(caption_edits.c.lesson == lesson)
    )
    return {row.caption: mask.text(row.words) for row in rows}


async def change_caption(
    connection: AsyncConnection, actor: Actor, lesson: str, caption: int, words: str | None, now_ms: int
) -> None:
    """Puts somebody's words over the machine's; None takes them away again. Audited, without the words.

    The film gets them a little later (portal/film_maker.py).
    """
    await connection.execute(
        delete(caption_edits).where(caption_edits.c.lesson == lesson, caption_edits.c.caption == caption)
    )
    if words is not None:
        await connection.execute(
            insert(caption_edits).values(
                lesson=lesson, caption=caption, words=words, author=actor.user, changed_ms=now_ms
            )
        )
    await note_words(connection, lesson, now_ms)
    detail = {"caption": caption, "restored": words is None}
    await audit(connection, actor.user, "caption.change", "lesson", lesson, now_ms, detail)
