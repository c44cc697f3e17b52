"""/api/v1/orders/{number}/photos/{photo_id}: a picture, for whoever may read its order."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.security import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse

from services.web.api.orders import NOT_FOUND, RESPONSES, bearer, caller
from services.web.pages.photo import answer_of, file_of
from shared.db import transaction
from shared.errors import NotFound
from shared.identifiers import compact
from shared.orders import queries
from shared.photos import files

router = APIRouter(prefix="/api/v1", tags=["orders"])


@router.get("/orders/{number}/photos/{photo_id}", responses=RESPONSES | NOT_FOUND, response_class=FileResponse)
async def get_photo(
    number: str,
    request: Request,
    photo_id: Annotated[int, Path(ge=1, lt=2**63)],
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None,
    order_id: Annotated[int | None, Query(alias="id", ge=1, lt=2**63)] = None,
) -> FileResponse:
    """The picture itself; 503 while Telegram, from where it is fetched the first time, does not answer."""
    async with transaction() as session:
        viewer = await caller(request, session, given)
        found = await queries.by_address(session, viewer, compact(number[:40])[:16], order_id)
        file_id = await file_of(session, found.order.id, photo_id, small=False)
    try:
        return answer_of(await files.picture(file_id))
    except files.Away as error:
        raise HTTPException(503) from error
    except files.NoPicture as error:
        raise NotFound from error
