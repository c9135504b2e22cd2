"""A page of the board as pixels, kept up to date piece by piece.

New ink is added, and only what an erasure touches is painted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recorder.painter import PAPER, Canvas, Pixels, fit, measure_text
from recorder.pictures import Pictures
from recorder.scene import HOME_BOX, Box, SceneItem, scene_item
from whiteboard_crdt.shape import Shape

Rect = tuple[int, int, int, int]
"""Left, top, right, bottom in device px; right and bottom outside."""

# Content beyond the sheet makes the camera step back by this much at a time, so that not every stroke moves it.
_GROWTH_PX = 200.0
# The camera does not follow ink that lies further out; it would make all else vanish.
_FARTHEST_PX = 20_000.0
# More separate rectangles than this are not worth the bookkeeping.
_MAX_RECTS = 16


class PageRaster:
    """One page at a time on a canvas of fixed size. `pixels` is RGBA; `take_dirty` says which parts changed."""

    def __init__(self, width: int, height: int, home: Box = HOME_BOX, *, pictures: Pictures | None = None) -> None:
        """`pictures`: where those on the board come from; without them their places stay empty."""
        self._canvas = Canvas(width, height)
        if pictures is not None:
            self._canvas.pictures = pictures.image
        self._home = home
        self._items: dict[str, tuple[tuple[str, str], SceneItem]] = {}
        self._last_key = ("", "")
        self._background = "plain"
        self._box = home
        self.frame = fit(home, width, height)
        self._dirty: list[Rect] = []
        self._repaint_all()

    @property
    def pixels(self) -> Pixels:
        """The picture, height × width × 4."""
        return self._canvas.pixels

    def show(self, shapes: Iterable[Shape], background: str) -> None:
        """Turn to another page."""
        self._items = {}
        self._background = background
        self._box = self._home
        self.frame = fit(self._home, self._canvas.width, self._canvas.height)
        for shape in shapes:
            self._put(shape)
        self._follow_content()
        self._repaint_all()

    def set_background(self, background: str) -> None:
        """The ruling of the page shown changed."""
        if background != self._background:
            self._background = background
            self._repaint_all()

    def update(self, changes: Mapping[str, Shape | None]) -> None:
        """Shapes of the page shown that are new, changed, or (None) no longer on it."""
        torn: list[Box] = []
        added: list[SceneItem] = []
        top = self._last_key
        # New shapes in painting order, so that a batch of them is added without painting anything again.
        for identifier, shape in sorted(
            changes.items(), key=lambda entry: (entry[1].index if entry[1] else "", entry[0])
        ):
            before = self._items.pop(identifier, None)
            item = self._put(shape) if shape is not None else None
            if before is not None:
                torn.append(before[1].box)
                if item is not None:
                    torn.append(item.box)
            elif item is not None:
                key = self._items[identifier][0]
                # Only what lies above everything may simply be added.
                if key > top:
                    added.append(item)
                    top = key
                else:
                    torn.append(item.box)
        self._last_key = max((key for key, _ in self._items.values()), default=("", "")) if torn else top
        if self._follow_content():
            self._repaint_all()
            return
        for item in added:
            self._canvas.item(item, self.frame)
            self._mark(item.box)
        for box in torn:
            self._repaint(box)

    def take_dirty(self) -> list[Rect]:
        """The parts of the picture that changed since the last call."""
        dirty, self._dirty = self._dirty, []
        return dirty

    def _put(self, shape: Shape) -> SceneItem | None:
        item = scene_item(shape, measure_text)
        if item is not None:
            key = (shape.index, shape.id)
            self._items[shape.id] = (key, item)
        return item

    def _follow_content(self) -> bool:
        box = self._box
        for _, item in self._items.values():
            if max(map(abs, item.box)) <= _FARTHEST_PX:
                box = box.union(item.box)
        if box == self._box:
            return False
        home = self._home
        self._box = Box(
            home.left - _steps(home.left - box.left),
            home.top - _steps(home.top - box.top),
            home.right + _steps(box.right - home.right),
            home.bottom + _steps(box.bottom - home.bottom),
        )
        self.frame = fit(self._box, self._canvas.width, self._canvas.height)
        return True

    def _repaint_all(self) -> None:
        self._last_key = max((key for key, _ in self._items.values()), default=("", ""))
        self._paint(0, 0, self._canvas.width, self._canvas.height, self._items.values())

    def _repaint(self, box: Box) -> None:
        left, top, right, bottom = self.frame.device_box(box, self._canvas.width, self._canvas.height)
        if left >= right or top >= bottom:
            return
        frame = self.frame
        area = Box(
            (left - frame.origin_x) / frame.scale,
            (top - frame.origin_y) / frame.scale,
            (right - frame.origin_x) / frame.scale,
            (bottom - frame.origin_y) / frame.scale,
        )
        self._paint(left, top, right, bottom, [entry for entry in self._items.values() if entry[1].box.meets(area)])

    def _paint(
        self, left: int, top: int, right: int, bottom: int, items: Iterable[tuple[tuple[str, str], SceneItem]]
    ) -> None:
        canvas = self._canvas
        canvas.clip(left, top, right, bottom)
        canvas.fill(PAPER)
        canvas.ruling(self._background, self.frame)
        for _, item in sorted(items, key=lambda entry: entry[0]):
            canvas.item(item, self.frame)
        canvas.unclip()
        self._note((left, top, right, bottom))

    def _mark(self, box: Box) -> None:
        rect = self.frame.device_box(box, self._canvas.width, self._canvas.height)
        if rect[0] < rect[2] and rect[1] < rect[3]:
            self._note(rect)

    def _note(self, rect: Rect) -> None:
        if len(self._dirty) >= _MAX_RECTS:
            for other in self._dirty:
                rect = (min(rect[0], other[0]), min(rect[1], other[1]), max(rect[2], other[2]), max(rect[3], other[3]))
            self._dirty = []
        self._dirty.append(rect)


def _steps(beyond: float) -> float:
    return -(-max(0.0, beyond) // _GROWTH_PX) * _GROWTH_PX
