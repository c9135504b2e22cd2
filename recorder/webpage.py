"""A lesson as one HTML file that opens from disk without a server: the board as vectors, everybody's voice, the chat.

The page that reads the data is `webpage.html`, with the data of a lesson in the place of its marker. Shapes are painted
by the very painter of the film, into SVG instead of pixels. Strokes appear when they were finished.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import av
import skia

from recorder.boardstate import BoardState
from recorder.items import ImageItem
from recorder.mix import RATE_HZ, AudioMix
from recorder.painter import Canvas, Frame, measure_text
from recorder.pictures import Pictures
from recorder.projection import person_colours
from recorder.reading import ArchiveReader
from recorder.scene import HOME_BOX, Box, scene_item
from recorder.timeline import PUBLIC, UpdateRecord, read_records
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role
from whiteboard_crdt.shape import Shape

FILE: Final = "lesson.html"
TEMPLATE: Final = Path(__file__).with_name("webpage.html")
_MARKER: Final = "/*LESSON*/"
_BITRATE: Final = 24_000
_BLOCK: Final = RATE_HZ // 50
MOST_SOUND_BYTES: Final = 60_000_000
"""Some five and a half hours. Beyond it the sound lies beside the page, since browsers open no page of any size."""
# A text that is being typed changes with every letter; more often than this nobody sees it.
_TYPING_MS: Final = 300
_SVG_BODY: Final = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_SCRIPT: Final = re.compile(r"<script>(.*)</script>", re.DOTALL)
_FRACTION: Final = re.compile(r"\d+\.\d{2,}")
_ASSET: Final = re.compile(r'<image data-asset="([0-9a-f]{64})"')
_FAR: Final = 10_000_000
_WHOLE: Final = Frame(1.0, 0.0, 0.0)


class _Sheet(Canvas):
    """A canvas that writes SVG."""

    def __init__(self) -> None:
        self._stream = skia.DynamicMemoryWStream()
        self.pictures: Callable[[str], skia.Image | None] = lambda _asset: None
        self._canvas = skia.SVGCanvas.Make(
            # What lies beyond would be left out; boards have no edge.
            skia.Rect.MakeLTRB(-_FAR, -_FAR, _FAR, _FAR),
            self._stream,
            skia.SVGCanvas.kConvertTextToPaths_Flag | skia.SVGCanvas.kNoPrettyXML_Flag,
        )

    def finish(self) -> str:
        """The elements that were painted. Nothing can be painted afterwards."""
        del self._canvas
        found = _SVG_BODY.search(bytes(self._stream.detachAsData()).decode("utf-8"))
        # A hundredth of a board px is finer than any screen.
        return _FRACTION.sub(_shorter, found[1]) if found else ""


def _shorter(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def shape_svg(shape: Shape) -> tuple[str, Box] | None:
    """A shape as SVG elements in board px, and its box; None for one that paints nothing."""
    item = scene_item(shape, measure_text)
    if item is None:
        return None
    if isinstance(item, ImageItem):
        return _picture_svg(item), item.box
    sheet = _Sheet()
    sheet.item(item, _WHOLE)
    return sheet.finish(), item.box


def _picture_svg(item: ImageItem) -> str:
    """A place for a picture; the page puts in the one of that hash, which is in it once."""
    return (
        f'<image data-asset="{html.escape(item.asset)}" x="{item.x:.2f}" y="{item.y:.2f}" width="{item.w:.2f}"'
        f' height="{item.h:.2f}" opacity="{item.opacity:.2f}" preserveAspectRatio="none"'
        f' transform="rotate({math.degrees(item.rotation):.3f} {item.x + item.w / 2:.2f} {item.y + item.h / 2:.2f})"/>'
    )


def make_webpage(folder: Path, out: Path, *, sound: bool = True) -> list[str]:
    """Write the page; returns problems, a sentence each. Raises SetupError and OSError.

    `sound`: mix the voices into it, at about 14 MB an hour; where they are more than `MOST_SOUND_BYTES`, into a file
    beside it.
    """
    with ArchiveReader(folder) as archive:
        start, end = archive.span()
        content = _board(archive, start)
        content["pictures"] = _pictures(folder, content["shapes"])
        title = str(archive.meta.get("title", ""))
        chapters = [
            [max(0, int(room_ms) - start), str(name)]
            for room_ms, name in archive.rows("chapters", "select room_ms, title from chapters order by room_ms, id")
        ]
        if chapters and chapters[0][0]:
            # As in the film: before the first one the lesson itself.
            chapters.insert(0, [0, title])
        people = [row for row in archive.sessions.values() if row.role != Role.RECORDER]
        colours = person_colours(people)
        content.update(
            {
                "title": title,
                "length_ms": end - start,
                "started_at": _unix_start(archive, start),
                "people": [
                    {"name": row.name, "colour": colours[row.user]}
                    for n, row in enumerate(people)
                    if row.user not in {other.user for other in people[:n]}
                ],
                "chapters": chapters,
                "chat": [
                    [max(0, int(room_ms) - start), str(name), str(text)]
                    for room_ms, name, text in archive.rows(
                        "chat",
                        "select room_ms, name, text from chat join sessions on sessions.id = chat.session_id"
                        " order by room_ms, message",
                    )
                ],
            }
        )
        voices = [track for track in archive.tracks() if track.kind == "audio"]
        problems = archive.problems
    content["sound"] = None
    if sound and voices:
        mix = AudioMix(voices, start)
        content["sound"] = _place(_mixed(mix, end - start), out)
        problems = [*problems, *mix.failed]
    _write(out, content)
    return problems


def _board(archive: ArchiveReader, start: int) -> dict[str, Any]:
    """Versions of shapes, and which page was up. `Any`: it goes out as JSON."""
    state = BoardState()
    versions: list[list[Any]] = []
    current: dict[str, int] = {}
    turns: list[list[Any]] = [[0, "main"]]
    boxes: dict[str, Box] = {}
    updates = (record for record in read_records(archive, PUBLIC) if isinstance(record, UpdateRecord))
    for room_ms, group in groupby(updates, key=lambda record: record.room_ms):
        at = max(0, room_ms - start)
        changes = state.apply([(record.envelope.doc, record.envelope.update) for record in group])
        pages = [page.id for page in state.pages()]
        for identifier in sorted(changes.shapes):
            shape = next((found for page in pages if (found := state.shape(identifier, page))), None)
            before = current.pop(identifier, None)
            painted = shape_svg(shape) if shape is not None else None
            if before is not None:
                last = versions[before]
                if painted is not None and shape is not None and at - last[0] < _TYPING_MS and last[2] == shape.page:
                    last[3:5] = [shape.index, painted[0]]
                    current[identifier] = before
                    continue
                last[1] = at
            if painted is not None and shape is not None:
                current[identifier] = len(versions)
                versions.append([at, None, shape.page, shape.index, painted[0]])
                boxes[shape.page] = boxes.get(shape.page, HOME_BOX).union(painted[1])
        if state.page != turns[-1][1]:
            turns.append([at, state.page])
    return {
        # What was gone before it could be seen is left out.
        "shapes": [version for version in versions if version[1] is None or version[1] > version[0] or version[1] > 0],
        "turns": turns,
        "pages": [
            {"id": page.id, "title": page.title, "box": _corners(boxes.get(page.id, HOME_BOX))}
            for page in state.pages()
        ],
    }


def _pictures(folder: Path, versions: list[list[Any]]) -> dict[str, str]:
    """Each picture that a shape shows, by its hash; those that are not there are left out."""
    pictures = Pictures(folder)
    named = sorted({asset for version in versions for asset in _ASSET.findall(version[4])})
    return {asset: url for asset in named if (url := pictures.data_url(asset)) is not None}


def _corners(box: Box) -> list[int]:
    return [round(box.left), round(box.top), round(box.right - box.left), round(box.bottom - box.top)]


def _unix_start(archive: ArchiveReader, start: int) -> int:
    epoch_at = archive.meta.get("room_epoch_at")
    return epoch_at + start if isinstance(epoch_at, int) else 0


def _mixed(mix: AudioMix, length_ms: int) -> bytes:
    """All voices as one Opus file."""
    out = BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="mono")
        stream.bit_rate = _BITRATE
        stream.time_base = Fraction(1, RATE_HZ)
        for number in range(max(1, length_ms // 20)):
            frame = av.AudioFrame.from_ndarray(mix.block(_BLOCK).reshape(1, -1), format="flt", layout="mono")
            frame.sample_rate = RATE_HZ
            frame.time_base = Fraction(1, RATE_HZ)
            frame.pts = number * _BLOCK
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _place(sound: bytes, out: Path) -> str:
    if len(sound) <= MOST_SOUND_BYTES:
        return "data:audio/webm;base64," + base64.b64encode(sound).decode("ascii")
    beside = out.with_suffix(".webm")
    beside.write_bytes(sound)
    return beside.name


def _write(out: Path, content: dict[str, Any]) -> None:
    try:
        template = TEMPLATE.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{TEMPLATE.name} is missing from this installation") from error
    before, after = template.split(_MARKER, 1)
    (script,) = _SCRIPT.findall(after)
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    # Nothing but the page's own script runs, whatever a shape or a message holds.
    before = before.replace("{script}", f"'sha256-{digest}'").replace("{title}", html.escape(content["title"]))
    # As an escape the letter that could end the element means the same in JSON.
    data = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    page = before + data + after
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(out.name + ".part")
    part.write_text(page, encoding="utf-8")
    part.replace(out)
