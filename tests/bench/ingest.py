"""A large list through the real worker beside raw COPY and django-import-export: rows a second, and its memory."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import asyncpg
from sqlalchemy import text

from services.ingest import storage
from shared import db
from shared.arrears import imports
from shared.arrears.batches import BatchState, Kind
from shared.db import transaction
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.settings import settings
from tests import factories
from tests.bench import beside
from tests.bench.figures import ROUNDS, Figure
from tests.bench.house import House, Servers, cpu, family, house, server_pids

ROWS = 1_000_000
PEER_ROUNDS = 3  # of the other program, which takes as long for 20,000 rows as we for a million
SMALL = 100_000  # for the memory: it must not grow with the file
HEADER = (
    "Nomor Internet;Nama;Alamat;No HP;STO;Datel;Produk;Tagihan;Lama Tunggakan;Umur Customer;Segmen;Petugas;"
    "Status Bayar;Tgl Paid;Catatan\r\n"
)
WAITING = text("SELECT EXISTS (SELECT FROM outbox WHERE state = 'waiting' AND consumer = 'ingest')")
PEER = """
    CREATE TABLE peer (internet_no text PRIMARY KEY, name text, address text, phone text, sto text, datel text,
        product text, amount bigint, months smallint, age smallint, segment text, collector text, status text,
        paid_on date, note text)
"""
FIRST = ("Budi", "Sri", "Agus", "Siti", "Eko", "Dewi", "Joko", "Rina", "Hendra", "Lestari", "Nanda", "Yuli")
LAST = ("Santoso", "Wulandari", "Nugroho", "Rahayu", "Kusumo", "Permata", "Hidayat", "Setiawan", "Purnomo", "Utami")
STREET = ("Jl. Pahlawan", "Jl. Ahmad Yani", "Gg. Melati", "Perum TAS 3 Blok F5", "Dsn. Kweni RT 03/RW 02")
Places = tuple[tuple[str, str], ...]  # (STO, datel)
STO: Places = (("SDA", "SIDOARJO"), ("TUN", "TULANGAN"), ("SPJ", "SEPANJANG"))
PRODUCT = ("INDIHOME 1P 20 Mbps", "INDIHOME 2P 30 Mbps", "INDIHOME 3P 50 Mbps", "INDIBIZ 100 Mbps")


def a_line(dice: random.Random, number: int, *, other: bool, places: Places = STO) -> str:
    sto, datel = dice.choice(places)
    amount = dice.randint(100, 9000) * 500 + (7 if other else 0)
    return (
        f"{152_300_000_000 + number};{dice.choice(FIRST)} {dice.choice(LAST)};"
        f'"{dice.choice(STREET)} No. {dice.randint(1, 250)}, {datel.title()}";0812{dice.randint(10**7, 10**8 - 1)};'
        f"{sto};{datel};{dice.choice(PRODUCT)};{amount};{dice.randint(1, 9)};{dice.randint(1, 120)};DCS;"
        f"Petugas {dice.randint(1, 40)};BELUM;;ref {number % 9973}\r\n"
    )


def write(path: Path, rows: int, changed: int = 0, places: Places = STO) -> None:
    """A list of 15 columns, always the same; every `changed`-th row owes something else."""
    dice = random.Random(4)
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for number in range(rows):
            file.write(a_line(dice, number, other=bool(changed) and number % changed == 0, places=places))
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


async def hand_in(person: Person, path: Path) -> int:
    content = path.read_bytes()
    stored = storage.new_name()
    with storage.create(stored) as file:
        file.write(content)
    received = imports.Received(Kind.ARREARS, path.name, len(content), hashlib.sha256(content).hexdigest(), stored)
    async with transaction() as session:
        return (await imports.receive(session, await viewer_of(session, person), received, source="web")).id


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


async def import_as(person: Person, path: Path) -> tuple[float, float, dict[str, Any]]:
    """(seconds to the preview, seconds to apply, counts) of one file through the running worker."""
    batch_id = await hand_in(person, path)
    began = time.perf_counter()
    await until(batch_id, BatchState.READY)
    read = time.perf_counter() - began
    async with transaction() as session:
        version = int(
            await session.scalar(text("SELECT version FROM import_batch WHERE id = :id"), {"id": batch_id}) or 0
        )
        await imports.apply(session, await viewer_of(session, person), batch_id, version)
    began = time.perf_counter()
    counts = await until(batch_id, BatchState.APPLIED)
    return read, time.perf_counter() - began, counts


async def settled() -> float:
    """Wait until nothing is left to do for anybody, such as filling the search; seconds that took."""
    began = time.perf_counter()
    while True:
        async with transaction() as session:
            if not await session.scalar(WAITING):
                return time.perf_counter() - began
        await asyncio.sleep(0.02)


async def forget() -> None:
    """No accounts any more, nor the files they came in."""
    await settled()
    async with transaction() as session:
        await session.execute(text("TRUNCATE account, account_search, import_change, visit, promise CASCADE"))
        await session.execute(text("UPDATE import_batch SET state = 'undone'"))


@dataclass
class Rounds:
    """What each round found: rows a second, seconds, MB."""

    copy: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    apply: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    search: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    cpu_copy: list[float] = field(default_factory=list)
    cpu_whole: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    other_import: list[float] = field(default_factory=list)
    few: float = 0.0
    many: float = 0.0


def run(at: Servers, rows: int = ROWS) -> list[Figure]:
    """Five rounds: raw COPY, first upload, the same list with one row in a hundred changed, and the worker's memory."""
    program = beside.install()
    with house(at, "relay", "ingest") as here:
        small, large, later = (here.folder / name for name in ("small.csv", "large.csv", "later.csv"))
        write(small, min(SMALL, rows))
        write(large, rows)
        write(later, rows, changed=100)
        here.folder.chmod(0o755)
        found = asyncio.run(_rounds(at, here, program, small, large, later, rows))
    return _figures(found, rows)


async def _rounds(at: Servers, here: House, program: Path, small: Path, large: Path, later: Path, rows: int) -> Rounds:
    found = Rounds()
    worker = here.processes["ingest"].pid
    server = (await server_pids(here))["postgres"]
    engine = db.connect(settings().asyncpg_url, pool_size=3)
    async with transaction() as session:
        town = await factories.town(session)
    with highest(worker) as few:
        await import_as(town.admin, small)
    await forget()
    with highest(worker) as many:
        for turn in range(ROUNDS):
            if turn < PEER_ROUNDS:
                other = await asyncio.to_thread(beside.import_export, at, program, large)
                found.other.append(other[0])
                found.other_import.append(other[1])
            used = cpu(server)
            found.copy.append(rows / await asyncio.to_thread(raw_copy, at, large))
            found.cpu_copy.append(cpu(server) - used)
            used = cpu(server) + cpu(worker)
            read, apply, counts = await import_as(town.admin, large)
            found.cpu_whole.append(cpu(server) + cpu(worker) - used)
            assert counts["new"] == rows, counts
            found.read.append(rows / read)
            found.apply.append(rows / apply)
            found.whole.append(rows / (read + apply))
            found.search.append(await settled())
            _, again, counts = await import_as(town.admin, later)
            assert counts["changed"] == -(-rows // 100), counts
            found.again.append(apply / again)
            await forget()
    await engine.dispose()
    found.few, found.many = few[0], many[0]
    return found


def _figures(found: Rounds, rows: int) -> list[Figure]:
    raw, other = median(found.copy), median(found.other)
    whole = median(found.whole)
    reading = "read, check, stage, compare"
    peer = "import-export, 20 000 rows"

    def line(what: str, values: list[float], unit: str = "rows/s", **more: Any) -> Figure:
        return Figure("ingest", what, values, unit, **more)

    return [
        line(f"raw COPY of {rows} rows × 15 columns", found.copy),
        line(reading, found.read, peer="COPY", beside=raw, aim="≥ 0.5×", kept=median(found.read) >= 0.5 * raw),
        line("apply", found.apply, peer="COPY", beside=raw),
        line("whole first upload", found.whole, peer="COPY", beside=raw, aim="≥ 0.3×", kept=whole >= 0.3 * raw),
        line("whole first upload", found.whole, peer=peer, beside=other, aim="≥ 100×", kept=whole >= 100 * other),
        line("import-export's import without its preview", found.other_import),
        line(
            "whole first upload: CPU of Postgres and worker", found.cpu_whole, "s", peer="COPY",
            beside=median(found.cpu_copy), aim="≤ 3.3×", kept=median(found.cpu_whole) <= median(found.cpu_copy) / 0.3,
        ),
        line("filling the search afterwards", found.search, "s"),
        line("apply again, 1 % changed: times faster", found.again, "×", aim="≥ 5", kept=median(found.again) >= 5),
        line(
            f"worker's peak memory, {rows} rows", [found.many], "MB", peer=f"{SMALL} rows", beside=found.few,
            aim="≤ 300 MB, flat", kept=found.many <= min(300, 1.2 * found.few),
        ),
    ]  # fmt: skip
