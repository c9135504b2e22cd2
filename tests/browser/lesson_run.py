"""One whole lesson of three people, held once and looked at by many tests."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Playwright

from recorder.painter import fit
from recorder.scene import HOME_BOX
from tests.browser.ink_plan import curls, share
from tests.browser.known_media import MARK_BITS, KnownMedia, number_of
from tests.browser.participant import Participant, participant
from tests.browser.picture import Mask, ink_of
from tests.browser.servers import Classroom

LESSON = "Forces and motion"
STROKES = 201
RELAY_AWAY_S = 10.0

MEDIA = {
    "tutor": KnownMedia(440, (40, 150, 60)),
    "amara": KnownMedia(700, (190, 50, 50)),
    "leo": KnownMedia(1100, (50, 70, 200)),
}
COLOURS = {"tutor": "black", "amara": "red", "leo": "blue"}
# The film's board area, in px of the film, when there is video.
FILM_BOARD = (960, 720)
FILM_URL = "fetch(`/api/recordings/${argument}`).then(answer => answer.json()).then(manifest => manifest.export)"


@dataclass
class LessonRun:
    """What was done and seen; times are the room's session time in ms where they do not say `unix`."""

    folder: Path
    lesson: str = ""
    contents: list[Any] = field(default_factory=list)
    shapes_while_relay_away: dict[str, tuple[int, int]] = field(default_factory=dict)
    never_reloaded: list[bool] = field(default_factory=list)
    mute_unix_ms: tuple[float, float] = (0, 0)
    camera_unix_ms: tuple[float, float] = (0, 0)
    own_pictures: list[tuple[float, int | None]] = field(default_factory=list)
    live_ms: float = 0
    last_stroke_ms: float = 0
    playable_after_s: float = 0
    player_content: Any = None
    player_audio_s: float = 0
    manifest: dict[str, Any] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    stroke_ink: dict[str, Mask] = field(default_factory=dict)
    canvas_ink: Mask | None = None

    def room_ms(self, unix_ms: float) -> float:
        """A moment of this machine's clock, which pages and servers share, in the recording's time."""
        return unix_ms - float(self.manifest["started_at"] - self.manifest["start_ms"])


async def hold_lesson(playwright: Playwright, school: Classroom, folder: Path) -> LessonRun:
    """Hold the lesson in a running school; afterwards its recording is rendered and its folder is `run.folder`."""
    run = LessonRun(folder)
    async with AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(participant(playwright, login, school.url, folder, media))
            for login, media in MEDIA.items()
        ]
        tutor = people[0]
        path = await tutor.lesson_path(LESSON)
        run.lesson = path.split("/")[2]
        await asyncio.gather(*(person.join(path) for person in people))
        for person in people:
            await person.ask("globalThis.notReloaded = true")
        await tutor.start_lesson()
        run.live_ms = await tutor.room_ms()
        await asyncio.gather(*(person.lesson_state("live") for person in people))
        await asyncio.gather(*(person.wait_mesh(len(people)) for person in people))  # the recorder is a peer too
        for person in people:
            await person.by_id("tool-pen").click()
            await person.by_id(f"color-{COLOURS[person.login]}").click()
        await people[2].ask(WATCH_OWN_PICTURES, ["demo-leo", MARK_BITS + 2])
        await draw(people, run, school)
        await switch_media(people, run)
        for person in people:
            await person.wait_shapes(STROKES)
            await person.saved()
        run.never_reloaded = [await person.ask("globalThis.notReloaded === true") for person in people]
        run.contents = [await person.board_content() for person in people]
        await keep_canvas(tutor, run)
        run.last_stroke_ms = await tutor.room_ms()
        await tutor.end_lesson()
        await watch(tutor, run, school)
    run.folder = school.data / "recordings" / run.lesson
    return run


async def draw(people: list[Participant], run: LessonRun, school: Classroom) -> None:
    """All strokes: a half before the relay is killed, some while it is away, the rest after its return."""
    cells = share(len(people), STROKES)

    async def part(first: float, last: float) -> None:
        await asyncio.gather(
            *(
                person.strokes(curls(own[int(len(own) * first) : int(len(own) * last)]))
                for person, own in zip(people, cells, strict=True)
            )
        )

    await part(0, 0.5)
    for person in people:
        await person.wait_shapes(sum(int(len(own) * 0.5) for own in cells))
    before = {person.login: await person.shape_count() for person in people}
    await school.relay.kill()
    returns_at = time.monotonic() + RELAY_AWAY_S
    await asyncio.gather(*(person.relay_lost() for person in people))
    await part(0.5, 0.7)
    drawn = sum(int(len(own) * 0.7) for own in cells)
    for person in people:
        await person.wait_shapes(drawn, timeout_s=8)
    run.shapes_while_relay_away = {
        person.login: (before[person.login], await person.shape_count()) for person in people
    }
    await asyncio.sleep(max(0.0, returns_at - time.monotonic()))  # the outage lasts its ten seconds
    await school.relay.start()
    await asyncio.gather(*(person.saved() for person in people))
    await part(0.7, 1)


# Keeps of every picture of one's own camera, whichever track it comes by, when the camera gave it (ms of the machine's
# monotonic clock) and how bright the blocks at its foot are. The page's own idea of the room's time would not do: it is
# late by as much as the relay's welcome was.
WATCH_OWN_PICTURES = """(() => {
    globalThis.pictures = [];
    const blocks = argument[1];
    const canvas = new OffscreenCanvas(blocks, 1);
    const context = canvas.getContext('2d', {willReadFrequently: true});
    const note = (frame) => {
        const {displayWidth: width, displayHeight: height} = frame;
        for (let block = 0; block < blocks; block += 1) {
            context.drawImage(frame, (block + 0.25) * width / blocks, height * 0.85,
                width / blocks / 2, height * 0.1, block, 0, 1, 1);
        }
        const {data} = context.getImageData(0, 0, blocks, 1);
        const levels = Array.from({length: blocks}, (_, block) =>
            (data[4 * block] + data[4 * block + 1] + data[4 * block + 2]) / 3);
        pictures.push([frame.timestamp / 1000, levels]);
    };
    const watched = new WeakSet();
    const watch = async (track) => {
        watched.add(track);
        const reader = new MediaStreamTrackProcessor({track, maxBufferSize: 4}).readable.getReader();
        for (;;) {
            const {done, value: frame} = await reader.read();
            if (done) return;
            note(frame);
            frame.close();
        }
    };
    const look = () => {
        const video = document.querySelector(`[data-testid=tile-${argument[0]}] video`);
        const track = video?.srcObject?.getVideoTracks()[0];
        if (track && !watched.has(track)) void watch(track);
        requestAnimationFrame(look);
    };
    look();
})()"""
WATCH_CLICKS = """globalThis.clicks = [], document.querySelector(`[data-testid=${argument}]`)
    .addEventListener('click', () => globalThis.clicks.push(Date.now()), {capture: true})"""


async def switch_media(people: list[Participant], run: LessonRun) -> None:
    """Amara's microphone goes off and on, Leo's camera too; each for two seconds.

    The truth is what the page itself saw: a click mutes at once, while a camera has to start again.
    """
    _, amara, leo = people

    async def off_and_on(person: Participant, test_id: str) -> None:
        for _ in range(2):
            await person.by_id(test_id).click()
            await person.page.wait_for_timeout(2000)

    await amara.ask(WATCH_CLICKS, "mic")
    await asyncio.gather(off_and_on(amara, "mic"), off_and_on(leo, "camera"))
    off, on = await amara.ask("globalThis.clicks")
    run.mute_unix_ms = (off, on)
    seen = await leo.ask("globalThis.pictures")
    monotonic_began_ms = (time.time() - time.monotonic()) * 1000
    run.own_pictures = [(monotonic_began_ms + at, number_of(levels)) for at, levels in seen]
    times = [at for at, _ in run.own_pictures]
    gap = max(range(1, len(times)), key=lambda index: times[index] - times[index - 1])
    run.camera_unix_ms = (times[gap - 1], times[gap])


async def keep_canvas(tutor: Participant, run: LessonRun) -> None:
    """The board as this canvas paints it, at the size and place of the film: all of it, and each stroke alone."""
    width, height = FILM_BOARD
    place = fit(HOME_BOX, width, height)
    frame = {
        "width": width,
        "height": height,
        "scale": place.scale,
        "originX": place.origin_x,
        "originY": place.origin_y,
    }
    for shape in await tutor.ask("globalThis.chalkmesh.shapes('main')"):
        run.authors[shape["id"]] = shape["author"]
        only = await tutor.ask("globalThis.chalkmesh.picture('main', argument[0], argument[1])", [frame, shape["id"]])
        run.stroke_ink[shape["id"]] = ink_of(only)
    run.canvas_ink = ink_of(await tutor.ask("globalThis.chalkmesh.picture('main', argument)", frame))


async def watch(tutor: Participant, run: LessonRun, school: Classroom) -> None:
    """The recording must play at once; its film must come."""
    ended = time.monotonic()
    page = tutor.page
    await page.goto(f"{school.url}/recordings/{run.lesson}")
    await page.wait_for_function("() => globalThis.chalkmeshPlayer?.ready === true", timeout=20_000)
    run.playable_after_s = time.monotonic() - ended
    await tutor.ask("globalThis.chalkmeshPlayer.play()")
    await page.wait_for_function("() => globalThis.chalkmeshPlayer.positionMs() > 1500", timeout=10_000)
    run.manifest = await tutor.ask(f"fetch('/api/recordings/{run.lesson}').then(answer => answer.json())")
    await tutor.ask("globalThis.chalkmeshPlayer.seek(argument)", run.manifest["duration_ms"])
    run.player_content = json.loads(await tutor.ask("globalThis.chalkmeshPlayer.boardContent()"))
    async with asyncio.timeout(180):
        while not await tutor.ask(FILM_URL, run.lesson):
            await page.wait_for_timeout(500)
