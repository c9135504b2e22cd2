"""The table of captions that people corrected. What the machine wrote stays in the recording.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from portal.schema import metadata

caption_edits = Table(
    "caption_edits",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("caption", Integer, primary_key=True, autoincrement=False),  # its number in the recording
    Column("words", String(400), nullable=False),  # "": nothing is shown
    Column("author", String(64), ForeignKey("users.id"), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)
