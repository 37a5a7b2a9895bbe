"""A CSV file as people's spreadsheets write it, read line by line, or refused by line and column.

Takes UTF-8 with and without its mark, UTF-16, and the older Windows alphabet; commas, semicolons and tabs; any line ends.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vfm_workflow.domain.texts import one_line, within_sentence

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 20_000
MOST_CELL = 1_000
MOST_BAD = 500
"""After so many bad rows nothing more is looked at: somebody has sent another file than they think."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NEGATIVE = re.compile(r"^-£?[\d.]", re.ASCII)
_DECIMAL_COMMA = re.compile(r"^-?£?\d+,\d+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a kind of file: what it is called, what stands in it, and whether every row needs it."""

    name: str
    explained: str
    example: str
    required: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong in a file: the line as a text editor counts, the column (empty for the whole line), what to do."""

    line: int
    column: str
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells by column, trimmed; what a short row lacks is empty."""

    number: int
    cells: Mapping[str, str]


@dataclass
class Sheet:
    """A file as it was read: its rows, and what could not be read of it."""

    rows: int = 0
    """Rows that are not empty, those that cannot be read too."""
    lines: list[Line] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)


def read(data: bytes, columns: Sequence[Column]) -> Sheet:
    """Return the rows of a file that has `columns`, in any order, with everything that is wrong in it."""
    sheet = Sheet()
    text, why = _decode(data)
    if why:
        sheet.bad.append(Bad(1, "", why))
        return sheet
    text, delimiter = _delimiter(text, {column.name for column in columns})
    rows = _rows(text, delimiter, sheet)
    head = next(rows, None)
    if head is None:
        if not sheet.bad:
            sheet.bad.append(Bad(1, "", "The file is empty. Its first line names the columns"))
        return sheet
    names = _names(head[0], head[1], columns, sheet)
    if names is None:
        return sheet
    for number, cells in rows:
        if sheet.rows >= MOST_ROWS:
            sheet.bad.append(
                Bad(number, "", f"A file has {MOST_ROWS:,} rows at most. Send the rest in another")
            )
            break
        if any(cell.strip() for cell in cells):
            sheet.rows += 1
            _line(number, cells, names, columns, delimiter, sheet)
    if not sheet.lines and not sheet.bad:
        sheet.bad.append(Bad(head[0], "", "There is no row under the columns' names"))
    return sheet


def _decode(data: bytes) -> tuple[str, str]:
    """Return a file's text and an empty string, or nothing and why it cannot be read."""
    if len(data) > MOST_BYTES:
        return "", f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Send it in parts"
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "", "This is an Excel workbook. In Excel choose Save as, then “CSV UTF-8”, and send that file"
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, ""
        break
    return "", "This is no text. In the spreadsheet choose Save as, then “CSV UTF-8”"


def _delimiter(text: str, known: set[str]) -> tuple[str, str]:
    """Return the text without a spreadsheet's `sep=` line, as an empty one, and what stands between cells."""
    first, _, rest = text.partition("\n")
    if found := re.match(r"^\s*\"?sep=(.)\"?\s*$", first, re.IGNORECASE):
        return "\n" + rest, found[1] if found[1] in ",;\t|" else ","
    found_in = {sign: sum(_plain(cell) in known for cell in first.split(sign)) for sign in ",;\t"}
    return text, max(found_in, key=lambda sign: found_in[sign])


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().strip('"').strip().casefold())


def _rows(text: str, delimiter: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield (the line it begins on, its cells) of each row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = f"This line cannot be read ({error}). A quotation mark may be open"
            sheet.bad.append(Bad(before + 1, "", said))
            return
        number, before = before + 1, reader.line_num
        if cells:
            yield number, cells


def _names(number: int, cells: list[str], columns: Sequence[Column], sheet: Sheet) -> list[str] | None:
    """Return the column of each cell, None where they are not those of the file's kind."""
    known = [column.name for column in columns]
    names = [_plain(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    listed = ", ".join(known)
    for place, name in enumerate(names):
        if name not in known:
            shown = one_line(cells[place])[:40] or f"number {place + 1}"
            sheet.bad.append(Bad(number, shown, f"There is no such column. The columns are: {listed}"))
        elif name in names[:place]:
            sheet.bad.append(Bad(number, name, "The column is there twice. Remove one"))
    for column in columns:
        if column.required and column.name not in names:
            sheet.bad.append(Bad(number, column.name, f"The column is missing. The columns are: {listed}"))
    return None if sheet.bad else names


def _line(
    number: int, cells: list[str], names: list[str], columns: Sequence[Column], delimiter: str, sheet: Sheet
) -> None:
    """Take in a row, or say what is wrong with it."""
    if any(cell.strip() for cell in cells[len(names) :]):
        said = f"The line has {len(cells)} cells and the first line names {len(names)} columns. Put text with a comma in quotes"
        sheet.bad.append(Bad(number, "", said))
        return
    found = {column.name: "" for column in columns}
    good = True
    for name, cell in zip(names, cells, strict=False):
        found[name], why = _cell(cell)
        if why:
            sheet.bad.append(Bad(number, name, why))
            good = False
    for column in columns:
        value = found[column.name]
        if column.required and not value and good:
            sheet.bad.append(Bad(number, column.name, f"Give {within_sentence(column.explained)}"))
            good = False
        if column.number and delimiter == ";" and _DECIMAL_COMMA.match(value):
            said = f"“{value}” may be a decimal or a thousand: write it with a point, or without a comma"
            sheet.bad.append(Bad(number, column.name, said))
            good = False
    if good:
        sheet.lines.append(Line(number, found))


def _cell(text: str) -> tuple[str, str]:
    """Return a cell as it is meant, and why it is refused: a formula is run by the next spreadsheet that opens it."""
    if len(text) > MOST_CELL:
        return "", f"This is {len(text):,} characters; a cell has {MOST_CELL:,} at most"
    if text.startswith(("\t", "\r")):
        return "", "It begins with a tab or a line end, which a spreadsheet may run. Type the value itself"
    value = one_line(text)
    if value.startswith("'") and value[1:].startswith(FORMULA):
        value = value[1:]  # as our own files and Excel mark what is to be read and not run
        return (value, "") if _NEGATIVE.match(value) else ("", _formula(value))
    if value.startswith(FORMULA) and not _NEGATIVE.match(value):
        return "", _formula(value)
    return value, ""


def _formula(value: str) -> str:
    return f"It begins with “{value[0]}”, which a spreadsheet runs as a formula. Type the value itself"
