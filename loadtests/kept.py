"""Where benchmarks keep their figures, and whether the pages of docs/ are written from them.

`CHALKMESH_RESULTS` names another folder, for figures that are not the project's own: of a short run, or of an earlier
tree (`make bench QUICK=1`, `make bench-compare BASE=commit`). No page is written then.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from loadtests.overview.index import PAGE as OVERVIEW
from loadtests.overview.index import write_overview

__all__ = ["FOLDER", "VARIABLE", "keep_page"]

VARIABLE: Final = "CHALKMESH_RESULTS"
_ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = Path(os.environ.get(VARIABLE) or _ROOT / "loadtests" / "results").resolve()


def keep_page(path: Path, text: str) -> bool:
    """Write a page of docs/, or a picture in it, unless the figures are kept elsewhere. Returns whether it did.

    The page of all pages follows, so that it never says what none of them says any more.
    """
    if VARIABLE in os.environ:
        return False
    path.write_text(text, encoding="utf-8")
    if path.suffix == ".md" and path.resolve().parent == OVERVIEW.parent:
        write_overview()
    return True
