"""What changes about types, statuses, moves and reasons. What is used is switched off, never deleted.

Every process remembers master data for at most a minute (`queries.master`, `places.queries`); the web is told by NOTIFY
and forgets at once.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy import update as sql_update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.errors import Conflict, Invalid, NotFound
from shared.events import EventRow
from shared.orders import queries
from shared.orders.models import ASKED, OPEN, Category, Order, OrderStatus, OrderType, Reason, StatusMove
from shared.people.access import RIGHTS, Viewer
from shared.people.models import Role

LOOKS = {
    Category.RECEIVED: "baru",
    Category.WORKING: "ogp",
    Category.OBSTACLE: "kendala",
    Category.DONE: "selesai",
    Category.CANCELLED: "batal",
}
WHOSE = ("helpdesk", "technician", "customer", "system")
CLOCKS = ("runs", "stops", "apart")
MOVERS = tuple(role for role in Role if "order.change" in RIGHTS[role])
LONGEST_TARGET = 14 * 24 * 60  # minutes
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,15}")
# Letters and digits, classes and groups; counted repeats only, so that no text takes long to match. Numbers are read
# without dashes and spaces, so a pattern has none either.
_ATOM = r"(?:[A-Z0-9]|\\d|\[[A-Z0-9\-]+\])"
_SAFE = re.compile(rf"\^?(?:{_ATOM}(?:\{{\d{{1,2}}(?:,\d{{1,2}})?\}}|\?)?|\((?:\?:)?|\)|\|)+\$?")
_REPEATS = 6
LONGEST_NUMBER = 16  # characters of a registration number


class LastOne(Conflict):
    """The house needs at least one of these."""


@dataclass(frozen=True, slots=True)
class Type:
    """An order type as a form gives it; the example must match the pattern before it is kept. required: of ASKED."""

    label_id: str
    label_en: str
    key_pattern: str
    example: str
    keeps_number: bool
    target_minutes: int
    position: int
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A status as a form gives it; its category counts only when it is added."""

    label_id: str
    label_en: str
    category: Category
    reason_required: bool
    position: int


@dataclass(frozen=True, slots=True)
class Why:
    """A reason as a form gives it. whose is None where it ends the order."""

    status_code: str
    label_id: str
    label_en: str
    whose: str | None
    clock: str
    position: int


async def changed(session: AsyncSession) -> None:
    """Let this process forget what it remembers, and tell the others at the commit."""
    from shared.places import queries as places

    queries.forget()
    places.forget()
    await session.execute(select(func.pg_notify("sikpro_master", "")))


def check_pattern(pattern: str, example: str) -> dict[str, str]:
    """What is wrong with a pattern for registration numbers, tried on an example."""
    if len(pattern) > 80 or not _SAFE.fullmatch(pattern) or ")?" in pattern or "){" in pattern:
        return {"key_pattern": "pattern"}
    if pattern.count("{") + pattern.count("?") - pattern.count("(?:") > _REPEATS:
        return {"key_pattern": "pattern"}
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error:
        return {"key_pattern": "pattern"}
    if compiled.fullmatch(""):
        return {"key_pattern": "matches_nothing"}
    if len(example) > LONGEST_NUMBER or not compiled.fullmatch(example):
        return {"example": "no_match"}
    return {}


async def save_type(
    session: AsyncSession, viewer: Viewer, code: str, kind: Type, *, source: str, new: bool = False
) -> None:
    """Add an order type or edit it; orders that exist keep the target and the rule they were made with.

    Raises NotFound and Invalid(field=code).
    """
    viewer.must("master.change")
    wrong = _labels(kind.label_id, kind.label_en) | check_pattern(kind.key_pattern, kind.example)
    if new and not _CODE.fullmatch(code):
        wrong["code"] = "pattern"
    if not 1 <= kind.target_minutes <= LONGEST_TARGET:
        wrong["target_minutes"] = "range"
    if set(kind.required) - set(ASKED):
        wrong["required"] = "unknown"
    _raise(wrong | _place(kind.position))
    values = asdict(kind) | {"required": [name for name in ASKED if name in kind.required]}
    del values["example"]
    await _save(session, viewer, OrderType, "type", code, values, source=source, new=new)


async def switch_type(session: AsyncSession, viewer: Viewer, code: str, *, active: bool, source: str) -> None:
    """Offer a type for new orders or no longer. Raises NotFound, LastOne."""
    viewer.must("master.change")
    await _switch(session, viewer, OrderType, "type", code, active=active, source=source, among=OrderType.active)


async def save_status(
    session: AsyncSession, viewer: Viewer, code: str, status: Status, *, source: str, new: bool = False
) -> None:
    """Add a status or edit it; its category is for ever. Raises NotFound and Invalid(field=code)."""
    viewer.must("master.change")
    wrong = _labels(status.label_id, status.label_en) | _place(status.position)
    if new and not _CODE.fullmatch(code):
        wrong["code"] = "pattern"
    if status.reason_required and not new:
        any_reason = select(Reason.id).where(Reason.status_code == code, Reason.active).limit(1)
        if await session.scalar(any_reason) is None:
            wrong["reason_required"] = "no_reasons"
    if status.reason_required and new:
        wrong["reason_required"] = "no_reasons"
    _raise(wrong)
    values = asdict(status)
    if new:
        values["look"] = LOOKS[status.category]
    else:
        del values["category"]
    await _save(session, viewer, OrderStatus, "status", code, values, source=source, new=new)


async def switch_status(session: AsyncSession, viewer: Viewer, code: str, *, active: bool, source: str) -> None:
    """Offer a status or no longer; orders in it stay. Raises NotFound, LastOne (of its category)."""
    viewer.must("master.change")
    status = await session.get(OrderStatus, code, populate_existing=True)
    among = (OrderStatus.active, OrderStatus.category == (status.category if status else None))
    await _switch(session, viewer, OrderStatus, "status", code, active=active, source=source, among=among)


async def save_moves(
    session: AsyncSession,
    viewer: Viewer,
    old: str,
    moves: Mapping[str, tuple[frozenset[str], bool]],
    *,
    source: str,
) -> None:
    """The arrows that leave a status: new status → (roles, note required); without roles there is none.

    Raises NotFound, Invalid(moves=unknown | dead_end).
    """
    viewer.must("master.change")
    statuses = {row.code: row for row in await session.scalars(select(OrderStatus).with_for_update())}
    if old not in statuses:
        raise NotFound
    allowed = {role.value for role in MOVERS}
    known = all(new in statuses and new != old and roles <= allowed for new, (roles, _) in moves.items())
    if not known:
        raise Invalid(moves="unknown")
    wanted = {new: each for new, each in moves.items() if each[0]}
    if statuses[old].category in OPEN and not wanted:
        raise Invalid(moves="dead_end")
    rows = await session.scalars(select(StatusMove).where(StatusMove.old == old))
    before = {row.new: [sorted(row.roles), row.note_required] for row in rows}
    await session.execute(
        delete(StatusMove)
        .where(StatusMove.old == old, StatusMove.new.not_in(wanted))
        .execution_options(synchronize_session=False)
    )
    for new, (roles, note) in wanted.items():
        values = {"roles": sorted(roles), "note_required": note}
        await session.execute(
            insert(StatusMove)
            .values(old=old, new=new, **values)
            .on_conflict_do_update(index_elements=["old", "new"], set_=values)
        )
    await changed(session)
    after = {new: [sorted(roles), note] for new, (roles, note) in wanted.items()}
    details = {"before": before, "after": after}
    await audit.note(session, viewer.person_id, source, "moves.changed", f"status:{old}", details)


async def save_reason(
    session: AsyncSession, viewer: Viewer, why: Why, *, source: str, reason_id: int | None = None
) -> int:
    """Add a reason or edit it; whose time it is and what its clock does stay once an order has it.

    Raises NotFound and Invalid(field=code).
    """
    viewer.must("master.change")
    wrong = _labels(why.label_id, why.label_en, longest=80) | _place(why.position)
    status = await session.get(OrderStatus, why.status_code, populate_existing=True)
    if status is None:
        wrong["status_code"] = "unknown"
    elif status.category in OPEN:
        wrong |= {} if why.clock in CLOCKS else {"clock": "unknown"}
        wrong |= {} if why.whose in WHOSE else {"whose": "unknown"}
    if status is not None and status.category not in OPEN:
        why = Why(why.status_code, why.label_id, why.label_en, None, "ends", why.position)
    _raise(wrong)
    values = asdict(why)
    before: dict[str, Any] | None = None
    if reason_id is None:
        row = Reason(**values)
        session.add(row)
        await session.flush()
        reason_id = row.id
    else:
        before = await _locked(session, Reason, reason_id)
        meaning = [name for name in ("status_code", "whose", "clock") if before[name] != values[name]]
        if meaning and await times_given(session, reason_id, most=1):
            raise Invalid(**dict.fromkeys(meaning, "used"))
        await session.execute(sql_update(Reason).where(Reason.id == reason_id).values(**values))
    await changed(session)
    what = "reason.changed" if before else "reason.added"
    details = {"before": before, "after": values}
    await audit.note(session, viewer.person_id, source, what, f"reason:{reason_id}", details)
    return reason_id


async def switch_reason(session: AsyncSession, viewer: Viewer, reason_id: int, *, active: bool, source: str) -> None:
    """Offer a reason or no longer. Raises NotFound, LastOne where its status needs one."""
    viewer.must("master.change")
    before = await _locked(session, Reason, reason_id)
    status = await session.scalar(
        select(OrderStatus).where(OrderStatus.code == before["status_code"]).with_for_update()
    )
    among: Any = (Reason.active, Reason.status_code == before["status_code"])
    if status is not None and not status.reason_required:
        among = None
    await _switch(session, viewer, Reason, "reason", reason_id, active=active, source=source, among=among)


async def times_given(session: AsyncSession, reason_id: int, most: int = 10_000) -> int:
    """How often a reason was given, counted up to `most`."""
    given = (
        select(EventRow.id)
        .where(
            EventRow.name == "order.changed",
            EventRow.payload["reason_id"].astext.is_not(None),
            EventRow.payload["reason_id"].astext == str(reason_id),
        )
        .limit(most)
        .subquery()
    )
    return int(await session.scalar(select(func.count()).select_from(given)) or 0)


async def open_orders(session: AsyncSession, viewer: Viewer, by: Any) -> dict[Any, int]:
    """How many open orders the viewer's area has, by a column of `orders`."""
    rows = await session.execute(
        select(by, func.count())
        .where(Order.category.in_(OPEN), Order.deleted_at.is_(None), viewer.within(Order.sto_id))
        .group_by(by)
    )
    return {row[0]: row[1] for row in rows}


def _labels(label_id: str, label_en: str, longest: int = 60) -> dict[str, str]:
    given = {"label_id": label_id, "label_en": label_en}
    return {name: "missing" if not text else "too_long" for name, text in given.items() if not 0 < len(text) <= longest}


def _place(position: int) -> dict[str, str]:
    return {} if 1 <= position <= 999 else {"position": "range"}


def _raise(wrong: dict[str, str]) -> None:
    if wrong:
        raise Invalid(**wrong)


def _key(table: Any) -> Any:
    return next(iter(table.__table__.primary_key.columns))


async def _locked(session: AsyncSession, table: Any, key: Any) -> dict[str, Any]:
    rows = await session.execute(select(table.__table__).where(_key(table) == key).with_for_update())
    found = rows.mappings().first()
    if found is None:
        raise NotFound
    return {name: str(each) if isinstance(each, Category) else each for name, each in found.items()}


async def _save(
    session: AsyncSession, viewer: Viewer, table: Any, kind: str, code: str, values: Any, *, source: str, new: bool
) -> None:
    before = None
    if new:
        made = await session.scalar(
            insert(table).values(code=code, active=True, **values).on_conflict_do_nothing().returning(table.code)
        )
        if made is None:
            raise Invalid(code="taken")
    else:
        before = await _locked(session, table, code)
        await session.execute(sql_update(table).where(table.code == code).values(**values))
    await changed(session)
    after = {name: str(each) if isinstance(each, Category) else each for name, each in values.items()}
    details = {"before": before, "after": after}
    what = f"{kind}.added" if new else f"{kind}.changed"
    await audit.note(session, viewer.person_id, source, what, f"{kind}:{code}", details)


async def _switch(
    session: AsyncSession, viewer: Viewer, table: Any, kind: str, key: Any, *, active: bool, source: str, among: Any
) -> None:
    """among: the conditions of those of which one active must be left; None where none need be."""
    await _locked(session, table, key)
    if not active and among is not None:
        conditions = among if isinstance(among, tuple) else (among,)
        left = await session.scalars(select(_key(table)).where(*conditions).order_by(_key(table)).with_for_update())
        if not [each for each in left if each != key]:
            raise LastOne
    await session.execute(sql_update(table).where(_key(table) == key).values(active=active))
    await changed(session)
    what = f"{kind}.{'activated' if active else 'deactivated'}"
    await audit.note(session, viewer.person_id, source, what, f"{kind}:{key}", {})
