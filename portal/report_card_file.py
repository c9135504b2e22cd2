"""The report card as PDF. Pure."""

from collections.abc import Sequence

from fpdf import FPDF

from portal.grading import format_percent, format_points
from portal.progress import CardPart, ReportCard
from portal.report_files import HEADING, new_pdf


def report_card_pdf(school_name: str, card: ReportCard, day: str, disputed: Sequence[tuple[str, str]] = ()) -> bytes:
    """A4 upright: a table for each class, the goals, and (part, statement) of what somebody holds to be wrong."""
    pdf = new_pdf(f"Report card of {card.name}")
    pdf.set_font("report", "B", 16)
    _line(pdf, f"Report card: {card.name}", 10)
    pdf.set_font("report", "", 10)
    _line(pdf, f"{school_name}, {day}" + (f", grade {card.grade}" if card.grade else ""), 7)
    for part in card.parts:
        _part(pdf, part, card.student)
    if not card.parts:
        pdf.ln(3)
        _line(pdf, "In no class.", 7)
    if card.goals:
        pdf.ln(4)
        pdf.set_font("report", "B", 12)
        _line(pdf, "Goals", 8)
        pdf.set_font("report", "", 10)
        for goal in card.goals:
            state = "reached" if goal.reached_ms else f"until {goal.target_day}" if goal.target_day else "open"
            pdf.multi_cell(0, 6, f"{goal.subject}: {goal.words} ({state})", new_x="LMARGIN", new_y="NEXT")
    if disputed:
        pdf.ln(4)
        pdf.set_font("report", "B", 12)
        _line(pdf, "Disputed", 8)
        pdf.set_font("report", "", 10)
        for of_what, statement in disputed:
            pdf.multi_cell(0, 6, f"{of_what}: {statement}", new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _part(pdf: FPDF, part: CardPart, student: str) -> None:
    pdf.ln(4)
    pdf.set_font("report", "B", 12)
    _line(pdf, f"{part.group.subject}: {part.group.title}", 8)
    pdf.set_font("report", "", 10)
    _line(pdf, f"Tutor {part.group.tutor_name or 'not yet'}; {part.held} lessons, {part.minutes} minutes", 6)
    _line(pdf, f"Average {format_percent(part.standing.overall)}; missing work: {part.standing.missing}", 6)
    if not part.book.assignments:
        return
    scores = part.book.of(student)
    names = {category.id: category.name for category in part.book.categories}
    with pdf.table(
        col_widths=(22, 32, 56, 22, 58),
        text_align=("LEFT", "LEFT", "LEFT", "RIGHT", "LEFT"),
        headings_style=HEADING,
        line_height=6,
    ) as table:
        table.row(("Date", "Category", "Work", "Points", "Comment"))
        for work in part.book.assignments:
            score = scores.get(work.id)
            points = "" if score is None else score.words
            if score is not None and score.points is not None:
                points = f"{format_points(score.points)} of {work.most_points}"
            table.row((work.day, names[work.category], work.title, points, score.comment if score else ""))


def _line(pdf: FPDF, words: str, height: int) -> None:
    pdf.cell(0, height, words, new_x="LMARGIN", new_y="NEXT")
