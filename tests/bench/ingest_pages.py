"""What people on other pages notice of a large import: how long a page takes with and without one."""

import asyncio
import time
from pathlib import Path

import asyncpg
from sqlalchemy import select

from shared import db
from shared.db import transaction
from shared.people.models import Person
from shared.people.passwords import hash_password
from shared.settings import settings
from tests.bench import ingest, many_orders
from tests.bench.figures import Figure, percentile
from tests.bench.house import House, Servers, house
from tests.bench.pages import PASSWORD, PEOPLE
from tests.bench.visitor import browser, sign_in

ORDERS = 10_000
PAGES = ("/", "/order", "/tunggakan", "/order/{number}")
AT_EASE = 6  # seconds without an import
PAUSE = 0.1  # seconds somebody looks at a page


def run(at: Servers, rows: int = ingest.ROWS) -> list[Figure]:
    """Somebody goes through four pages, first in peace and then while a list is read and applied."""
    with house(at, "relay", "ingest") as here:
        large = here.folder / "large.csv"
        return asyncio.run(_measure(here, large, rows))


async def _measure(here: House, large: Path, rows: int) -> list[Figure]:
    await many_orders.fill(here.database, ORDERS)
    connection = await asyncpg.connect(here.database)
    await connection.execute("UPDATE person SET password_hash = $1 WHERE username IS NOT NULL", hash_password(PASSWORD))
    number = await connection.fetchval("SELECT registration_no FROM orders ORDER BY id DESC LIMIT 1")
    stos = await connection.fetch("SELECT code FROM sto WHERE active ORDER BY id LIMIT 3")
    await connection.close()
    ingest.write(large, rows, places=tuple((each["code"], "SIDOARJO") for each in stos))
    here.start("web")
    engine = db.connect(settings().asyncpg_url, pool_size=3)
    async with transaction() as session:
        person = (await session.scalars(select(Person).where(Person.username == PEOPLE["admin"]))).one()
    addresses = [here.web + page.format(number=number) for page in PAGES]
    over = asyncio.Event()
    async with browser() as http:
        await sign_in(http, here.web, PEOPLE["admin"], PASSWORD)

        async def looks(until: asyncio.Event) -> list[float]:
            waited = []
            while not until.is_set():
                for address in addresses:
                    began = time.perf_counter()
                    async with http.get(address, allow_redirects=False) as answer:
                        await answer.read()
                    waited.append((time.perf_counter() - began) * 1000)
                    assert answer.status == 200, f"{address}: {answer.status}"
                    await asyncio.sleep(PAUSE)
            return waited

        asyncio.get_running_loop().call_later(3, over.set)
        await looks(over)  # what is imported and prepared once
        over.clear()
        asyncio.get_running_loop().call_later(AT_EASE, over.set)
        calm = await looks(over)
        over.clear()
        async with asyncio.TaskGroup() as both:
            looking = both.create_task(looks(over))
            counts = (await ingest.import_as(person, large))[2]
            assert counts["new"] == rows, counts
            over.set()
        busy = looking.result()
    await engine.dispose()
    slower = percentile(busy, 95) / percentile(calm, 95)
    return [
        Figure("ingest", f"other pages p95 while {rows} rows come in ({len(busy)} looks)", [percentile(busy, 95)],
               peer="without", beside=percentile(calm, 95), aim="< 2×", kept=slower < 2),
        Figure("ingest", "the slowest of those looks", [max(busy)], peer="without", beside=max(calm)),
    ]  # fmt: skip
