"""Recordings that were damaged at random: `python -m tests.fuzz.archives --cases 500 --seed 1`.

Each seed damages a copy of one good archive, on the disk or in its tables, and asks everything that opens recordings
for it: verify, what the player is given, the page and the film. Whatever comes is either an answer or one clear
sentence; a film or a page that comes can be opened. A failure prints its seed.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import av

from portal.playback import NoArchive, Playback
from recorder.archive import StoredAsset
from recorder.captions import FILE as CAPTIONS
from recorder.captions import Caption, save_captions
from recorder.demux import open_media
from recorder.export import export
from recorder.schema import ASSETS, DATABASE, EXPORT_FOLDER, MANIFEST, MEDIA
from recorder.seal import write_hashes
from recorder.verify import verify
from recorder.webpage import make_webpage
from tests.recorder.lesson import Lesson
from tests.recorder.media import RED, colour_frames, film, tone_packets
from tests.recorder.pictures import paste, png
from whiteboard_crdt.errors import SetupError

LENGTH_MS = 1_500
_NAME = "lesson"
# What stands in a column instead of what belongs there: other types, other signs, too large, too long, not UTF-8.
_HOSTILE: list[object] = [
    None, -1, 0, 2**62, -(2**62), 1e308, float("inf"), "", "x", "\ud83d"[:0] + "é" * 5000, "[]", "{", b"", b"\xff" * 40,
    '{"state": 7}', "NaN", "[[[[[[", "../../../etc/passwd",
]  # fmt: skip


def make_good(folder: Path) -> Path:
    """A small sealed archive with everything in it: board, chat, chapters, picture, voice, camera, captions."""
    lesson = Lesson(folder)
    lesson.live(0)
    tutor, student = lesson.people
    tutor.line([(100, 100), (500, 300)])
    lesson.did(tutor, 100)
    student.chat.post("why", 5)
    lesson.did(student, 200)
    picture = png(RED)
    paste(tutor.board, picture)
    name = hashlib.sha256(picture).hexdigest()
    lesson.did(tutor, 300)
    lesson.archive.assets.mkdir(exist_ok=True)
    (lesson.archive.assets / name).write_bytes(picture)
    lesson.archive.asset_named(name, "board", 300)
    lesson.archive.asset_held(StoredAsset(name, "board", 300, 0, None), "image/png", len(picture), 300)
    lesson.archive.chapter("Second", "marker", "main", 400)
    lesson.archive.cursor(tutor.session, "main", 1000, 1000, 500)
    film(
        lesson.archive.media, lesson.archive, tutor.session, tone=tone_packets(440, 1),
        pictures=colour_frames([(0.0, RED)], 1.0), start_s=0.2,
    )  # fmt: skip
    lesson.finish(LENGTH_MS)
    (folder / EXPORT_FOLDER).mkdir()
    save_captions(folder / EXPORT_FOLDER / CAPTIONS, [Caption(1, 300, 800, "u1", "listen")], "test")
    (folder / EXPORT_FOLDER / "silence.json").write_text("[[0, 500]]")
    (folder / EXPORT_FOLDER / "storyboard.json").write_text('{"width": 1, "height": 1, "columns": 1, "times_ms": [0]}')
    (folder / EXPORT_FOLDER / "storyboard.jpg").write_bytes(b"\xff\xd8")
    write_hashes(folder, folder.name)
    return folder


def damage(folder: Path, chance: random.Random) -> list[str]:
    """Breaks one to three things; returns what, for people."""
    ways = [_flip, _flip, _cut, _cut, _blank, _remove, _swap, _foreign, _value, _value, _value, _value, _structure]
    return [chance.choice(ways)(folder, chance) for _ in range(chance.randint(1, 3))]


def _files(folder: Path) -> list[Path]:
    kinds = (DATABASE, MANIFEST, f"{MEDIA}/*", f"{ASSETS}/*", f"{EXPORT_FOLDER}/*")
    return sorted(path for kind in kinds for path in folder.glob(kind) if path.is_file())


def _pick(folder: Path, chance: random.Random) -> Path:
    return chance.choice(_files(folder) or [folder / DATABASE])


def _flip(folder: Path, chance: random.Random) -> str:
    path = _pick(folder, chance)
    data = bytearray(path.read_bytes() if path.exists() else b"")
    for _ in range(chance.choice((1, 1, 5, 50)) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    return f"bytes of {path.name}"


def _cut(folder: Path, chance: random.Random) -> str:
    path = _pick(folder, chance)
    data = path.read_bytes() if path.exists() else b""
    path.write_bytes(data[: chance.randint(0, len(data))])
    return f"end of {path.name}"


def _blank(folder: Path, chance: random.Random) -> str:
    path = _pick(folder, chance)
    data = bytearray(path.read_bytes() if path.exists() else b"")
    begin = chance.randint(0, len(data))
    end = min(len(data), begin + chance.choice((16, 512, 4096)))
    data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    return f"zeros in {path.name}"


def _remove(folder: Path, chance: random.Random) -> str:
    path = _pick(folder, chance)
    path.unlink(missing_ok=True)
    return f"without {path.name}"


def _swap(folder: Path, chance: random.Random) -> str:
    one, other = _pick(folder, chance), _pick(folder, chance)
    if one.exists() and other.exists():
        data = one.read_bytes()
        one.write_bytes(other.read_bytes())
        other.write_bytes(data)
    return f"{one.name} and {other.name} swapped"


def _foreign(folder: Path, chance: random.Random) -> str:
    path = _pick(folder, chance)
    path.write_bytes(
        chance.choice((b"", b"GIF89a", b"SQLite format 3\0" + chance.randbytes(200), chance.randbytes(5000)))
    )
    return f"{path.name} of something else"


def _value(folder: Path, chance: random.Random) -> str:
    def change(conn: sqlite3.Connection) -> str:
        tables = [name for (name,) in conn.execute("select name from sqlite_master where type = 'table'")]
        table = chance.choice(tables)
        column = chance.choice([row[1] for row in conn.execute(f'pragma table_info("{table}")')])
        some = chance.choice(("1", "rowid % 2 = 0", "rowid = (select max(rowid) from " + f'"{table}")'))
        value = chance.choice(_HOSTILE)
        conn.execute(f'update or ignore "{table}" set "{column}" = ? where {some}', [value])
        return f"{table}.{column} = {str(value)[:20]!r}"

    return _in_tables(folder, change)


def _structure(folder: Path, chance: random.Random) -> str:
    def change(conn: sqlite3.Connection) -> str:
        tables = [name for (name,) in conn.execute("select name from sqlite_master where type = 'table'")]
        table = chance.choice(tables)
        how = chance.choice(("drop", "empty", "rename"))
        if how == "drop":
            conn.execute(f'drop table "{table}"')
        elif how == "empty":
            conn.execute(f'delete from "{table}"')
        else:
            columns = [row[1] for row in conn.execute(f'pragma table_info("{table}")')]
            conn.execute(f'alter table "{table}" rename column "{chance.choice(columns)}" to "other"')
        return f"{how} {table}"

    return _in_tables(folder, change)


def _in_tables(folder: Path, change: Callable[[sqlite3.Connection], str]) -> str:
    """A change to the tables, as far as they still let themselves be changed."""
    conn = sqlite3.connect(folder / DATABASE)
    try:
        with conn:
            conn.execute("pragma foreign_keys = off")
            return change(conn)
    except (sqlite3.DatabaseError, UnicodeDecodeError, IndexError) as error:
        return f"tables: {error}"
    finally:
        conn.close()


def ask_everything(folder: Path, out: Path) -> dict[str, str]:
    """What each reader says: "" for an answer, otherwise its sentence. Anything else that is raised is a fault."""
    said: dict[str, str] = {}

    def ask(name: str, reader: Callable[[], None]) -> None:
        try:
            reader()
            said[name] = ""
        except (SetupError, NoArchive) as error:
            said[name] = str(error) or type(error).__name__
            assert "\n" not in said[name], f"{name}: more than a sentence: {said[name]}"

    playback = Playback(folder.parent)

    async def watch() -> None:
        manifest = await playback.load_manifest(folder.name, "u1", staff=True, base_url="/r")
        json.dumps(manifest, allow_nan=False)
        assert all(isinstance(problem, str) for problem in manifest["problems"])
        async with playback.timeline(folder.name, "u2", staff=False, after="") as pieces:
            assert b"".join([piece async for piece in pieces]).startswith(b"CMTL")

    async def beside() -> None:
        json.dumps(await playback.load_captions(folder.name), allow_nan=False)
        await playback.format_vtt(folder.name, [(1, "heard")])
        await playback.load_people(folder.name)
        for track in [*(folder / MEDIA).glob("*")]:
            playback.media(folder.name, track.name)
        for picture in [*(folder / ASSETS).glob("*")]:
            await playback.asset(folder.name, picture.name)

    def check() -> None:
        report = verify(folder)
        assert all(report.errors + report.notes)

    def page() -> None:
        make_webpage(folder, out / "lesson.html")
        assert (out / "lesson.html").stat().st_size > 0

    def picture() -> None:
        export(folder, out / "lesson.mp4", lambda _: None)
        with open_media(out / "lesson.mp4") as made:
            assert sum(1 for _ in made.decode(video=0)) > 0

    ask("verify", check)
    ask("player", lambda: asyncio.run(watch()))
    ask("beside", lambda: asyncio.run(beside()))
    ask("page", page)
    ask("film", picture)
    return said


def run_case(good: Path, seed: int) -> tuple[list[str], dict[str, str]]:
    """Damages a copy by that seed and asks everything. Raises what no reader may raise."""
    with tempfile.TemporaryDirectory(prefix="chalkmesh-damaged-") as temporary:
        folder, out = Path(temporary) / "recordings" / _NAME, Path(temporary) / "out"
        shutil.copytree(good, folder)
        out.mkdir()
        done = damage(folder, random.Random(seed))
        try:
            return done, ask_everything(folder, out)
        except Exception as error:
            error.add_note(f"damaged by seed {seed}: {'; '.join(done)}")
            raise


def main() -> int:
    """Runs the seeds; returns how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    av.logging.set_level(None)
    began_s = time.perf_counter()
    failed = spoken = 0
    refused: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="chalkmesh-good-") as temporary:
        good = make_good(Path(temporary) / _NAME)
        for seed in range(wanted.seed, wanted.seed + wanted.cases):
            try:
                _, said = run_case(good, seed)
            except Exception:
                # The edge of one seed: the others are still to be tried.
                traceback.print_exc()
                sys.stdout.write(f"FAILED; replay: --cases 1 --seed {seed}\n")
                failed += 1
                continue
            for name, sentence in said.items():
                refused[name] = refused.get(name, 0) + bool(sentence)
            spoken += any(said.values())
    sys.stdout.write(
        f"{wanted.cases} damaged recordings in {time.perf_counter() - began_s:.0f} s: {failed} faults; "
        f"refused with a sentence: {refused}; {wanted.cases - failed - spoken} given by all\n"
    )
    return failed


if __name__ == "__main__":
    sys.exit(min(1, main()))
