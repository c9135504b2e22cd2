"""Accounts for whoever runs the service: students and families in figures alone, the staff by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.account_schema import passkeys, second_factors
from portal.authorize import Role
from portal.district import schools_of_district
from portal.schema import logins, schools, users
from portal.staff import NOT_STAFF

MOST_STAFF = 500
# A password without the second step that was asked for signed nobody in.
_SIGNED_IN = (logins.c.user == users.c.id) & logins.c.awaits_code.is_not(True)
_SECURED = exists().where(second_factors.c.user == users.c.id, second_factors.c.confirmed_ms.is_not(None)) | (
    exists().where(passkeys.c.user == users.c.id)
)


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """Accounts of one role at one school. `never` signed in and `secured` by a second step: of the open ones."""

    school: str
    school_name: str
    role: Role
    open: int
    closed: int
    never: int
    secured: int

    @property
    def staff(self) -> bool:
        """Whether people of this role work here."""
        return self.role not in NOT_STAFF


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """The account of somebody of the staff. `last_ms`: of the last sign-in, unix ms."""

    name: str
    role: Role
    closed: bool
    last_ms: int | None
    secured: bool


@dataclass(frozen=True, slots=True)
class SchoolFigures:
    """A school of the district, over all roles. `unsecured`: open accounts of staff without a second step."""

    id: str
    name: str
    open: int
    closed: int
    never: int
    unsecured: int


async def load_role_figures(connection: AsyncConnection, school: str) -> list[RoleFigures]:
    """Of every school of this school's district, by school and role. Erased people have no account any more."""
    each = (
        select(
            users.c.school,
            users.c.role,
            users.c.disabled_ms.is_(None).label("open"),
            exists().where(_SIGNED_IN).label("signed_in"),
            _SECURED.label("secured"),
        )
        .where(users.c.school.in_(schools_of_district(school)), users.c.erased_ms.is_(None))
        .subquery()
    )
    count = func.count()
    found = await connection.execute(
        select(
            each.c.school,
            schools.c.name,
            each.c.role,
            count.filter(each.c.open),
            count.filter(~each.c.open),
            count.filter(each.c.open & ~each.c.signed_in),
            count.filter(each.c.open & each.c.secured),
        )
        .join(schools, schools.c.id == each.c.school)
        .group_by(each.c.school, schools.c.name, each.c.role)
    )
    order = list(Role)
    figures = [RoleFigures(row[0], row[1], Role(row[2]), *row[3:]) for row in found]
    return sorted(figures, key=lambda figure: (figure.school_name, figure.school, order.index(figure.role)))


def by_school(figures: Sequence[RoleFigures]) -> list[SchoolFigures]:
    """The same without the roles."""
    together = []
    for school, name in dict.fromkeys((figure.school, figure.school_name) for figure in figures):
        mine = [figure for figure in figures if figure.school == school]
        together.append(
            SchoolFigures(
                school,
                name,
                sum(figure.open for figure in mine),
                sum(figure.closed for figure in mine),
                sum(figure.never for figure in mine),
                sum(figure.open - figure.secured for figure in mine if figure.staff),
            )
        )
    return together


async def load_staff_accounts(connection: AsyncConnection, school: str) -> list[StaffAccount]:
    """The staff of one school: open accounts first, by name. One more than MOST_STAFF says that there are more."""
    last_ms = select(func.max(logins.c.created_ms)).where(_SIGNED_IN).scalar_subquery()
    closed = users.c.disabled_ms.is_not(None)
    found = await connection.execute(
        select(users.c.name, users.c.role, closed.label("closed"), last_ms.label("last_ms"), _SECURED.label("secured"))
        .where(users.c.school == school, users.c.role.not_in(NOT_STAFF), users.c.erased_ms.is_(None))
        .order_by(closed, users.c.name, users.c.id)
        .limit(MOST_STAFF + 1)
    )
    return [StaffAccount(row.name, Role(row.role), bool(row.closed), row.last_ms, bool(row.secured)) for row in found]
