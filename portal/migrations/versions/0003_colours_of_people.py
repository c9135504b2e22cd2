"""The number of a person's colour in a room, kept with the sessions that it was given to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions of before have none: their tickets are over, and whoever comes again is given one."""
    op.add_column("room_sessions", sa.Column("colour", sa.Integer(), nullable=True))
