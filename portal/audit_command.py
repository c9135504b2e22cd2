"""`chalkmesh audit verify`: whether the audit log is as it was written."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from portal.chain import Verdict
from portal.database import Database, database_url
from portal.ledger import verify_audit
from whiteboard_crdt.errors import SetupError

_BROKEN = 1


def run_audit_verify(data: Path, setting: str | None, say: Callable[[str], None]) -> int:
    """Walks the chain and prints the verdict; 0 when it holds, 1 otherwise. Raises SetupError without a database."""
    url = database_url(data, setting)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise SetupError(f"There is no portal database in {data}.")
    verdict = asyncio.run(_verify(Database(url)))
    if verdict.broken_at is None:
        say(f"The audit log holds: {verdict.rows} rows, each linked to the one before.")
        return 0
    say(f"The audit log is broken: row {verdict.broken_at} {verdict.problem}.")
    return _BROKEN


async def _verify(database: Database) -> Verdict:
    try:
        # Also a database of an older version has its chain afterwards.
        await database.upgrade()
        return await verify_audit(database)
    finally:
        await database.close()
