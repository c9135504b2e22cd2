"""OneRoster 1.1 and 1.2 CSV (1EdTech, "OneRoster CSV Tables" and "CSV Binding"): manifest, users, classes, enrollments.

In 1.2 what somebody is stands in roles.csv and no longer in users.csv; the rest that we read is the same.

Only students are taken: nobody becomes a member of the staff through a file. A student's enrolment in a class asks
for lessons in the subjects of that class.
"""

from collections.abc import Iterator
from dataclasses import replace

from portal.roster.entries import Roster, RosterStudent, check_email, check_id, check_login, check_name, normal_grade
from portal.roster.sheets import Row, SheetRefused, read_sheet

_MODES = ("absent", "bulk", "delta")
_VERSIONS = ("1.1", "1.2")
_USERS = ("sourcedId", "givenName", "familyName")
_USER_ROLES = ("userSourcedId", "roleType", "role")
_CLASSES = ("sourcedId", "title")
_ENROLLMENTS = ("sourcedId", "classSourcedId", "userSourcedId", "role")
_ROLES = frozenset(
    (
        "administrator aide guardian parent proctor relative student teacher principal"
        " counselor districtadministrator siteadministrator systemadministrator"
    ).split()
)


def parse_oneroster(files: dict[str, bytes]) -> Roster:
    """The roster of the files of a zip."""
    roster = Roster(bulk=True)
    modes = _manifest(roster, files)
    if modes is None:
        return roster
    if modes.get("users", "absent") == "absent":
        roster.wrong("manifest.csv", 0, "The manifest says that there is no users.csv, so there is nobody to take in.")
        return roster
    roster.bulk = modes["users"] == "bulk"
    roles = None
    if modes["version"] == "1.2":
        if modes.get("roles", "absent") == "absent":
            roster.wrong("manifest.csv", 0, "The manifest names no roles.csv, which OneRoster 1.2 asks for.")
            return roster
        roles = _roles(roster, files["roles.csv"])
    everyone = _users(roster, files["users.csv"], roles)
    subjects = _classes(roster, files["classes.csv"]) if modes.get("classes", "absent") != "absent" else {}
    if modes.get("enrollments", "absent") != "absent":
        _enroll(roster, files["enrollments.csv"], everyone, subjects)
    return roster


def _manifest(roster: Roster, files: dict[str, bytes]) -> dict[str, str] | None:
    """The mode of each file by its name without .csv, and `version`; None when the manifest itself is wrong."""
    if "manifest.csv" not in files:
        roster.wrong("manifest.csv", 0, "The zip holds no manifest.csv, which OneRoster asks for.")
        return None
    modes = {"version": "1.1"}
    for row in _rows(roster, "manifest.csv", files["manifest.csv"], ("propertyName", "value")):
        key, value = row["propertyname"], row["value"].casefold()
        if key.casefold() == "oneroster.version":
            modes["version"] = value
            if value not in _VERSIONS:
                roster.wrong("manifest.csv", row.line, f"OneRoster {value[:20]} is not understood, only 1.1 and 1.2.")
        if not key.casefold().startswith("file."):
            continue
        name = key[5:].casefold()
        if value not in _MODES:
            roster.wrong("manifest.csv", row.line, f"{key} is {value[:20]!r}; bulk, delta or absent is expected.")
        elif value != "absent" and f"{name}.csv" not in files:
            roster.wrong("manifest.csv", row.line, f"The manifest names {name}.csv, which is not in the zip.")
        modes[name] = value
    return None if roster.problems else modes


def _roles(roster: Roster, content: bytes) -> dict[str, str]:
    """What each user is, by id: the primary role, or any other where none is called primary."""
    found: dict[str, tuple[bool, str]] = {}
    for row in _rows(roster, "roles.csv", content, _USER_ROLES):
        if row["status"].casefold() == "tobedeleted":
            continue
        primary = row["roletype"].casefold() == "primary"
        known = found.get(row["usersourcedid"])
        if known is None or (primary and not known[0]):
            found[row["usersourcedid"]] = (primary, row["role"].casefold())
    return {user: role for user, (_, role) in found.items()}


def _users(roster: Roster, content: bytes, roles: dict[str, str] | None) -> set[str]:
    """Takes in the students; returns the ids of everybody in the file. `roles`: of 1.2, where users.csv has none."""
    lines: dict[str, int] = {}
    others = 0
    required = _USERS if roles is not None else (*_USERS, "role")
    for row in _rows(roster, "users.csv", content, required):
        sourced = row["sourcedid"]
        if (words := check_id(sourced)) is not None:
            roster.wrong("users.csv", row.line, f"sourcedId {words}")
            continue
        if sourced in lines:
            roster.wrong("users.csv", row.line, f"sourcedId {sourced} stands in line {lines[sourced]} already")
            continue
        lines[sourced] = row.line
        unsaid = roles is not None and sourced not in roles
        if unsaid and roster.bulk and row["status"].casefold() != "tobedeleted":
            roster.wrong("users.csv", row.line, f"user {sourced[:60]!r} has no role in roles.csv")
            continue
        # A delta names a role only where it changed, and who leaves may have lost it already.
        role = roles.get(sourced, "student") if roles is not None else row["role"].casefold()
        if role == "student":
            if (student := _student(roster, row)) is not None:
                roster.students[sourced] = replace(student, known_only=unsaid)
        elif role in _ROLES:
            others += 1
        else:
            roster.wrong("users.csv", row.line, f"role {role[:40]!r} is not one of OneRoster's")
    if others:
        roster.notes.append(f"{others:,} people who are not students are left as they are.")
    return set(lines)


def _student(roster: Roster, row: Row) -> RosterStudent | None:
    grade = normal_grade(row["grades"].split(",")[0])
    wrong = {
        "givenName": check_name(row["givenname"]),
        "familyName": check_name(row["familyname"]),
        "grades": None if grade is not None else "is not a grade",
        "email": check_email(row["email"]),
        "username": check_login(row["username"].casefold()),
    }
    faults = [f"{column} {words}" for column, words in wrong.items() if words is not None]
    for fault in faults:
        roster.wrong("users.csv", row.line, fault)
    if faults or grade is None:
        return None
    return RosterStudent(
        external_id=row["sourcedid"],
        given_name=row["givenname"],
        family_name=row["familyname"],
        grade=grade,
        email=row["email"],
        login=row["username"].casefold(),
        subjects=None,
        kind="1:4",
        active=row["status"].casefold() != "tobedeleted" and row["enableduser"].casefold() != "false",
    )


def _classes(roster: Roster, content: bytes) -> dict[str, frozenset[str]]:
    """The subjects of each class; a class that names none stands for itself by its title."""
    found: dict[str, frozenset[str]] = {}
    for row in _rows(roster, "classes.csv", content, _CLASSES):
        sourced = row["sourcedid"]
        if (words := check_id(sourced)) is not None:
            roster.wrong("classes.csv", row.line, f"sourcedId {words}")
        elif sourced in found:
            roster.wrong("classes.csv", row.line, f"sourcedId {sourced} stands there twice")
        else:
            named = [" ".join(part.split())[:100] for part in row["subjects"].split(",") if part.strip()]
            found[sourced] = frozenset(named or [row["title"][:100]])
    return found


def _enroll(roster: Roster, content: bytes, everyone: set[str], subjects: dict[str, frozenset[str]]) -> None:
    seen: set[str] = set()
    wanted: dict[str, set[str]] = {}
    for row in _rows(roster, "enrollments.csv", content, _ENROLLMENTS):
        if row["sourcedid"] in seen:
            roster.wrong("enrollments.csv", row.line, f"sourcedId {row['sourcedid'][:60]} stands there twice")
            continue
        seen.add(row["sourcedid"])
        if row["usersourcedid"] not in everyone:
            roster.wrong("enrollments.csv", row.line, f"user {row['usersourcedid'][:60]!r} is not in users.csv")
        elif row["classsourcedid"] not in subjects:
            roster.wrong("enrollments.csv", row.line, f"class {row['classsourcedid'][:60]!r} is not in classes.csv")
        elif row["role"].casefold() == "student" and row["status"].casefold() != "tobedeleted":
            wanted.setdefault(row["usersourcedid"], set()).update(subjects[row["classsourcedid"]])
    for sourced, student in roster.students.items():
        # A delta speaks only of what it names; a bulk file without an enrolment says that there is none.
        if sourced in wanted or roster.bulk:
            roster.students[sourced] = replace(student, subjects=frozenset(wanted.get(sourced, ())))


def _rows(roster: Roster, file: str, content: bytes, required: tuple[str, ...]) -> Iterator[Row]:
    try:
        yield from read_sheet(content, required)
    except SheetRefused as error:
        roster.wrong(file, error.line, f"The file {error.words}.")
