"""The two painters beside each other: every kind of shape in Chromium's canvas and in skia, pixel by pixel."""

from __future__ import annotations

import base64
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import async_playwright

from recorder.items import FONT_ASCENT_EM, FigureItem, TextItem, TextLine
from recorder.painter import Canvas, Frame, measure_text
from recorder.scene import scene_item
from recorder.turn import Box, turned_box
from tests.browser.chromium import launch
from tests.browser.golden_boards import BOARDS
from tests.browser.picture import grown, ink
from whiteboard_crdt.arrows import Point, with_ends
from whiteboard_crdt.shape import read_shape
from whiteboard_crdt.spec import INK

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
WEB: Final = Path(__file__).resolve().parents[2] / "portal" / "web"
WIDTH, HEIGHT, SCALE = 800, 600, 1.0
# Where both paint the same path, a channel differs by at most this much (of 255): the two antialias alike.
MOST_DIFFERENCE: Final = 4
# Share of ink that must lie within 1 px of the other's.
LEAST_NEAR: Final = 0.99
# Edges of letters are softened with a contrast of each painter's own. A stem that stood half a pixel elsewhere would
# differ by more than this, and would move its line. Glyphs are put down on quarters of a px.
MOST_AT_LETTERS: Final = 96
MOST_SHIFT_PX: Final = 0.25
# Share of ink that may differ by more. Both shape Arabic alike, but put its dots and joints down on other quarters of a
# px where Hebrew or Latin letters stand in the same line: 69 px of that board.
ODD_SHARE: Final = {"right to left": 0.002}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("painter")
    subprocess.run(["node", "tests/support/buildPainter.mjs", str(folder)], cwd=WEB, check=True, timeout=120)
    return (folder / "painter.js").read_text()


def in_skia(board: dict[str, dict[str, Any]], background: str) -> NDArray[np.uint8]:
    canvas = Canvas(WIDTH, HEIGHT)
    frame = Frame(SCALE, 0, 0)
    canvas.fill("paper")
    canvas.ruling(background, frame)
    read = {key: shape for key, fields in board.items() if (shape := read_shape(key, fields)) is not None}
    for shape in sorted(read.values(), key=lambda each: (each.index, each.id)):
        item = scene_item(with_ends(shape, read.get), measure_text)
        if item is not None:
            canvas.item(item, frame)
    return np.asarray(canvas.pixels[:, :, :3])


def shift_between(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> float:
    """How far (px) one picture is from where the other is, whatever the contrast of their edges.

    Least squares of theirs = gain * ours + dx * its slope across + dy * its slope down + ground (Lucas and Kanade).
    """
    a, b = (pixels.astype(np.float64).mean(axis=2) for pixels in (ours, theirs))
    down, across = np.gradient(a)
    columns = np.stack([a, across, down, np.ones_like(a)], axis=-1).reshape(-1, 4)
    gain, dx, dy, _ = np.linalg.lstsq(columns, b.reshape(-1), rcond=None)[0]
    return float(np.hypot(dx, dy) / gain)


def line_box(line: TextLine, text: TextItem) -> Box:
    top = line.baseline - FONT_ASCENT_EM * text.size
    upright = Box(
        line.x, top, line.x + measure_text(line.text, text.size, text.bold), top + text.size * INK.line_height
    )
    return turned_box(upright, Point(text.x, text.y), text.rotation)


def letters(board: dict[str, dict[str, Any]]) -> list[tuple[slice, slice]]:
    """Rows and columns of a picture in which each line of letters stands."""
    found = []
    for key, fields in board.items():
        shape = read_shape(key, fields)
        item = None if shape is None else scene_item(shape, measure_text)
        text = item.label if isinstance(item, FigureItem) else item
        if isinstance(text, TextItem):
            for line in text.lines:
                left, top, right, bottom = (round(edge) for edge in line_box(line, text))
                found.append((slice(top, bottom), slice(left, right)))
    return found


def as_json(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: {"hex": value.hex()} if isinstance(value, bytes) else value for key, value in fields.items()}


async def in_chromium(script: str, boards: dict[str, Any]) -> dict[str, NDArray[np.uint8]]:
    found = {}
    frame = {"width": WIDTH, "height": HEIGHT, "scale": SCALE, "originX": 0, "originY": 0}
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page()
        await page.add_script_tag(content=script)
        for name, (background, board) in boards.items():
            shapes = {key: as_json(fields) for key, fields in board.items()}
            url = await page.evaluate("([s, b, f]) => painter.paint(s, b, f)", [shapes, background, frame])
            with Image.open(BytesIO(base64.b64decode(url.split(",", 1)[1]))) as image:
                found[name] = np.asarray(image.convert("RGB"))
        await browser.close()
    return found


async def test_every_golden_board_looks_the_same_in_both_painters(script: str, tmp_path: Path) -> None:
    pictures = await in_chromium(script, BOARDS)
    for name, (background, board) in BOARDS.items():
        ours, theirs = in_skia(board, background), pictures[name]
        for who, pixels in (("skia", ours), ("chromium", theirs)):
            Image.fromarray(pixels).save(tmp_path / f"{name}-{who}.png")
        difference = np.abs(ours.astype(np.int16) - theirs.astype(np.int16)).max(axis=2)
        has_letters = any(fields.get("text") or fields.get("type") == "plot" for fields in board.values())
        most = MOST_AT_LETTERS if has_letters else MOST_DIFFERENCE
        odd = float((difference > most).sum() / max(1, ink(ours).sum()))
        assert odd <= ODD_SHARE.get(name, 0.0), f"{name}: {odd:.4f} of the ink, {difference.max()} in {tmp_path}"
        for area in letters(board):
            shift = shift_between(ours[area], theirs[area])
            assert shift <= MOST_SHIFT_PX, f"{name}: letters {shift:.3f} px apart in {tmp_path}"
        for one, other in ((ink(ours), ink(theirs)), (ink(theirs), ink(ours))):
            near = (one & grown(other, 1)).sum() / max(1, one.sum())
            assert near >= LEAST_NEAR, f"{name}: {near:.4f} in {tmp_path}"
