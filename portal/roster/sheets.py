"""CSV as schools send it: any usual encoding, comma or semicolon, and bounds on everything."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_ROWS = 200_000
MAX_CELL = 2_000
MAX_COLUMNS = 100


class SheetRefused(Exception):
    """The file cannot be read as a table; `line` is 0 where it concerns the whole file."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """A line of data: where it begins in the file, and its cells by column, trimmed."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_sheet(content: bytes, required: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV file, columns by their name without regard to case. Raises SheetRefused, also midway."""
    text = decode(content)
    lines = text.splitlines(keepends=True)
    if not lines:
        raise SheetRefused("is empty")
    reader = csv.reader(iter(lines), delimiter=_delimiter(lines[0]), strict=True)
    try:
        heading = [cell.strip().casefold() for cell in next(reader)]
        columns = _columns(heading, required)
        begins = reader.line_num + 1
        for count, cells in enumerate(reader):
            if count >= MAX_ROWS:
                raise SheetRefused(f"has more than {MAX_ROWS:,} rows", begins)
            if any(cell.strip() for cell in cells):
                yield _row(begins, cells, columns)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SheetRefused(f"is not well-formed CSV here ({error})", reader.line_num) from error


def decode(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 with their marks, UTF-8 without, else Windows-1252. Raises SheetRefused."""
    try:
        if content.startswith(codecs.BOM_UTF8):
            text = content.decode("utf-8-sig")
        elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = content.decode("utf-16")
        else:
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError:
                text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise SheetRefused("is in an encoding that is not understood; save it as CSV UTF-8") from error
    if "\0" in text:
        raise SheetRefused("is not a text file")
    return text


def _delimiter(heading: str) -> str:
    return ";" if ";" in heading and "," not in heading else "\t" if "\t" in heading and "," not in heading else ","


def _columns(heading: list[str], required: Sequence[str]) -> dict[int, str]:
    if len(heading) > MAX_COLUMNS:
        raise SheetRefused(f"has more than {MAX_COLUMNS} columns", 1)
    if twice := sorted({name for name in heading if name and heading.count(name) > 1}):
        raise SheetRefused(f"has the column {twice[0]!r} twice", 1)
    if missing := [name for name in required if name.casefold() not in heading]:
        raise SheetRefused(f"lacks the column {missing[0]}", 1)
    return dict(enumerate(heading))


def _row(line: int, cells: list[str], columns: dict[int, str]) -> Row:
    if len(cells) > len(columns):
        raise SheetRefused("has more cells than the heading has columns", line)
    if any(len(cell) > MAX_CELL for cell in cells):
        raise SheetRefused(f"has a cell of more than {MAX_CELL:,} characters", line)
    return Row(line, {columns[at]: cell.strip() for at, cell in enumerate(cells)})
