"""The tables beside the recordings: notes, boards that were continued, and reviews.

Times are unix milliseconds (UTC) in columns that end in `_ms`. `room_time` is a moment of the recording in ms of room
time (docs/recording.md), which stays true whatever becomes of the lesson's beginning and end.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from portal.schema import metadata

notes = Table(
    "notes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False),
    Column("author", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("room_time", BigInteger, nullable=False),
    Column("audience", String(8), nullable=False),  # private | class | chapter
    Column("words", String(2000), nullable=False),
    Column("written_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Index("ix_notes_lesson_room_time", "lesson", "room_time"),
)

# Somebody's own board that goes on from a moment of a lesson. What stood there is in the recording and nowhere else, so
# that it goes with it; here is only what the owner did since, as one Yjs update over the lesson's board at that moment.
continued_boards = Table(
    "continued_boards",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("owner", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("room_time", BigInteger, nullable=False),
    Column("session", String(16), nullable=False, unique=True),  # the author of what is added, as in the ids of shapes
    Column("work", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),  # how often it was saved
    Column("made_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("handed_in_ms", BigInteger, nullable=True),  # while set, nothing changes
    Column("answer", String(2000), nullable=False),  # the tutor's words; "" before
    Column("answered_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("answered_ms", BigInteger, nullable=True),
)

# One lesson is reviewed once.
reviews = Table(
    "reviews",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, unique=True),
    Column("reviewer", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("scores", Text, nullable=False),  # JSON: criterion → 1 to 4; not seen where it is missing
    Column("words", String(4000), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger, nullable=True),
)

review_marks = Table(
    "review_marks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("review", String(64), ForeignKey("reviews.id"), nullable=False, index=True),
    Column("room_time", BigInteger, nullable=False),
    Column("criterion", String(32), nullable=False),
    Column("verdict", String(8), nullable=False),  # well | better
    Column("words", String(1000), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
