"""A large list through the real worker beside a raw COPY of the same file: rows a second, and the worker's memory."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import asyncpg
from sqlalchemy import text

from services.ingest import storage
from shared import db
from shared.arrears import imports
from shared.arrears.batches import BatchState, Kind
from shared.db import transaction
from shared.people.queries import viewer_of
from shared.settings import settings
from tests import factories
from tests.bench.figures import ROUNDS, Figure
from tests.bench.house import House, Servers, family, house
from tests.factories import Town

ROWS = 1_000_000
SMALL = 100_000  # for the memory: it must not grow with the file
HEADER = (
    "Nomor Internet;Nama;Alamat;No HP;STO;Datel;Produk;Tagihan;Lama Tunggakan;Umur Customer;Segmen;Petugas;"
    "Status Bayar;Tgl Paid;Catatan\r\n"
)
PEER = """
    CREATE TABLE peer (internet_no text PRIMARY KEY, name text, address text, phone text, sto text, datel text,
        product text, amount bigint, months smallint, age smallint, segment text, collector text, status text,
        paid_on date, note text)
"""
FIRST = ("Budi", "Sri", "Agus", "Siti", "Eko", "Dewi", "Joko", "Rina", "Hendra", "Lestari", "Nanda", "Yuli")
LAST = ("Santoso", "Wulandari", "Nugroho", "Rahayu", "Kusumo", "Permata", "Hidayat", "Setiawan", "Purnomo", "Utami")
STREET = ("Jl. Pahlawan", "Jl. Ahmad Yani", "Gg. Melati", "Perum TAS 3 Blok F5", "Dsn. Kweni RT 03/RW 02")
STO = (("SDA", "SIDOARJO"), ("TUN", "TULANGAN"), ("SPJ", "SEPANJANG"))
PRODUCT = ("INDIHOME 1P 20 Mbps", "INDIHOME 2P 30 Mbps", "INDIHOME 3P 50 Mbps", "INDIBIZ 100 Mbps")


def a_line(dice: random.Random, number: int, *, other: bool) -> str:
    sto, datel = dice.choice(STO)
    amount = dice.randint(100, 9000) * 500 + (7 if other else 0)
    return (
        f"{152_300_000_000 + number};{dice.choice(FIRST)} {dice.choice(LAST)};"
        f'"{dice.choice(STREET)} No. {dice.randint(1, 250)}, {datel.title()}";0812{dice.randint(10**7, 10**8 - 1)};'
        f"{sto};{datel};{dice.choice(PRODUCT)};{amount};{dice.randint(1, 9)};{dice.randint(1, 120)};DCS;"
        f"Petugas {dice.randint(1, 40)};BELUM;;ref {number % 9973}\r\n"
    )


def write(path: Path, rows: int, changed: int = 0) -> None:
    """A list of 15 columns, always the same; every `changed`-th row owes something else."""
    dice = random.Random(4)
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for number in range(rows):
            file.write(a_line(dice, number, other=bool(changed) and number % changed == 0))
    path.chmod(0o644)


def raw_copy(at: Servers, path: Path) -> float:
    """Seconds that Postgres takes to copy the file into a typed table with its primary key."""

    async def copy() -> float:
        connection = await asyncpg.connect(at.postgres)
        try:
            await connection.execute("DROP TABLE IF EXISTS peer")
            await connection.execute(PEER)
            began = time.perf_counter()
            options = "FORMAT csv, HEADER, DELIMITER ';'"
            await connection.execute(f"COPY peer FROM '{path}' WITH ({options})", timeout=600)
            took = time.perf_counter() - began
            await connection.execute("DROP TABLE peer")
            await connection.execute("CHECKPOINT", timeout=600)
            return took
        finally:
            await connection.close()

    return asyncio.run(copy())


@contextmanager
def highest(pid: int) -> Iterator[list[float]]:
    """The largest resident size, in MB, that any one process of the worker reaches meanwhile."""
    top, over = [0.0], Event()

    def watch() -> None:
        while not over.wait(0.05):
            for one in family(pid):
                try:
                    top[0] = max(top[0], one.memory_info().rss / 2**20)
                except Exception:  # it ended between two looks
                    continue

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield top
    finally:
        over.set()
        watcher.join()


async def hand_in(here: Town, path: Path) -> int:
    content = path.read_bytes()
    stored = storage.new_name()
    with storage.create(stored) as file:
        file.write(content)
    received = imports.Received(Kind.ARREARS, path.name, len(content), hashlib.sha256(content).hexdigest(), stored)
    async with transaction() as session:
        return (await imports.receive(session, await viewer_of(session, here.admin), received, source="web")).id


async def until(batch_id: int, end: BatchState) -> dict[str, Any]:
    """Wait for a batch to come to `end`; what it counted."""
    wanted = text("SELECT state, counts, result, trouble FROM import_batch WHERE id = :id")
    while True:
        async with transaction() as session:
            state, counts, result, trouble = (await session.execute(wanted, {"id": batch_id})).one()
        if state == end:
            return dict(counts) | dict(result)
        if state not in {"reading", "applying"}:
            raise RuntimeError(f"{state}: {json.dumps(trouble)}")
        await asyncio.sleep(0.02)


async def import_it(here: Town, path: Path) -> tuple[float, float, dict[str, Any]]:
    """(seconds to the preview, seconds to apply, counts) of one file through the running worker."""
    batch_id = await hand_in(here, path)
    began = time.perf_counter()
    await until(batch_id, BatchState.READY)
    read = time.perf_counter() - began
    async with transaction() as session:
        version = int(
            await session.scalar(text("SELECT version FROM import_batch WHERE id = :id"), {"id": batch_id}) or 0
        )
        await imports.apply(session, await viewer_of(session, here.admin), batch_id, version)
    began = time.perf_counter()
    counts = await until(batch_id, BatchState.APPLIED)
    return read, time.perf_counter() - began, counts


async def forget() -> None:
    """No accounts any more, nor the files they came in."""
    async with transaction() as session:
        busy = text("SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting')")
        while await session.scalar(busy):
            await asyncio.sleep(0.05)
        await session.execute(text("TRUNCATE account, account_search, import_change, visit, promise"))
        await session.execute(text("UPDATE import_batch SET state = 'undone'"))


def run(at: Servers, rows: int = ROWS) -> list[Figure]:
    """Five rounds: raw COPY, first upload, the same list with one row in a hundred changed; then the memory."""
    kept: tuple[list[float], ...] = ([], [], [], [], [])
    with house(at, "relay", "ingest") as here:
        small, large, later = (here.folder / name for name in ("small.csv", "large.csv", "later.csv"))
        write(small, min(SMALL, rows))
        write(large, rows)
        write(later, rows, changed=100)
        here.folder.chmod(0o755)
        return _rounds(at, here, small, large, later, rows, kept)


def _rounds(
    at: Servers, here: House, small: Path, large: Path, later: Path, rows: int, kept: tuple[list[float], ...]
) -> list[Figure]:
    copies, reads, applies, wholes, seconds = kept
    worker = here.processes["ingest"].pid

    async def rounds() -> tuple[float, float]:
        engine = db.connect(settings().asyncpg_url, pool_size=3)
        async with transaction() as session:
            town = await factories.town(session)
        with highest(worker) as few:
            await import_it(town, small)
        await forget()
        with highest(worker) as many:
            for _ in range(ROUNDS):
                copies.append(rows / await asyncio.to_thread(raw_copy, at, large))
                read, apply, counts = await import_it(town, large)
                assert counts["new"] == rows, counts
                reads.append(rows / read)
                applies.append(rows / apply)
                wholes.append(rows / (read + apply))
                _, again, counts = await import_it(town, later)
                assert counts["changed"] == -(-rows // 100), counts
                seconds.append(apply / again)
                await forget()
        await engine.dispose()
        return few[0], many[0]

    few, many = asyncio.run(rounds())
    raw = sorted(copies)[len(copies) // 2]
    return [
        Figure("ingest", f"raw COPY of {rows} rows × 15 columns", copies, "rows/s"),
        Figure(
            "ingest",
            "read, check, stage, compare",
            reads,
            "rows/s",
            "COPY",
            raw,
            "≥ 0.5 × COPY",
            _of(reads, raw) >= 0.5,
        ),
        Figure("ingest", "apply", applies, "rows/s", "COPY", raw),
        Figure("ingest", "whole first upload", wholes, "rows/s", "COPY", raw, "≥ 0.3 × COPY", _of(wholes, raw) >= 0.3),
        Figure("ingest", "apply again, 1 % changed: times faster", seconds, "×", aim="≥ 5", kept=_of(seconds, 1) >= 5),
        Figure(
            "ingest", f"worker's peak memory, {rows} rows", [many], "MB", f"{SMALL} rows", few, "≤ 300 MB", many <= 300
        ),
    ]


def _of(values: list[float], beside: float) -> float:
    return sorted(values)[len(values) // 2] / beside
