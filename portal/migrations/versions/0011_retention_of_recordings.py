"""How long recordings are kept, legal holds, and what was destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "retention_policies",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_retention_policies_changed_by")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_retention_policies_school")),
        sa.PrimaryKeyConstraint("school", name=op.f("pk_retention_policies")),
    )
    op.create_table(
        "recording_expiries",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["users.id"], name=op.f("fk_recording_expiries_changed_by")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_recording_expiries_lesson")),
        sa.PrimaryKeyConstraint("lesson", name=op.f("pk_recording_expiries")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("placed_by", sa.String(length=64), nullable=False),
        sa.Column("placed_ms", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=True),
        sa.Column("released_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_legal_holds_lesson")),
        sa.ForeignKeyConstraint(["placed_by"], ["users.id"], name=op.f("fk_legal_holds_placed_by")),
        sa.ForeignKeyConstraint(["released_by"], ["users.id"], name=op.f("fk_legal_holds_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_lesson"), "legal_holds", ["lesson"], unique=False)
    op.create_table(
        "destructions",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("encrypted", sa.Boolean(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_destructions_decided_by")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_destructions_lesson")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_destructions_school")),
        sa.PrimaryKeyConstraint("lesson", name=op.f("pk_destructions")),
    )
    op.create_index("ix_destructions_school_asked_ms", "destructions", ["school", "asked_ms"], unique=False)
    op.create_index("ix_destructions_done_ms", "destructions", ["done_ms"], unique=False)
