"""The queue: its page, its rows, and what every page of an order shows beside it."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.web import facts
from services.web.deps import Session, Visit, Visitor
from services.web.render import render
from services.web.view import Choice, Detail, Filter, Query, Queue, Tab, address
from shared import clock
from shared.identifiers import compact, one_line
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.models import Category
from shared.people.access import Viewer
from shared.places import queries as places

router = APIRouter()

TABS = (
    ("aktif", "Aktif"),
    ("belum", "Belum diambil"),
    ("lewat", "Lewat SLA"),
    ("kendala", "Kendala"),
    ("saya", "Milik saya"),
)
CATEGORY_WORDS = {
    Category.RECEIVED: "Baru masuk",
    Category.WORKING: "Dikerjakan",
    Category.OBSTACLE: "Terkendala",
    Category.DONE: "Selesai",
    Category.CANCELLED: "Batal",
}


def read_query(request: Request) -> Query:
    """What the address says. A view or a day that does not exist is the ordinary one; codes are cleaned as typed."""
    given = request.query_params
    view = given.get("tampilan", "aktif")
    day = given.get("hari", "")
    reason = given.get("alasan", "")
    return Query(
        tampilan=view if view in board.VIEWS else "aktif",  # type: ignore[arg-type]
        sto=compact(given.get("sto", "")[:40])[:16],
        tipe=compact(given.get("tipe", "")[:40])[:16],
        status=one_line(given.get("status", "")[:40])[:16],
        teknisi=compact(given.get("teknisi", "")[:60])[:16],
        hari=day if day in board.DAYS else "",
        alasan=reason if reason.isascii() and reason.isdigit() and len(reason) < 10 else "",
        q=one_line(given.get("q", "")[:200])[:80],
    )


def filters_of(query: Query, zone: str) -> Filters:
    """The same for the query layer; a day begins in the viewer's zone."""
    since, _ = clock.day_bounds(clock.local(clock.now(), zone).date(), zone)
    return Filters(
        view=query.tampilan,
        sto=query.sto,
        type=query.tipe,
        status=query.status,
        technician=query.teknisi,
        day=query.hari,
        words=query.q,
        reason=int(query.alasan) if query.alasan else None,
        since=since,
    )


def tabs_of(counts: Mapping[str, int]) -> tuple[Tab, ...]:
    """The saved views with their counts."""
    return tuple(Tab(view, label, counts[view], hot=view == "lewat") for view, label in TABS)  # type: ignore[arg-type]


async def narrowing(session: AsyncSession, viewer: Viewer, query: Query) -> tuple[Filter, ...]:
    """The filter chips."""
    data = await queries.master(session)
    stos = tuple(Choice(sto.code, f"{sto.code} {sto.name}") for sto in await places.stos(session, viewer))
    types = tuple(Choice(row.code, f"{row.code} {row.label_id}") for row in data.types.values() if row.active)
    statuses = tuple(Choice(row.code, row.label_id) for row in data.statuses.values() if row.active)
    labels = {choice.value: choice.label for choice in statuses} | {str(k): v for k, v in CATEGORY_WORDS.items()}
    found = [
        Filter("sto", "STO", query.sto, query.sto, stos),
        Filter("tipe", "Tipe", query.tipe, query.tipe, types),
        Filter("status", "Status", query.status, labels.get(query.status, query.status), statuses),
        Filter("teknisi", "Teknisi", query.teknisi, query.teknisi),
    ]
    if query.alasan:
        reason = data.reasons.get(int(query.alasan))
        label = f"{reason.label_id}, {board.OBSTACLE_DAYS} hari" if reason else "tidak dikenal"
        found.append(Filter("alasan", "Alasan", query.alasan, label))
    return tuple(found)


async def queue_of(
    session: AsyncSession,
    visit: Visit,
    query: Query,
    *,
    cursor: str = "",
    detail: Detail | None = None,
    missing: str = "",
) -> tuple[Queue, int]:
    """The queue as its page shows it, and how many orders are active in the area."""
    given = filters_of(query, visit.zone)
    page = await board.page(session, visit.viewer, given, cursor)
    counts = await board.counts(session, visit.viewer, given)
    view = Queue(
        query=query,
        tabs=tabs_of(counts),
        filters=await narrowing(session, visit.viewer, query),
        rows=tuple([await facts.row_of(session, each) for each in page.rows]),
        next=page.after,
        detail=detail,
        missing=missing,
    )
    return view, counts["order"]


async def queue_page(
    session: AsyncSession, visit: Visit, query: Query, *, detail: Detail | None = None, missing: str = ""
) -> str:
    """The whole page with an order beside the list."""
    view, active = await queue_of(session, visit, query, detail=detail, missing=missing)
    return render("order.html", shell=visit.shell("order", active=active, live=stream(query)), view=view)


def stream(query: Query) -> str:
    """Address of the live changes for this list."""
    return address(query, "/order/langsung")


@router.get("/order")
async def show_queue(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The queue, most urgent first."""
    query = read_query(request)
    cursor = request.query_params.get("sesudah", "")[:60]
    view, active = await queue_of(session, visit, query, cursor=cursor)
    return HTMLResponse(render("order.html", shell=visit.shell("order", active=active, live=stream(query)), view=view))


@router.get("/order/baris")
async def show_rows(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The rows alone: the next page, or what is new."""
    query = read_query(request)
    given = filters_of(query, visit.zone)
    page = await board.page(session, visit.viewer, given, request.query_params.get("sesudah", "")[:60])
    rows = tuple([await facts.row_of(session, each) for each in page.rows])
    view = Queue(query=query, tabs=(), filters=(), rows=rows, next=page.after)
    return HTMLResponse(render("_rows.html", shell=replace(visit.shell("order")), view=view))
