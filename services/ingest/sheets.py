"""Reads workbooks and HTML tables row by row as text. Their dangers were looked for before (`look.check_zip`)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from services.ingest import workbook
from services.ingest.look import Look
from services.ingest.shape import LOOKED_AT, MOST_COLUMNS, Head, Row, head_of
from services.ingest.text import decoded
from shared.arrears.batches import Kind
from shared.arrears.refusal import FileRefused

FIRST = LOOKED_AT + 20
WHOLE = 32 << 20  # bytes unpacked that a workbook is read at once of, fast; a larger one is read row by row


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that is no delimited text. sheet: which of `sheets` it is; both empty for HTML. read: a sheet's rows."""

    path: Path
    seen: Look
    head: Head
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    read: Callable[[str], Iterator[Row]] | None = field(default=None, repr=False)


def open_workbook(path: Path, seen: Look, kind: Kind, wanted: str | None) -> Grid:
    """The sheet that was asked for, else the first whose header is best known. Raises FileRefused."""
    shown, read = _large(path) if seen.unpacked > WHOLE else _small(path)
    if not shown:
        raise FileRefused("file.empty")
    best: tuple[int, str, Head] | None = None
    for name in [wanted] if wanted and wanted in shown else shown[:20]:
        head = head_of(_first(read(name)), kind)
        if head is not None and (best is None or head.known > best[0]):
            best = head.known, name, head
    if best is None:
        raise FileRefused("file.empty")
    _, name, head = best
    _refuse(head)
    return Grid(path, seen, head, name, tuple(shown), read)


def open_html(path: Path, seen: Look, kind: Kind) -> Grid:
    """The table rows of a web page. Raises FileRefused."""
    head = head_of(_first(_html_rows(path, seen)), kind)
    if head is None:
        raise FileRefused("file.empty")
    _refuse(head)
    return Grid(path, seen, head)


def rows(grid: Grid) -> Iterator[tuple[int, Row]]:
    """(row number, cells) of every row after the header."""
    every = grid.read(grid.sheet) if grid.read else _html_rows(grid.path, grid.seen)
    for number, cells in enumerate(every, 1):
        if number > grid.head.row:
            yield number, cells


def _refuse(head: Head) -> None:
    head.refuse_bad()
    if len(head.cells) > MOST_COLUMNS:
        raise FileRefused("file.too_many_columns", row=head.row, most=MOST_COLUMNS)
    if not head.samples:
        raise FileRefused("file.header_only")


def _first(every: Iterator[Row]) -> list[Row]:
    return [cells for cells, _ in zip(every, range(FIRST), strict=False)]


def _small(path: Path) -> tuple[list[str], Callable[[str], Iterator[Row]]]:
    """The names of the visible sheets, and how to read one. Raises FileRefused."""
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError, ValueError) as error:
        raise FileRefused("file.encrypted" if "assword" in str(error) else "file.truncated") from error
    shown = [
        each.name
        for each in book.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
    ]
    return shown, partial(_sheet_rows, book)


def _large(path: Path) -> tuple[list[str], Callable[[str], Iterator[Row]]]:
    """The same, of which nothing is ever whole in memory."""
    book = workbook.open_book(path)
    return list(book.sheets), partial(workbook.rows, book)


def _sheet_rows(book: Any, name: str) -> Iterator[Row]:
    try:
        sheet = book.get_sheet_by_name(name)
    except (CalamineError, ValueError) as error:
        raise FileRefused("file.truncated") from error
    if sheet.start is None:
        return
    if sheet.total_width > 16384 or sheet.width > 10 * MOST_COLUMNS:
        raise FileRefused("file.too_many_columns", row=1, most=MOST_COLUMNS)
    for cells in sheet.iter_rows():  # empty rows above the first are given too
        yield [as_text(cell) for cell in cells]


def as_text(cell: Any) -> str:
    """A cell as a person would have typed it: whole numbers without a point, days as 2026-11-21."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell).upper()
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time, timedelta, int)):
        return str(cell)
    return "" if cell is None else str(cell)


class _Table(HTMLParser):
    """Collects the rows of a page's tables as they come; text outside cells, scripts and styles are passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[Row] = []
        self.row: Row | None = None
        self.cell: list[str] | None = None
        self.ignored = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style"}:
            self.ignored += 1
        elif tag == "tr":
            self._end_row()
            self.row = []
        elif tag in {"td", "th"} and self.row is not None:
            self._end_cell()
            self.cell = []
            wide = dict(attrs).get("colspan") or ""
            if wide.isdigit() and 1 < int(wide) <= MOST_COLUMNS:
                self.row += [""] * (int(wide) - 1)
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self.ignored = max(self.ignored - 1, 0)
        elif tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"tr", "table"}:
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self.cell is not None and not self.ignored:
            self.cell.append(data)
            if sum(map(len, self.cell)) > 1 << 20:
                raise FileRefused("file.line_too_long", row=len(self.done) + 1)

    def _end_cell(self) -> None:
        if self.cell is not None and self.row is not None:
            if len(self.row) > 10 * MOST_COLUMNS:
                raise FileRefused("file.too_many_columns", row=len(self.done) + 1, most=MOST_COLUMNS)
            self.row.append("".join(self.cell).strip())
        self.cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self.row is not None:
            self.done.append(self.row)
        self.row = None


def _html_rows(path: Path, seen: Look) -> Iterator[Row]:
    table = _Table()
    for piece in decoded(path, seen):
        for start in range(0, len(piece), 1 << 16):
            table.feed(piece[start : start + (1 << 16)])
            yield from table.done
            table.done = []
    table.close()
    table.handle_endtag("table")
    yield from table.done
