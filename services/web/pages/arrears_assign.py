"""Who works which accounts: ticked ones or a whole filter, to one collector or dealt evenly, looked at beforehand."""

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import arrears_query, labels
from services.web import words_arrears as words
from services.web.deps import Form, Session, Visit, Visitor, field
from services.web.language import _, ngettext
from services.web.render import render
from services.web.view_arrears import Assigning, Load
from shared.arrears import operations, queries
from shared.arrears.models import Account
from shared.arrears.queries import Filters, Sum
from shared.errors import Invalid
from shared.places import queries as places

router = APIRouter()


@router.get("/tunggakan/tugas")
async def show_assigning(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """The form for all that the filters of the address leave."""
    visit.viewer.must("arrears.assign")
    return await _page(request, session, visit, (), FormData())


@router.post("/tunggakan/tugas")
async def assign(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """The form for what was ticked; with `lihat` what would happen, with `terapkan` it happens."""
    visit.viewer.must("arrears.assign")
    ticked = [each for each in form.getlist("pilih") if isinstance(each, str) and arrears_query.number(each)]
    picked = tuple(dict.fromkeys(ticked))
    ticking = field(form, "asal") == "centang"
    if ticking and not picked:
        return await _page(request, session, visit, (), form, {"accounts": _(words.MISTAKES["accounts", "none"])})
    if field(form, "terapkan") != "ya":
        return await _page(request, session, visit, picked, form)
    given = await _given(request, session, visit, picked)
    try:
        async with session.begin_nested():
            if field(form, "mode") == "rata":
                moved = sum((await operations.deal(session, visit.viewer, given, _crew(form), source="web")).values())
            else:
                to = arrears_query.collector(field(form, "to"))
                accounts = await operations.chosen(session, visit.viewer, given)
                moved = await operations.assign(session, visit.viewer, accounts, to, source="web")
    except Invalid as error:
        return await _page(request, session, visit, picked, form, words.mistakes(error))
    return RedirectResponse(arrears_query.read(request).at(kabar=str(moved)), 303)


def _crew(form: FormData) -> list[int]:
    return [arrears_query.number(each) for each in form.getlist("ikut") if isinstance(each, str)]


async def _given(
    request: Request, session: AsyncSession, visit: Visit, picked: tuple[str, ...]
) -> Filters | tuple[int, ...]:
    if picked:
        return tuple(map(int, picked))
    return arrears_query.filters(arrears_query.read(request), await places.stos(session, visit.viewer))


async def _sum(session: AsyncSession, visit: Visit, given: Filters | tuple[int, ...]) -> Sum:
    if isinstance(given, Filters):
        return await queries.total(session, visit.viewer, given)
    inside = Account.id.in_(given) & visit.viewer.within(Account.sto_id)
    row = (await session.execute(select(func.count(), func.coalesce(func.sum(Account.amount), 0)).where(inside))).one()
    return Sum(int(row[0]), int(row[1]))


async def _page(
    request: Request,
    session: AsyncSession,
    visit: Visit,
    picked: tuple[str, ...],
    form: FormData,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    query, mode = arrears_query.read(request), "rata" if form.get("mode") == "rata" else "satu"
    collectors = await queries.collectors(session, visit.viewer)
    given, wrong = await _given(request, session, visit, picked), dict(errors or {})
    found = await _sum(session, visit, given)
    if found.more or found.accounts > operations.MOST_AT_ONCE:
        wrong["accounts"] = _(words.MISTAKES["accounts", "too_many"])
    said, gets = "", dict[int, Sum]()
    if field(form, "lihat") == "ya" and not wrong:
        try:
            said, gets = await _preview(session, visit, given, found, form, dict(collectors))
        except Invalid as error:
            wrong |= words.mistakes(error)
    carries, crew = await queries.loads(session, visit.viewer), _crew(form)
    nothing = Sum(0, 0)
    view = Assigning(
        query=query,
        picked=picked,
        subject=arrears_query.in_words(query, collectors),
        accounts=found.accounts,
        amount=found.amount,
        loads=tuple(
            Load(
                key=str(key),
                name=name,
                accounts=carries.get(key, nothing).accounts,
                amount=carries.get(key, nothing).amount,
                gets=gets.get(key, nothing).accounts,
                gets_amount=gets.get(key, nothing).amount,
                chosen=key in crew,
            )
            for key, name in collectors
        ),
        stos=tuple(sto.code for sto in await places.stos(session, visit.viewer)),
        mode=mode,
        to=field(form, "to").strip()[:20],
        preview=bool(said) and not wrong,
        words=said,
        errors=wrong,
    )
    html = render("arrears_assign.html", shell=visit.shell("tunggakan"), view=view)
    return HTMLResponse(html, 422 if wrong and request.method == "POST" else 200)


async def _preview(
    session: AsyncSession,
    visit: Visit,
    given: Filters | tuple[int, ...],
    found: Sum,
    form: FormData,
    names: dict[int, str],
) -> tuple[str, dict[int, Sum]]:
    """What would happen, in words, and who would get what. Raises Invalid."""
    owed = labels.rupiah(found.amount)
    many = ngettext("{n} pelanggan ({owed})", "{n} pelanggan ({owed})", found.accounts, owed=owed)
    if field(form, "mode") == "rata":
        accounts = await operations.chosen(session, visit.viewer, given)
        gets = await operations.shares(session, accounts, _crew(form))
        return _("{many} dibagi rata kepada {crew} petugas.", many=many, crew=len(_crew(form))), gets
    to = arrears_query.collector(field(form, "to"))
    if to is None:
        return _("{many} tidak lagi punya petugas.", many=many), {}
    if to not in names:
        raise Invalid(to="unknown")
    return _("{many} dikerjakan {name}.", many=many, name=names[to]), {to: found}
