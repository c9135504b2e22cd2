"""What was left out of recordings, and the copies without it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "redactions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("without", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("destroys_original", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("gone_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_redactions_asked_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_redactions_ended_by")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_redactions_lesson")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redactions")),
    )
    op.create_index(op.f("ix_redactions_lesson"), "redactions", ["lesson"], unique=False)
    op.create_index("ix_redactions_state_asked_ms", "redactions", ["state", "asked_ms"], unique=False)
    op.create_table(
        "lost_originals",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("redaction", sa.String(length=64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("gone_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_lost_originals_lesson")),
        sa.ForeignKeyConstraint(["redaction"], ["redactions.id"], name=op.f("fk_lost_originals_redaction")),
        sa.PrimaryKeyConstraint("lesson", name=op.f("pk_lost_originals")),
    )
