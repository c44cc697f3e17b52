"""A town whose files are read by the worker's own steps, on a database and in a folder of the test's own."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.ingest import storage
from services.ingest.listeners import ears
from shared.arrears import import_queries, imports
from shared.arrears.batches import ImportBatch, Kind
from shared.arrears.models import Account
from shared.db import transaction
from shared.outbox import OutboxRow
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.places.models import Sto
from shared.worker import Ears
from tests import factories
from tests.conftest import set_environment
from tests.factories import Town

SAMPLES = Path(__file__).parent / "samples"
HEADER = "SND;NAMA PELANGGAN;ALAMAT;NO HP;STO;PRODUK;TAGIHAN;LAMA TUNGGAKAN"


def line(number: int, name: str = "Budi Santoso", sto: str = "SDA", amount: Any = 412500, months: Any = 2) -> str:
    """A row of a list: account 1523200 + five digits."""
    return f"1523200{number:05d};{name};Jl. Pahlawan No. {number};081234567890;{sto};INDIHOME 2P;{amount};{months}"


def listed(*lines: str, header: str = HEADER) -> bytes:
    """A file of these rows."""
    return "\r\n".join([header, *lines, ""]).encode()


@dataclass
class Desk:
    """Somebody at the import desk; each act is a transaction, each step what the worker would do."""

    here: Town
    person: Person

    async def viewer(self) -> Viewer:
        async with transaction() as session:
            return await viewer_of(session, self.person)

    async def hand_in(self, content: bytes, name: str = "tunggakan.csv", kind: Kind = Kind.ARREARS) -> ImportBatch:
        """Upload without reading."""
        stored = storage.new_name()
        with storage.create(stored) as file:
            file.write(content)
        received = imports.Received(kind, name, len(content), hashlib.sha256(content).hexdigest(), stored)
        async with transaction() as session:
            return await imports.receive(session, await viewer_of(session, self.person), received, source="web")

    async def upload(self, content: bytes, name: str = "tunggakan.csv", kind: Kind = Kind.ARREARS) -> ImportBatch:
        """Upload, and have it read."""
        batch = await self.hand_in(content, name, kind)
        await work()
        return await self.now(batch.id)

    async def now(self, batch_id: int) -> ImportBatch:
        async with transaction() as session:
            return await import_queries.batch(session, await viewer_of(session, self.person), batch_id)

    async def act(self, what: Any, batch: ImportBatch, *given: Any, **named: Any) -> ImportBatch:
        """Apply, cancel, undo or choose, and let the worker follow."""
        async with transaction() as session:
            await what(session, await viewer_of(session, self.person), batch.id, batch.version, *given, **named)
        await work()
        return await self.now(batch.id)

    async def apply(self, batch: ImportBatch, **named: Any) -> ImportBatch:
        return await self.act(imports.apply, batch, **named)

    async def undo(self, batch: ImportBatch) -> ImportBatch:
        return await self.act(imports.undo, batch)

    async def bring(self, *lines: str) -> ImportBatch:
        """Upload and apply a list."""
        return await self.apply(await self.upload(listed(*lines)))

    async def accounts(self) -> dict[str, Account]:
        """All accounts by the end of their numbers."""
        async with transaction() as session:
            return {each.internet_no[-5:]: each for each in (await session.scalars(select(Account))).all()}

    async def refusals(self, batch: ImportBatch) -> dict[int, list[str]]:
        """Row → the codes of what is wrong with it."""
        async with transaction() as session:
            viewer = await viewer_of(session, self.person)
            found = await import_queries.refusals(session, viewer, batch.id, size=1000)
        return {each.row_no: [problem["code"] for problem in each.problems] for each in found}


async def work(*, alone: bool = True, ears: Ears = ears) -> None:
    """Do what is due for the worker, in order; ears: another service's, for what that one hears."""
    while True:
        async with transaction() as session:
            due = select(OutboxRow.stream).where(OutboxRow.consumer == ears.service, OutboxRow.state == "waiting")
            streams = (await session.scalars(due.order_by(OutboxRow.id))).all()
        if not streams:
            return
        for stream in streams:
            assert await ears.hear(stream) or not alone, f"{stream} was not heard"


@pytest.fixture
async def desk(database: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """The admin's desk, in a town with six STO."""
    assert database
    set_environment(SIKPRO_DATA=str(tmp_path), SIKPRO_UPLOADS="", SIKPRO_LARGEST_UPLOAD="500000000")
    async with transaction() as session:
        here = await factories.town(session)
        for code in ("GDG", "KRI", "PRN"):
            session.add(Sto(site_operation_id=here.site.id, code=code, name=code.title()))
    yield Desk(here, here.admin)
