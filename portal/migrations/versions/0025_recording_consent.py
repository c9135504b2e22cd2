"""Students whose recording was declined, and the sessions that were let in so."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.add_column("users", sa.Column("recording_consent", sa.String(length=16), nullable=True))
    op.add_column("room_sessions", sa.Column("unrecorded", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Backups, not downgrades, lead back."""
    raise NotImplementedError("restore a backup instead")
