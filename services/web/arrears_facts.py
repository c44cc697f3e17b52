"""Accounts in arrears as templates show them: rows, one account, the aging strip, an order's bill. Changes nothing."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.web import arrears_query, arrears_visits, labels
from services.web import words_arrears as words
from services.web.deps import Visit
from services.web.language import _, name_of
from services.web.view import Bill, Choice, Fact, Status
from services.web.view_arrears import (
    AccountDetail,
    AccountQuery,
    AccountRow,
    AccountTyped,
    AgeStep,
    ArrearsCard,
    Ledger,
    Linked,
    Order,
)
from shared import clock
from shared.arrears import faults, guards, promises, queries
from shared.arrears.models import Account, AccountState, Result
from shared.arrears.queries import AccountLine, Age, Sum
from shared.arrears.there import day_in
from shared.orders import queries as orders
from shared.orders.models import Category
from shared.orders.models import Order as OrderRow
from shared.places import queries as places

FARTHEST = 92  # days ahead of a promise, as operations has it
_STEPS = ("0", "1", "2", "3", "4+")  # as queries.AGES


def counted(found: Sum) -> str:
    """How many: "861", or "10.000+" where counting stopped."""
    return labels.number(found.accounts) + ("+" if found.more else "")


def aging_of(found: Sequence[Age], query: AccountQuery) -> tuple[AgeStep, ...]:
    """The aging strip: everything first; each step opens the list that counts the same."""
    owed = sum(each.sum.amount for each in found)
    whole = AgeStep(
        _("Semua tunggakan"),
        owed,
        sum(each.sum.accounts for each in found),
        AccountQuery().at(),
        query == AccountQuery(),
    )
    steps = [whole]
    for name, each in zip(_STEPS, found, strict=True):
        if name == "0" and not each.sum.accounts:
            continue
        steps.append(
            AgeStep(
                _(arrears_query.MONTH_WORDS[name]),
                each.sum.amount,
                each.sum.accounts,
                AccountQuery(bulan=name).at(),
                not query.status and (query.bulan == name or (query.bulan == "3+" and name in {"3", "4+"})),
                round(each.sum.amount / owed * 100, 1) if owed else 0.0,
                hot=name == "4+",
            )
        )
    return (*steps[:1], *steps[2:], steps[1]) if found[0].sum.accounts else tuple(steps)


def row_of(line: AccountLine, query: AccountQuery, zone: str, current: int = 0) -> AccountRow:
    """One line of the list."""
    one = line.account
    return AccountRow(
        id=one.id,
        href=query.at(f"/tunggakan/{one.id}"),
        name=one.name,
        internet=one.internet_no,
        sto=line.sto,
        months=one.months,
        amount=one.amount,
        last=words.last(one.last_visit_at, one.last_result, zone),
        promise=words.promised(one.promise_due, day_in(line.zone)),
        collector=line.collector or "",
        paused=one.paused,
        current=one.id == current,
    )


async def ledger_of(
    session: AsyncSession,
    visit: Visit,
    query: AccountQuery,
    *,
    cursor: str = "",
    detail: AccountDetail | None = None,
    missing: bool = False,
) -> Ledger:
    """The list as its page shows it."""
    viewer = visit.viewer
    stos = await places.stos(session, viewer)
    given = arrears_query.filters(query, stos)
    after = arrears_query.cursor(cursor)
    lines = await queries.page(session, viewer, given, after=after)
    total = await queries.total(session, viewer, given)
    shown = lines[: queries.PAGE]
    last = shown[-1].account if len(lines) > queries.PAGE else None
    return Ledger(
        query=query,
        aging=aging_of(await queries.aging(session, viewer), query),
        chips=arrears_query.chips(query, stos, await queries.collectors(session, viewer)),
        rows=tuple(row_of(line, query, visit.zone, detail.id if detail else 0) for line in shown),
        total=counted(total),
        owed="" if total.more else labels.rupiah(total.amount),
        as_of=await queries.as_of(session, viewer),
        next=query.at(sesudah=f"{last.amount}_{last.id}") if last else "",
        detail=detail,
        missing=missing,
        narrowed=query != AccountQuery(),
        later=after is not None,
    )


async def detail_of(
    session: AsyncSession,
    visit: Visit,
    account_id: int,
    query: AccountQuery,
    *,
    phones: tuple[str, ...] | None = None,
    typed: AccountTyped | None = None,
    errors: dict[str, str] | None = None,
) -> AccountDetail:
    """One account, whole; phones: its numbers when they were just revealed. Raises NotFound."""
    found = await queries.facts(session, visit.viewer, account_id)
    one, viewer = found.account, visit.viewer
    numbers = queries.numbers_of(one)
    is_open = one.state is AccountState.OPEN
    crew = await queries.collectors(session, viewer) if viewer.may("arrears.assign") else []
    bills, rest = arrears_visits.months_of(one.extra)
    may_visit = viewer.may("arrears.visit") and is_open
    against = await guards.guard(session, one, clock.now()) if may_visit else None
    first_day = day_in((await places.unit_of(session, one.sto_id)).zone)
    return AccountDetail(
        id=one.id,
        version=one.version,
        request_key=secrets.token_urlsafe(18),
        name=one.name,
        internet=one.internet_no,
        amount=one.amount,
        months=one.months,
        promise=words.promised(one.promise_due, first_day),
        state=words.state(one.state),
        facts=_facts(one, found.sto, found.sto_name, visit.zone),
        extra=_extra(rest),
        address=one.address,
        phones=tuple(map(words.in_full, phones)) if phones is not None else tuple(map(words.masked, numbers)),
        collector=found.collector or "",
        collector_id=str(one.collector_id or ""),
        timeline=tuple(words.moment(each) for each in found.story),
        orders=await _orders(session, found.installed_by),
        results=tuple(
            Choice(each.value, _(label)) for each, label in words.RESULTS.items() if each in guards.takes(against)
        ),
        guard=words.guarded(against) if against is not None else "",
        collectors=tuple(Choice(str(key), name) for key, name in crew),
        query=query,
        first_day=first_day,
        last_day=first_day + timedelta(days=FARTHEST),
        revealed=phones is not None,
        proofs=await arrears_visits.proofs_of(session, one),
        bills=bills,
        fault=await _fault(session, one),
        paused=one.paused,
        may_send=viewer.may("arrears.assign") and is_open and one.collector_id is not None,
        may_visit=may_visit,
        may_pay=viewer.may("arrears.mark_paid") and is_open,
        may_assign=viewer.may("arrears.assign"),
        may_reveal=viewer.may("arrears.reveal") and bool(numbers),
        typed=typed or AccountTyped(),
        errors=errors or {},
    )


def _facts(one: Account, sto: str, sto_name: str, zone: str) -> tuple[Fact, ...]:
    found = [
        Fact(_("No. internet"), one.internet_no, code=True, copy=one.internet_no),
        Fact("STO", sto, code=True, note=sto_name),
        Fact(_("Umur tunggakan"), words.months(one.months)),
    ]
    named = (
        (_("Produk"), one.product),
        (_("Datel"), one.datel),
        (_("Segmen"), one.segment),
        (_("Umur pelanggan"), words.months(one.customer_age) if one.customer_age is not None else ""),
        (_("Status bayar di daftar"), one.payment_status),
        (_("Tanggal bayar"), words.day(one.paid_on, day_in(zone)) if one.paid_on else ""),
        (_("Petugas di daftar"), one.collector_name),
    )
    found += [Fact(label, value) for label, value in named if value]
    return (*found, Fact(_("Masuk daftar"), labels.date(one.added_at, zone)))


def _extra(kept: dict[str, Any] | None) -> tuple[Fact, ...]:
    """What the list had besides, by its own headers."""
    return tuple(Fact(str(name), str(value)) for name, value in (kept or {}).items() if value not in (None, ""))


async def _orders(session: AsyncSession, found: Sequence[OrderRow]) -> tuple[Order, ...]:
    data = await orders.master(session)
    second = await orders.second_ones(session, found)
    return tuple(
        Order(
            each.registration_no,
            f"/order/{each.registration_no}" + (f"?id={each.id}" if each.id in second else ""),
            each.type_code,
            Status(each.status_code, name_of(status := data.statuses[each.status_code]), status.category.value),
            each.closed_at or each.registered_at,
        )
        for each in found
    )


async def _fault(session: AsyncSession, one: Account) -> Order | None:
    """The order that collection waits for."""
    waits_for = await faults.open_order(session, one) if one.paused else None
    return (await _orders(session, [waits_for]))[0] if waits_for is not None else None


async def card_of(session: AsyncSession, visit: Visit) -> ArrearsCard:
    """The dashboard's card: the tally, and the promises that are due."""
    viewer = visit.viewer
    due, late = await promises.due_and_late(session, viewer)
    return ArrearsCard(
        aging=aging_of(await queries.aging(session, viewer), AccountQuery(status="-")),
        promises=(
            Linked(_("Janji bayar hari ini"), counted(due), AccountQuery(janji="hari-ini").at()),
            Linked(_("Lewat janji"), counted(late), AccountQuery(janji="lewat").at(), "obstacle"),
        ),
        as_of=await queries.as_of(session, viewer),
    )


async def bill_of(session: AsyncSession, visit: Visit, order: OrderRow) -> Bill | None:
    """The account of a finished order's customer, when it is in arrears."""
    faulty = await faults.account_of(session, visit.viewer, order)
    if faulty is not None:
        return _bill(faulty, _("Pelanggan dengan gangguan ini"))
    if order.category is not Category.DONE:
        return None
    one = await queries.billed_for(session, visit.viewer, order)
    if one is None:
        return None
    first = order.type_code == "AO" and one.state is AccountState.OPEN
    return _bill(one, _("Tagihan pertama menunggak") if first else _("Tagihan pelanggan ini"))


def _bill(one: Account, title: str) -> Bill:
    return Bill(
        href=f"/tunggakan/{one.id}",
        title=title,
        internet=one.internet_no,
        amount=one.amount,
        months=one.months,
        state=words.state(one.state),
    )


def result_of(text: str) -> Result | None:
    """A result by its name in the form."""
    return Result(text) if text in {each.value for each in Result} else None
