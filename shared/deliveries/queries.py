"""What is on its way to Telegram or stuck, as the office may see it: by chat and one by one. Reads only.

A delivery about an order is seen by those whose area holds the order's STO; one without an order, by those whose area
the chat serves. Every figure comes from the partial indexes of what is not finished.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.chats.models import Chat, GroupBinding, InboxUpdate
from shared.deliveries.models import BotPause, Delivery, State
from shared.errors import NotFound
from shared.events import EventRow
from shared.orders.models import Order
from shared.outbox import OutboxRow
from shared.people.access import Viewer
from shared.people.models import Person, PersonArea, Role
from shared.places.models import Sto

PAGE = 50
LAST = 2**62  # sorts after every id

Trouble = Literal["waiting", "held", "unknown", "dead"]
"""How a person sees it: a message that waits in a chat which is held is held too."""

# Written out, not as parameters: only so does Postgres know that the partial indexes apply.
_WAITING: ColumnElement[bool] = literal_column("(delivery.state = 'waiting')")
_TROUBLED: ColumnElement[bool] = literal_column("(delivery.state IN ('unknown', 'held', 'dead'))")
_DEAD_EVENT: ColumnElement[bool] = literal_column("(outbox.state = 'dead')")
_DEAD_UPDATE: ColumnElement[bool] = literal_column("(inbox.state = 'dead')")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each; chats: those that nothing may be sent to."""

    waiting: int
    held: int
    unknown: int
    dead: int
    events: int
    updates: int
    chats: int


@dataclass(frozen=True, slots=True)
class ChatTraffic:
    """A chat with something unfinished, or that is held. oldest: when its oldest unfinished message was written."""

    chat: Chat
    waiting: int
    held: int
    unknown: int
    dead: int
    oldest: datetime | None
    first: int  # id of that message, LAST when there is none


@dataclass(frozen=True, slots=True)
class Stuck:
    """One delivery with its chat and, when it tells of one that still exists, the order.

    overtaken: newer news of the same order has arrived in the chat already.
    """

    delivery: Delivery
    chat: Chat
    order_no: str | None
    overtaken: bool


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that a service could not hear."""

    row: OutboxRow
    event: EventRow
    order_no: str | None


@dataclass(frozen=True, slots=True)
class DeadUpdate:
    """Something said to the bot that it could not handle; chat is None where we do not know it."""

    row: InboxUpdate
    chat: Chat | None


def chats_of(viewer: Viewer) -> Select[int]:
    """The chats that serve a viewer's area: groups bound to it (all of it theirs), and its field people's own."""
    stos = sorted(viewer.stos or ())
    covered = select(Sto.site_operation_id).group_by(Sto.site_operation_id).having(func.bool_and(Sto.id.in_(stos)))
    touched = select(Sto.site_operation_id).where(Sto.id.in_(stos))
    groups = select(GroupBinding.chat_id).where(
        GroupBinding.active, or_(GroupBinding.sto_id.in_(stos), GroupBinding.site_operation_id.in_(covered))
    )
    private = (
        select(Person.telegram_id)
        .join(PersonArea, PersonArea.person_id == Person.id)
        .where(
            Person.telegram_id.is_not(None),
            Person.role.in_([Role.TECHNICIAN, Role.COLLECTOR]),
            or_(PersonArea.sto_id.in_(stos), PersonArea.site_operation_id.in_(touched)),
        )
    )
    both = union_all(groups, private).subquery()
    return select(both.c.chat_id)


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """The deliveries a viewer may know of."""
    if viewer.stos is None:
        return true()
    theirs = aliased(Order)
    mine = select(theirs.id).where(theirs.id == Delivery.order_id, viewer.within(theirs.sto_id)).exists()
    return or_(mine, and_(Delivery.order_id.is_(None), Delivery.chat_id.in_(chats_of(viewer))))


def _unfinished(viewer: Viewer) -> Subquery:
    columns = (Delivery.id, Delivery.chat_id, Delivery.state, Delivery.created_at)
    waiting = select(*columns).where(_WAITING, visible(viewer))
    return union_all(waiting, select(*columns).where(_TROUBLED, visible(viewer))).subquery("unfinished")


def _tally(rows: Subquery) -> list[ColumnElement[int]]:
    """Columns waiting, held, unknown, dead over `rows` joined with their chat."""
    free = and_(rows.c.state == State.WAITING, Chat.held.is_(None))
    stuck = or_(rows.c.state == State.HELD, and_(rows.c.state == State.WAITING, Chat.held.is_not(None)))
    return [
        func.count(rows.c.id).filter(condition)
        for condition in (free, stuck, rows.c.state == State.UNKNOWN, rows.c.state == State.DEAD)
    ]


async def counts(session: AsyncSession, viewer: Viewer, chat_id: int | None = None) -> Counts:
    """How much of everything there is in the viewer's area, or of its messages in one chat."""
    viewer.must("delivery.read")
    rows = _unfinished(viewer)
    tally: Any = select(*_tally(rows)).join(Chat, Chat.id == rows.c.chat_id)
    if chat_id is not None:
        tally = tally.where(rows.c.chat_id == chat_id)
    waiting, held, unknown, dead = (await session.execute(tally)).one()
    events = await session.scalar(
        select(func.count()).select_from(_events(viewer).with_only_columns(OutboxRow.id).where(_DEAD_EVENT).subquery())
    )
    updates = await session.scalar(
        select(func.count()).select_from(
            _updates(viewer).with_only_columns(InboxUpdate.id).where(_DEAD_UPDATE).subquery()
        )
    )
    held_chats = await session.scalar(select(func.count()).where(Chat.held.is_not(None), _chat_visible(viewer, rows)))
    return Counts(waiting, held, unknown, dead, events or 0, updates or 0, held_chats or 0)


def _chat_visible(viewer: Viewer, rows: Subquery) -> ColumnElement[bool]:
    if viewer.stos is None:
        return true()
    return or_(Chat.id.in_(chats_of(viewer)), Chat.id.in_(select(rows.c.chat_id).correlate(None)))


async def by_chat(
    session: AsyncSession, viewer: Viewer, after: tuple[int, int] | None = None, size: int = PAGE
) -> list[ChatTraffic]:
    """Chats with something unfinished, the one that waits longest first, then held ones where nothing waits.

    after: (first, chat's id) of the last one seen. Returns up to size + 1, so that the caller knows of a next page.
    """
    viewer.must("delivery.read")
    rows = _unfinished(viewer)
    first = func.coalesce(func.min(rows.c.id), LAST)
    wanted: Any = (
        select(Chat, *_tally(rows), func.min(rows.c.created_at), first)
        .outerjoin(rows, rows.c.chat_id == Chat.id)
        .where(
            or_(
                Chat.id.in_(select(rows.c.chat_id).correlate(None)),
                and_(Chat.held.is_not(None), _chat_visible(viewer, rows)),
            )
        )
        .group_by(Chat.id)
        .order_by(first, Chat.id)
        .limit(size + 1)
    )
    if after is not None:
        wanted = wanted.having(or_(first > after[0], and_(first == after[0], Chat.id > after[1])))
    return [ChatTraffic(*row) for row in (await session.execute(wanted)).all()]


async def stuck(
    session: AsyncSession,
    viewer: Viewer,
    kind: Trouble,
    *,
    chat_id: int | None = None,
    after: int = 0,
    size: int = PAGE,
) -> list[Stuck]:
    """Deliveries of one kind, after the one with the id `after`; up to size + 1.

    What waits and what is unknown: the oldest first. What is held or dead: the newest first.
    """
    viewer.must("delivery.read")
    conditions: dict[Trouble, ColumnElement[bool]] = {
        "waiting": and_(_WAITING, Chat.held.is_(None)),
        "held": or_(and_(_TROUBLED, Delivery.state == State.HELD), and_(_WAITING, Chat.held.is_not(None))),
        "unknown": and_(_TROUBLED, Delivery.state == State.UNKNOWN),
        "dead": and_(_TROUBLED, Delivery.state == State.DEAD),
    }
    newer = aliased(Delivery)
    overtaken = select(newer.id).where(
        newer.order_id == Delivery.order_id,
        newer.id > Delivery.id,
        newer.chat_id == Delivery.chat_id,
        newer.state.in_([State.SENT, State.MERGED]),
    )
    wanted = (
        select(Delivery, Chat, Order.registration_no, overtaken.exists())
        .join(Chat, Chat.id == Delivery.chat_id)
        .outerjoin(Order, and_(Order.id == Delivery.order_id, Order.deleted_at.is_(None)))
        .where(conditions[kind], visible(viewer))
        .limit(size + 1)
    )
    if chat_id is not None:
        wanted = wanted.where(Delivery.chat_id == chat_id)
    rising = kind in {"waiting", "unknown"}
    if after:
        wanted = wanted.where(Delivery.id > after if rising else Delivery.id < after)
    wanted = wanted.order_by(Delivery.id if rising else Delivery.id.desc())
    return [Stuck(*row) for row in (await session.execute(wanted)).all()]


def _events(viewer: Viewer) -> Select[OutboxRow, EventRow, str]:
    wanted = (
        select(OutboxRow, EventRow, Order.registration_no)
        .join(EventRow, EventRow.id == OutboxRow.event_id)
        .outerjoin(Order, Order.id == EventRow.order_id)
    )
    return wanted if viewer.stos is None else wanted.where(viewer.within(Order.sto_id))


async def event(session: AsyncSession, viewer: Viewer, row_id: int) -> DeadEvent:
    """What a service has to hear, dead or not any more. Raises NotFound, also outside the viewer's area."""
    found = (await session.execute(_events(viewer).where(OutboxRow.id == row_id))).first()
    if found is None:
        raise NotFound
    return DeadEvent(*found)


async def dead_events(session: AsyncSession, viewer: Viewer, after: int = 0, size: int = PAGE) -> list[DeadEvent]:
    """Events that a service gave up hearing, the newest first; those of no order are for the admin. Up to size + 1."""
    viewer.must("delivery.read")
    wanted = _events(viewer).where(_DEAD_EVENT).order_by(OutboxRow.id.desc()).limit(size + 1)
    if after:
        wanted = wanted.where(OutboxRow.id < after)
    return [DeadEvent(*row) for row in (await session.execute(wanted)).all()]


def _updates(viewer: Viewer) -> Select[InboxUpdate, Chat]:
    wanted = select(InboxUpdate, Chat).outerjoin(Chat, Chat.id == InboxUpdate.chat_id)
    return wanted if viewer.stos is None else wanted.where(InboxUpdate.chat_id.in_(chats_of(viewer)))


async def incoming(session: AsyncSession, viewer: Viewer, row_id: int) -> DeadUpdate:
    """Something said to the bot, dead or not any more. Raises NotFound, also outside the viewer's area."""
    found = (await session.execute(_updates(viewer).where(InboxUpdate.id == row_id))).first()
    if found is None:
        raise NotFound
    return DeadUpdate(*found)


async def dead_updates(session: AsyncSession, viewer: Viewer, after: int = 0, size: int = PAGE) -> list[DeadUpdate]:
    """What the bot gave up handling, the newest first, from the chats of the viewer's area. Up to size + 1."""
    viewer.must("delivery.read")
    wanted = _updates(viewer).where(_DEAD_UPDATE).order_by(InboxUpdate.id.desc()).limit(size + 1)
    if after:
        wanted = wanted.where(InboxUpdate.id < after)
    return [DeadUpdate(*row) for row in (await session.execute(wanted)).all()]


async def chat_seen(session: AsyncSession, viewer: Viewer, chat_id: int) -> Chat | None:
    """A chat, if the viewer's area has anything to do with it."""
    viewer.must("delivery.read")
    wanted = select(Chat).where(Chat.id == chat_id, _chat_visible(viewer, _unfinished(viewer)))
    found: Chat | None = await session.scalar(wanted)
    return found


async def pause(session: AsyncSession) -> tuple[float, str]:
    """(seconds for which nothing at all may be sent, why); (0, "") when everything may."""
    left = func.extract("epoch", BotPause.until - func.clock_timestamp())
    row = (await session.execute(select(left, BotPause.reason).where(BotPause.id == literal(1)))).first()
    return (float(row[0]), row[1]) if row and row[0] > 0 else (0.0, "")
