"""Refused rows as a file in the layout they came in, with a last column that says what is wrong and how to mend it.

The mended file can be uploaded as it is: that column is passed over when it is read.
"""

import asyncio
import csv
import html
import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.responses import StreamingResponse

from shared.arrears import columns, import_queries, say
from shared.arrears.batches import ImportBatch
from shared.arrears.import_queries import Refusal
from shared.db import transaction
from shared.people.access import Viewer
from shared.reports.sheets import XLSX, Column, Sheet, plain, write_xlsx

AT_ONCE = 2000
BLOCK = 1 << 18
MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


def reasons(refusal: Refusal, language: str) -> str:
    """Everything that is wrong with a row, in words."""
    said = []
    for problem in refusal.problems:
        where = problem["column"] or say.field(problem["field"], language)
        said.append(f"{where}: {say.why(problem, language)} {say.mend(problem, language)}".strip())
    return " | ".join(said)


async def refused_rows(viewer: Viewer, batch: ImportBatch) -> AsyncIterator[list[str]]:
    """Each refused row with its reasons; a transaction for every two thousand of them."""
    after = 0
    while True:
        async with transaction() as session:
            found = await import_queries.refusals(session, viewer, batch.id, after=after, size=AT_ONCE)
        for refusal in found[:AT_ONCE]:
            width = len(batch.header)
            cells = [plain(str(cell), "text") for cell in refusal.cells] + [""] * (width - len(refusal.cells))
            yield [*cells[:width], reasons(refusal, viewer.language), *cells[width:]]
        if len(found) <= AT_ONCE:
            return
        after = found[AT_ONCE - 1].row_no


def named(batch: ImportBatch) -> str:
    """What the file is called."""
    stem, _, ending = batch.name.rpartition(".")
    return f"{stem or ending}-ditolak.{ {'xlsx': 'xlsx', 'html': 'xls'}.get(batch.layout.get('format', ''), 'csv') }"


async def answer(viewer: Viewer, batch: ImportBatch) -> StreamingResponse:
    """The file as a download."""
    form = batch.layout.get("format", "csv")
    header = [*batch.header, columns.REASON]
    rows = refused_rows(viewer, batch)
    if form == "xlsx":
        pieces, kind = await _workbook(header, rows), XLSX
    elif form == "html":
        pieces, kind = _page(header, rows), "application/vnd.ms-excel"
    else:
        pieces, kind = _text(header, rows, batch.layout), "text/csv"
    shown = quote(named(batch), safe="")
    ending = shown.rpartition(".")[2]
    return StreamingResponse(
        pieces,
        media_type=kind,
        headers={"content-disposition": f"attachment; filename=\"ditolak.{ending}\"; filename*=UTF-8''{shown}"},
    )


async def _text(header: list[str], rows: AsyncIterator[list[str]], layout: dict[str, Any]) -> AsyncIterator[bytes]:
    encoding = layout.get("encoding", "utf-8")
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=layout.get("delimiter", ";"), lineterminator=layout.get("line_end", "\r\n"))
    yield MARKS.get(encoding, b"\xef\xbb\xbf" if layout.get("bom") and encoding == "utf-8" else b"")
    writer.writerow(header)
    async for row in rows:
        writer.writerow(row)
        if buffer.tell() > BLOCK:
            yield buffer.getvalue().encode(encoding, "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode(encoding, "replace")


async def _page(header: list[str], rows: AsyncIterator[list[str]]) -> AsyncIterator[bytes]:
    def line(cells: list[str]) -> bytes:
        return ("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>\n").encode()

    yield b'<html><head><meta charset="utf-8"></head><body><table border="1">\n' + line(header)
    async for row in rows:
        yield line(row)
    yield b"</table></body></html>\n"


async def _workbook(header: list[str], rows: AsyncIterator[list[str]]) -> AsyncIterator[bytes]:
    """Written in another thread, from rows that wait on disk: memory stays flat."""
    waiting = tempfile.TemporaryFile("w+")  # noqa: SIM115 it is closed when the last byte has left
    target = tempfile.TemporaryFile()  # noqa: SIM115
    async for row in rows:
        waiting.write(json.dumps(row) + "\n")
    waiting.seek(0)

    def again() -> Iterator[list[str]]:
        return (json.loads(row) for row in waiting)

    def write() -> None:
        made = Sheet("Ditolak", tuple(Column(each, width=18) for each in header), again())
        write_xlsx(target, [made])
        target.seek(0)

    await asyncio.to_thread(write)
    waiting.close()
    return _pieces(target, lambda: target.read(BLOCK))


async def _pieces(target: BinaryIO, more: Callable[[], bytes]) -> AsyncIterator[bytes]:
    with target:
        while piece := await asyncio.to_thread(more):
            yield piece
