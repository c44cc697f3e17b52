"""The list of orders as an Excel file of 100,000 rows, beside the writing library alone with the same cells."""

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from python_calamine import CalamineWorkbook
from rustpy_xlsxwriter import FastExcel

from shared.people.passwords import hash_password
from tests.bench import many_orders
from tests.bench.figures import ROUNDS, Figure
from tests.bench.house import House, Servers, house
from tests.bench.pages import PASSWORD, PEOPLE
from tests.bench.visitor import browser, sign_in

ROWS = 100_000
FEW = 10_000
LIST = "/order/ekspor?tampilan=semua&berkas=xlsx"


def run(at: Servers) -> list[Figure]:
    """A file of all orders, first of ten thousand and then of a hundred thousand, for what memory does."""
    found: list[Figure] = []
    for many in (FEW, ROWS):
        with house(at) as here:
            found += asyncio.run(_measure(here, many))
    return found


async def _measure(here: House, many: int) -> list[Figure]:
    await many_orders.fill(here.database, many)
    connection = await asyncpg.connect(here.database)
    await connection.execute("UPDATE person SET password_hash = $1 WHERE username IS NOT NULL", hash_password(PASSWORD))
    await connection.close()
    here.start("web")
    pid = here.processes["web"].pid
    took: list[float] = []
    body = b""
    async with browser() as http:
        await sign_in(http, here.web, PEOPLE["admin"], PASSWORD)
        await _get(http, here.web + LIST)  # what is imported and prepared once
        before = _megabytes(pid, "VmRSS")
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
        for _ in range(ROUNDS):
            began = time.perf_counter()
            body = await _get(http, here.web + LIST)
            took.append(time.perf_counter() - began)
        peak = _megabytes(pid, "VmHWM")
    records = _records(body)
    assert len(records) == many, f"{len(records)} rows came of {many}"
    alone = [_alone(records) for _ in range(ROUNDS)]
    name = f"{many:,}".replace(",", " ")
    peer = Figure("export", f"{name} rows: the writer alone", alone, unit="s")
    ratio = sorted(took)[ROUNDS // 2] / peer.middle
    return [
        Figure(
            "export",
            f"{name} rows of {len(records[0])} cells, {len(body) / 1e6:.1f} MB",
            took,
            unit="s",
            peer="writer alone",
            beside=peer.middle,
            aim="≤ 1.3×",
            kept=ratio <= 1.3,
        ),
        peer,
        Figure("export", f"{name} rows: RSS of web, peak", [peak], unit="MB", peer="before", beside=before,
               aim="≤ 150 MB", kept=peak <= 150),
    ]  # fmt: skip


async def _get(http: aiohttp.ClientSession, address: str) -> bytes:
    async with http.get(address, allow_redirects=False) as answer:
        assert answer.status == 200, f"{address}: {answer.status}"
        return await answer.read()


def _megabytes(pid: int, what: str) -> float:
    """A line of the kernel's account of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _records(body: bytes) -> list[dict[str, Any]]:
    """The rows of the file that came, as the writer takes them."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    head = next(place for place, row in enumerate(rows) if row[0] == "No. registrasi")
    labels = [str(label) for label in rows[head]]
    return [dict(zip(labels, row, strict=True)) for row in rows[head + 1 :]]


def _alone(records: list[dict[str, Any]]) -> float:
    """Seconds that the library needs for these cells, with nothing before or around it."""
    began = time.perf_counter()
    FastExcel(io.BytesIO(), output_format="xlsx").sheet("Order", iter(records)).save()
    return time.perf_counter() - began
