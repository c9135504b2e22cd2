"""The tables of films that people asked for beside the one that every lesson has, and of words that films lack.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table

from portal.schema import metadata

films = Table(
    "films",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("folder", String(64), nullable=False),  # the lesson, or the copy of it that was shown (portal/redactions.py)
    Column("layout", String(8), nullable=False),  # tiles | board | speaker
    Column("height", Integer, nullable=False),  # 720 | 1080
    Column("format", String(8), nullable=False),  # mp4 | webm
    Column("captions", String(8), nullable=False),  # none | soft | burnt
    Column("words", String(64), nullable=False),  # SHA-256 of the corrections in it; "" without captions
    Column("asked_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),  # asked | done | failed | ended: its file goes, then its row
    Column("progress", Float, nullable=False),  # 0 to 1
    Column("detail", String(500), nullable=False),  # of a failure; "" otherwise
    Column("bytes", BigInteger, nullable=True),
    Column("done_ms", BigInteger, nullable=True),
    Index("ix_films_state_asked_ms", "state", "asked_ms"),
)

# Of which folders people corrected captions, so that the film in it is to have other words.
film_words = Table(
    "film_words",
    metadata,
    Column("folder", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("changed_ms", BigInteger, nullable=False),
    Column("made_ms", BigInteger, nullable=True),  # of which change the film has the words; null: of none
)
