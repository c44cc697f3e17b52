"""The dashboard: each card from its own query, so that one that fails says so alone."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.web import arrears_facts, facts, labels, period
from services.web.crew import crew_of
from services.web.deps import Onlooker, Session, Visit, Visitor
from services.web.language import _, name_of
from services.web.listing import day_words
from services.web.pages.queue import stream
from services.web.period import Period
from services.web.render import render
from services.web.view import Fact, Query, address
from services.web.view_dashboard import Count, Dashboard, Day, Days, Health, Hour, Hours, Kpi, Matrix, MatrixRow, Todo
from services.web.view_reports import DayCount
from shared import clock
from shared.db import transaction
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.lines import OrderLine
from shared.places.queries import unit_of
from shared.reports import health
from shared.reports import queries as figures
from shared.settings import settings
from shared.sla import queries as sla

log = logging.getLogger(__name__)
router = APIRouter()

URGENT = 6  # orders under "Perlu tindakan"
Maker = Callable[[AsyncSession], Awaitable[Any]]


async def card(make: Maker) -> Any:
    """One card in a transaction of its own, or None when it could not be made."""
    try:
        async with transaction() as apart:
            return await make(apart)
    except (SQLAlchemyError, TimeoutError):
        log.exception("a card of the dashboard failed")
        return None


async def cards(session: AsyncSession, makers: Mapping[str, Maker]) -> dict[str, Any]:
    """The cards by their names: all in one go, and only if one of them fails each by itself."""
    try:
        return {name: await make(session) for name, make in makers.items()}
    except (SQLAlchemyError, TimeoutError):
        return {name: await card(make) for name, make in makers.items()}


async def dashboard_of(session: AsyncSession, visit: Visit, when: Period) -> tuple[Dashboard, int | None]:
    """Every card, and how many orders are active. What is to be done, and how the bot fares, is so now."""
    visit.viewer.must("dashboard.read")
    since, until = when.bounds()
    several = when.first != when.last
    shows_crew = visit.viewer.may("presence.read")
    shows_arrears = visit.viewer.may("arrears.read")
    makers: dict[str, Maker] = {
        "today": lambda each: figures.today(each, visit.viewer, since, None if when.today else until),
        "urgent": lambda each: _urgent(each, visit),
        "matrix": lambda each: _matrix(each, visit, when),
        "obstacles": lambda each: _obstacles(each, visit, when),
        "health": _health,
    }
    makers |= {"days": lambda each: _days(each, visit, when)} if several else {}
    makers |= {} if several else {"hours": lambda each: _hours(each, visit, when)}
    makers |= {"crew": lambda each: crew_of(each, visit)} if shows_crew else {}
    makers |= {"arrears": lambda each: arrears_facts.card_of(each, visit)} if shows_arrears else {}
    made = await cards(session, makers)
    today: figures.Today | None = made["today"]
    view = Dashboard(
        period=when.name,
        periods=period.choices(),
        kpis=_kpis(today, when) if today else None,
        matrix=made["matrix"],
        todo=made["urgent"],
        todo_total=today.late if today else 0,
        hours=made.get("hours"),
        obstacles=made["obstacles"],
        health=made["health"],
        crew=made.get("crew"),
        shows_crew=shows_crew,
        words=when.words(),
        told=f"?{urlencode(when.told())}" if when.told() else "",
        first=when.typed[0] if when.error else when.first.isoformat(),
        last=when.typed[1] if when.error else when.last.isoformat(),
        latest=clock.local(clock.now(), visit.zone).date().isoformat(),
        wrong=when.error,
        by_day=several,
        days=made.get("days"),
        today=when.today,
        arrears=made.get("arrears"),
        shows_arrears=shows_arrears,
    )
    return view, today.open if today else None


def _kpis(today: figures.Today, when: Period) -> tuple[Kpi, ...]:
    received = when.narrow(Query(tampilan="semua", hari="masuk"))
    closed = when.narrow(Query(tampilan="semua", hari="tutup", status="done"))
    kept = labels.percent(today.on_time / today.done) if today.done else "–"
    came, done = (_("Masuk hari ini"), _("Selesai hari ini")) if when.today else (_("Masuk"), _("Selesai"))
    since = _("diterima sejak pukul 00:00") if when.today else when.words()
    return (
        Kpi(came, labels.number(today.received), since, address(received)),
        Kpi(done, labels.number(today.done), _("{kept} tepat waktu", kept=kept), address(closed)),
        Kpi(
            _("Order aktif"),
            labels.number(today.open),
            _("{n} belum diambil", n=labels.number(today.untaken)),
            address(Query()),
        ),
        Kpi(
            _("Lewat SLA"),
            labels.number(today.late),
            _("order aktif yang melewati target"),
            address(Query(tampilan="lewat")),
            late=today.late > 0,
        ),
        Kpi(_("Kendala"), labels.number(today.obstacle), _("sedang terkendala"), address(Query(tampilan="kendala"))),
    )


async def _matrix(session: AsyncSession, visit: Visit, when: Period) -> Matrix:
    data, (since, until) = await queries.master(session), when.bounds()
    counted = await figures.matrix(session, visit.viewer, since, None if when.today else until)
    statuses = [row for row in data.statuses.values() if row.active or any(s == row.code for _, s in counted)]
    types = [row for row in data.types.values() if row.active or any(t == row.code for t, _ in counted)]
    return Matrix(
        statuses=tuple(facts.status_of(row.code, data) for row in statuses),
        rows=tuple(
            MatrixRow(kind.code, name_of(kind), tuple(counted.get((kind.code, row.code), 0) for row in statuses))
            for kind in types
        ),
        query=when.narrow(Query(tampilan="semua", hari="kerja")),
    )


async def _urgent(session: AsyncSession, visit: Visit) -> tuple[Todo, ...]:
    """The orders that are late, and then those that soon will be."""
    found = (await board.page(session, visit.viewer, Filters(view="lewat"), size=URGENT)).rows
    if len(found) < URGENT:
        found += await sla.near(session, visit.viewer, URGENT - len(found))
    return tuple([await _todo(session, each) for each in found])


async def _todo(session: AsyncSession, each: OrderLine) -> Todo:
    data = await queries.master(session)
    unit = await unit_of(session, each.order.sto_id)
    reason = data.reasons.get(each.order.reason_id or 0)
    status = name_of(data.statuses[each.order.status_code])
    return Todo(
        no=each.order.registration_no,
        type=each.order.type_code,
        sla=facts.sla_of(each.order, unit.calendar, clock.now()),
        why=f"{status}, {name_of(reason)}" if reason else f"{status}, {each.order.odp or each.sto_code}",
        who=each.holder_name or _("Belum diambil, {sto}", sto=each.sto_code),
    )


async def _hours(session: AsyncSession, visit: Visit, when: Period) -> Hours:
    at = clock.now() if when.today else when.bounds()[1] - timedelta(seconds=1)
    counted = await figures.per_hour(session, visit.viewer, at, visit.zone)
    known = any(each.usual is not None for each in counted)
    return Hours(
        hours=tuple(Hour(each.hour, each.received, each.done, each.usual) for each in counted),
        usual_label=_("Masuk, rata-rata {days} hari", days=figures.USUAL_DAYS) if known else "",
        running=when.today,
    )


async def _days(session: AsyncSession, visit: Visit, when: Period) -> Days:
    since, until = when.bounds()
    counted = await figures.per_day(session, visit.viewer, since, until, visit.zone)
    made, drawn = [], []
    for n in range((when.last - when.first).days + 1):
        day = when.first + timedelta(days=n)
        received, done = counted.get(day, (0, 0))
        told, name = day.isoformat(), day_words(day)
        here = Query(tampilan="semua", hari="masuk", dari=told, sampai=told)
        closed = replace(here, hari="tutup", status="done")
        made.append(Day(name, received, done, address(here), address(closed)))
        drawn.append(DayCount(day.day, name, received, done, ""))
    return Days(tuple(made), tuple(drawn))


async def _obstacles(session: AsyncSession, visit: Visit, when: Period) -> tuple[Count, ...]:
    data = await queries.master(session)
    lately = when.today  # a running day alone says little about why orders stop
    counted = await figures.obstacles(session, visit.viewer, *(() if lately else when.bounds()))
    here = Query(tampilan="semua") if lately else when.narrow(Query(tampilan="semua", hari="kendala"))
    return tuple(Count(name_of(data.reasons[reason]), n, address(here, alasan=str(reason))) for reason, n in counted)


async def _health(session: AsyncSession) -> Health:
    seen = await health.traffic(session)
    ages = [age for age in (seen.inbox_age, seen.outbox_age, seen.waiting_age) if age is not None]
    oldest = max(ages, default=0.0)
    troubled = seen.dead + seen.held + seen.held_chats
    if oldest > 10 * health.LATE or seen.pause > 0:
        state, label = "down", _("Terputus")
    elif oldest > health.LATE or seen.unknown or troubled:
        state, label = "slow", _("Perlu dilihat")
    else:
        state, label = "ok", _("Lancar")
    note = _("tertua {age}", age=labels.minutes(round(oldest / 60))) if oldest >= 60 else ""
    return Health(
        state,  # type: ignore[arg-type]
        label,
        (
            Fact(_("Pesan masuk menunggu"), labels.number(seen.inbox)),
            Fact(_("Pesan keluar menunggu"), labels.number(seen.waiting + seen.outbox), note=note),
            Fact(_("Belum pasti sampai"), labels.number(seen.unknown)),
            Fact(_("Gagal atau ditahan"), labels.number(seen.dead + seen.held)),
            Fact(_("Obrolan tertutup"), labels.number(seen.held_chats)),
            Fact(_("Jeda urungkan"), labels.seconds(round(settings().feedback_hold))),
        ),
    )


@router.get("/")
async def show_dashboard(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The whole page."""
    view, active = await dashboard_of(session, visit, period.read(request, visit.zone))
    shell = visit.shell("dasbor", active=active, live=stream(Query()))
    return HTMLResponse(render("dashboard.html", shell=shell, view=view))


@router.get("/dasbor/isi")
async def show_cards(request: Request, session: Session, visit: Onlooker) -> HTMLResponse:
    """The cards alone; the page asks by itself, so this does not count as a person being here."""
    view, active = await dashboard_of(session, visit, period.read(request, visit.zone))
    return HTMLResponse(render("_dashboard.html", shell=visit.shell("dasbor", active=active), view=view))
