"""Runs the recorder's bench: `python -m loadtests.bench.recorder [--seconds 12] [--rounds 2] [--long 45]`.

Ours and the stock recorder take turns. Writes `loadtests/results/recorder.json` and `docs/performance-recorder.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from loadtests.bench.recorder.blocks import Files, look_at_ours, look_at_stock, run_good_block
from loadtests.bench.recorder.chromium import NoChromium
from loadtests.bench.recorder.drift import worst_drift_ms
from loadtests.bench.recorder.films import board_size, make_film, without_video
from loadtests.bench.recorder.table import format_page
from loadtests.kept import FOLDER, keep_page
from recorder.render import FilmSettings

_LOSS, _SEED = "0.05", "7"
_BOARD_STROKES = 7_500
RESULTS = FOLDER / "recorder.json"
PAGE = Path("docs/performance-recorder.md")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _facts(files: Files) -> dict[str, object]:
    facts = asdict(files)
    offsets = {name: sorted(abs(value) for value in facts.pop(name)) for name in ("av_offsets", "cross_offsets")}
    for name, values in offsets.items():
        key = name.removesuffix("s")
        facts[key + "_count"] = len(values)
        facts[key + "_p50_ms"] = statistics.median(values) if values else None
        facts[key + "_p99_ms"] = values[min(len(values) - 1, int(len(values) * 0.99))] if values else None
    facts["audio_lost_share"] = files.audio_lost_ms / files.audio_ms if files.audio_ms else None
    return facts


async def measure(scratch: Path, options: argparse.Namespace) -> dict[str, object]:
    """All blocks, one after another. Raises NoChromium, RuntimeError."""
    shares: dict[str, dict[int, list[float]]] = {"ours": {}, "stock": {}}
    rates: dict[str, dict[int, list[float]]] = {"ours": {}, "stock": {}}
    spoilt = 0
    for number in range(options.rounds):
        for senders in (1, 2, 3):
            for kind in ("ours", "stock"):
                folder = scratch / f"{kind}-{number}-{senders}"
                block = await run_good_block(kind, folder, senders, options.seconds)
                spoilt += block.tries - 1
                _say(
                    f"{kind} n={senders}: {block.share:.2%} of a core for each, {block.frames_s:.1f} pictures a second"
                )
                shares[kind].setdefault(senders, []).append(block.share)
                rates[kind].setdefault(senders, []).append(block.frames_s)
                shutil.rmtree(folder)
    loaded: dict[str, object] = {}
    for name, kind, line in (
        ("clean", "ours-board", ()), ("lossy", "ours", (_LOSS, _SEED)),
        ("clean_stock", "stock", ()), ("lossy_stock", "stock", (_LOSS, _SEED)),
    ):  # fmt: skip
        long = await run_good_block(kind, scratch / name, 2, options.long, *line)
        look = look_at_stock if kind == "stock" else look_at_ours
        loaded[name] = _facts(await asyncio.to_thread(look, long.folder)) | {"answer": long.answer}
        _say(f"{name}: {json.dumps(loaded[name])}")
    films: dict[str, object] = {}
    heard = without_video(scratch / "clean", scratch / "heard")
    for name, folder, settings in (
        ("cams25", scratch / "clean", FilmSettings(video_tick_ms=40)),
        ("cams15", scratch / "clean", FilmSettings(video_tick_ms=67)),
        ("board10", heard, FilmSettings(board_tick_ms=100)),
    ):
        films[name] = await asyncio.to_thread(make_film, folder, scratch / f"{name}.mp4", settings)
        _say(f"film {name}: {json.dumps(films[name])}")
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()},
        "measured_at": time.strftime("%Y-%m-%d"),
        "seconds": options.seconds,
        "long_s": options.long,
        "share": shares,
        "stock_spoilt": spoilt,
        "pictures_s": rates,
        "long": loaded,
        "films": films,
        "board": await asyncio.to_thread(board_size, scratch / "board", _BOARD_STROKES),
        "drift_ms": max(worst_drift_ms(skew) for skew in (-100e-6, 0.0, 100e-6)),
    }


def main() -> int:
    """Measure, write both files, print the table."""
    parser = argparse.ArgumentParser(prog="loadtests.bench.recorder")
    parser.add_argument("--seconds", type=float, default=12.0, help="measured seconds of each short block")
    parser.add_argument("--rounds", type=int, default=2, help="how often ours and the stock recorder take turns")
    parser.add_argument("--long", type=float, default=45.0, help="seconds of the blocks whose files are looked at")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chalkmesh-bench-") as scratch:
        try:
            results = asyncio.run(measure(Path(scratch), options))
        except NoChromium as error:
            sys.stderr.write(f"{error}\n")
            return 1
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    # Through JSON, so that the page can be made again from the file alone.
    page = format_page(json.loads(RESULTS.read_bytes()), RESULTS.parent)
    keep_page(PAGE, page)
    sys.stdout.write(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
