from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass

import msgspec
import pytest

from loadtests.users.figures import Figures, Histogram
from loadtests.users.lines import RoomEnd, RoomRecording, Row
from loadtests.users.report_page import report_page
from loadtests.users.scenario import Bars, Scenario
from loadtests.users.usage_watch import MACHINE, Used, limit_of, parse_watched
from loadtests.users.verdict import Ended, Verdict, judge

SCENARIO = Scenario(title="A <test>", rooms=1, people=2, duration_s=5, bars=Bars(edit_p95_ms=50, ack_p95_ms=20))


@dataclass
class _Case:
    edit_ms: float = 10.0
    ack_ms: float | None = 5.0
    lost: int = 0
    equal: bool = True
    missing: int = 0


def verdict(case: _Case) -> Verdict:
    figures = Figures()
    figures.add([Row("EDIT", "seen by another, relay", case.edit_ms)] * 10, 100.0)
    figures.add([Row("EDIT", "seen by another, relay", case.edit_ms)], 101.0)
    if case.ack_ms is not None:
        figures.add([Row("EDIT", "durable", case.ack_ms)], 101.0)
    end = RoomEnd(0, 2, 5, case.lost, case.equal, 0, 3.0)
    ended = Ended(rooms=[end], edits={"0/0": "a"}, planned=5, done=5, missing=case.missing)
    return judge(SCENARIO, figures, ended, [], again="again", machine="machine", at="now")


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_percentile_is_right_to_two_percent(percent: int) -> None:
    chance = random.Random(3)
    values = sorted(chance.lognormvariate(2, 1) for _ in range(5_000))
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    assert histogram.percentile(percent) == pytest.approx(values[len(values) * percent // 100 - 1], rel=0.02)


def test_figures_of_two_processes_add_up() -> None:
    one, two, both = Figures(), Figures(), Figures()
    for number in range(1, 101):
        rows = [Row("EDIT", "x", float(number), 2)]
        (one if number % 2 else two).add(rows, number)
        both.add(rows, number)
    two.add([Row("EDIT", "x", 0, error="lost")], 1)
    both.add([Row("EDIT", "x", 0, error="lost")], 1)
    one.merge(two.keep())
    assert one.table() == both.table()
    assert one.errors() == {"EDIT x: lost": 1}
    assert one.curve("EDIT", "x") == both.curve("EDIT", "x")


def test_run_that_holds_all_its_bars_is_ok() -> None:
    assert verdict(_Case()).ok


@pytest.mark.parametrize(
    "case",
    [_Case(edit_ms=80), _Case(ack_ms=30), _Case(ack_ms=None), _Case(lost=1), _Case(equal=False), _Case(missing=1)],
    ids=str,
)
def test_run_fails_for_each_bar_alone_and_for_what_was_not_measured(case: _Case) -> None:
    assert not verdict(case).ok


def test_run_in_which_no_room_was_compared_is_no_success() -> None:
    assert not judge(SCENARIO, Figures(), Ended(), [], again="", machine="", at="").ok


def test_page_is_one_file_that_loads_nothing_and_escapes_what_it_shows() -> None:
    page = report_page(verdict(_Case(lost=1)))
    assert "A &lt;test&gt;" in page
    assert re.search(r"<script|src=|href=|url\(", page) is None
    assert "<svg" in page
    assert "failed" in page


def test_limit_names_the_process_that_fills_its_core() -> None:
    busy = [Used(second, "relay", 0.98, 50.0) for second in range(8)]
    idle = [Used(second, "bots 0", 0.2, 50.0) for second in range(8)]
    assert "relay can use" in limit_of(sorted(busy + idle, key=lambda used: used.at_s))
    assert limit_of(idle).startswith("none was reached")
    assert limit_of([]).startswith("unknown")


def test_limit_is_the_machine_where_others_fill_it() -> None:
    cores = os.cpu_count() or 1
    others = [Used(second, MACHINE, cores * 0.97, 0.0) for second in range(8)]
    own = [Used(second, "relay", 0.2, 50.0) for second in range(8)]
    assert limit_of(sorted(others + own, key=lambda used: used.at_s)).startswith(
        f"the machine's {cores} cores (relay 0.20"
    )


def test_watched_processes_are_named_with_their_ids() -> None:
    assert parse_watched("relay=12,recorder=7") == {"relay": 12, "recorder": 7}
    assert parse_watched("") == {}


def recorded(held: int, *, sealed: bool = True) -> Verdict:
    ended = Ended(
        rooms=[RoomEnd(0, 2, 3, 0, equal=True, unsaved=0, took_ms=1, envelopes=5)],
        recordings=[RoomRecording(0, held, sealed)],
    )
    scenario = msgspec.structs.replace(SCENARIO, recorded=True, bars=Bars())
    return judge(scenario, Figures(), ended, [], again="", machine="", at="")


def test_recording_that_lacks_an_edit_or_is_not_sealed_fails_the_run() -> None:
    assert recorded(5).ok
    assert not recorded(4).ok
    assert not recorded(5, sealed=False).ok


def test_memory_of_the_service_is_a_bar_and_that_of_the_bots_is_not() -> None:
    used = [Used(1.0, "relay", 0.1, 120.0), Used(1.0, "bots 0", 0.1, 900.0)]
    scenario = msgspec.structs.replace(SCENARIO, bars=Bars(service_max_mb=200))
    ended = Ended(rooms=[RoomEnd(0, 2, 3, 0, equal=True, unsaved=0, took_ms=1)])
    assert judge(scenario, Figures(), ended, used, again="", machine="", at="").ok
    scenario = msgspec.structs.replace(SCENARIO, bars=Bars(service_max_mb=100))
    assert not judge(scenario, Figures(), ended, used, again="", machine="", at="").ok
