"""Questions about rules: what they say, and whom last week's events would have reached by them. Reads only."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal_column, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.arrears.batches import ImportBatch
from shared.chats.models import Chat, GroupBinding, Purpose
from shared.events import EventRow
from shared.notify import hearing
from shared.notify.kinds import KINDS, escalation, key
from shared.notify.models import NotifyRule, NotifyStep, NotifyWish
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person, PersonArea
from shared.places.models import SiteOperation, Sto
from shared.talk.models import OrderQuestion

WEEK = timedelta(days=7)
# Written out, not as parameters: only so does Postgres know that its partial index applies.
_ALERT: ColumnElement[bool] = literal_column("(event.name IN ('order.sla_alert', 'clock.alerted', 'house.alerted'))")
MOST_PLACES = 12  # tried for each kind and step
Said = Mapping[tuple[str, int, int | None, int | None], int]
"""(kind, step, Site Operation, STO) → how often it was said; None where it was about no place."""
OWN = "own"  # whom the subject itself names; counted as one, whoever that was


@dataclass(frozen=True, slots=True)
class Ruled:
    """A line with the names of what it points to."""

    row: NotifyRule
    person: str
    chat: str
    unit: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Last week by the rules of now. told: name → how often; climbed: the same of those who hear it instead.

    muted: name → how many of those that person muted, so that they do not arrive.
    away: who never wrote to the bot; held: whose chat nothing may be sent to; deaf: how often nobody hears it.
    untried: how often in the other places, beyond the MOST_PLACES with most.
    """

    events: int
    told: Mapping[str, int]
    climbed: Mapping[str, int]
    muted: Mapping[str, int]
    away: frozenset[str]
    held: frozenset[str]
    deaf: int
    untried: int


async def rules(session: AsyncSession, viewer: Viewer) -> Sequence[Ruled]:
    """Every line, by kind and step. Raises NotAllowed."""
    viewer.must("notify.change")
    rows = await session.execute(
        select(NotifyRule, Person.name, Chat.title, func.coalesce(SiteOperation.code, Sto.code))
        .outerjoin(Person, Person.id == NotifyRule.person_id)
        .outerjoin(Chat, Chat.id == NotifyRule.chat_id)
        .outerjoin(SiteOperation, SiteOperation.id == NotifyRule.site_operation_id)
        .outerjoin(Sto, Sto.id == NotifyRule.sto_id)
        .order_by(NotifyRule.kind, NotifyRule.step, NotifyRule.id)
    )
    return [Ruled(row, person or "", chat or "", unit or "") for row, person, chat, unit in rows]


async def minutes(session: AsyncSession) -> dict[str, dict[int, int]]:
    """Kind → step → after how many minutes."""
    found: dict[str, dict[int, int]] = {}
    for row in await session.scalars(select(NotifyStep)):
        found.setdefault(row.kind, {})[row.step] = row.minutes
    return found


async def wish_of(session: AsyncSession, person_id: int) -> NotifyWish:
    """What a person wishes; an empty one where nothing was said."""
    return await session.get(NotifyWish, person_id) or NotifyWish(person_id=person_id, muted=[], hourly=False)


async def last_week(session: AsyncSession) -> Said:
    """What was said in the last seven days, by kind, step and place."""
    since = clock.now() - WEEK
    level = cast(EventRow.payload["level"].astext, Text)
    sla = (
        select(level, Sto.site_operation_id, Sto.id, func.count())
        .join(Order, Order.id == EventRow.order_id)
        .join(Sto, Sto.id == Order.sto_id)
        .where(EventRow.at >= since, _ALERT, EventRow.name == "order.sla_alert")
        .group_by(level, Sto.site_operation_id, Sto.id)
    )
    said: dict[tuple[str, int, int | None, int | None], int] = {}
    said |= {(f"sla_{level}", 1, site, sto): count for level, site, sto, count in (await session.execute(sla)).all()}
    kind, site = EventRow.payload["kind"].astext, cast(EventRow.payload["site_operation_id"].astext, BigInteger)
    step, sto = cast(EventRow.payload["step"].astext, BigInteger), cast(EventRow.payload["sto_id"].astext, BigInteger)
    for name, number, unit, place, count in (
        await session.execute(
            select(kind, step, site, sto, func.count())
            .where(EventRow.at >= since, _ALERT, EventRow.name != "order.sla_alert")
            .group_by(kind, step, site, sto)
        )
    ).all():
        said[name, number, unit, place] = count
    return said


async def trial(session: AsyncSession, kind: str, step: int, said: Said) -> Trial:
    """Whom what was said last week of a kind and step would reach by the rules of now."""
    told: Counter[str] = Counter()
    climbed: Counter[str] = Counter()
    muted: Counter[str] = Counter()
    deaf_to = await _deaf_to(session, kind, step)
    away: set[str] = set()
    held: set[str] = set()
    deaf = 0
    there = await _alike(session, kind, step, said)
    own = bool(
        KINDS[kind].own
        and await session.scalar(
            select(NotifyRule.id).where(
                NotifyRule.kind == kind, NotifyRule.step == step, NotifyRule.audience == KINDS[kind].own
            )
        )
    )
    for (site, sto), count in there.most_common(MOST_PLACES):
        about = hearing.Subject(site, sto)
        hearers = await hearing.who(session, kind, step, about)
        away |= {each.name for each in hearers if each.chat_id is None}
        held |= {each.name for each in hearers if each.held}
        reached = [each.name for each in hearers if each.reachable]
        told.update(dict.fromkeys(reached, count))
        muted.update({each.name: count for each in hearers if each.person is not None and each.person.id in deaf_to})
        if own:
            told[OWN] += count
        elif not reached:
            instead = [each.name for each in await hearing.ladder(session, kind, step, about) if each.reachable]
            climbed.update(dict.fromkeys(instead, count))
            deaf += count if not instead else 0
    if own and deaf_to:
        muted[OWN] = await _own_muted(session, kind, step, deaf_to)
    return Trial(
        events=there.total(),
        told=dict(told.most_common()),
        climbed=dict(climbed.most_common()),
        muted=+muted,
        away=frozenset(away),
        held=frozenset(held),
        deaf=deaf,
        untried=there.total() - sum(count for _, count in there.most_common(MOST_PLACES)),
    )


async def _deaf_to(session: AsyncSession, kind: str, step: int) -> frozenset[int]:
    """Who muted a kind at a step; nobody where that is not heeded."""
    if escalation(kind, step):
        return frozenset()
    muting = select(NotifyWish.person_id).where(NotifyWish.muted.any_() == key(kind, step))
    return frozenset(await session.scalars(muting))


_SUBJECT = cast(EventRow.payload["subject"].astext, BigInteger)
_OWNERS = {
    "holder": select(Order.holder_id).where(Order.id == _SUBJECT),
    "asker": select(OrderQuestion.asked_by).where(OrderQuestion.id == _SUBJECT),
    "uploader": select(ImportBatch.uploaded_by).where(ImportBatch.id == _SUBJECT),
}


async def _own_muted(session: AsyncSession, kind: str, step: int, people: Collection[int]) -> int:
    """How many of last week's the subject's own person of now would not have heard."""
    said = (EventRow.at >= clock.now() - WEEK) & _ALERT & (EventRow.name == "clock.alerted")
    such = (EventRow.payload["kind"].astext == kind) & (EventRow.payload["step"].astext == str(step))
    owner = _OWNERS[KINDS[kind].own].scalar_subquery()
    return await session.scalar(select(func.count()).select_from(EventRow).where(said, such, owner.in_(people))) or 0


async def _alike(session: AsyncSession, kind: str, step: int, said: Said) -> Counter[tuple[int | None, int | None]]:
    """How often, by (Site Operation, STO); STO of a unit that no rule, area or group tells apart are one."""
    ruled = select(NotifyRule.sto_id).where(NotifyRule.kind == kind, NotifyRule.step == step)
    own = select(PersonArea.sto_id).distinct()
    desks = select(GroupBinding.sto_id).where(GroupBinding.active, GroupBinding.purpose == Purpose.HELPDESK)
    apart = {sto for sto in await session.scalars(union(ruled, own, desks)) if sto is not None}
    first: dict[int | None, int | None] = {}
    there: Counter[tuple[int | None, int | None]] = Counter()
    for (name, number, site, sto), count in said.items():
        if (name, number) == (kind, step):
            place = sto if sto is None or sto in apart else first.setdefault(site, sto)
            there[site, place] += count
    return there
