"""What people decide about an import: its columns, its sheet, to apply it, to give it up, to undo it."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from services.web import import_facts, words_import
from services.web.deps import Form, Session, Visit, Visitor, field, whole
from services.web.language import _
from services.web.pages.imports import kinds, number, show
from shared.arrears import columns, import_queries, imports
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.arrears.imports import StaleBatch
from shared.errors import Conflict, Invalid

router = APIRouter()

Act = Callable[[], Awaitable[ImportBatch]]


async def _do(
    session: AsyncSession, visit: Visit, no: int, act: Act, then: str, wished: frozenset[BatchState]
) -> Response:
    """Do it and go on; when the import had moved on, show how it stands and say so.

    wished: states in which somebody who pressed twice already has what was asked for.
    """
    try:
        async with session.begin_nested():
            await act()
    except StaleBatch as stale:
        now = await import_queries.batch(session, visit.viewer, no)
        actor = now.undone_by if now.state in {BatchState.UNDOING, BatchState.UNDONE} else now.decided_by
        if now.state in wished and actor == visit.viewer.person_id:
            return RedirectResponse(then, 303)
        del stale
        who = (await import_queries.names(session, [actor])).get(actor or 0, "")
        error = words_import.moved(now, "" if actor == visit.viewer.person_id else who)
        return show(visit, await import_facts.one(session, visit.viewer, now, error=error), 409)
    except Conflict:
        now = await import_queries.batch(session, visit.viewer, no)
        error = _("Sudah lewat 24 jam sejak diterapkan, jadi impor ini tidak dapat diurungkan lagi.")
        return show(visit, await import_facts.one(session, visit.viewer, now, error=error), 409)
    return RedirectResponse(then, 303)


@router.post("/impor/{no}/kolom")
async def choose(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Say what each column is, and have the file read anew."""
    kinds(visit)
    batch = await import_queries.batch(session, visit.viewer, number(no))
    mapping = [field(form, f"k{index}") or None for index in range(len(batch.header))]
    version, given = whole(form, "version"), (session, visit.viewer, batch.id)
    try:
        return await _do(
            session,
            visit,
            batch.id,
            lambda: imports.choose(*given, version, mapping),
            f"/impor/{batch.id}?kabar=kolom",
            frozenset(),
        )
    except Invalid as error:
        view = await import_facts.one(
            session, visit.viewer, batch, mapping=True, chosen=mapping, errors=_said(error, batch.kind)
        )
        return show(visit, view, 422)


def _said(error: Invalid, kind: Kind) -> dict[str, str]:
    """Field → why the columns cannot be read like that."""
    said = {"missing": _("Pilih kolom untuk {field}."), "twice": _("{field} dipilih untuk lebih dari satu kolom.")}
    known = {*columns.names(kind)}
    return {
        name if name in known else "": said[code].format(field=words_import.field(name))
        if name in known
        else _("Pilihan kolom ini tidak dikenal. Muat ulang halaman, lalu pilih lagi.")
        for name, code in error.fields.items()
    }


@router.post("/impor/{no}/lembar")
async def choose_sheet(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Have another sheet of the workbook read."""
    kinds(visit)
    batch = await import_queries.batch(session, visit.viewer, number(no))
    version, sheet = whole(form, "version"), field(form, "lembar")
    given = session, visit.viewer, batch.id
    there = f"/impor/{batch.id}"
    if sheet == batch.layout.get("sheet"):
        return RedirectResponse(there, 303)
    try:
        return await _do(
            session, visit, batch.id, lambda: imports.choose(*given, version, [], sheet=sheet), there, frozenset()
        )
    except Invalid:
        errors = {"": _("Lembar ini tidak ada dalam berkas. Pilih lagi.")}
        view = await import_facts.one(session, visit.viewer, batch, mapping=True, errors=errors)
        return show(visit, view, 422)


@router.post("/impor/{no}/terapkan")
async def apply(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Have the difference applied as it was shown."""
    kinds(visit)
    version, missing, given = whole(form, "version"), field(form, "hilang") == "ya", number(no)
    done = frozenset({BatchState.APPLYING, BatchState.APPLIED})
    return await _do(
        session,
        visit,
        given,
        lambda: imports.apply(session, visit.viewer, given, version, mark_missing=missing),
        f"/impor/{given}",
        done,
    )


@router.post("/impor/{no}/batal")
async def cancel(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Give the file up; nothing has changed."""
    kinds(visit)
    version, given = whole(form, "version"), number(no)
    done = frozenset({BatchState.CANCELLED})
    return await _do(
        session,
        visit,
        given,
        lambda: imports.cancel(session, visit.viewer, given, version),
        "/impor?kabar=batal",
        done,
    )


@router.post("/impor/{no}/urungkan")
async def undo(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Have an applied file undone."""
    kinds(visit)
    version, given = whole(form, "version"), number(no)
    done = frozenset({BatchState.UNDOING, BatchState.UNDONE})
    return await _do(
        session,
        visit,
        given,
        lambda: imports.undo(session, visit.viewer, given, version),
        f"/impor/{given}?kabar=urung",
        done,
    )
