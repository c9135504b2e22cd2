"""Lesson material: portal/{file_kinds,materials}.py."""

import io
import random
import zlib
from collections.abc import Callable

import pytest
from aiohttp import FormData
from PIL import Image

from portal.context import Portal
from portal.file_kinds import MAX_PIXELS, FileRefused, make_safe
from portal.materials import MAX_FILE_BYTES
from tests.portal.world import Browser, fill_service, rows

PAGE = "/classes/class-one/materials"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (40, 20), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "#206a4b").save(written, kind, **options)
    return written.getvalue()


def with_place(content: bytes) -> bytes:
    """The picture as a phone makes it, turned and with a comment on where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    written = io.BytesIO()
    Image.open(io.BytesIO(content)).save(written, "JPEG", exif=exif)
    return written.getvalue()


def test_picture_is_written_anew_without_what_came_along() -> None:
    sent = with_place(picture("JPEG")) + b"<script>alert(1)</script>"
    safe = make_safe(sent)
    assert safe.kind == "jpeg"
    assert b"script" not in safe.content
    assert b"taken at home" not in safe.content
    with Image.open(io.BytesIO(safe.content)) as again:
        assert again.size == (20, 40)  # upright now, since what said so is gone


def test_pdf_that_says_which_page_is_shown_first_is_taken() -> None:
    for first in (b"/OpenAction[3 0 R/Fit]", b"/OpenAction [3 0 R /FitH null]"):
        assert make_safe(PDF.replace(b"/Type", first + b"/Type")).kind == "pdf"
    both = PDF.replace(b"/Type", b"/OpenAction[3 0 R/Fit]/OpenAction 2 0 R/Type")
    with pytest.raises(FileRefused):
        make_safe(both)


def packed(objects: bytes, kind: bytes = b"/Type/ObjStm") -> bytes:
    """A PDF with objects in an object stream."""
    body = zlib.compress(b"4 0 " + objects)
    head = b"3 0 obj\n<<%s/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n" % (kind, len(body))
    return PDF[:-6] + head + body + b"\nendstream\nendobj\n%%EOF\n"


def test_pdf_with_objects_packed_together_is_looked_into() -> None:
    assert make_safe(packed(b"<</Type/Page>>")).kind == "pdf"
    script = b"<</S/JavaScript/JS(app.alert(1))>>"
    for hidden in (packed(script), packed(script, b"/Type/Obj#53tm"), packed(b"<</S/Rendition/J#53(x)>>")):
        with pytest.raises(FileRefused, match="scripts"):
            make_safe(hidden)
    broken = packed(script)
    at = broken.index(b"stream\n") + 10
    for unread in (broken[:at] + b"\xff\xff" + broken[at + 2 :], packed(bytes(70 * 1024 * 1024))):
        with pytest.raises(FileRefused, match="protected or damaged"):
            make_safe(unread)


def test_pdf_of_a_large_scan_holds_no_script_by_chance() -> None:
    body = random.Random(1).randbytes(3_000_000) + b"\xff\xfe/JS\xff\x80/AA\x90"
    scan = PDF[:-6] + b"3 0 obj\n<</Subtype/Image>>\nstream\n" + body + b"\nendstream\nendobj\n%%EOF\n"
    assert make_safe(scan).kind == "pdf"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PDF, PNG or JPEG"),
        (b"MZ\x90\x00 program", "no PDF, PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PDF, PNG or JPEG"),
        (PDF[:-7], "not whole"),
        (PDF.replace(b"/Type", b"/OpenAction 2 0 R/Type"), "scripts, attachments or forms"),
        (PDF.replace(b"/Type", b"/JS(app.alert(1))/Type"), "scripts, attachments or forms"),
        (PDF.replace(b"/Type", b"/J#61vaScript 3 0 R/Type"), "scripts, attachments or forms"),
        (picture("PNG")[:60], "damaged"),
        (b"\xff\xd8\xff" + b"x" * 100, "damaged"),
    ],
)
def test_what_is_hostile_or_broken_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        make_safe(content)


def test_picture_bomb_is_refused_before_it_is_unpacked() -> None:
    side = int(MAX_PIXELS**0.5) + 10
    written = io.BytesIO()
    Image.new("1", (side, side)).save(written, "PNG")
    assert len(written.getvalue()) < 100_000
    with pytest.raises(FileRefused, match="million pixels"):
        make_safe(written.getvalue())


@pytest.fixture
async def tutor(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    await fill_service(portal)
    browser = open_browser()
    await browser.log_in("tutor")
    await browser.get(PAGE)
    return browser


async def send(browser: Browser, title: str, content: bytes, name: str = "x.png") -> int:
    form = FormData()
    form.add_field("csrf", browser.csrf)
    form.add_field("title", title)
    form.add_field("file", content, filename=name, content_type="application/octet-stream")
    return (await browser.client.post(PAGE, data=form, allow_redirects=False)).status


async def test_material_is_for_the_class_in_versions(
    tutor: Browser, browser: Browser, portal: Portal, open_browser: Callable[[], Browser]
) -> None:
    assert await send(tutor, "Fractions", PDF, "evil.exe") == 303  # the name does not count
    assert await send(tutor, "Fractions", picture("PNG")) == 303
    assert await send(tutor, "Bad", b"MZ\x90 program", "worksheet.pdf") == 400
    assert await send(tutor, "", PDF) == 400
    await browser.log_in("student")
    text = await (await browser.get(PAGE)).text()
    assert "version 2" in text
    assert "Add a file" not in text
    found = {row["version"]: row for row in await rows(portal, "materials") if row["title"] == "Fractions"}
    document = await browser.get(f"{PAGE}/{found[1]['id']}")
    assert (document.content_type, await document.read()) == ("application/pdf", PDF)
    assert document.headers["Content-Disposition"].startswith("attachment")
    shown = await browser.get(f"{PAGE}/{found[2]['id']}")
    assert (shown.content_type, shown.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert (await browser.submit(f"{PAGE}/{found[1]['id']}/remove", {})).status == 403
    stranger = open_browser()
    await stranger.log_in("other-student")
    assert (await stranger.get(f"{PAGE}/{found[1]['id']}")).status == 403
    assert (await tutor.get(f"{PAGE}/material-far")).status == 404
    await tutor.get(PAGE)
    assert (await tutor.submit(f"{PAGE}/{found[1]['id']}/remove", {})).status == 303
    assert (await browser.get(f"{PAGE}/{found[1]['id']}")).status == 404
    assert not (portal.settings.materials / found[1]["digest"]).exists()
    assert (portal.settings.materials / found[2]["digest"]).exists()


async def test_file_that_is_too_large_says_so(tutor: Browser) -> None:
    assert await send(tutor, "Large", PDF + b" " * MAX_FILE_BYTES) == 400
