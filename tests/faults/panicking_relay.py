"""A relay whose CRDT library panics, once, at the first update after DATA/panic is there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from unittest.mock import patch

from signaling.server import main
from signaling.settings import RelaySettings
from whiteboard_crdt.documents import Document
from whiteboard_crdt.yupdate import Scan

# As pyo3 names it; the real one cannot be raised from Python.
PanicException = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})


def arm(flag: Path) -> None:
    apply = Document.apply

    def apply_or_panic(document: Document, update: bytes, scan: Scan) -> None:
        if flag.exists():
            flag.unlink()
            raise PanicException("range end index out of range")
        apply(document, update, scan)

    patch.object(Document, "apply", apply_or_panic).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--data", "--port", "--log-level"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    arm(Path(arguments.data) / "panic")
    sys.exit(main(RelaySettings(data=Path(arguments.data), port=int(arguments.port))))
