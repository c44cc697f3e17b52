"""Hands tables out as files: written in another thread, whole before their first byte leaves, gone when they are sent.

What a table is and how it is written stands in shared/reports/sheets. It knows no report and no database.
"""

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from concurrent.futures import wait
from typing import Any, BinaryIO, Literal
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from shared.reports.sheets import (
    CSV,
    FORMATS,
    MOST_ROWS,
    XLSX,
    Column,
    Kind,
    Sheet,
    TooManyRows,
    plain,
    write_csv,
    write_xlsx,
)

__all__ = ["FORMATS", "MOST_ROWS", "Column", "Kind", "Sheet", "TooManyRows", "plain", "write_csv", "write_xlsx"]

CHUNK = 262_144  # bytes

_writing = asyncio.Semaphore(2)  # files that are written at the same time in a process; others wait their turn
PATIENCE = 3.0  # seconds


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
