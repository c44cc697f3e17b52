"""The demo town's arrears: one list brought in as any file is, shared among its collectors, and their last days.

Names are drawn by chance (a fixed seed) from common ones; no such customer exists.
"""

import hashlib
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.ingest import storage
from services.ingest.listeners import ears
from shared import clock
from shared.arrears import imports, operations, visits
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.arrears.models import Account, Result
from shared.arrears.visits import Call, Report
from shared.db import transaction
from shared.events import untold
from shared.outbox import OutboxRow
from shared.people.access import Viewer
from shared.places.models import Sto

ZONE = ZoneInfo("Asia/Jakarta")
FIRST = ("Budi", "Siti", "Agus", "Dewi", "Ratna", "Joko", "Wahyu", "Sri", "Hadi", "Lina", "Tono", "Yanti")
LAST = ("Santoso", "Aminah", "Wibowo", "Lestari", "Susanto", "Rahayu", "Prabowo", "Hartati", "Setiawan", "Utami")
STREETS = ("Jl. Gajah Mada", "Jl. Pahlawan", "Jl. Melati", "Jl. Raya Jati", "Jl. Diponegoro", "Perum Griya Asri")
CENTRES = {
    "SDA": (-7.4478, 112.7183),
    "TUN": (-7.4780, 112.6570),
    "SPJ": (-7.3487, 112.6998),
    "KRN": (-7.4096, 112.5836),
}
EACH = 12  # accounts of an STO
COLLECTORS = {"Yuli Astuti": ("SDA", "TUN"), "Anton Saputra": ("SPJ", "KRN")}
HEADER = "NO INTERNET;NAMA PELANGGAN;ALAMAT;NO HP;STO;PRODUK;TAG_TOTAL;LAMA TUNGGAKAN;TAG_202609;TAG_202610;TAG_202611"
DAYS = (  # what came of a collector's visits, by days ago
    (2, (Result.NOBODY_HOME, Result.PROMISE, Result.REFUSED, Result.PROMISE)),
    (1, (Result.PROMISE, Result.NOBODY_HOME, Result.MOVED, Result.FAULT, Result.PROMISE)),
)
DUE = (0, 3, 1, 5)  # days from now of the promises, in turn


async def play(viewers: dict[str, Viewer]) -> int:
    """Bring the list and write the visits down; returns how many accounts there are. Cut short, it is begun anew."""
    admin = viewers["Sari Wulandari"]
    body = _list(Random(20261122))
    stored = storage.new_name()
    with storage.create(stored) as file:
        file.write(body)
    received = imports.Received(
        Kind.ARREARS, "tunggakan november.csv", len(body), hashlib.sha256(body).hexdigest(), stored
    )
    async with transaction() as session:
        batch_id = (await imports.receive(session, admin, received, source="web")).id
    batch = await _worked(batch_id)
    kept = [field or "extra" for field in batch.mapping]
    async with transaction() as session:
        await imports.choose(session, admin, batch_id, batch.version, kept)
    batch = await _worked(batch_id)
    async with transaction() as session:
        await imports.apply(session, admin, batch_id, batch.version)
    batch = await _worked(batch_id)
    assert batch.state is BatchState.APPLIED, batch.trouble
    async with transaction() as session:
        with untold():
            for name, stos in COLLECTORS.items():
                await _days(session, viewers, viewers[name], stos)
    return EACH * len(CENTRES)


async def _worked(batch_id: int) -> ImportBatch:
    """The import after what is due for its worker was done, here or there."""
    async with transaction() as session:
        due = select(OutboxRow.stream).where(OutboxRow.consumer == "ingest", OutboxRow.state == "waiting")
        streams = (await session.scalars(due.order_by(OutboxRow.id))).all()
    for stream in streams:
        await ears.hear(stream)
    async with transaction() as session:
        return await session.get_one(ImportBatch, batch_id)


def _list(chance: Random) -> bytes:
    """A list as another system exports it."""
    lines = [HEADER]
    for place, sto in enumerate(CENTRES):
        for n in range(EACH):
            months = chance.choice((1, 1, 2, 2, 3, 5))
            bill = chance.choice((275_000, 315_000, 375_000, 490_000))
            recent = [bill if months > back else 0 for back in (2, 1, 0)]
            cells = (
                f"1523{place:02d}{n * 7919 % 1_000_000:06d}",
                f"{chance.choice(FIRST)} {chance.choice(LAST)}",
                f"{chance.choice(STREETS)} {chance.randint(1, 90)}",
                f"0812{chance.randrange(10**8):08d}",
                sto,
                chance.choice(("INDIHOME 2P", "INDIHOME 3P", "INTERNET 50M")),
                bill * months,
                months,
                *recent,
            )
            lines.append(";".join(map(str, cells)))
    return "\r\n".join([*lines, ""]).encode()


async def _days(session: AsyncSession, viewers: dict[str, Viewer], collector: Viewer, stos: tuple[str, ...]) -> None:
    """A collector's accounts and the last days' visits."""
    found = (
        await session.execute(
            select(Account.id, Sto.code)
            .join(Sto, Sto.id == Account.sto_id)
            .where(Sto.code.in_(stos))
            .order_by(Account.amount.desc(), Account.id)
        )
    ).all()
    now = clock.now()
    with clock.stopped_at(_at(now, 3, 0)):
        await operations.assign(
            session, viewers["Sari Wulandari"], [row[0] for row in found], collector.person_id, source="web"
        )
    chance, accounts, promises = Random(collector.person_id), iter(found), iter(DUE)
    for back, results in DAYS:
        for place, result in enumerate(results):
            account_id, sto = next(accounts)
            at = _at(now, back, place)
            promise = result is Result.PROMISE
            due = clock.local(now, "Asia/Jakarta").date() + timedelta(days=next(promises)) if promise else None
            north, east = (each + chance.uniform(-0.012, 0.012) for each in CENTRES[sto])
            call = Call(result, due=due, latitude=north, longitude=east)
            with clock.stopped_at(at):
                await visits.record(session, collector, account_id, call, Report(), source="bot")


def _at(now: datetime, back: int, place: int) -> datetime:
    """A moment of a working day: 09:00 and every 40 minutes."""
    day = clock.local(now, "Asia/Jakarta").date() - timedelta(days=back)
    return datetime.combine(day, time(9), ZONE) + timedelta(minutes=40 * place)
