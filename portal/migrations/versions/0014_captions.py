"""Captions that people corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "caption_edits",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("caption", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.String(length=400), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["users.id"], name=op.f("fk_caption_edits_author")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_caption_edits_lesson")),
        sa.PrimaryKeyConstraint("lesson", "caption", name=op.f("pk_caption_edits")),
    )
