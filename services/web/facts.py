"""Orders as templates show them: rows, details, summaries. Reads what they need, changes nothing."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.web import arrears_facts, claims, labels, words
from services.web.deps import Visit
from services.web.language import N_, _, name_of
from services.web.view import (
    COLUMNS,
    Choice,
    Conflict,
    Detail,
    Fact,
    Moment,
    Move,
    Other,
    Photo,
    Query,
    ReasonGroup,
    Row,
    Sla,
    Status,
    Summary,
    Typed,
    address,
)
from services.web.view_ask import Ask
from shared import clock, rows
from shared.chats.models import Chat
from shared.deliveries.models import Delivery, State
from shared.orders import box, queries, sla, sla_fields, states
from shared.orders.lines import OrderLine
from shared.orders.models import Order, Reason
from shared.orders.queries import OrderFacts
from shared.orders.states import MasterData
from shared.people.models import Person
from shared.photos import operations as photos
from shared.places.queries import unit_of
from shared.settings import settings
from shared.talk import operations as talk

DELIVERY_WORDS = {
    State.SENT: ("send", N_("Pesan sampai di Telegram")),
    State.MERGED: ("send", N_("Pesan sampai di Telegram, bersama pesan lain")),
    State.UNKNOWN: ("clock", N_("Pesan dikirim, jawaban Telegram belum diketahui")),
    State.HELD: ("alert", N_("Pesan ditahan; perlu diputuskan")),
    State.DEAD: ("alert", N_("Pesan tidak dapat dikirim")),
}

_ABOUT_IT = Delivery.order_id == bindparam("order", type_=BigInteger)
_TOLD = (
    select(Delivery.state, func.coalesce(Delivery.sent_at, Delivery.created_at))
    .where(_ABOUT_IT, Delivery.kind == "status", Delivery.state.in_(list(DELIVERY_WORDS)))
    .order_by(Delivery.id.desc())
    .limit(50)
)


def status_of(code: str, data: MasterData) -> Status:
    """A status as templates know it."""
    row = data.statuses[code]
    return Status(row.code, name_of(row), row.category.value)


def sla_of(order: Order | OrderLine, calendar: sla.Calendar, at: datetime, stops: datetime | None = None) -> Sla:
    """An order's clock as the browser may tick it on. stops: when its unit's day ends, if that is known."""
    timer = sla_fields.timer(order, calendar, at)
    target = order.target_seconds // 60
    if timer.level == "closed":
        return Sla("closed", target, spent=timer.used // 60)
    if timer.level == "paused":
        return Sla("paused", target)
    return Sla("running", target, due=at + timedelta(seconds=timer.left), stops=stops or rests_at(calendar, at))


def rests_at(calendar: sla.Calendar, at: datetime) -> datetime:
    """When the working day, and with it the clock, stops; `at` itself when it stands already."""
    local = at.astimezone(calendar.zone)
    moment = sla.since_midnight(local)
    if sla.is_working_day(calendar, local.date()):
        for start, end in sla.shifts(calendar):
            if start <= moment < end:
                return at + timedelta(microseconds=end - moment)
    return at


async def rows_of(
    session: AsyncSession,
    found: Sequence[OrderFacts | OrderLine],
    columns: tuple[str, ...] = COLUMNS,
    *,
    out: bool = False,
    fresh: bool = False,
) -> tuple[Row, ...]:
    """Lines of the queue."""
    second = await queries.second_ones(session, [each.order for each in found])
    data, at = await queries.master(session), clock.now()
    units = {sto: await unit_of(session, sto) for sto in {each.order.sto_id for each in found}}
    stops = {sto: rests_at(unit.calendar, at) for sto, unit in units.items()}
    statuses = {code: status_of(code, data) for code in {each.order.status_code for each in found}}
    return tuple(
        _row(
            each,
            columns,
            statuses[each.order.status_code],
            sla_of(each.order, units[each.order.sto_id].calendar, at, stops[each.order.sto_id]),
            data.reasons.get(each.order.reason_id or 0),
            second,
            out=out,
            fresh=fresh,
        )
        for each in found
    )


async def row_of(
    session: AsyncSession, facts: OrderFacts | OrderLine, *, out: bool = False, fresh: bool = False
) -> Row:
    """One line of the queue, with the usual columns."""
    [row] = await rows_of(session, [facts], out=out, fresh=fresh)
    return row


def _row(
    facts: OrderFacts | OrderLine,
    columns: tuple[str, ...],
    status: Status,
    standing: Sla,
    reason: Reason | None,
    second: Collection[int],
    *,
    out: bool,
    fresh: bool,
) -> Row:
    order = facts.order
    return Row(
        no=order.registration_no,
        type=order.type_code,
        status=status,
        sla=standing,
        odp=order.odp or "",
        sto=facts.sto_code,
        technician=order.technician_code or "",
        serial=order.serial or "",
        holder=facts.holder_name or "",
        at=order.registered_at,
        version=order.version,
        reason=name_of(reason) if reason else "",
        warnings=len(order.warnings),
        out=out,
        fresh=fresh,
        id=str(order.id) if order.id in second else "",
        name=facts.technician_name or "",
        moved=order.status_at,
        note=order.note,
        columns=columns,
        tick=str(order.id),
        gone=order.deleted_at is not None,
    )


async def detail_of(
    session: AsyncSession,
    visit: Visit,
    facts: OrderFacts,
    query: Query,
    *,
    alone: bool = False,
    typed: Typed | None = None,
    errors: dict[str, str] | None = None,
    conflict: Conflict | None = None,
) -> Detail:
    """One order, whole, with what this person may do to it."""
    order, data = facts.order, await queries.master(session)
    viewer = visit.viewer
    unit = await unit_of(session, order.sto_id)
    moves = _moves(data, visit, order) if viewer.may("order.change") else ()
    may_act = any(not move.why_not for move in moves)
    may_take = viewer.may("order.take") and order.closed_at is None and order.holder_id != viewer.person_id
    notify, notify_not = await _who_is_told(session, facts)
    return Detail(
        no=order.registration_no,
        type=order.type_code,
        status=status_of(order.status_code, data),
        sla=sla_of(order, unit.calendar, clock.now()),
        version=order.version,
        request_key=secrets.token_urlsafe(18),
        facts=_facts(facts, visit.zone),
        moves=moves if may_act else (),
        reasons=_reasons(data, moves),
        timeline=await timeline_of(session, order, data),
        warnings=await _warnings(session, order, facts.zone),
        may_take=may_take,
        held=order.holder_id is not None,
        holder=facts.holder_name or "",
        notify=notify,
        notify_not=notify_not,
        hold=round(settings().feedback_hold),
        read_only="" if may_act else _why_read_only(visit),
        typed=typed or Typed(),
        errors=errors or {},
        conflict=conflict,
        claims=await claims.claims_of(session, visit, facts),
        also=await claims.readers_of(session, visit, order.id, order.registration_no),
        ask=await _ask(session, visit, order, reached=bool(notify)),
        alone=alone,
        query=query,
        id=str(order.id) if await queries.second_ones(session, [order]) else "",
        photos=await _photos(session, order),
        others=await _others(session, visit, order, query, data),
        bill=await arrears_facts.bill_of(session, visit, order),
    )


async def _ask(session: AsyncSession, visit: Visit, order: Order, *, reached: bool) -> Ask:
    waits = (await talk.open_of(session, [order.id])).get(order.id) if order.closed_at is None else None
    may = order.closed_at is None and reached and visit.viewer.may("order.change")
    return Ask(may, waits.who, waits.row.at, waits.row.words) if waits else Ask(may)


async def _photos(session: AsyncSession, order: Order) -> tuple[Photo, ...]:
    base = f"/order/{order.registration_no}/foto"
    return tuple(
        Photo(
            f"{base}/{each.id}?id={order.id}",
            f"{base}/{each.id}?id={order.id}&kecil=ya",
            each.sender,
            each.at,
            each.caption,
        )
        for each in await photos.of_order(session, order.id)
    )


async def _others(
    session: AsyncSession, visit: Visit, order: Order, query: Query, data: MasterData
) -> tuple[Other, ...]:
    """The other orders of the same number, each at an address of its own."""
    found = await queries.namesakes(session, visit.viewer, order)
    second = await queries.second_ones(session, found)
    return tuple(
        Other(
            address(query, f"/order/{each.registration_no}", id=str(each.id) if each.id in second else ""),
            status_of(each.status_code, data),
            each.registered_at,
            each.type_code,
        )
        for each in found
    )


async def summary_of(session: AsyncSession, facts: OrderFacts) -> Summary:
    """The small card beside the demo's chat."""
    data = await queries.master(session)
    unit = await unit_of(session, facts.order.sto_id)
    return Summary(
        no=facts.order.registration_no,
        type=facts.order.type_code,
        status=status_of(facts.order.status_code, data),
        sla=sla_of(facts.order, unit.calendar, clock.now()),
        holder=facts.holder_name or "",
        timeline=(await timeline_of(session, facts.order, data))[:8],
    )


async def timeline_of(session: AsyncSession, order: Order, data: MasterData) -> tuple[Moment, ...]:
    """What happened and what was told of it, newest first."""
    moments = [words.moment(entry, data) for entry in await queries.timeline(session, order.id)]
    for state, at in await rows.rows(session, _TOLD, {"order": order.id}):
        icon, text = DELIVERY_WORDS[state]
        moments.append(Moment(at, icon, _(text), source="Telegram"))
    return tuple(sorted(moments, key=lambda each: each.at, reverse=True))


def _moves(data: MasterData, visit: Visit, order: Order) -> tuple[Move, ...]:
    reach = states.reachable(data, visit.viewer.role, order.status_code)
    return tuple(
        Move(
            status=status_of(code, data),
            why_not=_(words.WHY_NOT.get(why, why)),
            needs_reason=data.statuses[code].reason_required,
            needs_note=(move := data.moves.get((order.status_code, code))) is not None and move.note_required,
            current=code == order.status_code,
        )
        for code, why in reach.items()
    )


def _reasons(data: MasterData, moves: tuple[Move, ...]) -> tuple[ReasonGroup, ...]:
    groups = []
    for move in moves:
        choices = tuple(Choice(str(row.id), name_of(row)) for row in data.reasons_for(move.status.code))
        if choices and not move.why_not:
            groups.append(ReasonGroup(move.status.code, move.status.label, choices))
    return tuple(groups)


def _why_read_only(visit: Visit) -> str:
    if not visit.viewer.may("order.change"):
        return _(
            "Sebagai {role} Anda dapat membaca order ini, tidak mengubahnya.",
            role=_(words.ROLES[visit.viewer.role]).lower(),
        )
    return _("Order ini sudah ditutup. Hanya team leader yang dapat membukanya kembali.")


def _facts(facts: OrderFacts, zone: str) -> tuple[Fact, ...]:
    order = facts.order
    found = [
        Fact(_("SN modem"), order.serial or _("Belum ada"), code=bool(order.serial), copy=order.serial or ""),
        Fact("STO", facts.sto_code, code=True, note=facts.sto_name),
        Fact("ODP", order.odp or _("Belum ada"), code=bool(order.odp), copy=order.odp or ""),
        Fact(
            _("Teknisi"),
            order.technician_code or facts.technician_name or _("Belum ada"),
            code=bool(order.technician_code),
            note=(facts.technician_name or "") if order.technician_code else "",
            copy=order.technician_code or "",
        ),
        Fact(_("Pemegang"), facts.holder_name or _("Belum diambil")),
        Fact(
            _("Masuk"),
            labels.moment(order.registered_at, zone),
            note=_("lewat {source}", source=words.came(order.source)),
        ),
    ]
    if facts.registrant_name and facts.registrant_name != facts.technician_name:
        found.append(Fact(_("Didaftarkan oleh"), facts.registrant_name))
    if order.note:
        found.append(Fact(_("Catatan"), order.note))
    return tuple(found)


async def _who_is_told(session: AsyncSession, facts: OrderFacts) -> tuple[str, str]:
    """(where feedback goes, or else why nobody can be told)."""
    order = facts.order
    whom = order.technician_code or facts.technician_name or facts.registrant_name or _("grup")
    if order.chat_id is not None:
        return f"Telegram, {whom}", ""
    if order.technician_id is None:
        return "", _("Teknisi order ini belum terdaftar di Telegram, jadi tidak ada yang diberi tahu.")
    private = await session.scalar(
        select(Chat.id).join(Person, Person.telegram_id == Chat.id).where(Person.id == order.technician_id)
    )
    if private is None:
        return "", _("Teknisinya belum pernah membuka obrolan dengan bot, jadi tidak ada yang diberi tahu.")
    return f"Telegram, {whom}", ""


async def _warnings(session: AsyncSession, order: Order, zone: str) -> tuple[str, ...]:
    found = [words.warning(stored) for stored in order.warnings if isinstance(stored, dict)]
    if order.serial and order.closed_at is None and (other := await queries.same_serial(session, order)):
        found.append(words.same_serial(other))
    if order.closed_at is None and (trouble := await box.trouble_at(session, order.odp, zone, but=order.id)):
        found.append(words.box_trouble(trouble))
    return tuple(found)
