"""Pictures of orders for those who may read the order: from the store, or fetched from Telegram."""

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from services.web.deps import find_visit
from services.web.language import N_, _
from services.web.pages.order import asked_order
from shared.db import transaction
from shared.errors import NotFound
from shared.photos import files
from shared.photos import operations as photos

router = APIRouter()

DAY = 86_400  # seconds a browser may keep a picture; an address never shows another one
PLACEHOLDER = """<svg xmlns="http://www.w3.org/2000/svg" width="480" height="360" viewBox="0 0 480 360" role="img">
<title>{said}</title><rect width="480" height="360" fill="#eeece8"/>
<g fill="none" stroke="#5b5750" stroke-width="7" stroke-linecap="round" stroke-linejoin="round">
<path d="M148 96h50l16-26h52l16 26h50v126H148z"/><circle cx="240" cy="156" r="36"/><path d="m128 250 224-204"/></g>
<text x="240" y="300" font-family="sans-serif" font-size="30" text-anchor="middle" fill="#1c1b19">{said}</text></svg>"""
WHY = {"away": N_("Foto belum dapat diambil"), "none": N_("Foto tidak ada lagi")}


def number(text: str) -> int:
    """The id of a photo in an address. Raises NotFound."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound
    return int(text)


@router.get("/order/{no}/foto/{photo_id}")
async def show_photo(no: str, photo_id: str, request: Request) -> Response:
    """A picture of an order; `kecil=ya` is its thumbnail. No transaction is open while it is fetched."""
    async with transaction() as session:
        visit = await find_visit(request, session, touch=False)
        found = await asked_order(no, session, visit, request.query_params.get("id", ""))
        small = request.query_params.get("kecil") == "ya"
        file_id = await file_of(session, found.order.id, number(photo_id), small=small)
    return await answer(file_id)


async def file_of(session: AsyncSession, order_id: int, photo_id: int, *, small: bool) -> str:
    """Telegram's id of a photo of this order, or of its thumbnail. Raises NotFound."""
    row = await photos.one(session, order_id, photo_id)
    return row.thumb_id if small else row.file_id


async def answer(file_id: str) -> Response:
    """The picture, or one that says in words why it cannot be shown."""
    try:
        picture = await files.picture(file_id)
    except files.Away:
        return placeholder("away", 503)
    except files.NoPicture:
        return placeholder("none", 404)
    return answer_of(picture)


def answer_of(picture: files.Picture) -> FileResponse:
    """The file itself, as the type that its first bytes say, for this reader's browser alone."""
    headers = {"cache-control": f"private, max-age={DAY}, immutable", "content-encoding": "identity"}
    return FileResponse(picture.path, media_type=picture.kind, headers=headers, content_disposition_type="inline")


def placeholder(why: str, status: int) -> Response:
    """A drawn sentence in place of a picture; browsers show it though the status is an error."""
    said = PLACEHOLDER.format(said=_(WHY[why]))
    headers = {"retry-after": "15"} if status == 503 else {}
    return Response(said, status, media_type="image/svg+xml", headers={"cache-control": "no-store"} | headers)
