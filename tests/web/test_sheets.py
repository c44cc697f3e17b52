"""Files that spreadsheets open: typed cells, never a formula, a header that stays, and memory that does not grow."""

import asyncio
import io
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, time

import pytest
from python_calamine import CalamineWorkbook
from starlette.exceptions import HTTPException

from deploy.local.program import HOUSE
from services.web import sheets
from services.web.sheets import Column, Sheet

TYPED = (
    Column("No"),
    Column("Jumlah", "whole"),
    Column("Bagian", "share"),
    Column("Hari", "day"),
    Column("Saat", "moment"),
)
MORNING = datetime.combine(date(2026, 11, 20), time(9, 24))
ROW = ("0012", 3, 0.956, date(2026, 11, 20), MORNING)
HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://jahat.example";"klik")',
    "+62812",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1",
    "=cmd|' /C calc'!A0",
    "<b>&amp;</b>",
    "\x01\x02",
]


def book(*made: Sheet) -> tuple[CalamineWorkbook, zipfile.ZipFile]:
    target = io.BytesIO()
    sheets.write_xlsx(target, made)
    return CalamineWorkbook.from_filelike(io.BytesIO(target.getvalue())), zipfile.ZipFile(target)


def lines(*made: Sheet) -> list[str]:
    target = io.BytesIO()
    sheets.write_csv(target, made[0])
    assert target.getvalue().startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8 by this mark alone"
    return target.getvalue().decode("utf-8-sig").split("\r\n")


def test_cells_have_types_and_ids_stay_text() -> None:
    read, _ = book(Sheet("Data", TYPED, [ROW, (None,) * 5], ("Judul", "Kedua")))
    rows = read.get_sheet_by_name("Data").to_python(skip_empty_area=False)
    assert [row[0] for row in rows[:2]] == ["Judul", "Kedua"]
    assert rows[3] == ["No", "Jumlah", "Bagian", "Hari", "Saat"]
    assert rows[4] == ["0012", 3.0, 0.956, date(2026, 11, 20), MORNING]


def test_the_header_stays_in_sight_and_every_column_has_a_filter() -> None:
    _, packed = book(Sheet("Data", TYPED, [ROW] * 3, ("Judul", "Kedua")))
    xml = packed.read("xl/worksheets/sheet1.xml").decode()
    assert 'ySplit="4"' in xml
    assert 'state="frozen"' in xml
    assert '<autoFilter ref="A4:E7"/>' in xml
    assert 'orientation="landscape"' in xml
    assert 'paperSize="9"' in xml
    names = packed.read("xl/workbook.xml").decode()
    assert "_xlnm.Print_Titles" in names, "the header is printed on every page"


def test_an_empty_table_keeps_its_header() -> None:
    read, _ = book(Sheet("Data", TYPED, []))
    assert read.get_sheet_by_name("Data").to_python()[0] == ["No", "Jumlah", "Bagian", "Hari", "Saat"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_looks_like_a_formula_is_text_in_excel(text: str) -> None:
    read, packed = book(Sheet("Data", TYPED[:2], [(text, 1)], (text,)))
    xml = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "<f " not in xml
    assert "hyperlink" not in xml.lower().replace("hyperlink(", "")
    rows = read.get_sheet_by_name("Data").to_python()
    assert rows[-1][0].replace("\r", "\n").strip() == text.replace("\r", "\n").strip()
    assert rows[-1][1] == 1


@pytest.mark.parametrize("text", [text for text in HOSTILE if text[0] in "=+-@\t\r"])
def test_what_looks_like_a_formula_gets_an_apostrophe_in_csv(text: str) -> None:
    head, row, *_ = lines(Sheet("Data", TYPED[:2], [(text, 1)]))
    assert head == "No;Jumlah"
    assert row.lstrip('"').startswith("'")


def test_csv_speaks_as_excel_in_indonesian_reads() -> None:
    assert lines(Sheet("Data", TYPED, [ROW, (None,) * 5]))[1:3] == [
        "0012;3;95,6%;20/11/2026;20/11/2026 09:24",
        ";;;;",
    ]
    assert lines(Sheet("Data", TYPED[:2], [('a;"b"', 1)]))[1] == '"a;""b""";1'


def test_more_rows_than_a_sheet_holds_are_refused_and_not_cut_off() -> None:
    def endless() -> Iterator[tuple[str, int]]:
        for number in range(sheets.MOST_ROWS + 1):
            yield "x", number

    with pytest.raises(sheets.TooManyRows):
        sheets.write_xlsx(io.BytesIO(), [Sheet("Data", TYPED[:2], endless())])


async def test_a_file_that_fails_halfway_leaves_no_reading_behind() -> None:
    reading = 0

    async def batches() -> AsyncIterator[list[tuple[str, ...]]]:
        nonlocal reading
        for number in range(5):
            reading += 1
            await asyncio.sleep(0.05)
            reading -= 1
            yield [("a", "b") if number < 1 else ("a",)] * 3

    rows = sheets.pulled(batches(), asyncio.get_running_loop())
    with pytest.raises(ValueError, match="shorter"):
        await sheets.answer("x", "xlsx", [Sheet("Data", TYPED[:2], rows)])
    assert reading == 0


async def test_who_waits_too_long_for_a_turn_is_told_so() -> None:
    slow = asyncio.Event()

    async def never() -> AsyncIterator[list[tuple[str, int]]]:
        await slow.wait()
        yield [("a", 1)]

    async def one() -> bytes:
        rows = sheets.pulled(never(), asyncio.get_running_loop())
        answer = await sheets.answer("x", "csv", [Sheet("Data", TYPED[:2], rows)])
        return b"".join([bytes(chunk) async for chunk in answer.body_iterator])  # type: ignore[arg-type]

    async with asyncio.TaskGroup() as group:
        first, second = group.create_task(one()), group.create_task(one())
        await asyncio.sleep(0.1)
        with pytest.raises(HTTPException) as refused:
            await one()
        slow.set()
    assert refused.value.status_code == 429
    assert first.result() == second.result() == (await one())
    assert first.result().endswith(b"a;1\r\n")


MANY = """
import resource, tempfile
from datetime import datetime
from services.web.sheets import Column, Sheet, write_xlsx
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cells = ["SC32232558"] * 12 + [datetime(2026, 11, 20, 9, 24), 60, 41]
columns = tuple(Column(f"Kolom {n}") for n in range(15))
with tempfile.TemporaryFile() as target:
    write_xlsx(target, [Sheet("Data", columns, (cells for _ in range(100_000)))])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_hundred_thousand_rows_need_little_more_memory_than_none() -> None:
    ran = subprocess.run([sys.executable, "-c", MANY], cwd=HOUSE, capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 40_000, "kilobytes"
