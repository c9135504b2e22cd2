"""The weekly report as files: CSV that no spreadsheet takes for formulas, and PDF. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.resources import as_file, files
from typing import Literal

from fpdf import FPDF
from fpdf.fonts import FontFace

from portal.attendance_report import Line, Week

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HEADING = FontFace(emphasis="BOLD", fill_color=(238, 232, 220))
REPORT_COLUMNS = ("Student", "Grade", "Subject", "Date", "Lesson", "Scheduled minutes", "Minutes", "Note")


def write_csv(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """CSV in UTF-8 with its mark, as spreadsheets expect. Text that one would take for a formula gets an apostrophe
    in front (OWASP, "CSV Injection"); numbers stay numbers.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def safe_cell(cell: object) -> object:
    """A cell that no spreadsheet computes."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return cell.isoformat() if isinstance(cell, date) else cell


def report_rows(lines: Sequence[Line]) -> list[tuple[object, ...]]:
    """The report's cells, in the order of REPORT_COLUMNS."""
    return [
        (line.name, line.grade, line.subject, line.day, line.title, line.scheduled_minutes, line.minutes, note(line))
        for line in lines
    ]


def note(line: Line) -> str:
    """What is to be known about a figure."""
    if line.erased:
        # Neither what was measured nor why it was corrected is there any more.
        return "Kept as a figure: the record was erased"
    if line.correction is not None:
        return f"Corrected from {line.presence.minutes}: {line.correction.reason}"
    if line.presence.open_ended:
        return "No leaving was seen; counted to the lesson's end"
    return "" if line.presence.intervals else "Absent"


def report_csv(lines: Sequence[Line]) -> bytes:
    """The weekly report as CSV."""
    return write_csv(REPORT_COLUMNS, report_rows(lines))


def new_pdf(title: str, *, orientation: Literal["portrait", "landscape"] = "portrait") -> FPDF:
    """An A4 document with its first page, and the project's own letters as "report"."""
    pdf = FPDF(orientation=orientation, format="A4")
    for style, name in (("", "Regular"), ("B", "Bold")):
        with as_file(files("whiteboard_crdt").joinpath("fonts", f"AtkinsonHyperlegible-{name}.ttf")) as path:
            pdf.add_font("report", style, str(path))
    pdf.set_title(title)
    pdf.set_lang("en")
    pdf.set_auto_page_break(True, margin=15)
    pdf.add_page()
    return pdf


def report_pdf(school_name: str, week: Week, lines: Sequence[Line]) -> bytes:
    """The weekly report as PDF, A4 lying on its side, with the sum of minutes of each student."""
    pdf = new_pdf(f"Attendance {week.monday} to {week.sunday}", orientation="landscape")
    pdf.set_font("report", "B", 16)
    pdf.cell(0, 10, f"Attendance, {week.monday} to {week.sunday}", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("report", "", 10)
    pdf.cell(0, 7, school_name, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    if not lines:
        pdf.cell(0, 8, "No lesson was held in this week.", new_x="LMARGIN", new_y="NEXT")
        return bytes(pdf.output())
    with pdf.table(
        col_widths=(38, 12, 30, 22, 45, 22, 18, 60),
        text_align=("LEFT", "LEFT", "LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT", "LEFT"),
        headings_style=HEADING,
        line_height=6,
    ) as table:
        table.row(REPORT_COLUMNS)
        for row in report_rows(lines):
            table.row([cell.isoformat() if isinstance(cell, date) else str(cell) for cell in row])
    pdf.ln(4)
    pdf.set_font("report", "B", 11)
    pdf.cell(0, 7, "Minutes by student", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("report", "", 10)
    for name, minutes in totals(lines):
        pdf.cell(0, 6, f"{name}: {minutes}", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def totals(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Each student's minutes of the week, in the order of the lines."""
    sums: dict[str, tuple[str, int]] = {}
    for line in lines:
        sums[line.student] = (line.name, sums.get(line.student, ("", 0))[1] + line.minutes)
    return list(sums.values())
