"""The table of what tutors and coordinators put ready for a class. The bytes are files in DATA/materials.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from portal.schema import metadata

# A title that is uploaded again is a new version; the older ones stay until they are removed.
materials = Table(
    "materials",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(8), nullable=False),  # pdf | png | jpeg, as the bytes say
    Column("digest", String(64), nullable=False, index=True),  # SHA-256 of the stored bytes, the file's name
    Column("size_bytes", BigInteger, nullable=False),
    Column("uploaded_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("uploaded_ms", BigInteger, nullable=False),
    Column("removed_ms", BigInteger, nullable=True),
    Index("ix_materials_class_title", "class", "title"),
)
