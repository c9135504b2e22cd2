"""A lesson of five people, each behind a line of 2 Mbit/s: is it heard, and how soon is the board seen?

``python -m tests.netlab.lesson`` (part of ``make bench-lines``). A tutor and four students with cameras and
microphones, the recorder with them; all draw. Five Chromiums do not fit on two processors: `--browsers` of the five
are one, the rest send the same on the wire without (`loadtests/netlab/bot_media.py`). What is measured is measured in
the browsers, for everybody whom they hear and see. The bars: 1 % of the sound or less is made up by the receiver, 95 of
100 strokes are seen by everybody within 300 ms of pen-up, and no sound stands still for a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import async_playwright

from loadtests.netlab.browsers import classroom
from loadtests.netlab.lab import PROFILES, Lab, missing
from loadtests.netlab.run import Remote, participant, relay_url
from loadtests.netlab.school import LabSchool
from tests.browser.ink_plan import loop
from tests.browser.known_media import KnownMedia
from tests.browser.participant import Participant
from tests.netlab.people import person
from whiteboard_crdt.errors import SetupError

__all__ = ["PEOPLE", "LessonFigures", "held", "hold", "main", "measure"]

LESSON: Final = "Forces and motion"
PEOPLE: Final = ("tutor", "amara", "jin", "leo", "sofia")
_COLOURS: Final = ((40, 150, 60), (190, 50, 50), (50, 70, 200), (180, 140, 40), (120, 60, 160))
_SETTLE_S: Final = 12.0
_STROKES_A_S: Final = 1.0
CONCEALED_BAR: Final = 0.01
SEEN_BAR_MS: Final = 300.0


@dataclass
class LessonFigures:
    """What was heard and seen in the steady state. One value of `concealed` for each listener and speaker.

    `busy`: programs beside it that take all the processor time they can get.
    """

    profile: str
    people: int
    browsers: int
    seconds: float
    concealed: list[float] = field(default_factory=list)
    silent_seconds: int = 0
    seen_ms: list[float] = field(default_factory=list)
    unseen: int = 0
    up_kbps: list[float] = field(default_factory=list)
    down_kbps: list[float] = field(default_factory=list)
    queue_drops: int = 0
    frozen_ms: float = 0.0
    frames_s: list[float] = field(default_factory=list)
    video: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    longest_frame_ms: float = 0.0
    cpu_share: float = 0.0
    busy: int = 0

    @property
    def concealed_share(self) -> float:
        """Of all sound that anybody heard."""
        return sum(self.concealed) / len(self.concealed) if self.concealed else 1.0

    def seen_at(self, share: float) -> float:
        """The quantile of pen-up to seen, ms."""
        ordered = sorted(self.seen_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")

    @property
    def holds(self) -> bool:
        """Whether all bars are met."""
        heard = self.concealed_share <= CONCEALED_BAR and self.silent_seconds == 0
        return heard and self.unseen == 0 and self.seen_at(0.95) <= SEEN_BAR_MS


def _cpu() -> tuple[float, float]:
    """Busy and all processor time of the machine so far, in ticks."""
    fields = [float(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


async def hold(
    profile: str,
    logins: Sequence[str],
    browsers: int,
    seconds: float,
    *,
    seed: int = 1,
    settle_s: float = _SETTLE_S,
    trace: Path | None = None,
) -> LessonFigures:
    """Hold the lesson and measure it for `seconds` after it has settled. `trace`: keep every look here as JSON."""
    figures = LessonFigures(profile, len(logins), browsers, seconds)
    async with held(profile, logins, browsers, seed=seed, settle_s=settle_s) as (lab, people, bots):
        for bot in bots:
            await bot.ask("begin", rate=_STROKES_A_S, seconds=seconds)
        await measure(lab, people, figures, trace)
        for bot in bots:
            await bot.ask("finish")
    return figures


@asynccontextmanager
async def held(
    profile: str, logins: Sequence[str], browsers: int, *, seed: int = 1, settle_s: float = _SETTLE_S
) -> AsyncIterator[tuple[Lab, list[Participant], list[Remote]]]:
    """The lesson, recorded, live and settled, its lines as the profile says; `browsers` of the people are Chromiums."""
    server = len(logins)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-lesson-") as name, Lab(len(logins) + 1, seed=seed) as lab:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            school = await stack.enter_async_context(classroom(lab, server, folder / "school"))
            playwright = await stack.enter_async_context(async_playwright())
            people: list[Participant] = []
            for host, login in enumerate(logins[:browsers]):
                media = KnownMedia(400 + 150 * host, _COLOURS[host])
                made = person(playwright, lab, host, login, school.url, folder, media)
                people.append(await stack.enter_async_context(made))
            for host in range(len(logins)):
                lab.profile(host, profile)
            path = await people[0].lesson_path(LESSON)
            for one in people:
                await one.join(path)
            await people[0].start_lesson()
            room = await people[0].ask(f"fetch('/api/lessons/{path.split('/')[2]}').then(one => one.json())")
            bots: list[Remote] = []
            LabSchool.of_portal(folder / "bots", school.folder, relay_url(lab, server), room["room"])
            for host, login in enumerate(logins[browsers:], start=browsers):
                making = participant(lab, host, folder / "bots", f"demo-{login}", tone_hz=400 + 150 * host)
                bots.append(await stack.enter_async_context(making))
            for one in people:
                await one.lesson_state("live")
                await one.wait_mesh(len(logins), 60)  # the recorder is a peer too
                await one.by_id("tool-pen").click()
            for host in range(len(logins)):
                lab.profile(host, profile)
            await asyncio.sleep(settle_s)  # the steady state is what counts
            yield lab, people, bots


async def measure(lab: Lab, people: list[Participant], figures: LessonFigures, trace: Path | None = None) -> None:
    """All that is heard and seen for `figures.seconds`, while everybody in a browser draws. Adds to `figures`."""
    lines, cpu = lab.stats()["hosts"], _cpu()
    begun = time.monotonic()
    looks = [await _look(people)]
    before = [await one.ask("globalThis.lab.pens().length") for one in people]
    heads = [await one.ask("globalThis.chalkmesh.heads()") for one in people]
    for one in people:
        await one.ask("globalThis.lab.longestFrame()")
    drawing = [
        asyncio.create_task(_draw(one, index, len(people), begun, figures.seconds)) for index, one in enumerate(people)
    ]
    while time.monotonic() - begun < figures.seconds:
        await asyncio.sleep(1)  # one look a second
        looks.append(await _look(people))
    await asyncio.gather(*drawing)
    took_s = time.monotonic() - begun
    await asyncio.sleep(2)  # what is on its way arrives
    busy, total = (after - at for after, at in zip(_cpu(), cpu, strict=True))
    figures.cpu_share = busy / total
    for host, now in enumerate(lab.stats()["hosts"][: figures.people]):
        figures.up_kbps.append((now["up"]["bytes"] - lines[host]["up"]["bytes"]) * 8 / 1000 / took_s)
        figures.down_kbps.append((now["down"]["bytes"] - lines[host]["down"]["bytes"]) * 8 / 1000 / took_s)
        figures.queue_drops += sum(now[way]["queue_drop"] - lines[host][way]["queue_drop"] for way in ("up", "down"))
    _hear(looks, figures)
    await _see(people, before, heads, figures)
    for one in people:
        figures.longest_frame_ms = max(figures.longest_frame_ms, await one.ask("globalThis.lab.longestFrame()"))
        figures.video.append((await one.ask("globalThis.chalkmesh.connection()")).get("video", "none"))
    if trace is not None:
        trace.write_text(json.dumps(_trace(looks, figures), separators=(",", ":")) + "\n")


async def _draw(one: Participant, index: int, people: int, begun: float, seconds: float) -> None:
    """One stroke a second, each person at another moment, and only so many that nothing is behind the machine."""
    for number in range(int(seconds * _STROKES_A_S) - 1):
        at = begun + (number + index / people) / _STROKES_A_S
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        await one.stroke(loop(number * people + index, 8))


async def _look(people: list[Participant]) -> list[list[dict[str, Any]]]:
    return list(await asyncio.gather(*(one.ask("globalThis.lab.lines()") for one in people)))


def _trace(looks: list[list[list[dict[str, Any]]]], figures: LessonFigures) -> dict[str, Any]:
    """What the ladder of the first person's page saw on each link, a look a second: portal/web/tests/net/traces."""
    links: list[list[list[float | None]]] = [[] for _ in looks[0][0]]
    reported = [0.0] * len(links)
    for look in looks:
        for index, line in enumerate(look[0][: len(links)]):
            news = [line[name] for name in ("audioLoss", "videoLoss") if name in line]
            fresh = [each["share"] for each in news if each["atMs"] > reported[index]]
            reported[index] = max([reported[index], *(each["atMs"] for each in news)])
            loss = round(max(fresh), 4) if fresh else None
            encoded = line["shown"][0] if line["shown"] else {"framesEncoded": 0, "totalEncodeTime": 0}
            numbers = (
                line["atMs"], line.get("rttMs"), line.get("availableBps"), line["answerMs"], line["lateMs"],
                encoded["framesEncoded"], encoded["totalEncodeTime"] * 1000,
            )  # fmt: skip
            links[index].append([loss, *(None if number is None else round(number) for number in numbers)])
    columns = ["loss", "atMs", "rttMs", "availableBps", "answerMs", "lateMs", "framesEncoded", "encodeMs"]
    facts = {"profile": figures.profile, "people": figures.people, "browsers": figures.browsers}
    return {**facts, "busyShare": round(figures.cpu_share, 2), "columns": columns, "links": links}


def _hear(looks: list[list[list[dict[str, Any]]]], figures: LessonFigures) -> None:
    """From the first look to the last: sound made up by the receiver, seconds without any, pictures that stood."""
    first, last = looks[0], looks[-1]
    for one, begin in zip(last, first, strict=True):
        for line, old in zip(one, begin, strict=True):
            for now, was in zip(line["heard"], old["heard"], strict=False):
                heard = now["totalSamplesReceived"] - was["totalSamplesReceived"]
                if now["packetsReceived"]:
                    figures.concealed.append((now["concealedSamples"] - was["concealedSamples"]) / max(1, heard))
            for now, was in zip(line["watched"], old["watched"], strict=False):
                if now["framesDecoded"]:
                    figures.frames_s.append((now["framesDecoded"] - was["framesDecoded"]) / figures.seconds)
                    figures.frozen_ms += (now["totalFreezesDuration"] - was["totalFreezesDuration"]) * 1000
            figures.limits += [shown["limit"] for shown in line["shown"] if shown["limit"] not in (0, "none")]
    for after, at in zip(looks[1:], looks, strict=False):
        for one, begin in zip(after, at, strict=True):
            for line, old in zip(one, begin, strict=False):
                for now, was in zip(line["heard"], old["heard"], strict=False):
                    if was["packetsReceived"] and now["packetsReceived"] == was["packetsReceived"]:
                        figures.silent_seconds += 1


async def _see(
    people: list[Participant], before: list[int], heads: list[dict[str, Any]], figures: LessonFigures
) -> None:
    seen = [await one.ask("globalThis.lab.seen()") for one in people]
    for writer, one in enumerate(people):
        stream = f"{await one.ask('globalThis.chalkmesh.session()')}/board"
        pens = (await one.ask("globalThis.lab.pens()"))[before[writer] :]
        first = heads[writer].get(stream, {"seq": 0})["seq"]
        for number, at in enumerate(pens, start=first + 1):
            for reader, found in enumerate(seen):
                if reader == writer:
                    continue
                arrived = found.get(f"{stream}/{number}")
                if arrived is None:
                    figures.unseen += 1
                else:
                    figures.seen_ms.append(arrived - at)


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """So many programs that do nothing, without pause: a computer on which something else runs."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and say whether the bars hold (exit code 1 when they do not)."""
    parser = argparse.ArgumentParser(prog="lesson")
    parser.add_argument("--profile", default="two-mbit", choices=sorted(PROFILES))
    parser.add_argument("--people", type=int, default=len(PEOPLE), choices=range(2, len(PEOPLE) + 1))
    parser.add_argument("--browsers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--settle", type=float, default=_SETTLE_S, help="0: the moment when the line becomes bad too")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, help="programs beside it that take all the time they can get")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--trace", type=Path, help="write every look at getStats here")
    given = parser.parse_args(arguments)
    why = missing()
    if why is not None:
        raise SetupError(why)
    with _busy(given.busy):
        figures = asyncio.run(
            hold(
                given.profile,
                PEOPLE[: given.people],
                given.browsers,
                given.seconds,
                seed=given.seed,
                settle_s=given.settle,
                trace=given.trace,
            )
        )
    figures.busy = given.busy
    worst = max(figures.concealed, default=1.0)
    _say(
        f"{figures.people} people, {figures.browsers} of them browsers, on `{figures.profile}`, {figures.seconds:g} s, "
        f"{os.cpu_count()} processors {figures.cpu_share:.0%} busy\n"
        f"sound made up: {figures.concealed_share:.2%} of all, {worst:.2%} at worst of {len(figures.concealed)} ways; "
        f"seconds without sound: {figures.silent_seconds}\n"
        f"pen-up to seen: p50 {figures.seen_at(0.5):.0f} ms, p95 {figures.seen_at(0.95):.0f} ms, "
        f"worst {max(figures.seen_ms, default=0):.0f} ms, of {len(figures.seen_ms)}; never seen: {figures.unseen}\n"
        f"lines, kbit/s: up {[round(each) for each in figures.up_kbps]}, "
        f"down {[round(each) for each in figures.down_kbps]}; dropped by their queues: {figures.queue_drops}\n"
        f"pictures a second {min(figures.frames_s, default=0):.1f} to {max(figures.frames_s, default=0):.1f}, "
        f"stood {figures.frozen_ms:.0f} ms in all; own pictures {figures.video}, limited by {figures.limits}; "
        f"longest frame of a page {figures.longest_frame_ms:.0f} ms"
    )
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(figures) | {"holds": figures.holds}) + "\n")
    _say("the bars hold" if figures.holds else "THE BARS DO NOT HOLD")
    return 0 if figures.holds else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
