"""The way to the collector and back: accounts sent to its chat, and the photos that come from there."""
# ruff: noqa: FAST003 the {no} of a path is read by asked_number

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.web import arrears_query, arrears_visits
from services.web import words_arrears as words
from services.web.deps import Form, Session, Visitor, find_visit
from services.web.pages import photo
from services.web.pages.account import Asked, refused
from services.web.pages.arrears import ledger_page
from shared.arrears import queries, sending
from shared.db import transaction
from shared.errors import Invalid, NotFound

router = APIRouter()


@router.post("/tunggakan/kirim")
async def send_ticked(request: Request, session: Session, visit: Visitor, form: Form) -> Response:
    """Send those who work the ticked accounts a message about them; what cannot be sent is said on the list."""
    visit.viewer.must("arrears.assign")
    ticked = [arrears_query.number(each) for each in form.getlist("pilih") if isinstance(each, str)]
    accounts = [each for each in dict.fromkeys(ticked) if each][: words.MOST_SENT]
    query = arrears_query.read(request)
    try:
        if not accounts:
            raise Invalid(accounts="none")  # noqa: TRY301 one way out for all that is wrong
        await sending.send(session, visit.viewer, accounts, source="web")
    except Invalid as error:
        return await ledger_page(request, session, visit, words.sending(error), 422)
    return RedirectResponse(query.at(terkirim=str(len(accounts))), 303)


@router.post("/tunggakan/{no}/kirim")
async def send_one(request: Request, session: Session, visit: Visitor, form: Form, number: Asked) -> Response:
    """Send this account to whoever works it."""
    visit.viewer.must("arrears.assign")
    assert form is not None, "signed"
    await queries.account(session, visit.viewer, number)
    try:
        await sending.send(session, visit.viewer, [number], source="web")
    except Invalid as error:
        return await refused(request, session, visit, number, {"": words.sending(error)})
    return RedirectResponse(arrears_query.read(request).at(f"/tunggakan/{number}", kabar="kirim"), 303)


@router.get("/tunggakan/{no}/foto/{visit_id}")
async def show_photo(no: str, visit_id: str, request: Request) -> Response:
    """The photo of a visit; `kecil=ya` is its thumbnail. No transaction is open while it is fetched."""
    async with transaction() as session:
        visit = await find_visit(request, session, touch=False)
        one = await queries.account(session, visit.viewer, arrears_query.number(no))
        small = request.query_params.get("kecil") == "ya"
        file_id = await arrears_visits.photo_of(session, one.id, photo.number(visit_id), small=small)
    if file_id is None:
        raise NotFound
    return await photo.answer(file_id)
