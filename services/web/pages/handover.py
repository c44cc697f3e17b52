"""A shift's end: own open orders handed to the next person, who accepts or declines them; and what was handed over."""
# ruff: noqa: FAST003 the {no} of a page is read by asked

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import claims, facts, words_claims
from services.web.deps import Form, Session, Visit, Visitor, field, local_path, whole
from services.web.language import _, name_of, ngettext
from services.web.pages.order import needed
from services.web.pages.queue import stream
from services.web.render import render
from services.web.view import Query, Toast
from services.web.view_claims import HandoverLine, HandoverRow, Handovers, News, OneHandover
from shared import clock, requests
from shared.desk import handover, handover_queries, notices
from shared.desk.handover_queries import Facts, OneLine
from shared.desk.models import Line
from shared.errors import Conflict, Invalid, NotAllowed, NotFound, SikproError
from shared.identifiers import plain
from shared.orders import queries
from shared.orders.queries import OrderFacts
from shared.places.queries import unit_of

router = APIRouter()

LONGEST = 4000  # characters of a field before it is judged; what is too long gets words and is kept


async def row_of(session: AsyncSession, found: OrderFacts) -> HandoverRow:
    """An order as both pages show it."""
    order, data = found.order, await queries.master(session)
    unit = await unit_of(session, order.sto_id)
    reason = data.reasons.get(order.reason_id or 0)
    return HandoverRow(
        id=order.id,
        no=order.registration_no,
        type=order.type_code,
        status=facts.status_of(order.status_code, data),
        sla=facts.sla_of(order, unit.calendar, clock.now()),
        place=order.odp or found.sto_code,
        reason=name_of(reason) if reason else "",
    )


def line_of(given: Facts) -> HandoverLine:
    """A handover as lists show it."""
    one = given.handover
    path = f"/serah-terima/{one.id}"
    counts = words_claims.counts(given.counts)
    return HandoverLine(one.id, path, one.at, given.giver, given.taker, counts, open=given.open)


async def page_of(
    session: AsyncSession,
    visit: Visit,
    *,
    before: int | None = None,
    typed: FormData | None = None,
    errors: Mapping[str, str] | None = None,
) -> Handovers:
    """The whole page; typed: a form that was not taken, whose words are kept."""
    viewer = visit.viewer
    may_give = viewer.may("handover.give")
    own = await handover_queries.own_orders(session, viewer) if may_give else ()
    offered = await handover_queries.offered(session, viewer, [each.order.id for each in own])
    ticked = {str(each) for each in typed.getlist("order")} if typed is not None else None
    rows = []
    for each in own:
        key = str(each.order.id)
        rows.append(
            replace(
                await row_of(session, each),
                offered=offered.get(each.order.id, ""),
                ticked=each.order.id not in offered if ticked is None else key in ticked,
                promise=_typed(typed, f"janji-{key}"),
            )
        )
    history = await handover_queries.history(session, viewer, before)
    told = await notices.lately(session, viewer) if before is None else ()
    free = [each for each in own if each.order.id not in offered] or own
    return Handovers(
        waiting=tuple(line_of(each) for each in await handover_queries.waiting_for(session, viewer)),
        rows=tuple(rows),
        more=max(0, await handover_queries.count_own(session, viewer) - len(rows)) if len(rows) == handover.MOST else 0,
        people=await claims.colleagues(session, visit, {each.order.sto_id for each in free}) if rows else (),
        history=tuple(line_of(each) for each in history[: handover_queries.PAGE]),
        next=str(history[handover_queries.PAGE - 1].handover.id) if len(history) > handover_queries.PAGE else "",
        news=tuple(
            News(each.notice.at, words_claims.notice(each), words_claims.where(each), words_claims.note(each))
            for each in told
        ),
        may_give=may_give,
        request_key=secrets.token_urlsafe(18),
        to=_typed(typed, "to"),
        note=_typed(typed, "note"),
        errors=dict(errors or {}),
    )


def _typed(form: FormData | None, name: str) -> str:
    value = form.get(name, "") if form is not None else ""
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _may_look(visit: Visit) -> None:
    if not (visit.viewer.may("handover.give") or visit.viewer.may("handover.read")):
        raise NotAllowed


def _show(visit: Visit, view: Handovers, status: int = 200) -> Response:
    shell = visit.shell("serah-terima", live=stream(Query()))
    return HTMLResponse(render("handover.html", shell=shell, view=view), status)


@router.get("/serah-terima")
async def show_handovers(request: Request, session: Session, visit: Visitor) -> Response:
    """What waits for an answer, what one may hand over, and what was."""
    _may_look(visit)
    after = request.query_params.get("sesudah", "")
    before = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
    return _show(visit, await page_of(session, visit, before=before))


@router.post("/serah-terima")
async def give(session: Session, visit: Visitor, form: Form) -> Response:
    """Offer the ticked orders to the next person; the same request key has one effect."""
    visit.viewer.must("handover.give")
    try:
        key = needed(form, "request_key")
        promises = {order: plain(field(form, f"janji-{order}", LONGEST)) for order in ticked(form)}
        note = plain(field(form, "note", LONGEST))
        async with session.begin_nested():
            known = await requests.first_time(session, visit.viewer.person_id, key)
            if known is None:
                to = whole(form, "to") if promises else 0
                given = await handover.give(session, visit.viewer, to, promises, note=note)
                known = {"handover_id": given.handover_id, "sent": given.sent, "left": len(given.left)}
                await requests.answered(session, visit.viewer.person_id, key, known)
    except (Conflict, Invalid) as error:
        view = await page_of(session, visit, typed=form, errors=said(error))
        return _show(visit, view, 422 if isinstance(error, Invalid) else 409)
    more = f"&tinggal={known['left']}" if known.get("left") else ""
    return RedirectResponse(f"/serah-terima/{known['handover_id']}?kabar=dikirim{more}", 303)


def ticked(form: FormData) -> Sequence[int]:
    """The ids of the ticked orders; what is no number is none of ours."""
    given = [str(each) for each in form.getlist("order")]
    return [int(each) for each in given if each.isascii() and each.isdigit() and len(each) < 19]


def some(ids: Sequence[int]) -> Sequence[int]:
    """The same, at least one. Raises Invalid(orders=…)."""
    if not ids:
        raise Invalid(orders="none")
    return ids


def said(error: SikproError) -> dict[str, str]:
    """Field → why it was not taken."""
    if isinstance(error, Invalid):
        known = {"to", "orders", "note", "promise", "words"}
        return {
            name if name in known else "": _(words_claims.WRONG.get((name, code), "Isian ini tidak dapat dipakai."))
            for name, code in error.fields.items()
        }
    return {"": words_claims.sentence(error) or _("Order ini sudah berubah. Periksa lagi, lalu simpan.")}


async def asked(no: str, session: Session, visit: Visitor) -> Facts:
    """The handover of the address. Raises NotFound, the same for one of other people as for none at all."""
    _may_look(visit)
    if not (no.isascii() and no.isdigit() and len(no) < 19):
        raise NotFound
    return await handover_queries.one(session, visit.viewer, int(no))


Asked = Annotated[Facts, Depends(asked)]


async def one_of(
    session: AsyncSession, visit: Visit, given: Facts, *, words: str = "", errors: Mapping[str, str] | None = None
) -> OneHandover:
    """One handover as its page shows it."""
    one, me = given.handover, visit.viewer.person_id
    lines = (await handover_queries.lines(session, visit.viewer, [one.id]))[one.id]
    living = one.expires_at > clock.now()
    rows = tuple([await _answered_row(session, each, living=living) for each in lines])
    return OneHandover(
        line=line_of(given),
        note=one.note,
        expires=one.expires_at,
        rows=rows,
        hidden=max(0, sum(given.counts.values()) - len(rows)),
        may_answer=given.open and one.taker_id == me,
        may_withdraw=given.open and one.giver_id == me and one.kind == "shift",
        single=one.kind == "order",
        request_key=secrets.token_urlsafe(18),
        words=words,
        errors=dict(errors or {}),
    )


async def _answered_row(session: AsyncSession, each: OneLine, *, living: bool) -> HandoverRow:
    state = each.line.state
    waits = state in {Line.WAITING, Line.GIVEN} and living
    if state is Line.WAITING and not living:
        state = Line.EXPIRED
    skipped = words_claims.SKIPPED.get(each.line.words) if state is Line.SKIPPED else None
    return replace(
        await row_of(session, each.order),
        promise=each.line.promise,
        state=_(words_claims.LINES[state]),
        words=_(skipped) if skipped else each.line.words,
        waits=waits,
    )


def _show_one(visit: Visit, view: OneHandover, status: int = 200, toast: str = "") -> Response:
    shell = visit.shell("serah-terima", live=stream(Query()), toast=Toast(toast) if toast else None)
    return HTMLResponse(render("handover_one.html", shell=shell, view=view), status)


def _news(request: Request) -> str:
    """What the form before this page did, by its own count."""
    given = request.query_params
    n = {
        name: int(value)
        for name in ("n", "lewat", "tinggal")
        if (value := given.get(name, "")).isdigit() and len(value) < 4
    }
    match given.get("kabar", ""):
        case "dikirim":
            left = n.get("tinggal", 0)
            return _("Serah terima dikirim.") + (" " + _("{n} order tertinggal.", n=left) if left else "")
        case "diterima":
            text = ngettext("{n} order diterima.", "{n} order diterima.", n.get("n", 0))
            skipped = n.get("lewat", 0)
            return text + (" " + _("{n} dilewati karena sudah berubah.", n=skipped) if skipped else "")
        case "ditolak":
            return ngettext("{n} order ditolak.", "{n} order ditolak.", n.get("n", 0))
        case "ditarik":
            return _("Serah terima ditarik kembali.")
        case _:
            return ""


@router.get("/serah-terima/{no}")
async def show_one(request: Request, session: Session, visit: Visitor, given: Asked) -> Response:
    """One handover with its orders and how each was answered."""
    return _show_one(visit, await one_of(session, visit, given), toast=_news(request))


async def _answer(session: AsyncSession, visit: Visit, form: FormData, given: Facts, act: str) -> Response:
    viewer, key_id = visit.viewer, given.handover.id
    words = _typed(form, "words")
    try:
        key = needed(form, "request_key")
        which = None if field(form, "semua") == "ya" or act == "tarik" else some(ticked(form))
        said_words = plain(field(form, "words", LONGEST))
        async with session.begin_nested():
            known = await requests.first_time(session, viewer.person_id, key)
            if known is None:
                if act == "terima":
                    answer = await handover.accept(session, viewer, key_id, which, source="web")
                elif act == "tolak":
                    answer = await handover.decline(session, viewer, key_id, which, words=said_words, source="web")
                else:
                    answer = await handover.withdraw(session, viewer, key_id)
                known = {"done": answer.done, "skipped": answer.skipped}
                await requests.answered(session, viewer.person_id, key, known)
    except (Conflict, Invalid) as error:
        now = await handover_queries.one(session, viewer, key_id)
        view = await one_of(session, visit, now, words=words, errors=said(error))
        return _show_one(visit, view, 422 if isinstance(error, Invalid) else 409)
    back = _typed(form, "ke")[:60]
    if back.startswith("/order/"):
        return RedirectResponse(local_path(back), 303)
    news = {"terima": "diterima", "tolak": "ditolak", "tarik": "ditarik"}[act]
    n, skipped = known.get("done", 0), known.get("skipped", 0)
    return RedirectResponse(f"/serah-terima/{key_id}?kabar={news}&n={n}&lewat={skipped}", 303)


@router.post("/serah-terima/{no}/terima")
async def accept(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Take over all of it, or the ticked orders."""
    visit.viewer.must("handover.answer")
    return await _answer(session, visit, form, await asked(no, session, visit), "terima")


@router.post("/serah-terima/{no}/tolak")
async def decline(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Refuse all of it, or the ticked orders, with words."""
    visit.viewer.must("handover.answer")
    return await _answer(session, visit, form, await asked(no, session, visit), "tolak")


@router.post("/serah-terima/{no}/tarik")
async def withdraw(no: str, session: Session, visit: Visitor, form: Form) -> Response:
    """Take back what nobody has answered yet."""
    visit.viewer.must("handover.give")
    return await _answer(session, visit, form, await asked(no, session, visit), "tarik")
