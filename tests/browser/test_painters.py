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

from recorder.items import FigureItem, TextItem
from recorder.painter import Canvas, Frame, measure_text
from recorder.scene import scene_item
from tests.browser.chromium import launch
from tests.browser.golden_boards import BOARDS
from tests.browser.picture import grown, ink
from whiteboard_crdt.arrows import with_ends
from whiteboard_crdt.shape import read_shape

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
WEB: Final = Path(__file__).resolve().parents[2] / "portal" / "web"
WIDTH, HEIGHT, SCALE = 800, 600, 1.0
# Where both paint the same path, a channel differs by at most this much (of 255): the two antialias alike.
MOST_DIFFERENCE: Final = 4
# Share of ink that must lie within 1 px of the other's.
LEAST_NEAR: Final = 0.99
# Edges of letters are softened with a contrast of each painter's own. A stem that stood half a pixel elsewhere would
# differ by more than this, and would move the middle of its line. Glyphs are put down on quarters of a px.
MOST_AT_LETTERS: Final = 96
MOST_SHIFT_PX: Final = 0.25


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


def middle(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The middle of what stands out from its ground, px."""
    grey = pixels.astype(np.float64).mean(axis=2)
    weight = np.abs(grey - np.median(grey))
    rows, columns = np.indices(weight.shape)
    found: NDArray[np.float64] = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    return found


def letters(board: dict[str, dict[str, Any]]) -> list[tuple[slice, slice]]:
    """Rows and columns of a picture in which a shape's letters stand."""
    found = []
    for key, fields in board.items():
        shape = read_shape(key, fields)
        item = None if shape is None else scene_item(shape, measure_text)
        text = item.label if isinstance(item, FigureItem) else item
        if isinstance(text, TextItem):
            left, top, right, bottom = (round(edge) for edge in text.box)
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
        has_letters = any(fields.get("text") for fields in board.values())
        most = MOST_AT_LETTERS if has_letters else MOST_DIFFERENCE
        assert difference.max() <= most, f"{name}: {difference.max()} in {tmp_path}"
        for area in letters(board):
            shift = np.abs(middle(ours[area]) - middle(theirs[area])).max()
            assert shift <= MOST_SHIFT_PX, f"{name}: letters {shift:.3f} px apart in {tmp_path}"
        for one, other in ((ink(ours), ink(theirs)), (ink(theirs), ink(ours))):
            near = (one & grown(other, 1)).sum() / max(1, one.sum())
            assert near >= LEAST_NEAR, f"{name}: {near:.4f} in {tmp_path}"
