"""The picture that stands for a lesson in lists: the page with the most ink, as it was at the end."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from recorder.boardstate import BoardState
from recorder.pictures import Pictures
from recorder.raster import PageRaster
from recorder.reading import ArchiveReader
from recorder.timeline import PUBLIC, UpdateRecord, read_records
from whiteboard_crdt.shape import ShapeType

WIDTH, HEIGHT = 1280, 720
_QUALITY = 85

# A shape that is no ink weighs as much as a stroke of this many bytes.
_THING_BYTES = 150


def make_poster(folder: Path, out: Path) -> None:
    """Write a JPEG of 1280×720. Raises SetupError and OSError."""
    state = BoardState()
    with ArchiveReader(folder) as archive:
        state.apply(
            [
                (record.envelope.doc, record.envelope.update)
                for record in read_records(archive, PUBLIC)
                if isinstance(record, UpdateRecord)
            ]
        )
    pages = {page.id: page.background for page in state.pages()}
    ink = {
        page: sum(len(s.ink) or _THING_BYTES for s in state.shapes(page) if s.type is not ShapeType.TEXT)
        for page in pages
    }
    best = max(pages, key=lambda page: (ink[page], page == state.page))
    raster = PageRaster(WIDTH, HEIGHT, pictures=Pictures(folder))
    raster.show(state.shapes(best), pages[best])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    Image.fromarray(raster.pixels[:, :, :3]).save(part, "JPEG", quality=_QUALITY)
    part.replace(out)
