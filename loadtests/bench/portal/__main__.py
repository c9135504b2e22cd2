"""``python -m loadtests.bench.portal [--people 50] [--seconds 5] [--only-roster] [--check]``, or ``make bench-portal``.

Fills a fresh database, pins the real portal to one core and the people to the other, and writes
docs/performance-portal.md and loadtests/results/portal.json. The exit code is 1 when a bar was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from sqlalchemy import Table, create_engine, func, insert, select

from loadtests.bench.portal.district import People, fill_district, roster_csv
from loadtests.bench.portal.load import Visitor, Visits, run_visits
from loadtests.bench.portal.page import Found, Round, Row, Upload, format_page, missed
from loadtests.bench.servers import pin
from loadtests.bench.usage import cpu_s, resident_mb
from loadtests.kept import FOLDER, keep_page
from loadtests.targets import ROOT
from portal.authorize import Actor, Role
from portal.clock import unix_ms
from portal.database import Database, database_url
from portal.roster.desk import RosterDesk
from portal.schema import lessons, schools, users
from portal.school import DEFAULT_NOTICE
from portal.service_schema import classes
from portal.serving import claim_port
from whiteboard_crdt.errors import SetupError

_LOOPBACK: Final = "127.0.0.1"
_PAGE: Final = ROOT / "docs" / "performance-portal.md"
_JSON: Final = FOLDER / "portal.json"
_START_S: Final = 60.0
_STOP_S: Final = 20.0
_ROWS: Final = 50_000
_THINK_S: Final = 1.0
# The portal looks after lessons and mails once when it begins.
_SETTLE_S: Final = 2.0
_IDLE: Final = 0.2
_MIX: Final = "one coordinator, two tutors and seven students in ten"


@contextlib.contextmanager
def _portal(data: Path) -> Iterator[tuple[str, int]]:
    """(address, pid) of a portal that answers. Raises SetupError."""
    port = claim_port(_LOOPBACK, 0)
    words = [sys.executable, "-m", "portal.cli", "portal", "--port", str(port), "--data", str(data)]
    words += ["--log-level", "warning"]
    with (data / "portal.log").open("wb") as output:
        process = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output)
        try:
            pin(process.pid, 0)
            url, until_s = f"http://{_LOOPBACK}:{port}", time.monotonic() + _START_S
            while not _answers(url):
                if process.poll() is not None or time.monotonic() > until_s:
                    raise SetupError(f"The portal does not start: {(data / 'portal.log').read_text()[-500:]}")
                time.sleep(0.1)
            yield url, process.pid
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def _wait_idle(pid: int) -> None:
    """Until what the portal does at its start, once for all classes, is behind it."""
    until_s = time.monotonic() + _START_S
    while time.monotonic() < until_s:
        before_s = cpu_s(pid)
        time.sleep(_SETTLE_S)
        if cpu_s(pid) - before_s < _IDLE * _SETTLE_S:
            return
    raise SetupError("The portal is still busy with its first round.")


def _visitors(people: People) -> dict[str, list[Visitor]]:
    kinds = {
        "a coordinator": [Visitor("/", token) for token in people.coordinator],
        "a tutor": [Visitor("/", token) for token in people.tutor],
        "a student": [Visitor("/", token) for token in people.student],
    }
    each = len(people.student) // 10
    kinds[_MIX] = kinds["a coordinator"][:each] + kinds["a tutor"][: 2 * each] + kinds["a student"][: 7 * each]
    kinds["a tutor's calendar address"] = [Visitor(f"/calendar/{token}.ics") for token in people.calendar]
    return kinds


def _measure_round(url: str, pid: int, people: People, data: Path, seconds: float) -> Round:
    """While what the portal does at its start, once for all classes, is under way: the lessons of a week are new."""
    groups, before = _count(data, classes), _count(data, lessons)
    before_s, begun_s = cpu_s(pid), time.monotonic()
    asked = uvloop.run(run_visits(url, Visits(_visitors(people)[_MIX], _THINK_S, seconds)))
    cores = (cpu_s(pid) - before_s) / (time.monotonic() - begun_s)
    made = _count(data, lessons) - before
    row = Row(f"{_MIX}, beside the hourly round", _THINK_S, asked, round(cores, 3))
    sys.stderr.write(f"{row.name}: {asked}, {made} lessons made\n")
    return Round(row, groups, made)


def _count(data: Path, what: Table) -> int:
    engine = create_engine(f"sqlite:///{data / 'portal.sqlite'}")
    try:
        with engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(what)).scalar_one()
    finally:
        engine.dispose()


def _measure(url: str, pid: int, people: People, seconds: float) -> list[Row]:
    rows = []
    for name, visitors in _visitors(people).items():
        for think_s in (_THINK_S, 0.0):
            before_s, begun_s = cpu_s(pid), time.monotonic()
            asked = uvloop.run(run_visits(url, Visits(visitors, think_s, seconds)))
            cores = (cpu_s(pid) - before_s) / (time.monotonic() - begun_s)
            rows.append(Row(name, think_s, asked, round(cores, 3)))
            sys.stderr.write(f"{name}, {think_s:g} s to think: {asked}\n")
    return rows


async def _apply_roster(data: Path, rows: int) -> Upload:
    """A school's first roster, in a database of its own."""
    database = Database(database_url(data, None))
    try:
        await database.upgrade()
        async with database.write() as connection:
            await connection.execute(
                insert(schools).values(
                    id="large", name="Large", time_zone="UTC", recording="required", notice=DEFAULT_NOTICE,
                    ice_policy="all", demo=False, created_ms=unix_ms(),
                )
            )  # fmt: skip
            await connection.execute(
                insert(users).values(
                    id="c", school="large", login="c", name="Coordinator", role=Role.COORDINATOR.value,
                    created_ms=unix_ms(),
                )
            )  # fmt: skip
        desk, actor = RosterDesk(database, unix_ms), Actor("c", "large", Role.COORDINATOR, "")
        times_s = [time.monotonic()]
        upload = await desk.keep(actor, "roster.csv", roster_csv(rows, "l"))
        times_s.append(time.monotonic())
        _, check = await desk.look(upload)
        times_s.append(time.monotonic())
        if check is None or check.plan.counts["adds"] != rows:
            raise AssertionError("the roster of the benchmark is faulty")
        await desk.apply(actor, upload, check.plan.digest)
        times_s.append(time.monotonic())
    finally:
        await database.close()
    keep_s, look_s, apply_s = (round(times_s[n + 1] - times_s[n], 2) for n in range(3))
    return Upload(_now(), rows, keep_s, look_s, apply_s)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())


def _run(people_of_each: int, seconds: float, rows: int) -> Found:
    """Everything."""
    cores = os.sched_getaffinity(0)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-portal-") as name:
        data = Path(name)
        begun_s = time.monotonic()
        people, district = asyncio.run(fill_district(data, people_of_each))
        fill_s = time.monotonic() - begun_s
        with _portal(data) as (url, pid):
            pin(0, 1)
            beside = _measure_round(url, pid, people, data, seconds)
            _wait_idle(pid)
            lists = _measure(url, pid, people, seconds)
            held_mb = resident_mb(pid)
    os.sched_setaffinity(0, cores)
    machine = f"{platform.machine()}, {len(cores)} cores, Python {platform.python_version()}"
    roster = _roster(rows)
    return Found(_now(), machine, people_of_each, district, round(fill_s, 1), beside, lists, roster, round(held_mb, 1))


def _roster(rows: int) -> Upload:
    """On one core."""
    pin(0, 0)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-portal-") as name:
        return asyncio.run(_apply_roster(Path(name), rows))


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="bench-portal")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rows", type=int, default=_ROWS, help="of the roster")
    parser.add_argument("--only-roster", action="store_true", help="measure the roster again, and keep the rest")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    if given.only_roster:
        found = msgspec.structs.replace(msgspec.json.decode(_JSON.read_bytes(), type=Found), roster=_roster(given.rows))
    else:
        found = _run(given.people, given.seconds, given.rows)
    page = format_page(found)
    sys.stdout.write(page)
    if not given.check:
        keep_page(_PAGE, page)
        _JSON.parent.mkdir(parents=True, exist_ok=True)
        _JSON.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return 1 if missed(found) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.stderr.write(f"bench-portal: {error}\n")
        sys.exit(2)
