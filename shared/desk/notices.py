"""Notices: what a person must hear about orders it holds or held, live and in a list. Changes no order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import clock
from shared.desk.models import Notice
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person

KINDS = (
    *("taken_over", "moved", "given", "returned", "assigned", "handover", "accepted", "declined", "withdrawn"),
    *("sla_near", "sla_late", "answered", "house"),
)
FRESH = timedelta(hours=12)  # older than this, an unseen notice is only history
LISTED = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with the names it speaks of. number: of the order; holder: who holds that order now."""

    notice: Notice
    actor: str
    number: str
    holder: str


async def tell(
    session: AsyncSession,
    person_id: int,
    kind: str,
    *,
    actor_id: int | None,
    order_id: int | None = None,
    handover_id: int | None = None,
    note: str = "",
    n: int = 0,
) -> int:
    """Keep a notice for a person and say at the commit, to every process, that there is one."""
    notice_id: int = (
        await session.execute(
            insert(Notice)
            .values(
                person_id=person_id,
                kind=kind,
                actor_id=actor_id,
                order_id=order_id,
                handover_id=handover_id,
                note=note,
                n=n,
                at=clock.now(),
            )
            .returning(Notice.id)
        )
    ).scalar_one()
    await session.execute(select(func.pg_notify("sikpro_notice", f"{notice_id}:{person_id}")))
    return notice_id


async def one(session: AsyncSession, notice_id: int) -> Told | None:
    """A notice by its id; None when it is gone."""
    found = await _told(session, Notice.id == notice_id, 1)
    return found[0] if found else None


async def unseen(session: AsyncSession, person_id: int, limit: int = 5) -> Sequence[Told]:
    """What a person has not been shown yet, oldest first; nothing older than FRESH."""
    wanted = (Notice.person_id == person_id) & Notice.seen_at.is_(None) & (Notice.at > clock.now() - FRESH)
    return list(reversed(await _told(session, wanted, limit)))


async def mark_seen(session: AsyncSession, notice_ids: Sequence[int]) -> None:
    """Note that these were shown."""
    await session.execute(
        update(Notice)
        .where(Notice.id.in_(notice_ids), Notice.seen_at.is_(None))
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def lately(session: AsyncSession, viewer: Viewer) -> Sequence[Told]:
    """A person's own last notices, newest first."""
    return await _told(session, Notice.person_id == viewer.person_id, LISTED)


async def _told(session: AsyncSession, which: ColumnElement[bool], limit: int) -> list[Told]:
    holder = aliased(Person)
    rows = await session.execute(
        select(Notice, func.coalesce(Person.name, ""), func.coalesce(Order.registration_no, ""), holder.name)
        .outerjoin(Person, Person.id == Notice.actor_id)
        .outerjoin(Order, Order.id == Notice.order_id)
        .outerjoin(holder, holder.id == Order.holder_id)
        .where(which)
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return [Told(notice, actor, number, held or "") for notice, actor, number, held in rows]
