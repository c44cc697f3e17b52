"""One account in arrears: its page, and what is done there: visits and promises, paid, its phone, its collector."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_number

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import arrears_facts, arrears_query
from services.web import words_arrears as words
from services.web.deps import LONGEST_NOTE, Form, Session, Visit, Visitor, field, whole
from services.web.language import N_, _
from services.web.render import render
from services.web.view import Toast
from services.web.view_arrears import AccountDetail, AccountTyped
from shared import requests
from shared.arrears import operations, queries, visits
from shared.arrears.guards import Guarded
from shared.arrears.models import Result
from shared.arrears.operations import Call, StaleAccount
from shared.arrears.visits import Report
from shared.errors import Invalid, NotFound
from shared.identifiers import figures, plain

router = APIRouter()

NEWS = {
    "kunjungan": N_("Kunjungan dicatat."),
    "janji": N_("Kunjungan dan janji bayar dicatat."),
    "lunas": N_("Ditandai lunas."),
    "lanjut": N_("Penagihan dilanjutkan."),
    "petugas": N_("Petugas diganti."),
    "kirim": N_("Dikirim ke chat petugas."),
}


def asked_number(no: str) -> int:
    """The account's id out of the address; 0 for what is none."""
    return arrears_query.number(no)


Asked = Annotated[int, Depends(asked_number)]


@router.get("/tunggakan/{no}")
async def show_account(request: Request, session: Session, visit: Visitor, number: Asked) -> HTMLResponse:
    """The list with the account beside it; an unknown one, or one of another area, is said to be none."""
    visit.viewer.must("arrears.read")
    query = arrears_query.read(request)
    try:
        detail = await arrears_facts.detail_of(session, visit, number, query)
    except NotFound:
        view = await arrears_facts.ledger_of(session, visit, query, missing=True)
        return HTMLResponse(render("arrears.html", shell=visit.shell("tunggakan"), view=view), 404)
    news = request.query_params.get("kabar", "")
    return await _page(session, visit, detail, toast=_(NEWS[news]) if news in NEWS else "")


async def _page(
    session: AsyncSession, visit: Visit, detail: AccountDetail, status: int = 200, toast: str = ""
) -> HTMLResponse:
    view = await arrears_facts.ledger_of(session, visit, detail.query, detail=detail)
    shell = visit.shell("tunggakan", toast=Toast(toast) if toast else None)
    answer = HTMLResponse(render("arrears.html", shell=shell, view=view), status)
    if detail.revealed:
        answer.headers["cache-control"] = "no-store"
    return answer


def _done(request: Request, number: int, news: str) -> Response:
    return RedirectResponse(arrears_query.read(request).at(f"/tunggakan/{number}", kabar=news), 303)


@router.post("/tunggakan/{no}/kunjungan")
async def note_visit(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """Write down a visit, with a promise if there was one; the same form twice has one effect."""
    visit.viewer.must("arrears.visit")
    typed = AccountTyped(*(_typed(form, name) for name in ("hasil", "tanggal", "nominal", "catatan")))
    try:
        call = _call(typed, plain(field(form, "catatan", LONGEST_NOTE)))
        key = field(form, "request_key", 64).strip()
        async with session.begin_nested():
            if not key or await requests.first_time(session, visit.viewer.person_id, key) is None:
                await visits.record(session, visit.viewer, number, call, Report(), source="web", guarded=True)
    except Invalid as error:
        return await refused(request, session, visit, number, words.mistakes(error), typed)
    except Guarded as error:
        return await refused(request, session, visit, number, {"hasil": words.guarded(error.guard)}, typed, 409)
    return _done(request, number, "janji" if call.result is Result.PROMISE else "kunjungan")


def _typed(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\x00", "")[:LONGEST_NOTE] if isinstance(value, str) else ""


def _call(typed: AccountTyped, note: str) -> Call:
    """The visit as typed. Raises Invalid."""
    wrong: dict[str, str] = {}
    result = arrears_facts.result_of(typed.hasil)
    if result is None:
        raise Invalid(result="unknown")
    if result is not Result.PROMISE:
        return Call(result, note)
    due = figures.day(typed.tanggal[:40]) if typed.tanggal.strip() else None
    amount = figures.rupiah(typed.nominal[:40]) if typed.nominal.strip() else None
    if due is not None and due.value is None:
        wrong["due"] = "not_a_day"
    if amount is not None and amount.value is None:
        wrong["amount"] = "not_an_amount"
    if wrong:
        raise Invalid(**wrong)
    return Call(result, note, due.value if due else None, amount.value if amount else None)


async def refused(
    request: Request,
    session: AsyncSession,
    visit: Visit,
    number: int,
    errors: dict[str, str],
    typed: AccountTyped | None = None,
    status: int = 422,
) -> Response:
    """The account's page with what is wrong, and what was typed."""
    query = arrears_query.read(request)
    detail = await arrears_facts.detail_of(session, visit, number, query, typed=typed, errors=errors)
    return await _page(session, visit, detail, status)


@router.post("/tunggakan/{no}/lunas")
async def mark_paid(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """Say that it is paid, as this page showed it."""
    visit.viewer.must("arrears.mark_paid")
    try:
        async with session.begin_nested():
            await operations.mark_paid(session, visit.viewer, number, whole(form, "version"), source="web")
    except StaleAccount:
        changed = _("Data pelanggan ini berubah sejak Anda membukanya. Periksa lagi, lalu tandai lunas.")
        return await refused(request, session, visit, number, {"": changed}, status=409)
    return _done(request, number, "lunas")


@router.post("/tunggakan/{no}/lanjut")
async def resume(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """Collect again what a fault had paused."""
    visit.viewer.must("arrears.assign")
    assert form is not None, "signed"
    await operations.resume(session, visit.viewer, number)
    return _done(request, number, "lanjut")


@router.post("/tunggakan/{no}/petugas")
async def give(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """Give this one account to a collector, or to nobody."""
    visit.viewer.must("arrears.assign")
    await queries.account(session, visit.viewer, number)
    try:
        to = arrears_query.collector(field(form, "to"))
        async with session.begin_nested():
            await operations.assign(session, visit.viewer, [number], to, source="web")
    except Invalid as error:
        errors = {"to": next(iter(words.mistakes(error).values()))}
        return await refused(request, session, visit, number, errors)
    return _done(request, number, "petugas")


@router.post("/tunggakan/{no}/telepon")
async def reveal(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """The phone numbers in full, this once; that this person looked is written down."""
    visit.viewer.must("arrears.reveal")
    assert form is not None, "signed"
    phones = await operations.reveal(session, visit.viewer, number, source="web")
    query = arrears_query.read(request)
    detail = await arrears_facts.detail_of(session, visit, number, query, phones=phones)
    return await _page(session, visit, detail)
