"""The bench's results as a page: what must hold, what was measured, and what others do."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

# Written by the runner of the kills beside the bench's own results (`make faults-recorder`).
KILLS = "recorder-kills.json"
# Written by `python -m tests.browser.seeking`, which the same command runs first.
SEEKS = "recorder-seek.json"
# Written by `python -m tests.netlab.beside`, likewise.
BESIDE = "recorder-beside.json"
# Below this a recorder of 25 pictures a second recorded none to speak of.
_FEWEST_FRAMES_S = 3.0


def format_page(results: dict[str, Any], folder: Path) -> str:
    """Markdown. `Any`: read from JSON."""
    ours = {n: statistics.median(values) for n, values in results["share"]["ours"].items()}
    stock = {n: statistics.median(values) for n, values in results["share"]["stock"].items()}
    kept = {kind: {n: statistics.median(v) for n, v in found.items()} for kind, found in results["pictures_s"].items()}
    clean, lossy = results["long"]["clean"], results["long"]["lossy"]
    other, other_lossy = results["long"]["clean_stock"], results["long"]["lossy_stock"]
    films, board = results["films"], results["board"]
    undecodable = clean["undecodable"] + lossy["undecodable"]
    megabytes = board["bytes_per_point"] * 600_000 / 1e6
    unpacked = board["sealed_bytes"] / board["points"] * 600_000 / 1e6
    rows = [
        *(
            _row(f"live cost per 360p25 participant, {n} at once", f"{ours[n]:.2%} of a core", "≤ 1.5 %",
                 f"{stock[n]:.1%} MediaRecorder", ours[n] <= 0.015)
            for n in sorted(ours)
        ),
        *(_ratio_row(n, ours[n], stock[n], kept["ours"][n], kept["stock"][n]) for n in sorted(ours)),
        _row("from the end to a sealed recording", f"{clean['answer']['watchable_s']:.2f} s", "≤ 2 s", "1–2× as long",
             clean["answer"]["watchable_s"] <= 2),
        _row("files that play while it still runs", f"{clean['answer']['tracks_while_running']} of 4", "all", "0",
             clean["answer"]["tracks_while_running"] == 4),
        _row("film: board + 2 cams, 720p25, one core", f"{films['cams25']['times']:.1f}× real time", "≥ 6×", "~1×",
             films["cams25"]["times"] >= 6),
        _row("film: the same at 15 pictures a second", f"{films['cams15']['times']:.1f}×", "≥ 10×", "",
             films["cams15"]["times"] >= 10),
        _row("film: board + audio at 10", f"{films['board10']['times']:.1f}×", "≥ 25×", "",
             films["board10"]["times"] >= 25),
        _row(f"audio to video, p99 of {clean['av_offset_count']} marks", _ms(clean["av_offset_p99_ms"]), "≤ 20 ms",
             f"{_ms(other['av_offset_p99_ms'])} MediaRecorder", _at_most(clean["av_offset_p99_ms"], 20)),
        _row("between participants, p99", _ms(clean["cross_offset_p99_ms"]), "≤ 20 ms", "no common clock",
             _at_most(clean["cross_offset_p99_ms"], 20)),
        _row("drift, 2 simulated hours at ±100 ppm", _ms(results["drift_ms"]), "≤ 10 ms", "20 s in 104 min",
             results["drift_ms"] <= 10),
        _row("5 % loss: longest time without a new picture",
             f"{lossy['frozen_s']:.2f} s ({clean['frozen_s']:.2f} s without loss)", "0 s frozen",
             f"{other_lossy['frozen_s']:.2f} s MediaRecorder", lossy["frozen_s"] <= max(0.5, clean["frozen_s"] + 0.2)),
        _row("5 % loss: audio lost", f"{lossy['audio_lost_share']:.2%}", "≤ 0.2 %",
             f"{_share(other_lossy['audio_lost_share'])} MediaRecorder", lossy["audio_lost_share"] <= 0.002),
        _row("5 % loss: audio to video, p99", _ms(lossy["av_offset_p99_ms"]), "≤ 20 ms", "",
             _at_most(lossy["av_offset_p99_ms"], 20)),
        _row("longest stretch without a keyframe, also at 5 % loss",
             f"{clean['keyframe_gap_s']:.1f} s, {lossy['keyframe_gap_s']:.1f} s", "≤ 10 s", "892 s",
             max(clean["keyframe_gap_s"], lossy["keyframe_gap_s"]) <= 10),
        _row("frames that do not decode", f"{undecodable} of {clean['frames'] + lossy['frames']}", "0", "",
             undecodable == 0),
        *_kill_rows(folder / KILLS),
        *_seek_rows(folder / SEEKS),
        *_beside_rows(folder / BESIDE),
        _row(f"board, 600,000 points, packed (before: {unpacked:.2f} MB)",
             f"{megabytes:.2f} MB ({board['bytes_per_point']:.2f} B/point)", "≤ 4 MB",
             "27–81 B/point Excalidraw", megabytes <= 4),
        _row("film of the board alone, an hour of pictures (with sound)",
             f"{films['board10']['video_mb_per_hour']:.1f} MB ({films['board10']['mb_per_hour']:.0f} MB)",
             "≤ 15 MB + audio", "", films["board10"]["video_mb_per_hour"] <= 15),
    ]  # fmt: skip
    machine = results["machine"]
    return "\n".join(
        [
            "# The recorder, measured",
            "",
            f"`make bench-recorder`, {results['measured_at']}, {machine['cores']} cores, Python {machine['python']},"
            f" load {machine['load'][0]:.1f} at the end. Chromium sends 640×360 at 25 pictures a second (VP8) and Opus"
            f" with RED; ours and aiortc's MediaRecorder took turns.",
            "",
            "Raw figures: `loadtests/results/recorder.json`.",
            "",
            # What a person has to know who compares this run with others.
            *([str(results["note"]), ""] if results.get("note") else []),
            "| what | ours | bar | anchor, same run or published | |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "The marks of audio and video are made in the same tick of the sending page, so the offset also holds what"
            " the browser itself adds between canvas and encoder.",
            "",
        ]
    )


def _ratio_row(senders: str, ours: float, stock: float, our_rate: float, stock_rate: float) -> str:
    """The ratio of costs, and the same when a recorder that drops pictures is charged for those that it kept alone."""
    what = f"the same as a ratio, {senders} at once"
    if stock_rate < _FEWEST_FRAMES_S:
        return _row(what, "–", "≥ 15×", "MediaRecorder kept no picture in three tries", False)
    per_picture = stock / stock_rate / (ours / our_rate)
    anchor = f"1×, at {stock_rate:.0f} pictures a second; ours at {our_rate:.0f}"
    return _row(what, f"{stock / ours:.1f}×, for each picture {per_picture:.1f}×", "≥ 15×", anchor, stock / ours >= 15)


def _row(what: str, ours: str, bar: str, anchor: str, holds: bool) -> str:
    return f"| {what} | {ours} | {bar} | {anchor} | {'holds' if holds else '**missed**'} |"


def _share(value: float | None) -> str:
    return "nothing kept by" if value is None else f"{value:.1%}"


def _ms(value: float | None) -> str:
    return "no marks" if value is None else f"{value:.1f} ms"


def _at_most(value: float | None, bar: float) -> bool:
    return value is not None and value <= bar


def _kill_rows(path: Path) -> list[str]:
    if not path.is_file():
        return []
    kills = json.loads(path.read_bytes())
    lost = f"p50 {kills['lost_p50_ms']:.0f} ms, worst {kills['lost_worst_ms']:.0f} ms"
    return [
        _row(f"`kill -9`, {kills['kills']} times: media lost before the kill", lost, "≤ 500 ms", "no moov atom",
             kills["lost_worst_ms"] <= 500),
        _row("`kill -9`: files that play unrepaired", f"{kills['playable']} of {kills['files']}", "100 %", "0",
             kills["playable"] == kills["files"]),
        _row("`kill -9`: hole in the media until it is back", f"worst {kills['hole_worst_ms']:.0f} ms", "≤ 2000 ms", "",
             kills["hole_worst_ms"] <= 2000),
        _row("`kill -9`: strokes lost", str(kills["strokes_lost"]), "0", "", kills["strokes_lost"] == 0),
    ]  # fmt: skip


def _seek_rows(path: Path) -> list[str]:
    if not path.is_file():
        return []
    found = json.loads(path.read_bytes())
    board = (
        f"p95 {found['board_p95_ms']:.0f} ms, worst {found['board_worst_ms']:.0f} ms"
        f" (p95 {found['seen_p95_ms']:.0f} ms until two frames later)"
    )
    what = f"seek in 2 hours of {found['updates']:,} updates, in Chromium: the board is there"
    return [_row(what, board, "≤ 50 ms p95", "0.4–3.7 s", found["board_p95_ms"] <= 50)]


def _beside_rows(path: Path) -> list[str]:
    if not path.is_file():
        return []
    found = json.loads(path.read_bytes())
    alone, beside = found["alone"], found["beside"]
    what = f"{found['films']} films made beside a live lesson"
    return [
        _row(
            f"{what}: pen-up to seen by the other, p99 of {beside['edits']}",
            f"{beside['p99_ms']:.0f} ms ({beside['p99_ms'] / alone['p99_ms']:.2f}×)",
            "≤ 1.2×", f"{alone['p99_ms']:.0f} ms without, in turns", found["edits_hold"],
        ),
        _row(
            f"{what}: sound made up by the receivers", f"{beside['concealed']:.3%}", "≤ 1.2×, or 0.05 %",
            f"{alone['concealed']:.3%} without", found["sound_holds"],
        ),
    ]  # fmt: skip
