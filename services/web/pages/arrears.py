"""The arrears list: its page, its file, and the route that is printed for a collector."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web import arrears_facts, arrears_query, labels, sheets
from services.web import words_arrears as words
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _, ngettext
from services.web.pages import report_files
from services.web.render import render
from services.web.view import Choice, Toast
from services.web.view_arrears import Route, Stop
from shared import clock
from shared.arrears import queries
from shared.arrears.queries import AccountLine, Filters
from shared.arrears.there import day_in
from shared.errors import Invalid
from shared.places import queries as places

router = APIRouter()

MOST_STOPS = 200
COLUMNS = (
    sheets.Column(N_("No. internet"), width=15),
    sheets.Column(N_("Nama"), width=28),
    sheets.Column(N_("Alamat"), width=40),
    sheets.Column(N_("Telepon"), width=30),
    sheets.Column("STO", width=7),
    sheets.Column(N_("Datel"), width=12),
    sheets.Column(N_("Produk"), width=16),
    sheets.Column(N_("Segmen"), width=12),
    sheets.Column(N_("Tunggakan (Rp)"), "whole", 16),
    sheets.Column(N_("Bulan menunggak"), "whole", 16),
    sheets.Column(N_("Keadaan"), width=14),
    sheets.Column(N_("Petugas"), width=22),
    sheets.Column(N_("Kunjungan terakhir"), "moment", 18),
    sheets.Column(N_("Hasil"), width=15),
    sheets.Column(N_("Janji bayar"), "day", 12),
    sheets.Column(N_("Nominal janji (Rp)"), "whole", 17),
    sheets.Column(N_("Penagihan"), width=12),
)


@router.get("/tunggakan")
async def show_arrears(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The list, the most owed first."""
    visit.viewer.must("arrears.read")
    return await ledger_page(request, session, visit)


async def ledger_page(
    request: Request, session: AsyncSession, visit: Visit, problem: str = "", status: int = 200
) -> HTMLResponse:
    """The list as the address asks for it. problem: why what was just asked of it did not happen."""
    query = arrears_query.read(request)
    cursor = request.query_params.get("sesudah", "")[:60]
    view = await arrears_facts.ledger_of(session, visit, query, cursor=cursor)
    dealt, sent = _count(request, "kabar"), _count(request, "terkirim")
    toast = None
    if dealt is not None:
        toast = Toast(ngettext("{n} pelanggan dibagikan.", "{n} pelanggan dibagikan.", dealt))
    elif sent is not None:
        toast = Toast(ngettext("{n} pelanggan dikirim ke petugasnya.", "{n} pelanggan dikirim ke petugasnya.", sent))
    view = replace(view, problem=problem)
    return HTMLResponse(render("arrears.html", shell=visit.shell("tunggakan", toast=toast), view=view), status)


def _count(request: Request, name: str) -> int | None:
    n = request.query_params.get(name, "")
    return int(n) if n.isascii() and n.isdigit() and len(n) < 6 else None


@router.get("/tunggakan/ekspor")
async def export_arrears(request: Request, session: Session, visit: Visitor) -> Response:
    """The list of this address as a file."""
    visit.viewer.must("arrears.export")
    query = arrears_query.read(request)
    form = report_files.form_of(request.query_params.get("berkas", "xlsx"), ("xlsx", "csv"))
    given = arrears_query.filters(query, await places.stos(session, visit.viewer))
    said = arrears_query.in_words(query, await queries.collectors(session, visit.viewer))
    title = report_files.title_of(visit, _("Tunggakan"), said)
    rows = sheets.pulled(_batches(session, visit, given), asyncio.get_running_loop())
    name = f"tunggakan-{clock.local(clock.now(), visit.zone):%Y-%m-%d-%H%M}"
    try:
        answer = await sheets.answer(
            name, form, [sheets.Sheet(_("Tunggakan"), report_files.heads(COLUMNS), rows, title)]
        )
    except sheets.TooManyRows as error:
        raise Invalid(rows="too_many") from error
    kept = {"saringan": said, "berkas": form}
    await report_files.note(session, visit, "account.exported", "account:list", kept)
    return answer


async def _batches(session: AsyncSession, visit: Visit, given: Filters) -> AsyncIterator[Sequence[Sequence[Any]]]:
    async for batch in queries.all_of(session, visit.viewer, given):
        yield [_cells(line, visit.zone) for line in batch]


def _cells(line: AccountLine, zone: str) -> tuple[Any, ...]:
    one = line.account
    visited = clock.local(one.last_visit_at, zone).replace(tzinfo=None) if one.last_visit_at else None
    result = arrears_facts.result_of(one.last_result or "")
    return (
        one.internet_no,
        one.name,
        one.address,
        ", ".join(queries.numbers_of(one)) or one.phone,
        line.sto,
        one.datel,
        one.product,
        one.segment,
        one.amount,
        one.months,
        _(words.STATES[one.state]),
        line.collector,
        visited,
        _(words.RESULTS[result]) if result else None,
        one.promise_due,
        one.promise_amount,
        _("dijeda") if one.paused else None,
    )


@router.get("/tunggakan/rute")
async def show_route(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """Who is to be visited, in the order of work, on paper; written down, because it is full of addresses."""
    visit.viewer.must("arrears.read")
    query = arrears_query.read(request)
    stos = await places.stos(session, visit.viewer)
    collectors = await queries.collectors(session, visit.viewer)
    said = arrears_query.in_words(query, collectors)
    lines: list[AccountLine] | None = None
    if query.petugas or query.sto:
        given = arrears_query.filters(query, stos)
        lines = await queries.route(session, visit.viewer, given, MOST_STOPS + 1)
        await report_files.note(session, visit, "account.printed", "account:list", {"saringan": said})
    shown = lines[:MOST_STOPS] if lines is not None else []
    view = Route(
        query=query,
        words=said,
        stops=tuple(_stop(line, visit.zone) for line in shown) if lines is not None else None,
        amount=sum(line.account.amount for line in shown),
        more=lines is not None and len(lines) > MOST_STOPS,
        collectors=tuple(Choice(str(key), name) for key, name in collectors),
        stos=tuple(Choice(sto.code, f"{sto.code} {sto.name}") for sto in stos),
    )
    return HTMLResponse(render("arrears_route.html", shell=visit.shell("tunggakan"), view=view))


def _stop(line: AccountLine, zone: str) -> Stop:
    one = line.account
    promise = words.promised(one.promise_due, day_in(line.zone))
    told = f"{promise.label}, {labels.rupiah(one.promise_amount or 0)}" if promise else ""
    return Stop(
        name=one.name,
        internet=one.internet_no,
        address=one.address,
        phone=", ".join(map(words.masked, queries.numbers_of(one))),
        sto=line.sto,
        months=one.months,
        amount=one.amount,
        promise=told,
        last=words.last(one.last_visit_at, one.last_result, zone),
        paused=one.paused,
    )
