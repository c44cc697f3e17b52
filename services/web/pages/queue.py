"""The queue: its page, its rows, and what every page of an order shows beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts, news, news_bulk
from services.web import sessions as cookies
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _, name_of
from services.web.listing import KNOWN, columns_of, days_words, filters_of, heads, query_of, read_query
from services.web.render import render
from services.web.view import Choice, Detail, Filter, OwnView, Query, Queue, Tab, address
from shared.orders import board, queries
from shared.orders.board import Filters
from shared.orders.models import Category
from shared.people.access import Viewer
from shared.places import queries as places
from shared.views import operations as views
from shared.views.operations import View

router = APIRouter()

TABS = (
    ("aktif", N_("Aktif")),
    ("belum", N_("Belum diambil")),
    ("lewat", N_("Lewat SLA")),
    ("kendala", N_("Kendala")),
    ("saya", N_("Milik saya")),
)
CATEGORY_WORDS = {
    Category.RECEIVED: N_("Baru masuk"),
    Category.WORKING: N_("Dikerjakan"),
    Category.OBSTACLE: N_("Terkendala"),
    Category.DONE: N_("Selesai"),
    Category.CANCELLED: N_("Batal"),
}


NOBODY = str(board.NOBODY)
MOST = 99  # what a view of one's own counts to, where closed orders may stand in it
PATIENCE = "50"  # milliseconds for that


def tabs_of(counts: Mapping[str, int]) -> tuple[Tab, ...]:
    """The saved views with their counts."""
    return tuple(Tab(view, _(label), counts[view], hot=view == "lewat") for view, label in TABS)  # type: ignore[arg-type]


async def narrowing(session: AsyncSession, viewer: Viewer, query: Query) -> tuple[Filter, ...]:
    """The filter chips."""
    data = await queries.master(session)
    stos, sites = await places.named(session, viewer)
    types = tuple(Choice(row.code, f"{row.code} {name_of(row)}") for row in data.types.values() if row.active)
    statuses = tuple(Choice(row.code, name_of(row)) for row in data.statuses.values() if row.active)
    labels = {choice.value: choice.label for choice in statuses} | {str(k): _(v) for k, v in CATEGORY_WORDS.items()}
    holders = {NOBODY: _("Belum diambil")} | {str(key): name for key, name in await board.holders(session, viewer)}
    found = [
        Filter(
            "sto", "STO", query.sto, query.sto, tuple(Choice(code, f"{code} {name}") for code, name in stos.items())
        ),
        Filter("so", "SO", query.so, query.so, tuple(Choice(code, f"{code} {name}") for code, name in sites.items())),
        Filter("tipe", _("Tipe"), query.tipe, query.tipe, types),
        Filter("status", _("Status"), query.status, labels.get(query.status, query.status), statuses),
        Filter("teknisi", _("Teknisi"), query.teknisi, query.teknisi),
        Filter(
            "pemegang",
            _("Pemegang"),
            query.pemegang,
            holders.get(query.pemegang, _("orang lain")),
            tuple(Choice(key, name) for key, name in holders.items()),
        ),
    ]
    reason, label = data.reasons.get(int(query.alasan or 0)), _("tidak dikenal")
    if reason:
        label = name_of(reason)
        if query.hari != "kendala":
            label = _("{reason}, {days} hari", reason=label, days=board.OBSTACLE_DAYS)
    reasons = tuple(
        Choice(str(row.id), name_of(row))
        for row in sorted(data.reasons.values(), key=lambda each: each.position)
        if row.active and data.statuses[row.status_code].category is Category.OBSTACLE
    )
    found.append(Filter("alasan", _("Alasan"), query.alasan, label, reasons))
    return tuple(found)


async def own_views(
    session: AsyncSession, visit: Visit, query: Query, given: Filters, mine: Sequence[View]
) -> tuple[tuple[OwnView, ...], Mapping[str, int]]:
    """One's own views with their counts, and the counts of the others: open orders in one look, the rest up to MOST."""
    kept = {each: query_of(each.query) for each in mine}
    data = await queries.master(session)
    wanted = {f"own{each.id}": filters_of(its, visit.zone) for each, its in kept.items()}
    narrow = {name: its for name, its in wanted.items() if board.narrow(its, data)}
    counts = await board.counts(session, visit.viewer, given, narrow)
    found: dict[str, int | None] = {name: counts[name] for name in narrow}
    for name, each_given in wanted.items():
        if name not in narrow:
            found[name] = await _at_most(session, visit, each_given)
    here = query.said(urut="", kolom="")
    made = []
    for each, its in kept.items():
        count = found[f"own{each.id}"]
        more = f"own{each.id}" not in narrow and count is not None and count > MOST
        made.append(
            OwnView(
                each.id,
                each.name,
                address(its),
                min(count, MOST) if more and count is not None else count,
                more,
                current=its.said(urut="", kolom="") == here,
                starts=each.starts,
            )
        )
    return tuple(made), counts


async def _at_most(session: AsyncSession, visit: Visit, given: Filters) -> int | None:
    """How many, counted to one more than MOST; None where even that takes too long, as for a rare word."""
    if given.words:
        return None
    try:
        async with session.begin_nested():
            await session.execute(select(func.set_config("statement_timeout", PATIENCE, True)))
            found = await board.at_least(session, visit.viewer, given, MOST + 1)
            await session.execute(select(func.set_config("statement_timeout", "0", True)))
            return found
    except DBAPIError:
        return None


async def queue_of(
    session: AsyncSession,
    visit: Visit,
    query: Query,
    *,
    cursor: str = "",
    detail: Detail | None = None,
    missing: str = "",
    keeping: dict[str, str] | None = None,
    mine: Sequence[View] | None = None,
) -> tuple[Queue, int]:
    """The queue as its page shows it, and how many orders are active in the area. mine: one's own views, if known."""
    given = filters_of(query, visit.zone)
    page = await board.page(session, visit.viewer, given, cursor)
    mine = await views.own(session, visit.viewer.person_id) if mine is None else mine
    own, counts = await own_views(session, visit, query, given, mine)
    columns = columns_of(query, visit.looks)
    view = Queue(
        query=query,
        tabs=tabs_of(counts),
        filters=await narrowing(session, visit.viewer, query),
        rows=await facts.rows_of(session, page.rows, columns),
        next=page.after,
        detail=detail,
        missing=missing,
        heads=heads(query, columns, board.sorted_by(given, await queries.master(session))),
        columns=columns,
        all_columns=tuple(Choice(name, _(column.label)) for name, column in KNOWN.items()),
        own=own,
        keeping=keeping or {},
        days=days_words(query),
        near=page.near and bool(page.rows),
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
async def show_queue(request: Request, session: Session, visit: Visitor) -> Response:
    """The queue, most urgent first; asked for without a word it opens with the person's start view."""
    mine = await views.own(session, visit.viewer.person_id)
    if not request.url.query and (start := next((each.query for each in mine if each.starts), "")):
        return RedirectResponse(address(query_of(start)), 303)
    query = read_query(request)
    cursor = request.query_params.get("sesudah", "")[:60]
    view, active = await queue_of(session, visit, query, cursor=cursor, mine=mine)
    toast = await news_bulk.carried(session, visit, request.query_params.get("massal", ""), query)
    toast = toast or await news.waiting(session, visit, request)
    shell = visit.shell("order", active=active, live=stream(query), toast=toast)
    answer = HTMLResponse(render("order.html", shell=shell, view=view))
    if cookies.news_of(request) is not None:
        cookies.forget_news(answer)
    return answer


@router.get("/order/baris")
async def show_rows(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The rows alone: the next page, or what is new."""
    query = read_query(request)
    given = filters_of(query, visit.zone)
    page = await board.page(session, visit.viewer, given, request.query_params.get("sesudah", "")[:60])
    columns = columns_of(query, visit.looks)
    rows = await facts.rows_of(session, page.rows, columns)
    view = Queue(query=query, tabs=(), filters=(), rows=rows, next=page.after, columns=columns)
    return HTMLResponse(render("_rows.html", shell=replace(visit.shell("order")), view=view))
