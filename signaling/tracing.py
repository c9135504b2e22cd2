"""OpenTelemetry traces, for whoever asks for them: off, and free of cost, unless OTEL_EXPORTER_OTLP_ENDPOINT is set.

The library is an extra (`pip install chalkmesh[otel]`) and is loaded only then. Where spans go and what they are called
there is set by its own variables. A span's attributes are ids and sizes: never a name, a text or an address.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any, Final

from whiteboard_crdt.errors import SetupError

__all__ = ["begin_tracing", "end_tracing", "span"]

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_OFF: Final = nullcontext()


class _Tracing:
    """`Any`: the library is not there to have types, where it is not installed."""

    tracer: Any = None
    provider: Any = None


_tracing: Final = _Tracing()


def begin_tracing(part: str, processor: Any = None) -> bool:
    """Begin where the environment says where spans go. True when on. Raises SetupError without the extra.

    `part`: relay or recorder. `processor`: a span processor in place of the exporter (tests). `Any`: its type is the
    library's.
    """
    if processor is None and not any(os.environ.get(name) for name in _ENDPOINTS):
        return False
    try:
        sdk, resources = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.resources")
        if processor is None:
            exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
            batches = import_module("opentelemetry.sdk.trace.export")
            processor = batches.BatchSpanProcessor(exporter.OTLPSpanExporter())
    except ModuleNotFoundError as error:
        raise SetupError("Traces need the extra: pip install chalkmesh[otel].") from error
    resource = resources.Resource.create({"service.name": f"chalkmesh-{part}"})
    _tracing.provider = sdk.TracerProvider(resource=resource)
    _tracing.provider.add_span_processor(processor)
    _tracing.tracer = _tracing.provider.get_tracer("chalkmesh")
    return True


def end_tracing() -> None:
    """Send what is left, and be off again."""
    provider, _tracing.provider, _tracing.tracer = _tracing.provider, None, None
    if provider is not None:
        provider.shutdown()


def span(name: str, **ids: str | int) -> AbstractContextManager[object]:
    """One step, as a context: what it is called, and ids and sizes that tell which."""
    if _tracing.tracer is None:
        return _OFF
    context: AbstractContextManager[object] = _tracing.tracer.start_as_current_span(
        f"chalkmesh.{name}",
        attributes={f"chalkmesh.{key}": value for key, value in ids.items()},
        record_exception=False,
    )
    return context
