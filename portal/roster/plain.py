"""The plain CSV of a roster: one line a student, the columns as the upload page documents them."""

from portal.roster.entries import (
    KINDS,
    Roster,
    RosterStudent,
    check_email,
    check_id,
    check_login,
    check_name,
    normal_grade,
)
from portal.roster.sheets import Row, SheetRefused, read_sheet

REQUIRED = ("student_id", "given_name", "family_name", "grade")
# Column → what it means, as the page says it.
COLUMNS = {
    "student_id": "the school's own id of the student; required",
    "given_name": "required",
    "family_name": "required",
    "grade": "K, 1 to 12; required",
    "email": "where the log-in link and the Welcome Letter go",
    "username": "for signing in; made from the name when empty",
    "subjects": "subjects in which lessons are wanted, separated by | or ;",
    "service": "1:1 or 1:4; 1:4 when empty",
    "status": "active, or leaves; active when empty",
}
_STATUS = {"": True, "active": True, "leaves": False, "tobedeleted": False}


def parse_plain(name: str, content: bytes) -> Roster:
    """The roster of a plain CSV file. It speaks only of the students whom it names."""
    roster = Roster(bulk=False)
    seen: dict[str, int] = {}
    try:
        for row in read_sheet(content, REQUIRED):
            student = _student(roster, name, row)
            if student is None:
                continue
            if student.external_id in seen:
                roster.wrong(
                    name,
                    row.line,
                    f"student_id {student.external_id} stands in line {seen[student.external_id]} already",
                )
                continue
            seen[student.external_id] = row.line
            roster.students[student.external_id] = student
    except SheetRefused as error:
        roster.wrong(name, error.line, f"The file {error.words}.")
    return roster


def _student(roster: Roster, name: str, row: Row) -> RosterStudent | None:
    grade = normal_grade(row["grade"])
    kind = row["service"] or KINDS[-1]
    active = _STATUS.get(row["status"].casefold())
    subjects = frozenset(
        " ".join(part.split()) for part in row["subjects"].replace(";", "|").split("|") if part.strip()
    )
    wrong = {
        "student_id": check_id(row["student_id"]),
        "given_name": check_name(row["given_name"]),
        "family_name": check_name(row["family_name"]),
        "grade": None if grade else "is not a grade",
        "email": check_email(row["email"]),
        "username": check_login(row["username"].casefold()),
        "service": None if kind in KINDS else "is neither 1:1 nor 1:4",
        "status": None if active is not None else "is neither active nor leaves",
        "subjects": "holds a subject of more than 100 characters" if any(len(s) > 100 for s in subjects) else None,
    }
    faults = [f"{column} {words}" for column, words in wrong.items() if words is not None]
    for fault in faults:
        roster.wrong(name, row.line, fault)
    if faults or grade is None or active is None:
        return None
    return RosterStudent(
        external_id=row["student_id"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        grade=grade,
        email=row["email"],
        login=row["username"].casefold(),
        subjects=subjects if "subjects" in row.cells else None,
        kind=kind,
        active=active,
    )
