"""The board as pixels: `recorder.scene`, `recorder.painter`, `recorder.raster`, `recorder.yuv`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from recorder.painter import Canvas, fit, measure_text
from recorder.raster import PageRaster
from recorder.scene import HOME_BOX, Box, outline_of, scene_item
from recorder.yuv import Picture
from whiteboard_crdt.ids import PageId, SessionId, ShapeId
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.shape import Shape, ShapeType

Mask = npt.NDArray[np.bool_]
AUTHOR = SessionId("00000000000000aa")


def stroke(
    number: int,
    points: list[tuple[float, float]],
    *,
    colour: str = "black",
    size: float = 8,
    kind: ShapeType = ShapeType.DRAW,
    erased: bool = False,
) -> Shape:
    ink = encode_ink([InkPoint(x, y, 255) for x, y in points])
    return Shape(
        id=ShapeId(f"{AUTHOR}-{number}"),
        author=AUTHOR,
        type=kind,
        page=PageId("main"),
        index=f"a{number}",
        x=ink.x,
        y=ink.y,
        colour=colour,
        size=size,
        created_ms=0,
        erased=erased,
        ink=ink.blob,
    )


def text(number: int, content: str, x: float, y: float, size: float = 36) -> Shape:
    return Shape(
        id=ShapeId(f"{AUTHOR}-{number}"),
        author=AUTHOR,
        type=ShapeType.TEXT,
        page=PageId("main"),
        index=f"a{number}",
        x=x,
        y=y,
        colour="blue",
        size=size,
        created_ms=0,
        erased=False,
        text=content,
    )


def put(raster: PageRaster, *shapes: Shape) -> None:
    raster.update({shape.id: shape for shape in shapes})


def inked(raster: PageRaster) -> Mask:
    return np.asarray(raster.pixels[:, :, :3].min(axis=2) < 200)


def line(x0: float, y0: float, x1: float, y1: float) -> list[tuple[float, float]]:
    return [(x0 + (x1 - x0) * t / 20, y0 + (y1 - y0) * t / 20) for t in range(21)]


def test_straight_stroke_is_as_wide_as_its_pen_and_where_it_was_drawn() -> None:
    raster = PageRaster(1600, 900)
    put(raster, stroke(1, line(100, 450, 1500, 450), size=16))
    ink = inked(raster)
    rows = np.flatnonzero(ink[:, 800])
    columns = np.flatnonzero(ink[450])
    # Full pressure, thinning 0.55: the radius is size × (0.5 + 0.55 × 0.5), in perfect-freehand's own formula.
    assert len(rows) == pytest.approx(16 * (1 + 0.55), abs=2)
    assert rows.mean() == pytest.approx(449.5, abs=1)
    assert columns[0] == pytest.approx(100 - 12, abs=4)
    assert columns[-1] == pytest.approx(1500 + 12, abs=4)


def test_camera_scales_the_sheet_to_the_picture() -> None:
    raster = PageRaster(960, 720)
    assert raster.frame.scale == pytest.approx(0.6)
    put(raster, stroke(1, line(400, 450, 1200, 450), size=16))
    rows = np.flatnonzero(inked(raster)[:, 480])
    assert rows.mean() == pytest.approx(360, abs=1)


def test_added_stroke_gives_the_same_pixels_as_a_full_painting() -> None:
    shapes = [stroke(n, line(100, 90 * n, 1400, 90 * n + 40), colour="red") for n in range(1, 8)]
    shapes.append(stroke(8, line(200, 50, 900, 800), kind=ShapeType.HIGHLIGHT, colour="yellow", size=28))
    shapes.append(text(9, "Größe: ½ of x\nsecond line", 300, 300))
    piecemeal, whole = PageRaster(1280, 720), PageRaster(1280, 720)
    for shape in shapes:
        piecemeal.update({shape.id: shape})
    whole.show(shapes, "plain")
    assert np.array_equal(piecemeal.pixels, whole.pixels)


def test_dirty_rectangles_cover_every_changed_pixel() -> None:
    raster = PageRaster(1280, 720)
    raster.take_dirty()
    for shape in [stroke(n, line(80 * n, 100, 80 * n + 300, 700)) for n in range(1, 12)]:
        before = raster.pixels.copy()
        raster.update({shape.id: shape})
        changed = np.any(before != raster.pixels, axis=2)
        for left, top, right, bottom in raster.take_dirty():
            changed[top:bottom, left:right] = False
        assert not changed.any()


def test_erasing_brings_back_what_lay_below() -> None:
    below = stroke(1, line(100, 450, 1500, 450), colour="red", size=16)
    above = stroke(2, line(800, 100, 800, 800), size=16)
    raster, expected = PageRaster(1280, 720), PageRaster(1280, 720)
    expected.show([below], "grid")
    raster.show([below, above], "grid")
    raster.take_dirty()
    raster.update({above.id: None})
    assert np.array_equal(raster.pixels, expected.pixels)
    (rect,) = raster.take_dirty()
    assert rect[2] - rect[0] < 100


def test_shape_that_comes_late_but_lies_lower_is_painted_below() -> None:
    low = stroke(1, line(100, 450, 1500, 450), colour="red", size=40, kind=ShapeType.HIGHLIGHT)
    high = stroke(2, line(800, 100, 800, 800), size=16)
    raster, expected = PageRaster(1280, 720), PageRaster(1280, 720)
    raster.update({high.id: high})
    raster.update({low.id: low})
    expected.show([low, high], "plain")
    assert np.array_equal(raster.pixels, expected.pixels)


def test_content_beyond_the_sheet_makes_the_camera_step_back() -> None:
    raster = PageRaster(1280, 720)
    put(raster, stroke(1, line(100, 100, 2500, 1200)))
    assert raster.frame.scale < 0.6
    columns = np.flatnonzero(inked(raster).any(axis=0))
    assert columns[0] > 0
    assert columns[-1] < 1279


def test_ink_a_world_away_is_not_followed() -> None:
    raster = PageRaster(1280, 720)
    put(raster, stroke(1, [(1e6, 1e6), (1e6 + 5, 1e6)]))
    assert raster.frame == fit(HOME_BOX, 1280, 720)


def test_broken_ink_is_drawn_as_nothing() -> None:
    good = stroke(1, [(0, 0), (9, 9)])
    broken = Shape(**{**{name: getattr(good, name) for name in Shape.__slots__}, "ink": good.ink[:-3]})
    assert scene_item(broken, measure_text) is None
    raster = PageRaster(640, 360)
    before = raster.pixels.copy()
    raster.update({broken.id: broken})
    assert np.array_equal(raster.pixels, before)


def test_single_point_is_a_dot() -> None:
    assert len(outline_of([InkPoint(5, 5, 128)], ShapeType.DRAW, 8)) > 4
    raster = PageRaster(1600, 900)
    put(raster, stroke(1, [(800, 450)], size=16))
    assert 100 < inked(raster).sum() < 700


@pytest.mark.parametrize("background", ["grid", "lined", "dots", "axes"])
def test_ruling_is_seen_and_moves_with_the_sheet(background: str) -> None:
    raster = PageRaster(1280, 720)
    raster.show([], background)
    assert len(np.unique(raster.pixels[:, :, 0])) > 1
    raster.set_background("plain")
    assert len(np.unique(raster.pixels[:, :, 0])) == 1


def test_text_stands_on_its_baseline_and_as_wide_as_measured() -> None:
    raster = PageRaster(1600, 900)
    put(raster, text(1, "HEH", 200, 300, size=100))
    ink = np.asarray(raster.pixels[:, :, 0] < 128)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert rows[-1] + 1 == pytest.approx(300 + 95, abs=1)
    assert columns[0] >= 200
    assert columns[-1] <= 200 + measure_text("HEH", 100)
    assert columns[-1] > 200 + measure_text("HEH", 100) * 0.9


def test_characters_outside_the_font_are_taken_from_the_system() -> None:
    canvas = Canvas(200, 60)
    canvas.fill("#ffffff")
    canvas.label("α + β", 10, 45, 36, "black")
    assert (canvas.pixels[:, :, 0] < 128).sum() > 100


def test_box_of_a_shape_holds_all_its_ink() -> None:
    shape = stroke(1, line(300, 300, 700, 500), size=20)
    item = scene_item(shape, measure_text)
    assert item is not None
    raster = PageRaster(1600, 900)
    raster.update({shape.id: shape})
    ink = np.asarray(np.any(raster.pixels[:, :, :3] != 255, axis=2))
    left, top, right, bottom = raster.frame.device_box(item.box, 1600, 900)
    ink[top:bottom, left:right] = False
    assert not ink.any()
    assert item.box.union(Box(0, 0, 1, 1)).left == 0


def test_board_turns_into_planes_only_where_it_changed() -> None:
    picture = Picture(64, 48)
    canvas = Canvas(64, 48)
    canvas.fill("#ffffff")
    picture.paint_rgba(canvas.pixels, 0, 0, 64, 48)
    assert picture.y.min() == picture.y.max() == 235
    canvas.rect(11, 13, 9, 7, "#ff0000")
    picture.paint_rgba(canvas.pixels, 11, 13, 20, 20)
    shown = picture.frame().to_ndarray(format="rgb24")
    assert abs(int(shown[16, 15, 0]) - 255) < 4
    assert int(shown[16, 15, 1]) < 12
    assert (shown[40, 40] > 250).all()
