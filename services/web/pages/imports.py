"""Imports: handing a file in, the history, and one import with its difference. It changes nothing itself."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.web import import_facts, words_import
from services.web.deps import Session, Visit, Visitor
from services.web.language import N_, _
from services.web.pages.audit import read_cursor
from services.web.render import render
from services.web.view import Choice, Toast
from services.web.view_imports import Imports, OneImport, Undoing
from shared.arrears import columns, import_queries, undoing
from shared.arrears.apply import KEPT_SHOWN
from shared.arrears.batches import ImportBatch, Kind
from shared.arrears.import_queries import MAY, PAGE
from shared.errors import Conflict, NotAllowed, NotFound
from shared.identifiers import one_line
from shared.settings import settings

router = APIRouter()

NEWS = {
    "batal": N_("Impor dibatalkan. Tidak ada data yang berubah."),
    "kolom": N_("Pencocokan kolom disimpan dan diingat untuk berkas dengan judul yang sama."),
    "urung": N_("Impor sedang diurungkan."),
}


def kinds(visit: Visit) -> list[Kind]:
    """What this person may import. Raises NotAllowed when that is nothing."""
    found = [kind for kind in (Kind.ARREARS, Kind.ORDERS) if visit.viewer.may(MAY[kind])]
    if not found:
        raise NotAllowed
    return found


def number(text: str) -> int:
    """The id of an address. Raises NotFound for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)


@router.get("/impor")
async def show_imports(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The form for a file, and what was imported before."""
    may = kinds(visit)
    given = request.query_params
    wanted = given.get("jenis", "")
    kind = next((each for each in may if str(each) == wanted), may[0])
    found = await import_queries.batches(session, visit.viewer, before=read_cursor(given.get("sesudah", "")[:60]))
    door = one_line(given.get("masalah", "")[:60])
    query = {"jenis": wanted, "sesudah": _cursor(found[PAGE - 1].batch)} if len(found) > PAGE else {}
    view = Imports(
        kind=str(kind),
        kinds=tuple(Choice(str(each), _(words_import.KINDS[each])) for each in may),
        header=", ".join(columns.TEMPLATES[kind]),
        most=settings().largest_upload,
        most_words=f"{settings().largest_upload >> 20}\u00a0MB",
        rows=tuple(import_facts.row(line, visit.viewer) for line in found[:PAGE]),
        next=f"/impor?{urlencode({name: value for name, value in query.items() if value})}" if query else "",
        trouble=words_import.at_door(door) if door else None,
    )
    return HTMLResponse(render("imports.html", shell=visit.shell("impor", toast=_toast(request)), view=view))


@router.get("/impor/{no}")
async def show_import(no: str, request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """One import, at whichever step it is."""
    kinds(visit)
    batch = await import_queries.batch(session, visit.viewer, number(no))
    given = request.query_params
    after = given.get("baris", "")
    view = await import_facts.one(
        session,
        visit.viewer,
        batch,
        mapping=given.get("kolom") == "ubah",
        code=given.get("kode", "")[:60],
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0,
    )
    return show(visit, view, toast=_toast(request))


@router.get("/impor/{no}/urungkan")
async def ask_undo(no: str, session: Session, visit: Visitor) -> HTMLResponse:
    """What an undo would restore and what it would leave, before it is asked for."""
    kinds(visit)
    batch = await import_queries.batch(session, visit.viewer, number(no))
    if not import_facts.may_undo(batch, visit.viewer):
        if batch.kind is Kind.ORDERS:
            visit.viewer.must("order.delete")
        raise Conflict
    return HTMLResponse(
        render("import_undo.html", shell=visit.shell("impor"), view=await _undoing(session, visit, batch))
    )


async def _undoing(session: AsyncSession, visit: Visit, batch: ImportBatch) -> Undoing:
    found = await undoing.foreseen(session, visit.viewer, batch)
    return Undoing(
        id=batch.id,
        version=batch.version,
        name=words_import.shown(batch.name),
        arrears=batch.kind is Kind.ARREARS,
        until=import_facts.undo_until(batch),
        known=found is not None,
        restored=found.restored if found else 0,
        kept=min(found.kept, KEPT_SHOWN) if found else 0,
        more=found is not None and found.kept > KEPT_SHOWN,
        left=import_facts.linked(found.some) if found else (),
    )


def show(visit: Visit, view: OneImport, status: int = 200, toast: Toast | None = None) -> HTMLResponse:
    """The page of one import."""
    return HTMLResponse(render("import_one.html", shell=visit.shell("impor", toast=toast), view=view), status)


def _toast(request: Request) -> Toast | None:
    said = NEWS.get(request.query_params.get("kabar", ""))
    return Toast(_(said)) if said else None


def _cursor(batch: ImportBatch) -> str:
    since = batch.uploaded_at - datetime.fromtimestamp(0, UTC)
    return f"{since // timedelta(microseconds=1)}_{batch.id}"
