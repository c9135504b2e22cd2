"""When somebody showed last that it is they who sit there."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.add_column("logins", sa.Column("proved_ms", sa.BigInteger(), nullable=True))
