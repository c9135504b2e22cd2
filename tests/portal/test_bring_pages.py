"""PDFs and material as pages of a board: portal/{pdf_child,pdf_pages,page_imports}.py, portal/routes/bring_pages.py."""

import asyncio
import io
import json
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence

import pytest
from fpdf import FPDF
from PIL import Image
from sqlalchemy import insert, update

from portal.context import Portal
from portal.material_schema import materials
from portal.page_imports import MAX_PDF_BYTES
from portal.pdf_child import MEMORY_BYTES, MOST_PIXELS
from portal.pdf_pages import MAX_PAGES_AT_ONCE, SHEET_LEAST_PX, SHEET_PX, DrawnPage, PdfPages, PdfRefused
from portal.schema import lessons
from tests.portal.world import LESSON, NOON_MS, Browser, FakeClock, fill_service

API = f"/api/lessons/{LESSON}"


def document(pages: int, size: tuple[float, float] = (595.0, 842.0), password: str = "") -> bytes:
    pdf = FPDF(unit="pt", format=size)
    pdf.set_font("Helvetica", size=12)
    if password:
        pdf.set_encryption(owner_password=password, user_password=password)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.cell(text=f"Page {number}: three quarters")
    return bytes(pdf.output())


def raw_pdf(
    content: bytes = b"", *, resources: bytes = b"", box: str = "0 0 595 842", more: Sequence[bytes] = ()
) -> bytes:
    """One page, written by hand: `content` is its stream with its dictionary, `more` are objects from 5 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[" + box.encode() + b"]/Contents 4 0 R/Resources<<" + resources + b">>>>",
        content or b"<</Length 0>>stream\n\nendstream",
        *more,
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + each + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    )  # fmt: skip


def packed(data: bytes, extra: bytes = b"") -> bytes:
    body = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n" % (len(body), extra) + body + b"\nendstream"


def bomb() -> bytes:
    """A content stream of some MB that unpacks to 2 GB."""
    packer = zlib.compressobj(9)
    block = b"0 0 m 9 9 l S " * 80_000
    body = b"".join(packer.compress(block) for _ in range(2_000)) + packer.flush()
    return raw_pdf(b"<</Length %d/Filter/FlateDecode>>stream\n" % len(body) + body + b"\nendstream")


def image_bomb() -> bytes:
    """A picture of 60,000 × 60,000 px in a few kB."""
    row = zlib.compressobj(9)
    body = b"".join(row.compress(bytes(7500 * 1000)) for _ in range(60)) + row.flush()
    head = b"<</Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 1/ColorSpace/DeviceGray"
    image = head + b"/Filter/FlateDecode/Length %d>>stream\n" % len(body) + body + b"\nendstream"
    return raw_pdf(packed(b"595 0 0 842 0 0 cm /I Do"), resources=b"/XObject<</I 5 0 R>>", more=[image])


def recursion() -> bytes:
    """A drawing that holds itself sixteen times over, through another."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</A 5 0 R/B 6 0 R>>>>"
    body = packed(b"/A Do /B Do " * 16, form)
    return raw_pdf(packed(b"/A Do"), resources=b"/XObject<</A 5 0 R/B 6 0 R>>", more=[body, body])


async def draw(content: bytes, pages: Sequence[int] = (1,), *, thumbnails: bool = False) -> list[DrawnPage]:
    return [page async for page in PdfPages().draw(content, pages, "tutor", thumbnails=thumbnails)]


@pytest.mark.parametrize("size", [(595.0, 842.0), (960.0, 540.0), (300.0, 300.0)])
async def test_a_page_stands_on_the_sheet_at_twice_its_density(size: tuple[float, float]) -> None:
    (page,) = await draw(document(1, size))
    assert page.width_px / page.height_px == pytest.approx(size[0] / size[1], rel=0.01)
    assert page.width_px * page.height_px <= MOST_PIXELS
    assert page.width_px >= SHEET_PX[0] or page.height_px >= SHEET_PX[1]
    assert max(page.width_px, page.height_px) >= SHEET_LEAST_PX
    assert page.words == "Page 1: three quarters"
    with Image.open(io.BytesIO(page.picture), formats=["PNG", "WEBP"]) as picture:
        assert picture.size == (page.width_px, page.height_px)


async def test_pages_come_in_the_order_asked_for_and_small_ones_for_choosing() -> None:
    pages = await draw(document(5), [4, 2], thumbnails=True)
    assert [page.page for page in pages] == [4, 2]
    assert all(max(page.width_px, page.height_px) <= 240 and len(page.picture) < 20_000 for page in pages)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (document(1_000), "too_many_pages", "1,000 pages; at most 200 can be opened, and 60 brought in"),
        (document(1, password="secret"), "locked", "password"),
        (b"%PDF-1.7\nnothing of it", "broken", "damaged"),
        (document(3)[:900], "broken", "damaged"),
        (raw_pdf().replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]/Count 0 "), "broken", "damaged"),
    ],
)
async def test_what_cannot_be_opened_says_why(content: bytes, code: str, words: str) -> None:
    with pytest.raises(PdfRefused, match=words) as refused:
        await PdfPages().count(content, "tutor")
    assert refused.value.code == code


@pytest.mark.parametrize("content", [bomb(), image_bomb(), recursion()], ids=["content", "image", "recursion"])
async def test_a_bomb_ends_its_own_process_and_nothing_else(content: bytes) -> None:
    pages = PdfPages()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    drawn = [page async for page in pages.draw(content, [1], "tutor", thumbnails=True)]
    # Either it is drawn within what one page may cost, or it says so.
    assert len(drawn) == 1
    assert drawn[0].picture or "Page 1" in drawn[0].failure
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert [page.page async for page in pages.draw(document(1), [1], "tutor", thumbnails=True)] == [1]


@pytest.mark.parametrize("box", ["0 0 20001 20001", "0 0 14400 1", "0 0 0 0", "0 0 nan inf"])
async def test_a_page_of_no_usable_size_costs_nothing_but_itself(box: str) -> None:
    (page,) = await draw(raw_pdf(box=box))
    # PDFium puts a sheet of its own in the place of a size that is none.
    assert page.picture or "Page 1" in page.failure


async def test_a_tree_of_pages_that_holds_itself_has_damaged_pages() -> None:
    pages = await draw(raw_pdf().replace(b"/Kids[3 0 R]/Count 1", b"/Kids[2 0 R]/Count 9"), [1, 9], thumbnails=True)
    assert [page.failure for page in pages] == ["Page 1 is damaged.", "Page 9 is damaged."]


async def test_a_page_that_cannot_be_drawn_leaves_the_others() -> None:
    pages = PdfPages()
    drawn = [page async for page in pages.draw(document(2), [1, 2, 7], "tutor", thumbnails=True)]
    assert [bool(page.picture) for page in drawn] == [True, True, False]
    assert "Page 7" in drawn[2].failure


async def test_one_person_draws_one_pdf_at_a_time_and_many_are_told_to_come_back() -> None:
    pages, content = PdfPages(), document(1)
    async with pages._turn("tutor"):
        waiting = [asyncio.create_task(pages.count(content, "tutor")) for _ in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(PdfRefused, match="in a minute"):
            await pages.count(content, "third")
    assert await asyncio.gather(*waiting) == [1] * 8


def test_the_drawing_process_can_open_nothing_and_start_nothing() -> None:
    """What a PDF could do that has taken the process over."""
    tried = """
import json, os, socket
from portal import pdf_child
pdf_child._warm_up(); pdf_child.lock_down()
went = []
for name, what in (
    ("read", lambda: open("/etc/passwd")), ("write", lambda: open("/tmp/written-by-a-pdf", "w")),
    ("socket", lambda: socket.socket()), ("unix", lambda: socket.socket(socket.AF_UNIX)), ("pipe", os.pipe),
    ("memory", lambda: bytearray(2_000_000_000)), ("list", lambda: os.listdir("/")),
):
    try:
        what()
        went.append(name)
    except (OSError, MemoryError, ValueError):
        pass
os.write(1, json.dumps(went).encode())
"""
    done = subprocess.run([sys.executable, "-I", "-c", tried], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == []
    assert MEMORY_BYTES <= 1 << 30


# The routes


def read_pages(content: bytes) -> list[tuple[dict[str, object], bytes]]:
    pages = []
    while content:
        head, body = struct.unpack(">II", content[:8])
        pages.append((json.loads(content[8 : 8 + head]), content[8 + head : 8 + head + body]))
        content = content[8 + head + body :]
    return pages


@pytest.fixture
async def tutor(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    await fill_service(portal)
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values({"class": "class-one"}))
    browser = open_browser()
    await browser.log_in("tutor")
    return browser


async def send(browser: Browser, content: bytes) -> tuple[int, dict[str, object]]:
    headers = {"X-CSRF-Token": browser.csrf, "Content-Type": "application/pdf"}
    answer = await browser.client.post(f"{API}/imports", data=content, headers=headers)
    return answer.status, await answer.json()


async def test_pdf_from_the_computer_becomes_pages(
    tutor: Browser, open_browser: Callable[[], Browser], clock: FakeClock
) -> None:
    status, opened = await send(tutor, document(3))
    assert (status, opened["pages"], opened["most"]) == (200, 3, MAX_PAGES_AT_ONCE)
    path = f"{API}/imports/{opened['import']}/pages"
    answer = await tutor.get(f"{path}?numbers=3,1")
    assert (answer.status, answer.content_type) == (200, "application/octet-stream")
    pages = read_pages(await answer.read())
    assert [header["page"] for header, _ in pages] == [3, 1]
    assert pages[0][0]["words"] == "Page 3: three quarters"
    assert all(body.startswith(b"\x89PNG") for _, body in pages)
    for wrong in ("", "0", "4", "1,", "x", "1," * 100 + "1", ",".join(["1"] * (MAX_PAGES_AT_ONCE + 1))):
        assert (await tutor.get(f"{path}?numbers={wrong}")).status == 400
    student = open_browser()
    await student.log_in("student")
    assert (await student.get(f"{path}?numbers=1")).status == 404
    clock.advance(61 * 60 * 1000)
    assert (await tutor.get(f"{path}?numbers=1")).status == 404


async def test_what_is_no_usable_pdf_is_refused_in_words(tutor: Browser) -> None:
    for content, code in ((b"GIF89a", "not_a_pdf"), (document(1, password="x"), "locked"), (b"%PDF-1.4", "broken")):
        status, answer = await send(tutor, content)
        assert (status, answer["error"]) == (400, code)
    status, answer = await send(tutor, b"%PDF-" + bytes(MAX_PDF_BYTES))
    assert (status, answer["error"]) == (413, "too_large")


async def test_only_the_last_few_imports_of_a_person_are_kept(tutor: Browser, portal: Portal) -> None:
    ids = [(await send(tutor, document(1)))[1]["import"] for _ in range(6)]
    kept = [portal.page_imports.get(LESSON, "tutor", str(each)) is not None for each in ids]
    assert kept == [False, False, True, True, True, True]
    assert len(list((portal.settings.data / "imports").iterdir())) == 4


async def test_material_of_the_class_is_listed_shown_and_opened(tutor: Browser, portal: Portal) -> None:
    row = {"id": "sheet", "class": "class-one", "title": "Fractions", "version": 1, "kind": "pdf"}
    row |= {"digest": "1" * 64, "size_bytes": 9, "uploaded_by": "tutor", "uploaded_ms": NOON_MS}
    async with portal.database.write() as connection:
        await connection.execute(insert(materials).values(row))
    (portal.settings.materials / ("1" * 64)).write_bytes(document(2))
    listed = await (await tutor.get(f"{API}/materials")).json()
    assert [(each["title"], each["kind"]) for each in listed["materials"]] == [
        ("Fractions", "pdf"),
        ("Worksheet", "png"),
    ]
    shown = await tutor.get(f"{API}/materials/material-one")
    assert (shown.status, shown.content_type, await shown.read()) == (200, "image/png", b"png")
    assert (await tutor.get(f"{API}/materials/sheet")).status == 404
    assert (await tutor.get(f"{API}/materials/material-far")).status == 404
    opened = await (await tutor.post(f"{API}/materials/sheet/open")).json()
    assert opened["pages"] == 2
    answer = await tutor.get(f"{API}/imports/{opened['import']}/pages?numbers=2&size=thumbnail")
    ((header, body),) = read_pages(await answer.read())
    assert (header["page"], body[:4]) == (2, b"\x89PNG")
    assert (await tutor.post(f"{API}/materials/material-one/open")).status == 404
