"""The pages people look at all day, with ten thousand and with a million orders: time at the server, and the plans."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg

from shared import clock
from shared.people.passwords import hash_password
from tests.bench import many_orders, plans
from tests.bench.figures import ROUNDS, Figure, percentile
from tests.bench.house import House, Servers, house
from tests.bench.visitor import browser, sign_in

SIZES = (10_000, 100_000, 1_000_000)
LOOKS = 30  # of one page in a round
PASSWORD = "bench only, for a database that is gone"
PAGES = {
    "queue": "/order",
    "queue, all": "/order?tampilan=semua",
    "search number": "/order?q={number}",
    "search words": "/order?q={odp}",
    "dashboard": "/",
    "order": "/order/{number}",
}
REPORTS = {
    "daily": "/laporan/harian",
    "thirty days": "/laporan/harian?dari={month_ago}&sampai={today}",
    "monthly": "/laporan/bulanan",
    "time lost": "/laporan/waktu",
}
_SHOWN = """
    SELECT o.registration_no AS number, o.odp FROM orders o
    JOIN sto ON sto.id = o.sto_id JOIN person_area a ON a.site_operation_id = sto.site_operation_id
    JOIN person p ON p.id = a.person_id AND p.username = $1
    WHERE o.version = 3 AND o.category = 'done' ORDER BY o.id DESC LIMIT 1
"""
PEOPLE = {"helpdesk": "petugas1", "admin": "sari"}
AIMS = {"daily": 100, "monthly": 100} | dict.fromkeys(PAGES, 20)  # p95 in ms of one client, from 10^5 orders on


def run(at: Servers, *, orders: int = 0) -> list[Figure]:
    """Each size in a database of its own; orders: only this size."""
    found: list[Figure] = []
    small: dict[str, float] = {}
    for many in (orders,) if orders else SIZES:
        with house(at) as here:
            found += asyncio.run(_measure(here, many, small))
    return found


async def _measure(here: House, many: int, small: dict[str, float]) -> list[Figure]:
    began = time.monotonic()
    await many_orders.fill(here.database, many)
    connection = await asyncpg.connect(here.database)
    await connection.execute("UPDATE person SET password_hash = $1 WHERE username IS NOT NULL", hash_password(PASSWORD))
    today = clock.now().date()
    shown = dict(await connection.fetchrow(_SHOWN, PEOPLE["helpdesk"]))
    shown |= {"today": today.isoformat(), "month_ago": (today - timedelta(days=29)).isoformat()}
    await connection.close()
    figures = [Figure("queue", f"filling {many} orders", [time.monotonic() - began], unit="s")]
    here.start("web")
    name = f"{many:,}".replace(",", " ")
    for who, username in PEOPLE.items():
        async with browser() as http:
            await sign_in(http, here.web, username, PASSWORD)
            for page, path in _pages(who).items():
                address = here.web + path.format(**shown)
                rounds = [await _look(http, address, LOOKS) for _ in range(ROUNDS)]
                for percent in (50, 95):
                    what = f"{page}, {who}, p{percent}"
                    values = [percentile(one, percent) for one in rounds]
                    line = Figure("queue", f"{name}: {what}", values, peer="10 000" if what in small else "")
                    beside = small.get(what)
                    small.setdefault(what, line.middle)
                    aim = AIMS.get(page) if percent == 95 and many > min(SIZES) else None
                    figures.append(
                        Figure(
                            "queue",
                            line.what,
                            values,
                            peer=line.peer,
                            beside=beside,
                            aim=f"≤ {aim} ms" if aim else "",
                            kept=line.middle <= aim if aim else None,
                        )
                    )
    return [*figures, await _explained(here, many, shown)]


def _pages(who: str) -> dict[str, str]:
    return PAGES | REPORTS if who == "admin" else PAGES


async def _look(http: aiohttp.ClientSession, address: str, times: int) -> list[float]:
    """Milliseconds until the whole page was there."""
    waited = []
    for _ in range(times):
        began = time.perf_counter()
        async with http.get(address, allow_redirects=False) as answer:
            body = await answer.read()
        waited.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, f"{address}: {answer.status} {body[:300]!r}"
    return waited


async def _explained(here: House, many: int, shown: dict[str, str]) -> Figure:
    """Look at each page a dozen times (then Postgres may choose a generic plan) with every statement explained."""
    await plans.explain_all(here.database)
    here.stop("web")
    here.start("web")
    log = await plans.log_of(here.database)
    whole, worst = 0, 0.0
    report = []
    for who, username in PEOPLE.items():
        async with browser() as http:
            await sign_in(http, here.web, username, PASSWORD)
            for page, path in _pages(who).items():
                address = here.web + path.format(**shown)
                for turn in range(12):
                    at = log.stat().st_size
                    await _look(http, address, 1)
                    await asyncio.sleep(0.1)
                    found = plans.read(_since(log, at))
                    whole += sum(len(plan.reads_whole) for plan in found)
                    if turn in {0, 11}:
                        worst = max([worst, *[plan.took for plan in found]])
                        report.append(_written(f"{page}, {who}, look {turn + 1}: {path}", found))
    kept = Path(__file__).parents[2] / f"var/bench/plans-{many}.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n".join(report))
    what = f"{many}: whole-table reads of orders, event, delivery on these pages"
    return Figure("queue", what, [whole], unit="", aim="0", kept=whole == 0)


def _since(log: Path, at: int) -> str:
    with log.open("rb") as file:
        file.seek(at)
        return file.read().decode(errors="replace")


def _written(what: str, found: list[plans.Plan]) -> str:
    took = sum(plan.took for plan in found)
    head = f"==== {what}\n==== {len(found)} statements, {took:.1f} ms in all\n"
    return head + "\n".join(f"-- {plan.took} ms {plan.reads_whole or ''}\n{plan.text}\n" for plan in found)
