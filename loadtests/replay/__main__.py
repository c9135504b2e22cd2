"""``python -m loadtests.replay FOLDER --copies 20 --speed 10``, or ``chalkmesh loadtest FOLDER …``.

FOLDER is a lesson's, in DATA/recordings. Without `--relay-url` and `--data` it starts a relay of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec
import uvloop

from loadtests.replay.lesson import RecordedLesson, read_lesson
from loadtests.replay.play import play_copy
from loadtests.targets import own_relay
from loadtests.users.doors import school_of
from loadtests.users.figures import Figures
from loadtests.users.measures import Sink
from loadtests.users.report_page import report_page
from loadtests.users.scenario import Bars, Scenario
from loadtests.users.usage_watch import UsageWatch
from loadtests.users.verdict import Ended, judge
from whiteboard_crdt.errors import SetupError

__all__ = ["main"]

_LIMIT_S: Final = 60.0
_COUNT_S: Final = 0.5
_RECORDED: Final = "recorded"


async def _play(
    given: argparse.Namespace, lesson: RecordedLesson, relay_url: str, data: Path, figures: Figures
) -> Ended:
    sink, school, prefix = Sink(), school_of(data, relay_url), f"replay-{int(time.time())}-{os.getpid()}"

    async def count() -> None:
        while True:
            await asyncio.sleep(_COUNT_S)
            figures.add(sink.take(), time.time())

    counting = asyncio.create_task(count())
    try:
        copies = (
            play_copy(lesson, number, school, prefix, given.speed, sink, _LIMIT_S, network=given.network == _RECORDED)
            for number in range(given.copies)
        )
        ends = await asyncio.gather(*copies)
    finally:
        counting.cancel()
    figures.add(sink.take(), time.time())
    total = len(lesson.edits) * given.copies
    return Ended(rooms=list(ends), planned=total, done=total, dropped=sink.dropped)


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when every copy ended with the recording's board, 1 when not. Raises SetupError."""
    parser = argparse.ArgumentParser(prog="replay")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--network", choices=(_RECORDED,), help="delays and breaks as they were; without it, none")
    parser.add_argument("--relay-url", default="")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--report", type=Path, default=Path("loadtest-report"))
    given = parser.parse_args(arguments)
    if given.copies < 1 or given.speed <= 0:
        raise SetupError("Copies and speed are more than nothing.")
    lesson = read_lesson(given.folder)
    figures = Figures()
    with ExitStack() as stack:
        watched = {"replay": os.getpid()}
        if given.relay_url and given.data is None:
            raise SetupError("With --relay-url give --data too: the tickets are made with the key in it.")
        if given.relay_url:
            relay_url, data = given.relay_url, given.data
        else:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chalkmesh-replay-")))
            relay_url, watched["relay"] = stack.enter_context(own_relay(data))
        watch = UsageWatch(lambda: watched)
        try:
            ended = uvloop.run(_play(given, lesson, relay_url, data, figures))
        finally:
            watch.stop()
    scenario = Scenario(
        title=f"Replay of a lesson of {len(lesson.edits)} edits, ×{given.speed:g}",
        rooms=given.copies,
        people=len(lesson.authors),
        duration_s=max(lesson.length_s / given.speed, 0.001),
        bars=Bars(),
    )
    verdict = judge(
        scenario,
        figures,
        ended,
        watch.seen,
        again=f"chalkmesh loadtest {given.folder} --copies {given.copies} --speed {given.speed:g}"
        + (f" --network {given.network}" if given.network else ""),
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        at=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    )
    given.report.mkdir(parents=True, exist_ok=True)
    (given.report / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(verdict), indent=1))
    (given.report / "report.html").write_text(report_page(verdict), encoding="utf-8")
    for line in verdict.figures:
        sys.stderr.write(
            f"{line.kind} {line.name}: {line.count} times, ms: p50 {line.p50}, p95 {line.p95}, max {line.max}\n"
        )
    for bar in verdict.bars:
        sys.stderr.write(f"{'held  ' if bar.held else 'FAILED'} {bar.name}: {bar.value}, wanted {bar.wanted}\n")
    sys.stderr.write(f"limit: {verdict.limit}\nreport: {given.report / 'report.html'}\n")
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"replay: {error}\n")
        sys.exit(2)
