"""A panic of the CRDT library is fatal: after one, an honest update can spin for ever with the GIL held.

Validation refuses every input known to panic. Should one get through all the same, the process ends at once and its
supervisor starts it again from the log, which does not hold the update (it is applied before it is stored).
"""

from __future__ import annotations

import logging
import os
from typing import NoReturn

__all__ = ["EXIT_PANIC", "die", "is_panic"]

log = logging.getLogger("chalkmesh.relay")

EXIT_PANIC = 70


def is_panic(error: BaseException) -> bool:
    """Whether this is pyo3's PanicException (a BaseException that cannot be imported)."""
    return type(error).__module__ == "pyo3_runtime"


def die(where: str) -> NoReturn:
    """Say where, and end the process without running anything more."""
    log.critical("the CRDT library panicked, ending the process at=%s", where)
    logging.shutdown()
    os._exit(EXIT_PANIC)
