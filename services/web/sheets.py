"""Writes tables into Excel and CSV files row by row, so that a hundred thousand rows need no more memory than ten.

Cells have types and no cell is ever a formula: what people typed stays text. It knows no report and no database.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Literal
from urllib.parse import quote

from rustpy_xlsxwriter import FastExcel, Format
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

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
CHUNK = 262_144  # bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

_writing = asyncio.Semaphore(2)  # files that are written at the same time in a process; others wait their turn
PATIENCE = 3.0  # seconds


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


def pulled(batches: AsyncIterator[Sequence[Any]], loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    """The rows of an async iterator of batches, for a writer in another thread; one batch is fetched ahead."""

    async def after() -> Sequence[Any] | None:
        return await anext(batches, None)

    coming = asyncio.run_coroutine_threadsafe(after(), loop)
    try:
        while (batch := coming.result()) is not None:
            coming = asyncio.run_coroutine_threadsafe(after(), loop)
            yield from batch
    finally:
        wait([coming])  # who stops reading must not leave a fetch running on a connection that others get


async def answer(name: str, form: Literal["xlsx", "csv"], sheets: Sequence[Sheet]) -> StreamingResponse:
    """The file as a download called `name`. It is whole before its first byte leaves, and on disk only until then.

    Raises TooManyRows, 429 when too many files are being written, and whatever the rows raise.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115 it lives as long as the answer and has no name to clean up
    try:
        await _in_turn()
        try:
            await asyncio.to_thread(_write, target, form, sheets)
        finally:
            _writing.release()
    except BaseException:
        target.close()
        raise
    size = target.seek(0, io.SEEK_END)
    target.seek(0)
    headers = {
        "content-disposition": f"attachment; filename=\"{name}.{form}\"; filename*=UTF-8''{quote(name)}.{form}",
        "content-length": str(size),
    }
    if form == "xlsx":
        headers["content-encoding"] = "identity"  # it is compressed already; once more would only hold up the others
    return StreamingResponse(_sent(target), media_type=XLSX if form == "xlsx" else CSV, headers=headers)


async def _in_turn() -> None:
    """Wait for a free place, but not for long: who waits holds a connection to the database."""
    try:
        async with asyncio.timeout(PATIENCE):
            await _writing.acquire()
    except TimeoutError as error:
        raise HTTPException(429) from error


def _write(target: BinaryIO, form: Literal["xlsx", "csv"], sheets: Sequence[Sheet]) -> None:
    try:
        if form == "xlsx":
            write_xlsx(target, sheets)
        else:
            write_csv(target, sheets[0])
    finally:
        for sheet in sheets:
            if isinstance(sheet.rows, Generator):
                sheet.rows.close()


async def _sent(target: BinaryIO) -> AsyncIterator[bytes]:
    with target:
        while chunk := await asyncio.to_thread(target.read, CHUNK):
            yield chunk
