"""Structured logs on standard error: one JSON object a line, ids only, never a name, a message or a description."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure_logs(level: str = "info") -> None:
    """Sends every structlog event, and the libraries' own warnings, to standard error as JSON.

    The renderer is the last processor, so what a caller passes is what is written; callers pass ids.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _without_rows,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                _keep_level_and_logger,
                structlog.processors.format_exc_info,
                _without_rows,
                structlog.processors.JSONRenderer(),
            ]
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("chalkmesh").setLevel(threshold)


def _keep_level_and_logger(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What is kept of a standard library record. `Any`: structlog's processor signature."""
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None:
        event["level"] = record.levelname.lower()
        event["logger"] = record.name
    return event


def _without_rows(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leaves out the line in which PostgreSQL quotes the row that is in the way. `Any`: structlog's signature."""
    if isinstance(trace := event.get("exception"), str):
        event["exception"] = "\n".join(line for line in trace.splitlines() if not line.startswith("DETAIL:"))
    return event


def get_log(part: str) -> Any:
    """A logger bound to the part of the product that speaks. `Any`: structlog's lazy proxy is untyped."""
    return structlog.get_logger(part=part)
