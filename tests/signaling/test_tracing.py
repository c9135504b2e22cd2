"""Traces: off by default and for nothing; where they are on, ids only."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from signaling.server import Relay
from signaling.tracing import begin_tracing, end_tracing, span
from tests.signaling.conftest import session_url
from tests.signaling.drawing import draw
from tests.signaling.school import School
from whiteboard_crdt.errors import SetupError


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    assert begin_tracing("relay", SimpleSpanProcessor(exporter))
    yield exporter
    end_tracing()


def test_traces_are_off_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not begin_tracing("relay")
    # The very same object each time: nothing is made for a span that nobody wants.
    assert span("join", room="a") is span("commit", writes=1)


def test_traces_that_are_wanted_without_the_extra_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SetupError, match=r"chalkmesh\[otel\]"):
        begin_tracing("relay")


async def test_join_and_commit_leave_spans_with_ids_alone(
    exported: InMemorySpanExporter, school: School, relay: Relay
) -> None:
    person = school.person("ann")
    async with school.peer(person, session_url(relay)) as peer:
        draw(peer, 2)
        await peer.saved()
    spans = {each.name: dict(each.attributes or {}) for each in exported.get_finished_spans()}
    assert spans["chalkmesh.join"] == {"chalkmesh.room": peer.room, "chalkmesh.session": person.session}
    assert set(spans["chalkmesh.commit"]) == {"chalkmesh.writes", "chalkmesh.size_bytes"}
    assert "ann" not in repr(spans)
