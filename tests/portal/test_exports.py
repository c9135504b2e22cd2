"""What leaves the portal as CSV, on every route of the router: no spreadsheet computes what somebody typed."""

import csv
import inspect
import io
import itertools
import zipfile
from collections.abc import Callable
from datetime import date

from aiohttp import ClientResponse
from sqlalchemy import String, insert, update

from portal.context import Portal
from portal.learning_schema import hours_contracts, scores
from portal.pacing_schema import pacing_guides, pacing_weeks
from portal.routes import ALL_ROUTES
from portal.schema import lessons, metadata
from tests.portal.matrix import MATRIX
from tests.portal.test_access import fill
from tests.portal.world import LESSON, NOON_MS, Browser, fill_service

# As spreadsheets compute them; the blank in front keeps none of them from it.
_FORMULAS = ("=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", " =1+1")
# Columns in which a person's words stand, wherever they are.
_TYPED = frozenset(
    "name given_name family_name title subject grade comment reason teacher_of_record text topic goal material".split()
)
_EXPORTS = {
    ("GET", "/attendance.csv"),
    ("GET", "/hours.csv"),
    ("GET", "/classes/{group}/grades.zip"),
    ("GET", "/classes/{group}/pacing.csv"),
    ("POST", "/students/{student}/export"),
}


async def test_no_route_answers_with_a_cell_that_a_spreadsheet_computes(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    token = await fill_service(portal)
    await _type_formulas(portal)
    people: dict[str, Browser] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for route in (route for table in ALL_ROUTES for route in table.routes):
        # A form is sent only where a file can be the answer: the others change what the next route would show.
        if route.method != "GET" and "download(" not in inspect.getsource(route.handler):
            continue
        plain = route.path.replace(":.+", "")
        allowed = MATRIX[route.method, plain].split()
        who = "coordinator" if "coordinator" in allowed else next(iter(allowed), "nobody")
        if who not in people:
            people[who] = open_browser()
            # What programs get is JSON.
            if who not in ("nobody", "internal", "program"):
                assert (await people[who].log_in(who)).status == 303
        path = fill(plain, token=token)
        if who == "internal":
            answer = await people[who].internal(route.method, path)
        else:
            answer = await (people[who].get(path) if route.method == "GET" else people[who].submit(path, {}))
        if sheets := await _sheets(answer):
            rows = [row for sheet in sheets for row in csv.reader(io.StringIO(sheet, newline=""))]
            found[route.method, plain] = [cell for row in rows for cell in row]
    assert set(found) == _EXPORTS
    for export, cells in found.items():
        assert any(cell.lstrip("'") in _FORMULAS for cell in cells), export
        assert [cell for cell in cells if _computes(cell)] == [], export


def _computes(cell: str) -> bool:
    if not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return False
    try:
        float(cell)  # a number below 0 is one
    except ValueError:
        return True
    return False


async def _type_formulas(portal: Portal) -> None:
    """A formula wherever somebody types; the lesson is over and has minutes; score, contract, pacing guide exist."""
    formulas = itertools.cycle(_FORMULAS)
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).where(lessons.c.id == LESSON).values({"class": "class-one", "state": "ended"})
        )
        await connection.execute(
            update(lessons).values(starts_ms=NOON_MS - 3_600_000, ended_ms=NOON_MS, ends_ms=NOON_MS)
        )
        await connection.execute(
            insert(scores).values(
                id="score",
                assignment="assignment-one",
                student="student",
                state="scored",
                points=5,
                comment="",
                entered_by="tutor",
                at_ms=NOON_MS,
            )
        )
        await connection.execute(
            insert(hours_contracts).values(
                id="contract",
                school="here",
                title="",
                subject="",
                minutes=600,
                from_day=date(2026, 11, 1),
                until_day=date(2026, 11, 30),
                no_show="used",
                entered_by="coordinator",
                entered_ms=NOON_MS,
            )
        )
        await connection.execute(
            insert(pacing_guides).values(
                **{"class": "class-one"},
                id="guide",
                version=1,
                file_name="",
                made_by="tutor",
                made_ms=NOON_MS,
            )
        )
        await connection.execute(
            insert(pacing_weeks).values(
                id="week", guide="guide", week=date(2026, 11, 23), topic="", goal="", material=""
            )
        )
        for table in metadata.sorted_tables:
            typed = {
                column.name: next(formulas)[: column.type.length]
                for column in table.columns
                if column.name in _TYPED
                and isinstance(column.type, String)
                and not (column.foreign_keys or column.primary_key)
            }
            if typed:
                await connection.execute(update(table).values(typed))


async def _sheets(answer: ClientResponse) -> list[str]:
    """The CSV of an answer: itself, or what is in its zip."""
    if answer.content_type == "text/csv":
        return [(await answer.read()).decode("utf-8-sig")]
    if answer.content_type != "application/zip":
        return []
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as packed:
        return [packed.read(name).decode("utf-8-sig") for name in packed.namelist() if name.endswith(".csv")]
