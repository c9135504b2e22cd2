"""Files as schools send them, and as attackers would: portal/roster/{sheets,bundle,plain,oneroster}.py."""

import io
import stat
import zipfile
from collections.abc import Mapping

import pytest

from portal.roster.bundle import BundleRefused, open_bundle
from portal.roster.desk import parse_upload, shown_name
from portal.roster.entries import Roster, normal_grade
from portal.roster.plan import KnownStudent, make_plan
from tests.portal.service.rosters import ONEROSTER, PLAIN_HEADING, make_zip, plain


def problems(roster: Roster) -> list[tuple[str, int, str]]:
    return [(each.file, each.line, each.words) for each in roster.problems]


def parse(content: bytes) -> Roster:
    return parse_upload("r.csv", content)


@pytest.mark.parametrize(
    "encoded",
    [
        plain("1,Zoë,Núñez,7").encode(),
        plain("1,Zoë,Núñez,7").encode("utf-8-sig"),
        plain("1,Zoë,Núñez,7").encode("utf-16"),
        plain("1,Zoë,Núñez,7").encode("cp1252"),
        plain("1,Zoë,Núñez,7").replace("\n", "\r\n").encode(),
        plain("1,Zoë,Núñez,7").replace(",", ";").encode(),
        plain("1,Zoë,Núñez,7").replace(",", "\t").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "windows-1252", "crlf", "semicolons", "tabs"],
)
def test_usual_encodings_and_separators_are_read_alike(encoded: bytes) -> None:
    roster = parse(encoded)
    assert problems(roster) == []
    (student,) = roster.students.values()
    assert (student.given_name, student.family_name, student.grade) == ("Zoë", "Núñez", "7")


def test_errors_name_file_and_line() -> None:
    text = plain(
        "1,Ada,Lovelace,7",
        '2,"Two\nlines",B,7',
        "1,Again,Same,7",
        "3,,NoName,7",
        "4,A,B,grade-without-end-in-sight",
        "5,A,B,7,not-an-address",
        "6,A,B,7,,bad name!",
        "7,A,B,7,,,Art,2:9",
        "8,A,B,7,,,Art,1:1,asleep",
    )
    assert problems(parse(text.encode())) == [
        ("r.csv", 3, "given_name holds characters that are not printable"),
        ("r.csv", 5, "student_id 1 stands in line 2 already"),
        ("r.csv", 6, "given_name is empty"),
        ("r.csv", 7, "grade is not a grade"),
        ("r.csv", 8, "email is not a mail address"),
        ("r.csv", 9, "username is not a user name (letters, digits, . _ @ + -)"),
        ("r.csv", 10, "service is neither 1:1 nor 1:4"),
        ("r.csv", 11, "status is neither active nor leaves"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 0, "is empty"),
        (b"student_id,given_name,family_name\n", 1, "lacks the column grade"),
        (b"student_id,student_id\n", 1, "column 'student_id' twice"),
        (plain("1,A,B,7,,,,,,extra").encode(), 2, "more cells than the heading"),
        (plain('1,"A,B,7').encode(), 2, "not well-formed CSV"),
        (plain(f"1,{'x' * 3000},B,7").encode(), 2, "cell of more than 2,000"),
        (b"\x7fELF\x00\x01", 0, "not a text file"),
        (b"student_id,given_name\x00", 0, "not a text file"),
        ((",".join(f"c{n}" for n in range(200)) + "\n").encode(), 1, "more than 100 columns"),
    ],
)
def test_file_that_is_no_such_table_is_one_problem(content: bytes, line: int, words: str) -> None:
    ((_, found_line, found),) = problems(parse(content))
    assert found_line == line
    assert words in found


def test_problems_are_bounded() -> None:
    assert len(parse(plain(*(f"{n},,B,7" for n in range(5000))).encode()).problems) == 200


@pytest.mark.parametrize(
    ("typed", "grade"),
    [("07", "7"), ("7", "7"), ("kg", "K"), ("K", "K"), ("", ""), ("99999", None), ("½", None)],
)
def test_grades_are_compared_in_one_form(typed: str, grade: str | None) -> None:
    assert normal_grade(typed) == grade


def test_oneroster_zip_gives_students_with_the_subjects_of_their_classes() -> None:
    roster = parse_upload("r.zip", make_zip(ONEROSTER))
    assert problems(roster) == []
    assert roster.bulk
    assert {key: sorted(each.subjects or ()) for key, each in roster.students.items()} == {
        "s1": ["Math"],
        "s2": ["Art", "Math"],
        "s3": [],
    }
    assert roster.notes == ["1 people who are not students are left as they are."]


def test_nobody_becomes_staff_through_a_file() -> None:
    files = {**ONEROSTER, "users.csv": ONEROSTER["users.csv"].replace(",student,", ",administrator,")}
    assert parse_upload("r.zip", make_zip(files)).students == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("manifest.csv", "1.1", "2.0", ("manifest.csv", 2, "OneRoster 2.0 is not understood, only 1.1 and 1.2.")),
        (
            "manifest.csv",
            "1.1",
            "1.2",
            ("manifest.csv", 0, "The manifest names no roles.csv, which OneRoster"),
        ),
        ("manifest.csv", "users,bulk", "users,x", ("manifest.csv", 3, "file.users is 'x'; bulk, delta or absent")),
        ("manifest.csv", "users,bulk", "users,absent", ("manifest.csv", 0, "The manifest says that there is no users")),
        ("manifest.csv", "users", "pupils", ("manifest.csv", 3, "The manifest names pupils.csv, which is not in")),
        ("enrollments.csv", "c1,s1", "c1,s9", ("enrollments.csv", 2, "user 's9' is not in users.csv")),
        ("enrollments.csv", "c1,s1", "c9,s1", ("enrollments.csv", 2, "class 'c9' is not in classes.csv")),
        ("enrollments.csv", "e2", "e1", ("enrollments.csv", 3, "sourcedId e1 stands there twice")),
        ("users.csv", "s2,", "s1,", ("users.csv", 3, "sourcedId s1 stands in line 2 already")),
        ("users.csv", "teacher", "king", ("users.csv", 5, "role 'king' is not one of OneRoster's")),
        ("classes.csv", "c2", "c1", ("classes.csv", 3, "sourcedId c1 stands there twice")),
    ],
)
def test_oneroster_faults_are_named_by_file_and_line(
    file: str, old: str, new: str, expected: tuple[str, int, str]
) -> None:
    files = {**ONEROSTER, file: ONEROSTER[file].replace(old, new, 1)}
    found = problems(parse_upload("r.zip", make_zip(files)))
    assert any(each[:2] == expected[:2] and each[2].startswith(expected[2]) for each in found), found


def test_zip_without_manifest_is_said_so() -> None:
    files = {name: text for name, text in ONEROSTER.items() if name != "manifest.csv"}
    assert "no manifest.csv" in problems(parse_upload("r.zip", make_zip(files)))[0][2]


def test_delta_leaves_those_alone_whom_it_does_not_name() -> None:
    files = {**ONEROSTER, "manifest.csv": ONEROSTER["manifest.csv"].replace("bulk", "delta")}
    roster = parse_upload("r.zip", make_zip(files))
    assert not roster.bulk
    assert roster.students["s3"].subjects is None


def test_files_in_one_folder_of_the_zip_are_found_and_what_macos_adds_is_not() -> None:
    files = {f"School export/{name}": text for name, text in ONEROSTER.items()}
    files |= {"__MACOSX/School export/._users.csv": "x", "School export/.DS_Store": "x"}
    assert len(parse_upload("r.zip", make_zip(files)).students) == 3


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../users.csv": "x"}, "leads out of it"),
        ({"/etc/users.csv": "x"}, "leads out of it"),
        ({"a\\users.csv": "x"}, "leads out of it"),
        ({"c:users.csv": "x"}, "leads out of it"),
        ({"a/users.csv": "x", "b/classes.csv": "x"}, "different folders"),
        ({"users.csv": "x", "Users.csv": "y"}, "twice"),
        ({"inner.zip": "x"}, "not a CSV file"),
        ({}, "no CSV file"),
        ({f"f{n}.csv": "x" for n in range(65)}, "more than 64 files"),
    ],
)
def test_zip_that_is_not_plain_files_side_by_side_is_refused(files: dict[str, str], words: str) -> None:
    with pytest.raises(BundleRefused, match=words):
        open_bundle(make_zip(files))


def test_bombs_are_refused_while_they_unpack() -> None:
    with pytest.raises(BundleRefused, match="far more"):
        open_bundle(make_zip({"users.csv": "0" * 30_000_000}))
    many = {f"f{n}.csv": "".join(chr(33 + (n + k * k) % 90) for k in range(1000)) * 1200 for n in range(60)}
    with pytest.raises(BundleRefused, match="far more"):
        open_bundle(make_zip(many))


def test_size_in_the_heading_is_not_believed() -> None:
    content = bytearray(make_zip({"users.csv": "0" * 30_000_000}))
    # The uncompressed size in the local and in the central heading: one byte.
    for marker, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(marker) + offset
        content[at : at + 4] = (1).to_bytes(4, "little")
    with pytest.raises(BundleRefused):
        open_bundle(bytes(content))


def test_links_passwords_and_damage_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        link = zipfile.ZipInfo("users.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(link, "/etc/passwd")
    with pytest.raises(BundleRefused, match="link"):
        open_bundle(packed.getvalue())
    good = make_zip(ONEROSTER)
    for content in (good[:100], good[: len(good) // 2], b"PK\x03\x04", good[:40] + b"\xff" * 40 + good[80:]):
        with pytest.raises(BundleRefused):
            open_bundle(content)
    locked = bytearray(good)
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BundleRefused, match="password"):
        open_bundle(bytes(locked))


def test_name_of_a_file_is_shown_without_its_folders() -> None:
    assert shown_name("C:\\fakepath\\ro\x00ster.csv") == "roster.csv"
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("/") == "roster"


def test_heading_of_the_plain_csv_is_what_the_page_documents() -> None:
    from portal.roster.plain import COLUMNS

    assert list(COLUMNS) == PLAIN_HEADING.split(",")


ROLES = "sourcedId,status,userSourcedId,roleType,role\nr1,,s1,primary,student\nr2,,s2,secondary,aide\n"
ROLES += "r3,,s2,primary,student\nr4,,s3,primary,student\nr5,,t1,primary,teacher\n"


def in_version_1_2(files: Mapping[str, str], mode: str = "bulk") -> dict[str, str]:
    """The same roster as version 1.2 has it: roles in a file of their own."""
    users = "\n".join(
        ",".join(cell for at, cell in enumerate(line.split(",")) if at not in (4, 5))
        for line in files["users.csv"].splitlines()
    )
    manifest = files["manifest.csv"].replace("1.1", "1.2").replace(",bulk", f",{mode}")
    return {**files, "manifest.csv": f"{manifest}file.roles,{mode}\n", "users.csv": f"{users}\n", "roles.csv": ROLES}


def test_version_1_2_says_the_same_as_1_1() -> None:
    new, old = (parse_upload("r.zip", make_zip(files)) for files in (in_version_1_2(ONEROSTER), ONEROSTER))
    assert new.problems == []
    assert (new.students, new.notes, new.bulk) == (old.students, old.notes, True)


def test_user_without_a_role_is_wrong_in_bulk_and_taken_only_as_known_in_a_delta() -> None:
    bulk = in_version_1_2(ONEROSTER)
    bulk["roles.csv"] = ROLES.replace("r1,,s1,primary,student\n", "")
    (problem, *_) = parse_upload("r.zip", make_zip(bulk)).problems
    assert (problem.file, problem.line, problem.words) == ("users.csv", 2, "user 's1' has no role in roles.csv")
    delta = in_version_1_2(ONEROSTER, "delta")
    delta["roles.csv"] = bulk["roles.csv"]
    roster = parse_upload("r.zip", make_zip(delta))
    assert roster.problems == []
    assert not roster.bulk
    assert [student.known_only for student in roster.students.values()] == [True, False, False]
    known = KnownStudent("u", "s1", "Ada", "Lovelace", "6", "", active=True, wanted={}, placed=frozenset())
    assert [change.what for change in make_plan(roster, {"s1": known}).changes] == ["changes", "adds", "adds"]
    assert [change.external_id for change in make_plan(roster, {}).changes] == ["s2", "s3"]
