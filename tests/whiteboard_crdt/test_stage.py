from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from whiteboard_crdt.ids import PageId, SessionId, UserId
from whiteboard_crdt.stage import Spot, Stage, StageState


def test_stage_is_waiting_on_the_main_page_until_set() -> None:
    stage = Stage(Doc())
    assert (stage.state, stage.page, stage.started_ms) == (StageState.WAITING, "main", None)


def test_stage_comes_back_and_writes_only_what_changes() -> None:
    doc: Doc[Any] = Doc()
    stage = Stage(doc)
    updates: list[object] = []
    doc.observe(updates.append)
    stage.set(state=StageState.LIVE, page=PageId("p"), started_ms=1_767_225_600_000)
    stage.set(state=StageState.LIVE, page=PageId("p"), started_ms=1_767_225_600_000)
    assert len(updates) == 1
    assert (stage.state, stage.page, stage.started_ms) == (StageState.LIVE, "p", 1_767_225_600_000)


def test_lead_and_holds_are_read_as_written_and_wrong_ones_as_none() -> None:
    doc: Doc[Any] = Doc()
    stage = Stage(doc)
    leo = UserId("leo")
    assert (stage.lead, stage.is_held(leo)) == (None, False)
    stage.set_lead(SessionId("a" * 16))
    stage.hold(leo, True)
    assert (stage.lead, stage.is_held(leo), stage.is_held(UserId("amara"))) == ("a" * 16, True, False)
    stage.hold(leo, False)
    stage.set_lead(None)
    assert (stage.lead, stage.is_held(leo)) == (None, False)
    raw: Map[Any] = doc.get("stage", type=Map)
    raw["lead"], raw["held/leo"] = "../x", "yes"
    assert (stage.lead, stage.is_held(leo)) == (None, False)


def test_wrong_values_read_as_defaults() -> None:
    doc: Doc[Any] = Doc()
    raw: Map[Any] = doc.get("stage", type=Map)
    values: list[Any] = [5.0, "flying", [], Map()]
    for value in values:
        raw["state"] = value
        assert Stage(doc).state is StageState.WAITING
    raw["page"], raw["started_ms"] = 1.0, -1.0
    assert (Stage(doc).page, Stage(doc).started_ms) == ("main", None)


def test_a_spot_and_a_star_are_read_as_written_and_wrong_ones_as_none() -> None:
    doc: Doc[Any] = Doc()
    stage = Stage(doc)
    spot = Spot(PageId("main"), 10.0, -20.5, 300.0, 200.0)
    stage.show_spot(spot)
    stage.show_star(UserId("leo"))
    assert (stage.spot, stage.star) == (spot, "leo")
    good = {"page": "main", "x": 1.0, "y": 1.0, "w": 1.0, "h": 1.0}
    for wrong in ("x", 1.0, {}, {**good, "page": ""}, {**good, "w": 0.0}, {**good, "x": "1"}, {**good, "x": 1e9}):
        doc.get("stage", type=Map)["spot"] = wrong
        assert stage.spot is None
    stage.show_spot(spot)
    stage.show_spot(None)
    stage.show_star(None)
    assert (stage.spot, stage.star) == (None, None)
