"""`chalkmesh school`: the first account of a new school, and of its district, from the operator's shell."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.clock import unix_ms
from portal.database import Database, database_url
from portal.ids import new_id
from portal.keyfiles import prepare_data
from portal.ledger import audit
from portal.mails.links import token_of
from portal.roster.entries import check_email, check_name
from portal.schema import schools
from portal.school import DEFAULT_NOTICE
from portal.school_schema import districts
from portal.staff import StaffRefused, add_staff
from whiteboard_crdt.errors import SetupError

Account = tuple[str, str]
"""A name and a mail address."""


def run_school(
    data: Path,
    setting: str | None,
    name: str,
    time_zone: str,
    coordinator: Account,
    district: str | None,
    district_admin: Account | None,
    portal_url: str,
    say: Callable[[str], None],
) -> int:
    """Makes the school and prints where its first people choose their passwords. Raises SetupError."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SetupError(f"{time_zone!r} is no time zone; write one such as America/New_York.") from error
    for who in (coordinator, *([district_admin] if district_admin else [])):
        fault = check_name(who[0]) or check_email(who[1]) or (None if who[1] else "lacks a mail address")
        if fault is not None:
            raise SetupError(f"{who[0]} <{who[1]}> {fault}.")
    if district_admin and not district:
        raise SetupError("A district administrator needs a district: --district NAME.")
    keyring = prepare_data(data)
    wanted = [(coordinator, Role.COORDINATOR)] + ([(district_admin, Role.DISTRICT_ADMIN)] if district_admin else [])
    links = asyncio.run(_make(Database(database_url(data, setting)), name, time_zone, wanted, district))
    for (who, role), link in zip(wanted, links, strict=True):
        say(f"{role.value.replace('_', ' ')} {who[0]}: {portal_url}welcome/{token_of(keyring.link_secret, link)}")
    say("Each address works once, for 14 days; where a mail server is set, it comes by mail too.")
    return 0


async def _make(
    database: Database, name: str, time_zone: str, wanted: list[tuple[Account, Role]], district: str | None
) -> list[str]:
    try:
        await database.upgrade()
        async with database.write() as connection:
            now_ms = unix_ms()
            school = await _make_school(connection, name, time_zone, district, now_ms)
            operator = Actor("operator", school, Role.COORDINATOR, "shell")
            return [
                await add_staff(connection, operator, name, who[0], who[1].casefold(), role, now_ms)
                for who, role in wanted
            ]
    except StaffRefused as error:
        raise SetupError(str(error)) from error
    finally:
        await database.close()


async def _make_school(
    connection: AsyncConnection, name: str, time_zone: str, district: str | None, now_ms: int
) -> str:
    belongs = None
    if district is not None:
        belongs = (await connection.execute(select(districts.c.id).where(districts.c.name == district))).scalar()
        if belongs is None:
            belongs = new_id()
            await connection.execute(insert(districts).values(id=belongs, name=district, created_ms=now_ms))
    school = new_id()
    await connection.execute(
        insert(schools).values(
            id=school,
            name=name,
            time_zone=time_zone,
            recording="required",
            notice=DEFAULT_NOTICE,
            ice_policy="all",
            demo=False,
            created_ms=now_ms,
            district=belongs,
        )
    )
    await audit(connection, "operator", "school.add", "school", school, now_ms)
    return school
