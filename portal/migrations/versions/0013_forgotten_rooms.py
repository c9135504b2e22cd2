"""Which rooms the relay has erased."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "forgotten_rooms",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_forgotten_rooms_lesson")),
        sa.PrimaryKeyConstraint("lesson", name=op.f("pk_forgotten_rooms")),
    )
