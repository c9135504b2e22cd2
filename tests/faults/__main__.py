"""``make faults``: every fault at its full size, a table on the terminal, and docs/reliability.md.

``python -m tests.faults [--row NAME …] [--add] [--cuts 200] [--kills 200] [--peers 200] [--seed N] [--dry]``. Rows that
are not named stay as they are on the page; ``--add`` adds to what kills and cuts were counted before. The exit code is
1 when something is not as expected.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import traceback
from pathlib import Path

import structlog

from tests.faults.report import DOCUMENT, Row, format_table, load_rows, save_rows
from tests.faults.rows import ROWS, Sizes
from tests.faults.waiting import row_limit


async def run(names: list[str], sizes: Sizes, folder: Path, *, dry: bool) -> list[Row]:
    """One row after the other; each is on the page as soon as it is known."""
    rows: list[Row] = []
    for name in names:
        do, limit_s = ROWS[name]
        try:
            async with row_limit(limit_s, name):
                row = await do(folder, sizes)
        except Exception as error:
            # The edge of one fault: the others are still to be tried.
            logging.getLogger("chalkmesh.faults").critical("not carried through: %s", name, exc_info=True)
            row = Row(name, f"row `{name}`", "to be carried through", f"{type(error).__name__}: {_where(error)}", False)
        rows.append(row)
        sys.stdout.write(f"{'ok    ' if row.ok else 'FAILED'} {row.done}: {row.happened}\n")
        sys.stdout.flush()
        if not dry:
            save_rows([row])
    return rows


def _where(error: Exception) -> str:
    """The error, and the last line of ours that it went through: "TimeoutError" alone says nothing."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "tests/faults" in frame.filename]
    last = f" ({Path(ours[-1].filename).name}: `{ours[-1].line}`)" if ours else ""
    return f"{error}{last}".replace("|", "/").replace("\n", " ").strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    for name, default in (("cuts", 200), ("kills", 200), ("peers", 200), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this one; may be given again")
    parser.add_argument("--add", action="store_true", help="add to the sums of the runs before (kills, cuts)")
    parser.add_argument("--dry", action="store_true", help="do not write docs/reliability.md")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    before = load_rows() if options.add else {}
    sizes = Sizes(options.cuts, options.kills, options.peers, options.seed, before)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-faults-") as folder:
        rows = asyncio.run(run(options.row or list(ROWS), sizes, Path(folder), dry=options.dry))
    sys.stdout.write(f"\n{format_table(rows)}\n")
    if not options.dry:
        sys.stdout.write(f"\nwritten: {DOCUMENT.relative_to(Path.cwd())}\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
