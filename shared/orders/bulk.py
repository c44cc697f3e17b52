"""One act on many orders: what it would do, doing it once, and taking it back as a whole. It commits nothing itself.

Each order goes through the very operation a single change goes through, in a savepoint of its own; all of them are one
transaction, so whatever is announced as done is done, and whoever was skipped is as before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock, outbox, requests
from shared.desk import presence
from shared.errors import Conflict, Invalid, NotAllowed, NotFound
from shared.orders import claims, operations, queries
from shared.orders.models import OPEN, Category, Order, RequestKey
from shared.orders.operations import Changed, StaleOrder, TooLate
from shared.orders.queries import OrderFacts, TimelineEntry
from shared.orders.states import IllegalMove, MasterData, check_move
from shared.people.access import Viewer
from shared.trash import operations as trash

MOST = 100
TYPE_COUNT_OVER = 20  # deleting more than this many must be confirmed by typing how many

Kind = Literal["status", "assign", "take", "delete"]
RIGHT: Mapping[str, str] = {
    "status": "order.change",
    "assign": "order.assign",
    "take": "order.take",
    "delete": "order.delete",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done to every order. note: feedback, words for the new holder, or why it is deleted."""

    kind: Kind
    status: str = ""
    reason_id: int | None = None
    note: str = ""
    to_id: int | None = None
    tell: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """An order and why it would be skipped; empty: it would not."""

    facts: OrderFacts
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would do. missing: orders that are gone, or of another area."""

    lines: list[Line]
    missing: int = 0

    @property
    def ready(self) -> list[Line]:
        """The orders that it would be done to."""
        return [line for line in self.lines if not line.why]


@dataclass(frozen=True, slots=True)
class Applied:
    """An order that was changed, and the event by which it is taken back."""

    order_id: int
    no: str
    event_id: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An order that was left as it was. status: where it stood; by, at: who changed it meanwhile, and when."""

    no: str
    why: str
    status: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was done in one go. undone: it was taken back, but for those in `kept`."""

    kind: str
    what: str
    at: datetime
    tell: bool
    done: list[Applied] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    undone: bool = False
    kept: list[Skipped] = field(default_factory=list)


async def chosen(session: AsyncSession, viewer: Viewer, ids: Sequence[int], *, lock: bool = False) -> list[OrderFacts]:
    """Those of these orders that the viewer may know of, by id. lock: nobody else changes them until the end.

    Raises Invalid(picked=…) for none and for more than MOST.
    """
    wanted = sorted(set(ids))
    if not wanted or len(wanted) > MOST:
        raise Invalid(picked="too_many" if wanted else "none")
    statement = queries.facts(viewer).where(Order.id.in_(wanted)).order_by(Order.id)
    if lock:  # in the order of their ids, so that two batches never wait for each other
        statement = statement.with_for_update(of=Order).execution_options(populate_existing=True)
    return await queries.all_facts(session, statement)


async def preview(session: AsyncSession, viewer: Viewer, act: Act, ids: Sequence[int]) -> Preview:
    """What `act` would do to these orders. Raises NotAllowed, Invalid(picked=…, status=…, reason=…, note=…, to=…)."""
    viewer.must(RIGHT[act.kind])
    found = await chosen(session, viewer, ids)
    data = await queries.master(session)
    await _check(session, viewer, act, found)
    return Preview([Line(each, judge(data, viewer, act, each)) for each in found], len(set(ids)) - len(found))


async def apply(
    session: AsyncSession,
    viewer: Viewer,
    key: str,
    act: Act,
    versions: Mapping[int, int],
    *,
    source: str,
    hold: float = 0,
) -> Batch:
    """Do `act` to the orders as they were seen (id → version), once for a key; the same key gets the same answer.

    hold: seconds in which the whole batch may be undone before anybody hears of it. Raises as `preview`.
    """
    viewer.must(RIGHT[act.kind])
    known = await requests.first_time(session, viewer.person_id, _key(key))
    if known is not None:
        return _read(known)
    found = await chosen(session, viewer, list(versions), lock=True)
    data = await queries.master(session)
    await _check(session, viewer, act, found)
    done: list[Applied] = []
    skipped: list[Skipped] = []
    thrown: list[Order] = []
    for each in found:
        order = each.order
        no, stood = order.registration_no, order.status_code
        if order.version != versions[order.id]:
            skipped.append(_changed(no, stood, await queries.since_version(session, order.id, versions[order.id])))
        elif why := judge(data, viewer, act, each):
            skipped.append(Skipped(no, why, stood, by=each.holder_name or ""))
        else:
            try:
                async with session.begin_nested():
                    changed = await _one(session, viewer, act, order, source, hold)
            except (Conflict, NotAllowed, NotFound):  # a reopened number that is taken; else the lock forbids it
                skipped.append(Skipped(no, "no_move", stood))
                continue
            done.append(Applied(order.id, no, changed.event_id))
            thrown += [changed.order] if act.kind == "delete" else []
    skipped += [Skipped("", "gone")] * (len(versions) - len(found))
    await outbox.due_together(session, [each.event_id for each in done], hold)
    what = act.status if act.kind == "status" else str(act.to_id or "")
    batch = Batch(act.kind, what, clock.now(), act.tell, done, skipped)
    await requests.answered(session, viewer.person_id, _key(key), _write(batch))
    for order in thrown:
        await trash.note(session, viewer, source, "order.deleted", order, why=act.note.strip(), rows=len(thrown))
    return batch


async def undo(session: AsyncSession, viewer: Viewer, key: str, *, source: str) -> Batch:
    """Take back a whole batch of one's own while nobody has heard of it; a second time changes nothing.

    An order that somebody changed since stays as it is and is named in `kept`. Raises NotFound, TooLate.
    """
    batch = await recall(session, viewer, key, lock=True)
    if batch.undone:
        return batch
    caught = await outbox.wait_longer(session, [each.event_id for each in batch.done])
    if not caught:
        raise TooLate
    kept: list[Skipped] = []
    back: list[Order] = []
    for each in batch.done:
        if each.event_id not in caught:
            kept.append(Skipped(each.no, "told"))
            continue
        try:
            async with session.begin_nested():
                if batch.kind == "delete":
                    back.append((await trash.take_back(session, viewer, each.event_id, source=source)).order)
                else:
                    await operations.undo(session, viewer, each.event_id, source=source)
        except StaleOrder as error:
            kept.append(_changed(each.no, "", error.since))
        except (Conflict, NotAllowed, NotFound):
            kept.append(Skipped(each.no, "gone"))
    await outbox.due_together(session, list(caught), 0)  # what was not taken back leaves now
    undone = Batch(batch.kind, batch.what, batch.at, batch.tell, batch.done, batch.skipped, True, kept)
    await requests.answered(session, viewer.person_id, _key(key), _write(undone))
    for order in back:
        await trash.note(session, viewer, source, "order.restored", order, rows=len(back))
    return undone


async def recall(session: AsyncSession, viewer: Viewer, key: str, *, lock: bool = False) -> Batch:
    """What this person did under a key. Raises NotFound, also for somebody else's."""
    wanted = select(RequestKey.answer).where(RequestKey.person_id == viewer.person_id, RequestKey.key == _key(key))
    answer = await session.scalar(wanted.with_for_update() if lock else wanted)
    if not answer:
        raise NotFound
    return _read(answer)


def judge(data: MasterData, viewer: Viewer, act: Act, facts: OrderFacts) -> str:
    """Why an order would be skipped, in machine words; empty: it would not. Raises Invalid(reason=…, note=…)."""
    order = facts.order
    if act.kind == "delete":
        return ""
    if act.kind == "status":
        same = order.status_code == act.status
        if same and (order.category not in OPEN or (order.reason_id == act.reason_id and not act.note.strip())):
            return "already"
        try:
            check_move(data, viewer.role, order.status_code, act.status, act.reason_id, act.note)
        except IllegalMove:
            return "no_move" if order.category in OPEN else "closed"
        except NotAllowed:
            return "role"
        return ""
    if order.category not in OPEN:
        return "closed"
    if act.kind == "take":
        return "mine" if order.holder_id == viewer.person_id and order.category is not Category.RECEIVED else ""
    return "holder" if order.holder_id == act.to_id else ""


async def _check(session: AsyncSession, viewer: Viewer, act: Act, found: Sequence[OrderFacts]) -> None:
    """What is wrong with the act whatever the order."""
    if act.kind == "delete":
        trash.check_reason(act.note)
    elif act.kind == "assign":
        if act.to_id is None:
            raise Invalid(to="missing")
        if len(act.note) > claims.LONGEST_WORDS:
            raise Invalid(note="too_long")
        stos = sorted({each.order.sto_id for each in found})
        if stos:
            await presence.taker(session, viewer, act.to_id, stos)
    elif act.kind == "status":
        data = await queries.master(session)
        status = data.statuses.get(act.status)
        if status is None or not status.active:
            raise Invalid(status="unknown" if act.status else "missing")
        if status.reason_required and act.reason_id is None:
            raise Invalid(reason="required")


async def _one(session: AsyncSession, viewer: Viewer, act: Act, order: Order, source: str, hold: float) -> Changed:
    """The operation that a single order would go through."""
    order_id, version = order.id, order.version
    if act.kind == "delete":
        return await trash.throw_away(session, viewer, order_id, version, act.note, source=source, hold=hold)
    if act.kind == "take":
        return await operations.take(session, viewer, order_id, source=source, over=True, hold=hold)
    if act.kind == "assign":
        assert act.to_id is not None, "seen by _check"
        return await claims.assign(
            session, viewer, order_id, version, act.to_id, source=source, words=act.note, hold=hold
        )
    return await operations.change_status(
        session,
        viewer,
        order_id,
        version,
        act.status,
        source=source,
        reason_id=act.reason_id,
        note=act.note,
        tell=act.tell,
        hold=hold,
    )


def _changed(no: str, status: str, since: Sequence[TimelineEntry]) -> Skipped:
    last = since[-1] if since else None
    return Skipped(no, "changed", status, (last.actor_name or "") if last else "", last.event.at if last else None)


def _key(key: str) -> str:
    return f"batch:{key}"[:64]


def _write(batch: Batch) -> dict[str, Any]:
    def told(each: Skipped) -> list[Any]:
        return [each.no, each.why, each.status, each.by, each.at.isoformat() if each.at else None]

    return {
        "kind": batch.kind,
        "what": batch.what,
        "at": batch.at.isoformat(),
        "tell": batch.tell,
        "done": [[each.order_id, each.no, each.event_id] for each in batch.done],
        "skipped": [told(each) for each in batch.skipped],
        "undone": batch.undone,
        "kept": [told(each) for each in batch.kept],
    }


def _read(answer: Mapping[str, Any]) -> Batch:
    def heard(kept: Sequence[Any]) -> Skipped:
        no, why, status, by, at = kept
        return Skipped(no, why, status, by, datetime.fromisoformat(at) if at else None)

    if "done" not in answer:
        raise NotFound
    return Batch(
        answer["kind"],
        answer["what"],
        datetime.fromisoformat(answer["at"]),
        answer["tell"],
        [Applied(*each) for each in answer["done"]],
        [heard(each) for each in answer["skipped"]],
        answer["undone"],
        [heard(each) for each in answer["kept"]],
    )
