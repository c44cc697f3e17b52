"""What can be done with an order. Each operation is one change, told by one event; none of them commits.

The same rules serve the web, the API, the bot and imports: a door only translates.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, outbox
from shared.desk import follow
from shared.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.events import EventRow, emit
from shared.orders import queries, sla_fields
from shared.orders.events import DuplicateRefused, OrderChanged, OrderChangeUndone, OrderRegistered
from shared.orders.models import OPEN, Category, Order, OrderType
from shared.orders.numbers import holding, taken_by
from shared.orders.queries import OrderFacts, TimelineEntry
from shared.orders.states import IllegalMove, check_move, fits
from shared.people import queries as people
from shared.people.access import Viewer
from shared.places.models import Sto
from shared.places.queries import sto_by_code, unit_of
from shared.sla.queries import target_of


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a person gave it, already read by `identifiers`. Only the number, the type and the STO are needed."""

    registration_no: str
    type_code: str
    sto: str
    serial: str | None = None
    odp: str | None = None
    technician_code: str | None = None
    note: str = ""
    warnings: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Origin:
    """The Telegram message an order came in; feedback is a reply to it."""

    chat_id: int
    message_id: int
    thread_id: int | None = None


class AlreadyRegistered(Conflict):
    """This registration number is taken; `existing` says by whom, when, where and how it stands."""

    def __init__(self, existing: OrderFacts) -> None:
        super().__init__()
        self.existing = existing


class StaleOrder(Conflict):
    """The order changed meanwhile; `now` is how it stands and `since` what happened."""

    def __init__(self, now: OrderFacts, since: list[TimelineEntry]) -> None:
        super().__init__()
        self.now, self.since = now, since


class AlreadyTaken(Conflict):
    """Somebody else took this order; `now` says who."""

    def __init__(self, now: OrderFacts) -> None:
        super().__init__()
        self.now = now


class TooLate(Conflict):
    """The message has left, so the change can no longer be taken back."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was made: the order as it stands, and the event by which it may be undone."""

    order: Order
    event_id: int


async def register(
    session: AsyncSession,
    viewer: Viewer,
    new: NewOrder,
    *,
    source: str,
    origin: Origin | None = None,
    raised: bool = False,
) -> Order:
    """Enter an order, unless its number is taken.

    raised: the house makes it out of something else that this person did, so it needs no right of its own, and its
    type may be one that nobody is offered.

    The same Telegram message always gives the same order. Raises AlreadyRegistered, NotAllowed, Invalid(type=…,
    sto=…, number=…, and what the type requires: serial=…, odp=…, technician=…). An STO outside a technician's own
    area is no refusal (people lend a hand), outside the office's it is.
    """
    if not raised:
        viewer.must("order.register")
    data = await queries.master(session)
    kind, sto = await checked(session, viewer, new, raised=raised)
    if origin is not None and (known := await _of_message(session, origin)):
        return known
    unit = await unit_of(session, sto.id)
    at = clock.now()
    target = 60 * await target_of(session, kind, sto.id, unit.site_operation_id, at)
    technician = await people.by_technician_code(session, new.technician_code) if new.technician_code else None
    values: dict[str, Any] = {
        "registration_no": new.registration_no,
        "type_code": kind.code,
        "keeps_number": kind.keeps_number,
        "status_code": data.first().code,
        "category": Category.RECEIVED,
        "serial": new.serial,
        "sto_id": sto.id,
        "odp": new.odp,
        "technician_code": new.technician_code,
        "technician_id": technician.id if technician else None,
        "registered_by": viewer.person_id,
        "note": new.note,
        "warnings": new.warnings,
        "source": source,
        "chat_id": origin.chat_id if origin else None,
        "thread_id": origin.thread_id if origin else None,
        "message_id": origin.message_id if origin else None,
        "registered_at": at,
        "status_at": at,
        "target_seconds": target,
        **sla_fields.started(unit.calendar, at, target),
    }
    order: Order | None = None
    if await taken_by(session, new.registration_no, keeps_number=kind.keeps_number) is None:
        # The partial unique indexes decide, also when fifty groups send the same number in the same instant.
        order = await session.scalar(insert(Order).values(values).on_conflict_do_nothing().returning(Order))
    if order is None:
        if origin is not None and (known := await _of_message(session, origin)):
            return known
        raise AlreadyRegistered(await holding(session, new.registration_no))
    await emit(
        session, OrderRegistered(order_id=order.id), source=source, actor_id=viewer.person_id, order_id=order.id, seq=1
    )
    return order


async def checked(
    session: AsyncSession, viewer: Viewer, new: NewOrder, *, raised: bool = False
) -> tuple[OrderType, Sto]:
    """The type and the STO of an order that may be entered so. Raises Invalid and NotAllowed as `register` says."""
    kind = (await queries.master(session)).types.get(new.type_code)
    sto = await sto_by_code(session, new.sto)
    wrong = ({} if kind and (kind.active or raised) else {"type": "unknown"}) | ({} if sto else {"sto": "unknown"})
    if kind is not None:
        wrong |= {} if fits(kind, new.registration_no) else {"number": "of_another_type"}
        wrong |= lacking(kind, new)
    if wrong or kind is None or sto is None:
        raise Invalid(**wrong)
    if viewer.may("order.read") and not viewer.covers(sto.id):
        raise NotAllowed
    return kind, sto


def lacking(kind: OrderType, new: NewOrder) -> dict[str, str]:
    """The fields that this type requires and the order has not, by the words of forms and API, and why."""
    given = {"sn": ("serial", new.serial), "odp": ("odp", new.odp), "tech": ("technician", new.technician_code)}
    return {given[name][0]: f"{name}.required" for name in kind.required if not given[name][1]}


async def note_duplicate(session: AsyncSession, order_id: int, viewer: Viewer, source: str, where: str) -> None:
    """Write into an order's timeline that its number was refused to somebody; its status and version stay."""
    refused = DuplicateRefused(order_id=order_id, by=viewer.name, where=where)
    await emit(session, refused, source=source, actor_id=viewer.person_id, order_id=order_id)


async def change_status(
    session: AsyncSession,
    viewer: Viewer,
    order_id: int,
    version: int,
    new: str,
    *,
    source: str,
    reason_id: int | None = None,
    note: str = "",
    tell: bool = True,
    hold: float = 0,
) -> Changed:
    """Set an order's status, reason and feedback, as seen at `version`.

    hold: seconds in which it may be undone before the technician hears of it.
    Raises NotFound, NotAllowed, IllegalMove, Invalid(reason=…, note=…), and StaleOrder where somebody was faster.
    """
    viewer.must("order.change")
    data = await queries.master(session)
    before = await queries.by_id(session, viewer, order_id)
    if before.order.version != version:
        raise StaleOrder(before, list(await queries.since_version(session, order_id, version)))
    check_move(data, viewer.role, before.order.status_code, new, reason_id, note)
    status = data.statuses[new]
    holder = before.order.holder_id
    if status.category is Category.RECEIVED:
        holder = None
    elif holder is None:
        holder = viewer.person_id  # whoever works on it first holds it
    return await apply(
        session,
        viewer,
        before,
        {
            "status_code": new,
            "category": status.category,
            "reason_id": reason_id,
            "feedback": note.strip(),
            "holder_id": holder,
        },
        clock_now=data.clock_of(new, reason_id),
        source=source,
        tell=tell,
        hold=hold,
    )


async def take(
    session: AsyncSession, viewer: Viewer, order_id: int, *, source: str, over: bool = False, hold: float = 0
) -> Changed:
    """Take an order: it is in progress, and this person holds it.

    over: also from somebody who holds it already (the web's "Ambil alih", which names the holder first).
    Taking one's own order changes nothing and is answered as the first time. Raises AlreadyTaken, IllegalMove.
    """
    viewer.must("order.take")
    data = await queries.master(session)
    before = await queries.by_id(session, viewer, order_id)
    order = before.order
    if order.holder_id == viewer.person_id and order.category is not Category.RECEIVED:
        last = await session.scalar(
            select(func.max(EventRow.id)).where(EventRow.order_id == order_id, EventRow.seq == order.version)
        )
        return Changed(order, int(last or 0))
    if order.category not in OPEN:
        raise IllegalMove
    if order.holder_id is not None and not over:
        raise AlreadyTaken(before)
    keep = order.category is Category.OBSTACLE
    target = data.statuses[order.status_code] if keep else data.working()
    reason_id = order.reason_id if keep else None
    return await apply(
        session,
        viewer,
        before,
        {
            "status_code": target.code,
            "category": target.category,
            "reason_id": reason_id,
            "feedback": order.feedback if keep else "",
            "holder_id": viewer.person_id,
        },
        clock_now=data.clock_of(target.code, reason_id),
        source=source,
        tell=not keep,
        hold=hold,
    )


async def undo(session: AsyncSession, viewer: Viewer, event_id: int, *, source: str) -> Order:
    """Take back one's own last change while nobody has heard of it.

    Raises NotFound, NotAllowed (somebody else's), TooLate (heard already), StaleOrder (changed since).
    """
    viewer.must("order.change")
    event = await session.get(EventRow, event_id)
    if event is None or event.name != OrderChanged.name or event.order_id is None or event.seq is None:
        raise NotFound
    before = await queries.by_id(session, viewer, event.order_id)
    if event.actor_id != viewer.person_id:
        raise NotAllowed
    change = OrderChanged.read(event.payload)
    if before.order.version != event.seq:
        raise StaleOrder(before, list(await queries.since_version(session, event.order_id, event.seq)))
    if not await outbox.take_back(session, event_id):
        raise TooLate
    data = await queries.master(session)
    status = data.statuses[change.old]
    changes = await _clock_changes(session, before, data.clock_of(change.old, change.old_reason_id), clock.now())
    order = await _write(
        session,
        before,
        {
            "status_code": change.old,
            "category": status.category,
            "reason_id": change.old_reason_id,
            "feedback": change.old_feedback,
            "holder_id": change.old_holder_id,
        }
        | changes,
    )
    undone = OrderChangeUndone(order_id=order.id, undone_event_id=event_id, old=change.new, new=change.old)
    await emit(session, undone, source=source, actor_id=viewer.person_id, order_id=order.id, seq=order.version)
    await follow.holder_changed(session, viewer.person_id, order, change.new_holder_id, "undone", "")
    return order


async def apply(
    session: AsyncSession,
    viewer: Viewer,
    before: OrderFacts,
    values: dict[str, Any],
    *,
    clock_now: str,
    source: str,
    tell: bool,
    hold: float,
    act: str = "",
    words: str = "",
    whom: str = "",
) -> Changed:
    """Write `values` over the order as `before` read it and tell of it: the one way an order's state changes.

    values: status_code, category, reason_id, feedback and holder_id. act, words, whom: what was done about its holder,
    what was said with it and to whom, where the values do not tell. Raises StaleOrder, IllegalMove.
    """
    old = before.order
    values = values | await _clock_changes(session, before, clock_now, clock.now())
    if act and values["status_code"] == old.status_code:
        values["status_at"] = old.status_at  # another holder is no other status
    told = OrderChanged(
        order_id=old.id,
        old=old.status_code,
        new=values["status_code"],
        reason_id=values["reason_id"],
        note="" if act else values["feedback"],
        act=act,
        words=words,
        whom=whom,
        tell=tell,
        old_reason_id=old.reason_id,
        old_feedback=old.feedback,
        old_holder_id=old.holder_id,
        new_holder_id=values["holder_id"],
        reopened=old.category not in OPEN and values["category"] in OPEN,
    )
    order = await _write(session, before, values)
    event_id = await emit(
        session, told, source=source, actor_id=viewer.person_id, order_id=order.id, seq=order.version, hold=hold
    )
    await follow.holder_changed(session, viewer.person_id, order, told.old_holder_id, act, words)
    return Changed(order, event_id)


async def _clock_changes(session: AsyncSession, before: OrderFacts, clock_now: str, at: datetime) -> dict[str, Any]:
    unit = await unit_of(session, before.order.sto_id)
    changes = sla_fields.moved(before.order, unit.calendar, clock_now, at)
    return changes | {"status_at": at, "closed_at": at if clock_now == "ended" else None}


async def _write(session: AsyncSession, before: OrderFacts, values: dict[str, Any]) -> Order:
    """Change the row if it is still as seen; the WHERE decides between two people, never a look before it."""
    old = before.order
    try:
        order = await session.scalar(
            update(Order)
            .where(Order.id == old.id, Order.version == old.version, Order.deleted_at.is_(None))
            .values(version=old.version + 1, **values)
            .returning(Order)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
    except Exception as error:
        if getattr(getattr(error, "orig", None), "sqlstate", "") == "23505":  # reopened beside a newer order
            raise IllegalMove from error
        raise
    if order is None:
        now = await queries.by_id(session, None, old.id)
        raise StaleOrder(now, list(await queries.since_version(session, old.id, old.version)))
    return order


async def _of_message(session: AsyncSession, origin: Origin) -> Order | None:
    order: Order | None = await session.scalar(
        select(Order).where(
            Order.chat_id == origin.chat_id, Order.message_id == origin.message_id, Order.deleted_at.is_(None)
        )
    )
    return order
