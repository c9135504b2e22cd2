"""Boards taken out as PDF: vectors that look like the screen, letters that can be found, a picture kept once."""

from __future__ import annotations

import base64
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from playwright.async_api import async_playwright

from tests.browser.chromium import launch
from tests.browser.golden_boards import BOARDS
from tests.browser.picture import grown, ink

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
WEB: Final = Path(__file__).resolve().parents[2] / "portal" / "web"
SIZE: Final = {"width": 800, "height": 600}
FRAME: Final = {**SIZE, "scale": 1.0, "originX": 0, "originY": 0}
POINTS_A_PX: Final = 0.75
LEAST_NEAR: Final = 0.99
IMAGE: Final = {"type": "image", "page": "main", "y": 10.0, "w": 50.0, "h": 50.0, "size": 4.0, "asset": "ab" * 32}
PICTURES: Final = {f"0123456789abcdef-{n}": {**IMAGE, "index": f"a{n}", "x": 60.0 * n} for n in (1, 2, 3)}
FOREIGN: Final = {
    "0123456789abcdef-1": {
        "type": "text", "page": "main", "index": "a1", "x": 20.0, "y": 20.0, "size": 24.0, "colour": "black",
        "text": "\u4e2d (\\) x",
    }
}  # fmt: skip


def as_json(board: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        key: {name: {"hex": value.hex()} if isinstance(value, bytes) else value for name, value in fields.items()}
        for key, fields in board.items()
    }


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("painter")
    subprocess.run(["node", "tests/support/buildPainter.mjs", str(folder)], cwd=WEB, check=True, timeout=120)
    return (folder / "painter.js").read_text()


async def test_every_golden_board_looks_the_same_on_paper_and_stays_vectors(script: str, tmp_path: Path) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page()
        await page.add_script_tag(content=script)

        async def pdf(board: dict[str, dict[str, Any]], background: str = "plain") -> bytes:
            found = await page.evaluate("([s, b, f]) => painter.pdf(s, b, f)", [as_json(board), background, SIZE])
            return bytes(found)

        for name, (background, board) in BOARDS.items():
            data = await pdf(board, background)
            (tmp_path / f"{name}.pdf").write_bytes(data)
            url = await page.evaluate("([s, b, f]) => painter.paint(s, b, f)", [as_json(board), background, FRAME])
            with Image.open(BytesIO(base64.b64decode(url.split(",", 1)[1]))) as image:
                screen = np.asarray(image.convert("RGB"))
            document = pypdfium2.PdfDocument(data)
            assert len(document) == 2
            paper = np.asarray(document[1].render(scale=1 / POINTS_A_PX).to_pil().convert("RGB"))
            Image.fromarray(paper).save(tmp_path / f"{name}-paper.png")
            Image.fromarray(screen).save(tmp_path / f"{name}-screen.png")
            assert paper.shape == screen.shape, name
            for one, other in ((ink(paper), ink(screen)), (ink(screen), ink(paper))):
                near = (one & grown(other, 1)).sum() / max(1, one.sum())
                assert near >= LEAST_NEAR, f"{name}: {near:.4f} in {tmp_path}"
            # Hebrew and Arabic are not in the file's font: those lines are pictures, all else is paths and letters.
            assert (b"/Subtype/Image" in data) == (name == "right to left"), name

        letters = pypdfium2.PdfDocument((tmp_path / "letters.pdf").read_bytes())[0].get_textpage().get_text_range()
        assert "Größe: x = 1" in letters and "numerator" in letters
        # The same picture six times over two pages is kept once.
        assert (await pdf(PICTURES)).count(b"/Subtype/Image") == 2  # its colours and its transparency
        # Letters that the font lacks are a picture, and no string of theirs gets into the page's operators.
        assert (await pdf(FOREIGN)).count(b"/Subtype/Image") >= 2
        await browser.close()
