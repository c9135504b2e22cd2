"""Runs migrations on the connection that portal.database hands over; there is no other way in."""

from alembic import context
from sqlalchemy import Connection

# Their tables belong to the metadata too.
import portal.account_schema
import portal.caption_schema
import portal.crisis_schema
import portal.film_schema
import portal.learning_schema
import portal.material_schema
import portal.pacing_schema
import portal.playback_schema
import portal.privacy_schema
import portal.program_schema
import portal.redaction_schema
import portal.retention_schema
import portal.safety_schema
import portal.school_schema
import portal.service_schema
import portal.talk_schema  # noqa: F401
from portal.schema import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite cannot alter columns in place; alembic then copies the table.
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
