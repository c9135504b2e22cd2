"""Notes on recordings, boards that go on from a moment of a lesson, and quality reviews."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "continued_boards",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("room_time", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.String(length=16), nullable=False),
        sa.Column("work", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("handed_in_ms", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=2000), nullable=False),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answered_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["users.id"], name=op.f("fk_continued_boards_answered_by")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_continued_boards_lesson")),
        sa.ForeignKeyConstraint(["owner"], ["users.id"], name=op.f("fk_continued_boards_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_continued_boards")),
        sa.UniqueConstraint("session", name=op.f("uq_continued_boards_session")),
    )
    op.create_index(op.f("ix_continued_boards_lesson"), "continued_boards", ["lesson"], unique=False)
    op.create_index(op.f("ix_continued_boards_owner"), "continued_boards", ["owner"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("room_time", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("written_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["users.id"], name=op.f("fk_notes_author")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_notes_lesson")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_author"), "notes", ["author"], unique=False)
    op.create_index("ix_notes_lesson_room_time", "notes", ["lesson", "room_time"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=64), nullable=False),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("words", sa.String(length=4000), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_reviews_lesson")),
        sa.ForeignKeyConstraint(["reviewer"], ["users.id"], name=op.f("fk_reviews_reviewer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("lesson", name=op.f("uq_reviews_lesson")),
    )
    op.create_index(op.f("ix_reviews_reviewer"), "reviews", ["reviewer"], unique=False)
    op.create_table(
        "review_marks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("review", sa.String(length=64), nullable=False),
        sa.Column("room_time", sa.BigInteger(), nullable=False),
        sa.Column("criterion", sa.String(length=32), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["review"], ["reviews.id"], name=op.f("fk_review_marks_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_marks")),
    )
    op.create_index(op.f("ix_review_marks_review"), "review_marks", ["review"], unique=False)
