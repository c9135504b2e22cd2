"""Curves and their bars, the page, the comparison of two times, and the overview of all pages."""

from __future__ import annotations

import json
import math
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from loadtests.capacity.curves import Curve, Point, slope_ratio
from loadtests.capacity.plots import svg_plot
from loadtests.capacity.summary import curve_bars
from loadtests.overview.compare import format_comparison, numbers_of
from loadtests.overview.index import PAGE as OVERVIEW
from loadtests.overview.index import Verdicts, format_overview, read_page, read_pages
from loadtests.overview.parts import Part, format_done, parts_named, run_quick
from loadtests.users.plan import stroke_of
from loadtests.users.scenario import Bots, load_scenario
from whiteboard_crdt.errors import SetupError


def line(values: list[float]) -> list[tuple[float, float]]:
    return [(25.0 * number, value) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "ratio"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], 1.0),
        ([0, 1, 2, 3, 4, 5, 6, 8, 10], 2.0),
        ([9, 9, 9, 9, 9, 9, 9, 9, 9], None),
        # Up and down by a hundredth is no rise.
        ([9, 9.01, 9, 9, 9, 9, 9, 9, 9.02], None),
        ([9, 9, 9, 9, 9, 9, 9, 12, 15], math.inf),
    ],
)
def test_slope_of_the_last_quarter_is_told_by_that_of_the_first(values: list[float], ratio: float | None) -> None:
    found = slope_ratio(line(values))
    assert found == ratio if ratio is None else found == pytest.approx(ratio)


def test_curve_that_bends_upwards_misses_its_bar() -> None:
    points = [
        Point(x, {"relay": x, "recorder": x}, {"relay": 50 + x * x, "recorder": 50 + x})
        for x in (0.0, 1, 2, 3, 4, 6, 8)
    ]
    held = {bar.name.split(":")[0]: bar.held for bar in curve_bars(Curve("rooms", "rooms", "x", points))}
    assert held == {"relay, cores": True, "relay, memory": False, "recorder, cores": True, "recorder, memory": True}


def test_plot_is_one_svg_that_names_its_lines() -> None:
    drawn = ElementTree.fromstring(svg_plot("a < b", "rooms", "MB", {"relay": [(0, 1), (1, 2)]}))
    assert drawn.tag.endswith("svg")
    assert "relay" in [each.text for each in drawn]


def test_numbers_are_compared_by_file_and_path_and_the_newest_of_a_kind_counts(tmp_path: Path) -> None:
    for folder, value in (("old", 10), ("new", 20)):
        (tmp_path / folder).mkdir()
        content = {"rows": [{"name": "join", "ms": value, "ok": True}], "same": 3, "each": [1, 2, 9]}
        (tmp_path / folder / "relay-20260101T000000Z.json").write_text(json.dumps({"rows": []}))
        (tmp_path / folder / "relay-20260102T000000Z.json").write_text(json.dumps(content))
    table = format_comparison(numbers_of(tmp_path / "old"), numbers_of(tmp_path / "new"))
    assert "| relay: rows join ms | 10 | 20 | 2.00 |" in table
    assert "3 figures compared, 2 of them within 5 %." in table


def test_rounds_of_one_server_are_one_figure_their_median(tmp_path: Path) -> None:
    runs = [
        {"server": server, "scenario": "small", "figures": {"ms": value}}
        for server, values in (("ours", (1, 9, 2)), ("theirs", (5, 6, 7)))
        for value in values
    ]
    (tmp_path / "relay.json").write_text(json.dumps({"runs": runs}))
    assert numbers_of(tmp_path) == {
        "relay: runs ours small figures ms": 2,
        "relay: runs theirs small figures ms": 6,
    }


def test_part_that_fails_is_told_and_keeps_no_other_from_running(tmp_path: Path) -> None:
    keeps = "import os, pathlib, sys; pathlib.Path(os.environ['CHALKMESH_RESULTS'], sys.argv[1]).write_text('[1]')\n"
    (tmp_path / "figures.py").write_text(f"{keeps}sys.exit(int(sys.argv[2]))\n")
    parts = [
        Part("broken", ("nothing_there",)),
        Part("slow", ("figures slow.json 1",)),
        Part("good", ("figures good.json 0",)),
    ]
    kept = tmp_path / "kept"
    kept.mkdir()
    done = run_quick(parts, tmp_path, kept)
    assert [(each.name, each.ran) for each in done] == [("broken", False), ("slow", True), ("good", True)]
    assert [line.split("  ")[-1] for line in format_done(done).splitlines()] == [
        "FAILED (exit code 1)",
        "ran, missed bars",
        "ran, all held",
    ]
    with pytest.raises(SetupError, match="no benchmark nonsense"):
        parts_named("relay, nonsense")


def test_comparison_with_a_folder_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="copy loadtests/results"):
        numbers_of(tmp_path / "nowhere")


PAGE = """# Some figures

2026-11-23, a machine.

| what | ours | bar | |
|---|---|---|---|
| one | 3 ms | ≤ 5 ms | holds |
| two | 9 ms | ≤ 5 ms | **missed** |
| three | 1.2 met | ≤ 2 x: 2.40 **missed** | |
"""


def test_overview_tells_what_was_missed_on_which_page() -> None:
    page = read_page("some.md", PAGE)
    assert page == Verdicts(
        "some.md",
        "Some figures",
        "2026-11-23",
        ("one", "three"),
        (("two", "ours 9 ms; bar ≤ 5 ms"), ("three", "≤ 2 x: 2.40")),
    )
    text = format_overview([page], "a machine", "2026-11-24")
    assert "| [Some figures](some.md) | 2026-11-23 | 2 | 2 |" in text
    assert "| [Some figures](some.md) | two | ours 9 ms; bar ≤ 5 ms |" in text


def test_overview_says_today_what_the_pages_say() -> None:
    written = OVERVIEW.read_text(encoding="utf-8")
    (gathered,) = re.findall(r"^Gathered (\S+) on (.*)\.$", written, re.MULTILINE)
    assert written == format_overview(read_pages(), gathered[1], gathered[0]), "run: make bench-overview"


def test_the_full_house_is_recorded_and_its_bars_are_those_that_must_hold() -> None:
    full = load_scenario("one-to-four")
    assert (full.rooms, full.people, full.recorded, full.bots.live_hz, full.bots.strokes_s) == (60, 5, True, 20, 1)
    assert full.bars.edit_p95_ms == 50
    killed = load_scenario("relay-restart")
    assert (killed.rooms, killed.bars.serves_again_ms) == (200, 3000)
    storm = load_scenario("reconnect-storm")
    assert (storm.rooms * storm.people, storm.bars.whole_again_max_ms, storm.bars.service_max_mb) == (500, 30_000, 1024)


def test_ink_that_ages_a_board_is_as_long_as_a_bots_own() -> None:
    assert len(stroke_of(random.Random(1), Bots(points=30)).points) == 30
