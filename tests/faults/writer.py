"""Plays the web under load: status changes on many orders, one transaction each, noting what was committed.

Also a process, so that it can be killed between two statements: python -m tests.faults.writer PLAN NOTES.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import db
from shared.chats import operations as chats
from shared.chats.models import ChatKind
from shared.errors import Conflict
from shared.orders import operations, queries
from shared.orders.models import Order
from shared.orders.operations import Origin
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.settings import settings
from tests import factories

TRIES = 30  # a person presses again, for some ten seconds


@dataclass(frozen=True)
class Plan:
    """What to write: `orders` are ids, `actor` the helpdesk who changes them, `rate` events a second."""

    tag: str
    actor: int
    orders: list[int]
    events: int
    rate: float
    seed: int = 1


@dataclass
class Written:
    """Tokens whose commit was answered, with the moment of the answer (seconds since 1970), and how often it failed."""

    at: dict[str, float] = field(default_factory=dict)
    failed: int = 0
    why: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


async def open_orders(said: list[tuple[int, int]]) -> tuple[int, list[int]]:
    """An order for each message (chat, message_id), of an area without a helpdesk group: (a helpdesk's id, orders)."""
    async with db.transaction() as session:
        helpdesk = await session.scalar(select(Person.id).where(Person.username == "bagus"))
        if helpdesk is None:
            helpdesk = (await factories.town(session)).outsider.id
        for chat, message in said:
            kind = ChatKind.PRIVATE if chat > 0 else ChatKind.SUPERGROUP
            await chats.seen(session, chat, kind, f"Chat {chat}", message)
    async with db.transaction() as session:
        technician = (await session.scalars(select(Person).where(Person.telegram_id == 5512045))).one()
        return helpdesk, [await _open_order(session, technician, Origin(*message)) for message in said]


async def _open_order(session: AsyncSession, technician: Person, origin: Origin) -> int:
    number = f"SC{next(_numbers)}"
    new = operations.NewOrder(registration_no=number, type_code="AO", sto="SPJ", technician_code="F5SDA445")
    viewer = await viewer_of(session, technician)
    order: Order = await operations.register(session, viewer, new, source="bot", origin=origin)
    return order.id


_numbers = iter(range(40_000_000, 50_000_000))


async def write(plan: Plan, notes: Path | None = None) -> Written:
    """Write `plan.events` changes at `plan.rate`; a failed one is noted and the next one goes on."""
    written, dice = Written(), random.Random(plan.seed)
    alone: dict[int, asyncio.Lock] = {order: asyncio.Lock() for order in plan.orders}
    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(plan.events):
            ahead = begun + number / plan.rate - time.monotonic()
            await asyncio.sleep(max(0, ahead))
            order = dice.choice(plan.orders)
            tasks.create_task(_one(plan, order, f"{plan.tag}-{number:05d}", alone[order], written, notes))
    return written


async def _one(plan: Plan, order: int, token: str, alone: asyncio.Lock, written: Written, notes: Path | None) -> None:
    """One change; refused, the person presses again. Each try has words of its own: a lost answer may hide a commit."""
    async with alone:
        for again in range(TRIES):
            words, asked = f"{token}-{again}", time.monotonic()
            try:
                async with db.transaction() as session:
                    await change(session, plan.actor, order, words)
            except (*db.AWAY, Conflict) as error:
                written.failed += 1
                written.why[f"{type(error).__name__}: {error}"[:60]] += 1
                await asyncio.sleep(0.3)
                continue
            written.at[words] = time.time()
            written.slowest = max(written.slowest, time.monotonic() - asked)
            note_down(notes, words, written)
            return


def note_down(notes: Path | None, token: str, written: Written) -> None:
    """Keep outside of the process what was answered: it may be killed at any moment."""
    if notes is not None:
        with notes.open("a") as file:
            file.write(f"{token} {written.at[token]}\n")


def read_notes(notes: Path) -> dict[str, float]:
    """Token → moment of the answer, of all lives of a killed writer."""
    if not notes.exists():
        return {}
    pairs = [line.split() for line in notes.read_text().splitlines()]
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2}


async def change(session: AsyncSession, actor: int, order_id: int, note: str, *, silent: bool = False) -> None:
    """One change as the web makes it: OGP and KENDALA in turn, with words of a person. silent: tell nobody."""
    person = await session.get(Person, actor)
    assert person is not None
    viewer = await viewer_of(session, person)
    data = await queries.master(session)
    order = (await queries.by_id(session, viewer, order_id)).order
    new, reason = "OGP", None
    if order.status_code == "OGP":
        new, reason = "KENDALA", data.reasons_for("KENDALA")[0].id
    await operations.change_status(
        session, viewer, order_id, order.version, new, source="web", reason_id=reason, note=note, tell=not silent
    )


def plan_file(plan: Plan, path: Path) -> Path:
    path.write_text(json.dumps(asdict(plan)))
    return path


async def main() -> None:
    db.connect(settings().asyncpg_url)
    await write(Plan(**json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())
