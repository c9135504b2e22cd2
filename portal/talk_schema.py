"""The tables of what people write to one another about a student, and to whoever looks after the service.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from portal.schema import metadata

# Rows are only added. There is one thread a student, and everybody in it reads all of it.
dialogue_messages = Table(
    "dialogue_messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("student", String(64), ForeignKey("users.id"), nullable=False),
    Column("author", String(64), ForeignKey("users.id"), nullable=False),
    Column("words", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_dialogue_messages_student_at_ms", "student", "at_ms"),
)

# When each reader last had the thread open: what came later is new to them.
dialogue_looks = Table(
    "dialogue_looks",
    metadata,
    Column("student", String(64), ForeignKey("users.id"), primary_key=True),
    Column("reader", String(64), ForeignKey("users.id"), primary_key=True),
    Column("seen_ms", BigInteger, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reference", String(16), nullable=False),  # as the page said it that failed, or a new one
    Column("school", String(64), ForeignKey("schools.id"), nullable=True),  # none: nobody was signed in
    Column("user", String(64), ForeignKey("users.id"), nullable=True, index=True),
    Column("lesson", String(64), nullable=True),
    Column("name", String(200), nullable=False),  # as somebody who was not signed in gave it
    Column("address", String(254), nullable=False),
    Column("place", String(200), nullable=False),  # the path of the page
    Column("words", Text, nullable=False),
    Column("state", String(16), nullable=False),  # open | answered | closed
    Column("created_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=True),
    Index("ix_questions_school_created_ms", "school", "created_ms"),
)

question_answers = Table(
    "question_answers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("question", String(64), ForeignKey("questions.id"), nullable=False, index=True),
    Column("author", String(64), ForeignKey("users.id"), nullable=False),
    Column("words", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
