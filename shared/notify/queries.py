"""Questions about rules: what they say, and whom last week's events would have reached by them. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.chats.models import Chat
from shared.events import EventRow
from shared.notify import hearing
from shared.notify.kinds import KINDS
from shared.notify.models import NotifyRule, NotifyStep, NotifyWish
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto

WEEK = timedelta(days=7)
# Written out, not as parameters: only so does Postgres know that its partial index applies.
_ALERT: ColumnElement[bool] = literal_column("(event.name IN ('order.sla_alert', 'clock.alerted', 'house.alerted'))")
MOST_SITES = 12  # tried for each kind and step
OWN = "own"  # whom the subject itself names; counted as one, whoever that was


@dataclass(frozen=True, slots=True)
class Ruled:
    """A line with the names of what it points to."""

    row: NotifyRule
    person: str
    chat: str
    site: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Last week by the rules of now. told: name → how often; away: who cannot be reached; deaf: how often nobody.

    untried: how often in the other Site Operations, beyond the MOST_SITES with most.
    """

    events: int
    told: Mapping[str, int]
    away: frozenset[str]
    deaf: int
    untried: int


async def rules(session: AsyncSession, viewer: Viewer) -> Sequence[Ruled]:
    """Every line, by kind and step. Raises NotAllowed."""
    viewer.must("notify.change")
    rows = await session.execute(
        select(NotifyRule, Person.name, Chat.title, SiteOperation.code)
        .outerjoin(Person, Person.id == NotifyRule.person_id)
        .outerjoin(Chat, Chat.id == NotifyRule.chat_id)
        .outerjoin(SiteOperation, SiteOperation.id == NotifyRule.site_operation_id)
        .order_by(NotifyRule.kind, NotifyRule.step, NotifyRule.id)
    )
    return [Ruled(row, person or "", chat or "", site or "") for row, person, chat, site in rows]


async def minutes(session: AsyncSession) -> dict[str, dict[int, int]]:
    """Kind → step → after how many minutes."""
    found: dict[str, dict[int, int]] = {}
    for row in await session.scalars(select(NotifyStep)):
        found.setdefault(row.kind, {})[row.step] = row.minutes
    return found


async def wish_of(session: AsyncSession, person_id: int) -> NotifyWish:
    """What a person wishes; an empty one where nothing was said."""
    return await session.get(NotifyWish, person_id) or NotifyWish(person_id=person_id, muted=[], hourly=False)


async def last_week(session: AsyncSession) -> dict[tuple[str, int, int | None], int]:
    """(kind, step, Site Operation) → how often it was said in the last seven days."""
    since = clock.now() - WEEK
    level = cast(EventRow.payload["level"].astext, Text)
    sla = (
        select(level, Sto.site_operation_id, func.count())
        .join(Order, Order.id == EventRow.order_id)
        .join(Sto, Sto.id == Order.sto_id)
        .where(EventRow.at >= since, _ALERT, EventRow.name == "order.sla_alert")
        .group_by(level, Sto.site_operation_id)
    )
    said: dict[tuple[str, int, int | None], int] = {}
    said |= {(f"sla_{level}", 1, site): count for level, site, count in (await session.execute(sla)).all()}
    kind, site = EventRow.payload["kind"].astext, cast(EventRow.payload["site_operation_id"].astext, BigInteger)
    step = cast(EventRow.payload["step"].astext, BigInteger)
    for name, number, place, count in (
        await session.execute(
            select(kind, step, site, func.count())
            .where(EventRow.at >= since, _ALERT, EventRow.name != "order.sla_alert")
            .group_by(kind, step, site)
        )
    ).all():
        said[name, number, place] = count
    return said


async def trial(session: AsyncSession, kind: str, step: int, said: Mapping[tuple[str, int, int | None], int]) -> Trial:
    """Whom what was said last week of a kind and step would reach by the rules of now."""
    told: Counter[str] = Counter()
    away: set[str] = set()
    deaf = 0
    there = Counter({site: count for (name, number, site), count in said.items() if (name, number) == (kind, step)})
    own = bool(
        KINDS[kind].own
        and await session.scalar(
            select(NotifyRule.id).where(
                NotifyRule.kind == kind, NotifyRule.step == step, NotifyRule.audience == KINDS[kind].own
            )
        )
    )
    for site, count in there.most_common(MOST_SITES):
        hearers = await hearing.who(session, kind, step, site, {})
        for each in hearers:
            if each.chat_id is None:
                away.add(each.name)
            else:
                told[each.name] += count
        if own:
            told[OWN] += count
        elif not any(each.chat_id is not None for each in hearers):
            deaf += count
    tried = sum(count for _, count in there.most_common(MOST_SITES))
    return Trial(there.total(), dict(told.most_common()), frozenset(away), deaf, there.total() - tried)
