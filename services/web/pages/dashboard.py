"""The dashboard: each card from its own query, so that one that fails says so alone."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse

from services.web import facts, labels
from services.web.deps import Onlooker, Session, Visit, Visitor
from services.web.pages.queue import stream
from services.web.render import render
from services.web.view import Fact, Query, address
from services.web.view_dashboard import Count, Dashboard, Health, Hour, Hours, Kpi, Matrix, MatrixRow, Todo
from shared import clock
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.places.queries import unit_of
from shared.reports import health
from shared.reports import queries as figures
from shared.settings import settings

log = logging.getLogger(__name__)
router = APIRouter()

URGENT = 6  # orders under "Perlu tindakan"
T = TypeVar("T")


async def card(session: AsyncSession, make: Callable[[], Awaitable[T]]) -> T | None:
    """One card, or None when it could not be made; the others go on in the same transaction."""
    try:
        async with session.begin_nested():
            return await make()
    except (SQLAlchemyError, TimeoutError):
        log.exception("a card of the dashboard failed")
        return None


async def dashboard_of(session: AsyncSession, visit: Visit) -> tuple[Dashboard, int | None]:
    """Every card, and how many orders are active."""
    visit.viewer.must("dashboard.read")
    now = clock.now()
    since, _ = clock.day_bounds(clock.local(now, visit.zone).date(), visit.zone)
    today = await card(session, lambda: figures.today(session, visit.viewer, since))
    late = Filters(view="lewat")
    urgent = await card(session, lambda: board.page(session, visit.viewer, late, size=URGENT))
    view = Dashboard(
        period="",
        periods=(),
        kpis=_kpis(today) if today else None,
        matrix=await card(session, lambda: _matrix(session, visit, since)),
        todo=tuple([await _todo(session, each) for each in urgent.rows]) if urgent else None,
        todo_total=today.late if today else 0,
        hours=await card(session, lambda: _hours(session, visit)),
        obstacles=await card(session, lambda: _obstacles(session, visit)),
        health=await card(session, lambda: _health(session)),
    )
    return view, today.open if today else None


def _kpis(today: figures.Today) -> tuple[Kpi, ...]:
    received, closed = Query(tampilan="semua", hari="masuk"), Query(tampilan="semua", hari="tutup", status="done")
    kept = labels.percent(today.on_time / today.done) if today.done else "–"
    return (
        Kpi("Masuk hari ini", labels.number(today.received), "diterima sejak pukul 00:00", address(received)),
        Kpi("Selesai hari ini", labels.number(today.done), f"{kept} tepat waktu", address(closed)),
        Kpi("Order aktif", labels.number(today.open), f"{labels.number(today.untaken)} belum diambil", "/order"),
        Kpi(
            "Lewat SLA",
            labels.number(today.late),
            "order aktif yang melewati target",
            address(Query(tampilan="lewat")),
            late=today.late > 0,
        ),
        Kpi("Kendala", labels.number(today.obstacle), "sedang terkendala", address(Query(tampilan="kendala"))),
    )


async def _matrix(session: AsyncSession, visit: Visit, since: datetime) -> Matrix:
    data = await queries.master(session)
    counted = await figures.matrix(session, visit.viewer, since)
    statuses = [row for row in data.statuses.values() if row.active or any(s == row.code for _, s in counted)]
    types = [row for row in data.types.values() if row.active or any(t == row.code for t, _ in counted)]
    return Matrix(
        statuses=tuple(facts.status_of(row.code, data) for row in statuses),
        rows=tuple(
            MatrixRow(kind.code, kind.label_id, tuple(counted.get((kind.code, row.code), 0) for row in statuses))
            for kind in types
        ),
        query=Query(tampilan="semua", hari="kerja"),
    )


async def _todo(session: AsyncSession, each: queries.OrderFacts) -> Todo:
    data = await queries.master(session)
    unit = await unit_of(session, each.order.sto_id)
    reason = data.reasons.get(each.order.reason_id or 0)
    status = data.statuses[each.order.status_code].label_id
    return Todo(
        no=each.order.registration_no,
        type=each.order.type_code,
        sla=facts.sla_of(each.order, unit.calendar, clock.now()),
        why=f"{status}, {reason.label_id}" if reason else f"{status}, {each.order.odp or each.sto_code}",
        who=each.holder_name or f"Belum diambil, {each.sto_code}",
    )


async def _hours(session: AsyncSession, visit: Visit) -> Hours:
    counted = await figures.per_hour(session, visit.viewer, clock.now(), visit.zone)
    known = any(each.usual is not None for each in counted)
    return Hours(
        hours=tuple(Hour(each.hour, each.received, each.done, each.usual) for each in counted),
        usual_label=f"Masuk, rata-rata {figures.USUAL_DAYS} hari" if known else "",
    )


async def _obstacles(session: AsyncSession, visit: Visit) -> tuple[Count, ...]:
    data = await queries.master(session)
    return tuple(
        Count(data.reasons[reason].label_id, n, address(Query(tampilan="semua", alasan=str(reason))))
        for reason, n in await figures.obstacles(session, visit.viewer)
    )


async def _health(session: AsyncSession) -> Health:
    seen = await health.traffic(session)
    ages = [age for age in (seen.inbox_age, seen.outbox_age, seen.waiting_age) if age is not None]
    oldest = max(ages, default=0.0)
    troubled = seen.dead + seen.held + seen.held_chats
    if oldest > 10 * health.LATE or seen.pause > 0:
        state, label = "down", "Terputus"
    elif oldest > health.LATE or seen.unknown or troubled:
        state, label = "slow", "Perlu dilihat"
    else:
        state, label = "ok", "Lancar"
    note = f"tertua {labels.minutes(round(oldest / 60))}" if oldest >= 60 else ""
    return Health(
        state,  # type: ignore[arg-type]
        label,
        (
            Fact("Pesan masuk menunggu", labels.number(seen.inbox)),
            Fact("Pesan keluar menunggu", labels.number(seen.waiting + seen.outbox), note=note),
            Fact("Belum pasti sampai", labels.number(seen.unknown)),
            Fact("Gagal atau ditahan", labels.number(seen.dead + seen.held)),
            Fact("Obrolan tertutup", labels.number(seen.held_chats)),
            Fact("Jeda urungkan", labels.seconds(round(settings().feedback_hold))),
        ),
    )


@router.get("/")
async def show_dashboard(session: Session, visit: Visitor) -> HTMLResponse:
    """The whole page."""
    view, active = await dashboard_of(session, visit)
    shell = visit.shell("dasbor", active=active, live=stream(Query()))
    return HTMLResponse(render("dashboard.html", shell=shell, view=view))


@router.get("/dasbor/isi")
async def show_cards(session: Session, visit: Onlooker) -> HTMLResponse:
    """The cards alone; the page asks by itself, so this does not count as a person being here."""
    view, active = await dashboard_of(session, visit)
    return HTMLResponse(render("_dashboard.html", shell=visit.shell("dasbor", active=active), view=view))
