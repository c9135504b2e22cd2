"""The grade book of a class as OneRoster 1.2 gradebook CSV: categories, line items and results, in a zip. Pure.

1EdTech, "OneRoster CSV Binding", version 1.2: the columns and the words of `scoreStatus` are the specification's.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence

from portal.classes import TutoringClass
from portal.grade_book import GradeBook
from portal.report_files import safe_cell

_MANIFEST = (
    ("manifest.version", "1.0"),
    ("oneroster.version", "1.2"),
    ("file.categories", "bulk"),
    ("file.lineItems", "bulk"),
    ("file.results", "bulk"),
)
_STATUS = {"scored": "fully graded", "missing": "not submitted", "excused": "exempt"}


def results_zip(group: TutoringClass, book: GradeBook, now: str) -> bytes:
    """The zip. `now`: RFC 3339 in UTC. Missing work has a status and no score: it is no 0."""
    lines = [
        (work.id, "active", now, work.title, "", work.day, work.day, group.id, work.category, 0, work.most_points)
        for work in book.assignments
    ]
    results = [
        (
            f"{assignment}-{student}",
            "active",
            now,
            assignment,
            student,
            _STATUS[score.state],
            "" if score.points is None else f"{score.points:g}",
            now[:10],
            score.comment,
        )
        for (assignment, student), score in sorted(book.scores.items())
    ]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("manifest.csv", _sheet(("propertyName", "value"), _MANIFEST))
        bundle.writestr(
            "categories.csv",
            _sheet(
                ("sourcedId", "status", "dateLastModified", "title", "weight"),
                [(each.id, "active", now, each.name, each.weight) for each in book.categories],
            ),
        )
        bundle.writestr(
            "lineItems.csv",
            _sheet(
                (
                    "sourcedId,status,dateLastModified,title,description,assignDate,dueDate,classSourcedId,"
                    "categorySourcedId,resultValueMin,resultValueMax"
                ).split(","),
                lines,
            ),
        )
        bundle.writestr(
            "results.csv",
            _sheet(
                (
                    "sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,"
                    "comment"
                ).split(","),
                results,
            ),
        )
    return packed.getvalue()


def _sheet(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()
