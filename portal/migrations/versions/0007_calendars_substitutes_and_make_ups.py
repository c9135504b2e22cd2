"""Calendar feeds, and lessons that are taught by somebody else, made up for, or called off."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_calendar_feeds_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
    )
    op.create_index(op.f("ix_calendar_feeds_user"), "calendar_feeds", ["user"], unique=False)
    op.add_column("lessons", sa.Column("substitute", sa.String(length=64), nullable=True))
    op.add_column("lessons", sa.Column("makes_up", sa.String(length=64), nullable=True))
    op.add_column("lessons", sa.Column("cancelled_ms", sa.BigInteger(), nullable=True))
