"""Brings a file's rows into `staging.raw_<batch>` as text: its own bytes where Postgres takes them, else row by row.

It names the columns c1, c2, … and numbers the rows; what a column means is decided later.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg

from services.ingest import sheets, text
from services.ingest.look import BLOCK, Measure, look
from services.ingest.shape import MOST_ROWS, Head, Row
from services.ingest.sheets import Grid
from services.ingest.text import Text
from shared.arrears.batches import Kind
from shared.arrears.refusal import FileRefused
from shared.arrears.wires import PATIENCE, while_connected

Tell = Callable[[str, int], Awaitable[None]]
Table = Text | Grid
NO_NULL = "\x02\x03"  # what would be read as NULL: an empty cell is empty text, and nothing else is anything else
RAGGED = (asyncpg.BadCopyFileFormatError, asyncpg.CharacterNotInRepertoireError, asyncpg.ProgramLimitExceededError)


class Unlike(Exception):  # noqa: N818 a sentence, not a suffix
    """A text that was opened by its beginning went on otherwise; it must be opened with a look at all of it."""


def open_table(path: Path, kind: Kind, sheet: str | None, *, later: bool = False) -> Table:
    """Find out what the file is and where its header stands. later: see `look`. Raises FileRefused."""
    seen = look(path, later=later)
    if seen.form == "xlsx":
        return sheets.open_workbook(path, seen, kind, sheet)
    if seen.form == "html":
        return sheets.open_html(path, seen, kind)
    return text.open_text(path, seen, kind)


def layout(table: Table) -> dict[str, Any]:
    """What was found out, as the batch keeps it."""
    kept: dict[str, Any] = {"header_row": table.head.row, "encoding": table.seen.encoding, "form": table.seen.form}
    if isinstance(table, Text):
        return kept | {
            "format": "csv",
            "delimiter": table.separator,
            "line_end": table.line_end,
            "bom": table.seen.skip,
        }
    return kept | {"format": table.seen.form, "sheet": table.sheet or None, "sheets": list(table.sheets)}


async def stage(wire: Any, batch_id: int, table: Table, tell: Tell) -> bool:
    """Copy all rows into a new `staging.raw_<batch>`; returns whether they are clean (see Look).

    Raises FileRefused, and Unlike of a text that was not measured.
    wire: an asyncpg connection inside a transaction.
    """
    width = len(table.head.cells)
    await drop(wire, batch_id)
    name, plain = f"raw_{batch_id}", [f"c{index}" for index in range(1, width + 1)]
    copied, clean = "", False
    if isinstance(table, Text) and table.fit_for_copy:
        try:
            async with wire.transaction():
                await _create(wire, name, plain)
                measure = None if table.seen.measured else Measure("utf-8")
                every = text.raw(table, measure.take if measure else None)
                copied = await _copy(wire, name, plain, table.separator, _pieces(every, table, tell))
                table = _as_measured(table, measure) if measure else table
                clean = table.clean
        except RAGGED as error:
            if not table.seen.measured:
                raise Unlike from error
    if not copied:
        async with wire.transaction():
            await _create(wire, name, plain)
            rows = text.rows(table) if isinstance(table, Text) else sheets.rows(table)
            every = _written(rows, table.head)
            copied = await _copy(wire, name, ["n", *plain, "tail"], ",", _pieces(every, table, tell))
    count = int(copied.rpartition(" ")[2])
    if count > MOST_ROWS:
        raise FileRefused("file.too_many_rows", most=MOST_ROWS)
    # As many rows as lines: no line break stands inside a cell.
    return clean and count == table.seen.lines - table.head.row


def _as_measured(table: Text, measure: Measure) -> Text:
    """The text with what was found on the way. Raises Unlike where its bytes should have been read otherwise."""
    seen = measure.end()
    measured = replace(table, seen=seen)
    if seen.encoding != "utf-8" or seen.has_nul or not measured.fit_for_copy:
        raise Unlike
    return measured


async def drop(wire: Any, batch_id: int) -> None:
    """Drop whatever is staged of a batch."""
    mine = await wire.fetch(
        "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'staging'::regnamespace"
        " AND relkind IN ('r', 'v') AND relname ~ $1",
        f"^[a-z]+_{batch_id}$",
    )
    for name, kind in sorted(mine, key=lambda each: each[1] != b"v"):  # a view goes before what it shows
        await wire.execute(f"DROP {'VIEW' if kind == b'v' else 'TABLE'} staging.{name}")


async def _create(wire: Any, name: str, columns: list[str]) -> None:
    await wire.execute(
        f"CREATE UNLOGGED TABLE staging.{name} (n integer GENERATED BY DEFAULT AS IDENTITY (CACHE 1000),"
        f" {', '.join(f'{column} text NOT NULL' for column in columns)},"
        " tail text NOT NULL DEFAULT '') WITH (autovacuum_enabled = off)"
    )


async def _copy(wire: Any, name: str, columns: list[str], separator: str, source: AsyncIterator[bytes]) -> str:
    """FREEZE: or the first scan after the commit would write every page once more, to note that its rows count."""
    async with while_connected(wire):
        return str(await wire.copy_to_table(
            name, schema_name="staging", columns=columns, source=source, format="csv", delimiter=separator,
            null=NO_NULL, encoding="utf-8", freeze=True, timeout=PATIENCE,
        ))  # fmt: skip


async def _pieces(blocks: Iterator[bytes], table: Table, tell: Tell) -> AsyncIterator[bytes]:
    """The blocks, telling how far it is now and then."""
    done = 0
    whole = max(table.seen.size, 1) * (0.6 if table.seen.encoding.startswith("utf-16") else 1)
    for block in blocks:
        yield block
        done += len(block)
        await tell("reading", min(50, int(50 * done / whole)))


def _written(every: Iterator[tuple[int, Row]], head: Head) -> Iterator[bytes]:
    """Rows as CSV of one width, a block at a time: short ones filled up, what is beyond the header kept in `tail`."""
    width = len(head.cells)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for number, cells in every:
        beyond = cells[width:]
        tail = json.dumps(beyond) if any(cell.strip() for cell in beyond) else ""
        filled = [
            _safe(cell) for cell in (cells[:width] if len(cells) >= width else cells + [""] * (width - len(cells)))
        ]
        writer.writerow([number - head.row, *filled, tail])
        if buffer.tell() > BLOCK:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode("utf-8", "replace")


def _safe(cell: str) -> str:
    return cell.replace("\x00", "\x01") if "\x00" in cell else cell
