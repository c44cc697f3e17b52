"""From a helpdesk's click to the message at Telegram, beside the same change with the call made inline."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import asyncpg

from shared import db
from shared.db import transaction
from shared.events import untold
from shared.orders import operations
from shared.settings import settings
from shared.telegram import Telegram
from tests.bench import crowd, memory
from tests.bench.crowd import Crowd
from tests.bench.figures import ROUNDS, Figure, percentile
from tests.bench.house import House, Servers, cpu, house, server_pids
from tests.bench.simulator import Simulator, simulator

CHATS = 40
RATE = 20  # clicks a second
SECONDS = 12  # of one round
PACE_TIMES = "20"
WARM = 60  # clicks before anything counts
_NUMBER = re.compile(r"SC\d{8}")


@dataclass
class Round:
    """One click each: seconds from its begin, and from its commit, to the call's arrival; inline: to its answer."""

    from_click: list[float] = field(default_factory=list)
    from_commit: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)  # ms a message, by process
    transactions: float = 0.0  # a message, in Postgres, the click's own included


def run(at: Servers, *, seconds: int = SECONDS) -> list[Figure]:
    """Rounds of our way and of the inline way in turn; then the memory of every process."""
    # 20 a second is four fifths of what the pace lets news have; with shorter windows it is not what is measured
    with house(at, "relay", "notifier", SIKPRO_PACE_TIMES=PACE_TIMES) as here:
        here.start_if_it_can("bot", "web", "ingest")
        return asyncio.run(_measure(here, seconds))


async def _measure(here: House, seconds: int) -> list[Figure]:
    engine = db.connect(settings().asyncpg_url, pool_size=10)
    telegram = Telegram(here.sim, here.env["SIKPRO_TELEGRAM_TOKEN"], 10)
    each = RATE * seconds
    made = await crowd.settle(CHATS, WARM * 2 + 2 * ROUNDS * each)
    pids = {name: process.pid for name, process in here.processes.items()} | await server_pids(here)
    ours: list[Round] = []
    inline: list[Round] = []
    async with simulator(here.sim) as sim:
        await sim.post("bulk", users=crowd.users(made.chats), chats=crowd.open_chats(made.chats))
        left = list(made.orders)

        def some(many: int) -> list[tuple[int, str]]:
            taken, left[:many] = left[:many], []
            return taken

        await _clicks(sim, made, some(WARM), telegram=None)
        await _clicks(sim, made, some(WARM), telegram=telegram)
        for _ in range(ROUNDS):
            before = {name: cpu(pid) for name, pid in pids.items()}
            committed = await _transactions(here)
            one = await _clicks(sim, made, some(each), telegram=None)
            one.cpu = {name: (cpu(pid) - before[name]) * 1000 / each for name, pid in pids.items()}
            one.transactions = ((await _transactions(here)) - committed) / each
            ours.append(one)
            inline.append(await _clicks(sim, made, some(each), telegram=telegram))
    await telegram.close()
    await engine.dispose()
    return _figures(ours, inline) + memory.figures(pids)


async def _clicks(sim: Simulator, made: Crowd, orders: list[tuple[int, str]], telegram: Telegram | None) -> Round:
    """Click once on each order at RATE; telegram: make the call inline, and tell nobody else."""
    since = (await sim.stats())["calls"]
    times: dict[str, tuple[float, float, float]] = {}

    async def ours(order_id: int, number: str) -> None:
        began = time.time()
        async with transaction() as session:
            await operations.change_status(session, made.helpdesk, order_id, 1, "OGP", source="web", hold=0)
        times[number] = began, time.time(), 0.0

    async def inline(order_id: int, number: str) -> None:
        assert telegram is not None
        began = time.time()
        with untold():
            async with transaction() as session:
                changed = await operations.change_status(
                    session, made.helpdesk, order_id, 1, "OGP", source="web", hold=0
                )
        committed = time.time()
        words = {"text": f"<b>OGP</b> · <code>{number}</code>\nNadia Putri", "parse_mode": "HTML"}
        outcome = await telegram.call("sendMessage", {"chat_id": changed.order.chat_id, **words})
        assert outcome.kind == "done", outcome
        times[number] = began, committed, time.time()

    act = inline if telegram else ours
    await evenly(RATE, [partial(act, *order) for order in orders])
    arrived = await _arrivals(sim, since, {number for _, number in orders})
    done = Round()
    for number, (began, committed, answered) in times.items():
        done.from_click.append((arrived[number] - began) * 1000)
        done.from_commit.append((arrived[number] - committed) * 1000)
        done.answered.append((answered - began) * 1000)
    return done


async def _transactions(here: House) -> int:
    """Transactions that this database has ended so far."""
    connection = await asyncpg.connect(here.database)
    ended = await connection.fetchval(
        "SELECT pg_stat_force_next_flush(), xact_commit + xact_rollback FROM pg_stat_database"
        " WHERE datname = current_database()",
        column=1,
    )
    await connection.close()
    return int(ended)


async def evenly(rate: float, acts: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Begin one act each 1/rate seconds, whether the ones before have ended or not."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for place, act in enumerate(acts):
            await asyncio.sleep(max(0.0, began + place / rate - time.monotonic()))
            group.create_task(act())  # type: ignore[arg-type]


async def _arrivals(sim: Simulator, since: int, numbers: set[str]) -> dict[str, float]:
    """When the message about each order arrived; waits two minutes for the last."""
    arrived: dict[str, float] = {}
    until = time.monotonic() + 120
    while numbers - arrived.keys():
        assert time.monotonic() < until, f"{len(numbers - arrived.keys())} messages never came"
        for call in await sim.calls(since):
            since = call["seq"]
            for number in _NUMBER.findall(call["params"].get("text", "")):  # several where messages were merged
                arrived.setdefault(number, call["ts"])
        await asyncio.sleep(0.2)
    return arrived


def _figures(ours: list[Round], inline: list[Round]) -> list[Figure]:
    def of(rounds: list[Round], part: str, percent: float) -> list[float]:
        return [percentile(getattr(one, part), percent) for one in rounds]

    found: list[Figure] = []
    for percent in (50, 99):
        peer = Figure("click", f"inline: commit + HTTP call, answered, p{percent}", of(inline, "answered", percent))
        soon = Figure("click", f"inline: click → simulator p{percent}", of(inline, "from_click", percent))
        mine = of(ours, "from_click", percent)
        whole = Figure("click", f"click → simulator p{percent}", mine, peer="inline", beside=peer.middle)
        kept = (whole.ratio or 0) <= 4 if percent == 50 else whole.middle <= 250
        aim = "≤ 4×" if percent == 50 else "≤ 250 ms"
        found += [
            Figure("click", whole.what, mine, peer="inline", beside=peer.middle, aim=aim, kept=kept),
            Figure("click", f"commit → simulator p{percent}", of(ours, "from_commit", percent)),
            peer,
            soon,
        ]
    for name in ("relay", "notifier", "postgres", "valkey", "simulator"):
        found.append(Figure("click", f"CPU a message, {name}", [one.cpu[name] for one in ours]))
    both = [one.cpu["relay"] + one.cpu["notifier"] for one in ours]
    found.append(Figure("click", "CPU a message, relay + notifier", both))
    found.append(Figure("click", "transactions a message", [one.transactions for one in ours], unit=""))
    return found
