"""The pictures of a recording, kept, checked and painted: `recorder.pictures` and all that shows them."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recorder.archive import StoredAsset
from recorder.ciphered import is_ciphered
from recorder.pictures import PictureRefused, Pictures, decode_picture, load_picture
from recorder.poster import make_poster
from recorder.projection import Viewer, load_manifest
from recorder.raster import PageRaster
from recorder.render import FilmSettings, render
from recorder.schema import DATABASE
from recorder.verify import verify
from recorder.webpage import make_webpage
from recorder.worker import finish_lesson
from tests.recorder.lesson import Lesson
from tests.recorder.media import decode_video
from tests.recorder.pictures import paste, png

RED, MISSING, SECRET = png((200, 30, 30)), png((1, 1, 1)), png((2, 2, 2))
STUDENT, STAFF, OTHER = Viewer("u2", False), Viewer("u1", True), Viewer("u3", False)
# The middle of the picture of `paste`, on a sheet of 1600 × 900.
MIDDLE = (300, 250)


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_lesson(folder: Path) -> Path:
    """A sealed lesson: a red picture on the board, one that never came, and one that never came to a private board."""
    lesson = Lesson(folder)
    tutor, student = lesson.people
    lesson.live(0)
    paste(tutor.board, RED)
    paste(tutor.board, MISSING, x=900)
    paste(student.desk("u2"), SECRET)
    lesson.did(tutor, 1000)
    lesson.did(student, 1500)
    for data, doc, room_ms in ((RED, "board", 1000), (MISSING, "board", 1000), (SECRET, "desk/u2", 1500)):
        lesson.archive.asset_named(hash_of(data), doc, room_ms)
    lesson.archive.assets.mkdir()
    (lesson.archive.assets / hash_of(RED)).write_bytes(RED)
    lesson.archive.asset_held(StoredAsset(hash_of(RED), "board", 1000, 0, None), "image/png", len(RED), 1200)
    return lesson.finish(4000, lambda archive: archive.covered(None, "board", 0, 4000))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return make_lesson(tmp_path / "recordings" / "lesson-1")


def reds(pixels: np.ndarray) -> int:
    red, green, blue = (pixels[:, :, channel].astype(int) for channel in range(3))
    return int(((red > 160) & (green < 90) & (blue < 90)).sum())


def test_film_poster_and_page_show_the_picture(recording: Path) -> None:
    assert finish_lesson(recording, FilmSettings(part_ms=2000)) == 0
    pictures = list(decode_video(recording / "export" / "lesson.mp4"))
    assert reds(pictures[0][1]) == 0
    expected = 400 * 300 * 0.8 * 0.8
    assert reds(pictures[-1][1]) == pytest.approx(expected, rel=0.05)
    with Image.open(recording / "export" / "poster.jpg") as poster:
        assert reds(np.asarray(poster)) == pytest.approx(expected, rel=0.05)
    page = (recording / "export" / "lesson.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 1
    # As the JSON of the page holds it.
    assert f'data-asset=\\"{hash_of(MISSING)}\\"' in page
    assert verify(recording).errors == []


def test_encrypted_pictures_are_painted_checked_and_given_alike(recording: Path) -> None:
    finish_lesson(recording, FilmSettings(part_ms=2000), encrypt=True)
    path = recording / "assets" / hash_of(RED)
    assert is_ciphered(path)
    assert load_picture(recording, hash_of(RED)) == RED
    report = verify(recording)
    assert (report.errors, report.assets) == ([], 1)
    make_poster(recording, recording / "again.jpg")
    with Image.open(recording / "again.jpg") as poster:
        assert reds(np.asarray(poster)) > 1000


def test_a_film_that_was_begun_without_a_picture_is_not_gone_on_with_when_it_is_there(recording: Path) -> None:
    out = recording / "film.mp4"
    held = recording / "assets" / hash_of(RED)
    kept = held.read_bytes()
    held.unlink()
    with closing(sqlite3.connect(recording / DATABASE)) as db, db:
        db.execute("update assets set held_ms = null where asset = ?", [hash_of(RED)])

    class Killed(Exception):
        pass

    def stop(done: float) -> None:
        if done > 0.6:
            raise Killed

    with pytest.raises(Killed):
        render(recording, out, stop, FilmSettings(part_ms=1000))
    held.write_bytes(kept)
    with closing(sqlite3.connect(recording / DATABASE)) as db, db:
        db.execute("update assets set held_ms = 1200 where asset = ?", [hash_of(RED)])
    render(recording, out, lambda _: None, FilmSettings(part_ms=1000))
    assert all(reds(picture) > 1000 for at_s, picture in decode_video(out) if at_s > 1.1)


def test_manifest_names_a_missing_picture_to_those_who_may_see_its_board(recording: Path) -> None:
    def missing(viewer: Viewer) -> list[str]:
        coverage = load_manifest(recording, viewer, "/r")["coverage"]
        return [entry["asset"] for entry in coverage if entry["kind"] == "picture"]

    assert missing(OTHER) == [hash_of(MISSING)]
    assert missing(STUDENT) == missing(STAFF) == [hash_of(MISSING), hash_of(SECRET)]
    entry = next(e for e in load_manifest(recording, OTHER, "/r")["coverage"] if e["kind"] == "picture")
    assert (entry["from_ms"], entry["to_ms"], entry["cause"]) == (1000, 4000, "missing")
    assert load_manifest(recording, OTHER, "/r")["assets"] == "/r/assets"


def test_verify_names_what_is_wrong_with_pictures(recording: Path) -> None:
    report = verify(recording)
    assert report.errors == []
    assert sorted(note for note in report.notes if "never came" in note) == sorted(
        [
            f"a picture on the board never came: {hash_of(MISSING)}",
            f"a picture on the private board of a student never came: {hash_of(SECRET)}",
        ]
    )
    path = recording / "assets" / hash_of(RED)
    path.write_bytes(MISSING)
    assert verify(recording).errors == [f"assets/{hash_of(RED)} is not what its name says, or cannot be read"]
    path.unlink()
    assert verify(recording).errors == [f"assets/{hash_of(RED)} is missing"]
    # What is left is still played.
    assert load_manifest(recording, STAFF, "/r")["state"] == "sealed"


def test_a_foreign_or_damaged_table_of_pictures_costs_the_pictures_alone(recording: Path) -> None:
    with closing(sqlite3.connect(recording / DATABASE)) as db, db:
        db.execute("update assets set asset = '../../../etc/passwd' where id = 1")
        db.execute("update assets set doc = 'nowhere' where id = 2")
    manifest = load_manifest(recording, STAFF, "/r")
    assert manifest["state"] == "damaged"
    assert manifest["problems"] == [f"row {n} of table assets makes no sense" for n in (1, 2)]
    assert len(verify(recording).errors) == 2
    with closing(sqlite3.connect(recording / DATABASE)) as db, db:
        db.execute("drop table assets")
    # As an archive from before there were pictures.
    assert load_manifest(recording, STAFF, "/r")["state"] == "sealed"
    assert verify(recording).errors == []


def test_a_manifest_json_without_the_pictures_says_that_they_were_added(recording: Path) -> None:
    finish_lesson(recording, FilmSettings(part_ms=2000))
    stated = json.loads((recording / "manifest.json").read_bytes())
    assert stated["files"][f"assets/{hash_of(RED)}"] == {"bytes": len(RED), "sha256": hash_of(RED)}
    shutil.copy(recording / "assets" / hash_of(RED), recording / "assets" / ("0" * 64))
    assert verify(recording).errors == [f"assets/{'0' * 64} was added after the recording was sealed"]


def bomb(width: int, height: int) -> bytes:
    """A few bytes of PNG that say that they are a very large picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        RED[: len(RED) // 2],
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        bomb(20_000, 20_000),
        bomb(16_385, 1),
        bomb(8_000, 8_000),
    ],
    ids=["empty", "svg", "cut", "zeros", "gigapixel", "wide", "64-megapixel"],
)
def test_what_must_not_or_cannot_be_decoded_is_refused_and_leaves_its_place_empty(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(PictureRefused):
        decode_picture(data)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / hash_of(data)).write_bytes(data)
    pictures = Pictures(tmp_path)
    assert pictures.picture(hash_of(data)) == data
    assert pictures.image(hash_of(data)) is None
    assert pictures.data_url(hash_of(data)) is None


@pytest.mark.parametrize("name", ["", "../lesson.sqlite", "A" * 64, "0" * 63, "0" * 64])
def test_names_that_are_no_hash_or_not_there_give_nothing(name: str, recording: Path) -> None:
    assert Pictures(recording).picture(name) is None
    assert Pictures(recording).image(name) is None


def test_a_large_picture_is_made_smaller_for_film_and_page(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (1200, 2400, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    data = out.getvalue()
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / hash_of(data)).write_bytes(data)
    pictures = Pictures(tmp_path)
    image = pictures.image(hash_of(data))
    assert image is not None
    assert (image.width(), image.height()) == (2048, 1024)
    url = pictures.data_url(hash_of(data))
    assert url is not None
    assert url.startswith("data:image/webp;base64,")
    assert len(url) < len(data)


def test_a_turned_photograph_stands_upright_as_in_a_browser(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), (255, 255, 255))
    picture.paste((200, 0, 0), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: the left side is up
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, quality=95)
    upright = np.asarray(decode_picture(out.getvalue()))
    assert upright.shape[:2] == (40, 20)
    assert reds(upright[:20]) == pytest.approx(400, abs=40)


def test_raster_paints_the_picture_in_its_place(recording: Path) -> None:
    lesson = Lesson(recording.parent / "other")
    tutor = lesson.people[0]
    paste(tutor.board, RED)
    raster = PageRaster(1600, 900, pictures=Pictures(recording))
    raster.show(tutor.board.shapes("main"), "plain")
    x, y = MIDDLE
    assert tuple(raster.pixels[y, x][:3]) == (200, 30, 30)
    empty = PageRaster(1600, 900)
    empty.show(tutor.board.shapes("main"), "plain")
    assert reds(empty.pixels) == 0


def test_page_embeds_a_picture_once_however_often_it_is_moved(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "recordings" / "lesson-1")
    tutor = lesson.people[0]
    lesson.live(0)
    for n in range(5):
        paste(tutor.board, RED, x=100 * n)
        lesson.did(tutor, 1000 * (n + 1))
    lesson.archive.asset_named(hash_of(RED), "board", 1000)
    lesson.archive.assets.mkdir()
    (lesson.archive.assets / hash_of(RED)).write_bytes(RED)
    folder = lesson.finish(7000)
    assert make_webpage(folder, tmp_path / "page.html") == []
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("data:image/png;base64,") == 1
    assert "img-src data:" in page
