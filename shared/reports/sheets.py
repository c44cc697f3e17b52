"""Excel and CSV tables, row by row, so that a hundred thousand rows need no more memory than ten.

Cells have types and no cell is ever a formula: what people typed stays text. It knows no report and no database.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Literal

from rustpy_xlsxwriter import FastExcel, Format

Kind = Literal["text", "whole", "share", "day", "moment"]
FORMATS: dict[Kind, str] = {
    "text": "@",  # an id keeps its zeros, and stays text when somebody edits it
    "whole": "#,##0",
    "share": "0.0%",
    "day": "dd/mm/yyyy",
    "moment": "dd/mm/yyyy hh:mm",
}
MOST_ROWS = 1_000_000  # what one sheet of Excel holds, less the rows above the table
RISKY = tuple("=+-@\t\r\n\x00")  # as the first character a spreadsheet might run it

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


class TooManyRows(ValueError):  # noqa: N818 a sentence, not a suffix
    """More rows than a sheet of Excel holds."""


@dataclass(frozen=True)
class Column:
    """`label` heads the column; `width` is in characters."""

    label: str
    kind: Kind = "text"
    width: float = 12


@dataclass(frozen=True)
class Sheet:
    """One table. title: lines that stand above it. rows: as long as `columns`; None is an empty cell."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Any]]
    title: tuple[str, ...] = ()


def write_xlsx(target: BinaryIO, sheets: Sequence[Sheet]) -> None:
    """An Excel workbook: title lines, a bold header that stays in sight, a filter on every column, A4 landscape.

    Raises TooManyRows.
    """
    book = FastExcel(target, output_format="xlsx").format(datetime_format=FORMATS["moment"])
    bold, large = Format().set_bold(), Format().set_bold().set_font_size(13)
    for sheet in sheets:
        head = len(sheet.title) + 1 if sheet.title else 0
        across = max(len(sheet.columns) - 1, 1)
        book.freeze(row=head + 1, col=1, sheet=sheet.name).sheet(
            sheet.name,
            _records(sheet),
            header_row=head,
            merge_ranges=[(row, 0, row, across, text, bold if row else large) for row, text in enumerate(sheet.title)],
            autofilter=True,
            header_format=Format().set_bold().set_background_color("#E8F1F3").set_border_bottom("thin"),
            column_formats={column.label: Format().set_num_format(FORMATS[column.kind]) for column in sheet.columns},
            column_widths=[column.width for column in sheet.columns],
            page_setup={
                "landscape": True,
                "paper_size": 9,  # A4
                "repeat_rows": (head, head),
                "fit_to_pages": (1, 0),
                "footer": "&L&F&R&P / &N",
            },
        )
    book.save()


def _records(sheet: Sheet) -> Iterator[dict[str, Any]]:
    labels = [column.label for column in sheet.columns]
    number = 0
    for number, row in enumerate(sheet.rows, 1):
        if number > MOST_ROWS:
            raise TooManyRows
        yield dict(zip(labels, row, strict=True))
    if not number:  # the writer takes the header from the first record
        yield dict.fromkeys(labels)


def write_csv(target: BinaryIO, sheet: Sheet) -> None:
    """The table alone, for Excel in Indonesian: semicolons, decimal commas, a byte order mark."""
    text = io.TextIOWrapper(target, "utf-8-sig", newline="", write_through=False)
    out = csv.writer(text, delimiter=";", lineterminator="\r\n")
    out.writerow([plain(column.label, "text") for column in sheet.columns])
    kinds = [column.kind for column in sheet.columns]
    out.writerows(map(plain, row, kinds) for row in sheet.rows)
    text.flush()
    text.detach()


def plain(value: Any, kind: Kind) -> str:
    """A cell of a CSV file; a text that a spreadsheet might run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if kind == "share":
        return f"{value * 100:.1f}%".replace(".", ",")
    if isinstance(value, (float, Decimal)):
        return str(value).replace(".", ",")
    return str(value)
