"""Draws pages of a PDF in a process of its own that can do nothing else; `portal.pdf_pages` starts it and reads it.

The PDF comes from a stranger and is read by a large C++ library, so this process has, before it reads the first byte
of it: no file or socket that it could open (RLIMIT_NOFILE 0: not even an empty one), nothing that it could start, a
bound on memory and, page by page, on processor time. It speaks through the pipes that it was given.

In: a line of JSON, `{"pages": [1, …], "box_px": [w, h], "least_px": n, "words": bool}` (no pages: only the facts), then
the PDF. A page is drawn as large as fits into the box, but with its longer side at least `least_px`.
Out: frames `u32 header length, u32 body length, header (JSON), body`. The first has `count`; each other one is a page
(`page`, `width`, `height` in px, `ratio` as it is printed, `words`; body: PNG or WebP) or has `error`.
"""

import io
import json
import os
import re
import resource
import struct
import sys
from typing import Any, BinaryIO, Final, TypedDict

import pypdfium2
from PIL import Image, PngImagePlugin, WebPImagePlugin
from pypdfium2 import raw

MEMORY_BYTES: Final = 1024 * 1024 * 1024
PAGE_CPU_S: Final = 10
ALL_CPU_S: Final = 90
MOST_PIXELS: Final = 8_000_000
# Drawings and letters stay exact while that is no larger than this.
MOST_EXACT_BYTES: Final = 900_000
_QUALITY: Final = 86
_WORDS: Final = 400
_SHORTEST_PX: Final = 16
# A page of a PDF is at most 200 inches long (ISO 32000-1, annex C); what claims more is no page.
_LONGEST_PT: Final = 20_000.0
_PLUGINS: Final = (PngImagePlugin, WebPImagePlugin)  # imported now: later nothing can be


class Order(TypedDict):
    """What is to be drawn."""

    pages: list[int]
    box_px: tuple[int, int]
    least_px: int
    words: bool


def lock_down() -> None:
    """From here on this process computes and speaks, and that is all."""
    os.nice(10)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def _allow_page() -> None:
    """A page has so much of a processor, and all together; SIGXCPU ends the process when more is needed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = min(int(used.ru_utime + used.ru_stime) + PAGE_CPU_S, ALL_CPU_S)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _encode(picture: Image.Image) -> bytes:
    """Exact where that is small: letters on paper have few shades, which PNG keeps in little."""
    shades = picture.getcolors(256)
    exact = picture.quantize(256, dither=Image.Dither.NONE) if shades else picture
    written = io.BytesIO()
    if shades or picture.width * picture.height <= MOST_PIXELS // 8:
        exact.save(written, "PNG", compress_level=6)
        if written.tell() <= MOST_EXACT_BYTES:
            return written.getvalue()
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=_QUALITY, method=2)
    return written.getvalue()


def _words_of(page: Any) -> str:  # pypdfium2 has no types
    """The beginning of what is written on the page, for those who cannot see the picture."""
    written = page.get_textpage()
    text = written.get_text_range(0, min(_WORDS * 4, written.count_chars()))
    return re.sub(r"[\x00-\x20\x7f-\x9f\ufffe\uffff]+", " ", text).strip()[:_WORDS]


def _draw(document: Any, number: int, order: Order) -> tuple[dict[str, object], bytes]:
    page = document[number - 1]
    width, height = page.get_size()
    if not (0 < width <= _LONGEST_PT and 0 < height <= _LONGEST_PT):
        return {"page": number, "error": "size"}, b""
    box_w, box_h = order["box_px"]
    scale = max(min(box_w / width, box_h / height), order["least_px"] / max(width, height))
    if min(width, height) * scale < _SHORTEST_PX or width * height * scale * scale > MOST_PIXELS:
        return {"page": number, "error": "size"}, b""
    picture = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil().convert("RGB")
    header = {"page": number, "width": picture.width, "height": picture.height, "ratio": width / height}
    return header | {"words": _words_of(page) if order["words"] else ""}, _encode(picture)


def _warm_up() -> None:
    """Draws an empty page, so that every module and codec is loaded while files can still be opened."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(64, 64)
    _draw(document, 1, {"pages": [1], "box_px": (64, 64), "least_px": 0, "words": True})
    "-".encode("utf-16-le").decode("utf-16-le", errors="ignore")
    Image.new("RGB", (16, 16)).save(io.BytesIO(), "WEBP", quality=_QUALITY, method=2)


def _say(out: BinaryIO, header: dict[str, object], body: bytes = b"") -> None:
    head = json.dumps(header).encode()
    out.write(struct.pack(">II", len(head), len(body)) + head + body)
    out.flush()


def main(source: BinaryIO, out: BinaryIO) -> None:
    """Reads the order and the PDF, then draws."""
    order: Order = json.loads(source.readline())
    content = source.read()
    _warm_up()
    lock_down()
    _allow_page()
    try:
        document = pypdfium2.PdfDocument(content)
        count = len(document)
    except pypdfium2.PdfiumError:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        _say(out, {"error": "locked" if locked else "broken"})
        return
    _say(out, {"count": count})
    for number in order["pages"]:
        _allow_page()
        try:
            _say(out, *_draw(document, number, order))
        except (pypdfium2.PdfiumError, IndexError, ValueError, MemoryError, OSError, struct.error):
            _say(out, {"page": number, "error": "broken"})


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
