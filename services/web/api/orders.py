"""/api/v1/orders: list, get, create, change status. The rules are the domain's; this translates to and from JSON."""

import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.web import language
from services.web.api.problems import NoToken, Refused
from services.web.deps import LONGEST_NOTE, Session
from services.web.language import _
from shared import clock, requests
from shared.errors import Invalid
from shared.identifiers import codes, compact, plain
from shared.identifiers.read import Read
from shared.orders import board, operations, queries
from shared.orders.board import Filters
from shared.orders.lines import OrderLine
from shared.orders.models import Order
from shared.orders.operations import AlreadyRegistered, StaleOrder
from shared.orders.queries import OrderFacts
from shared.people import tokens
from shared.people.access import Viewer
from shared.people.queries import viewer_of
from shared.photos import operations as photos
from shared.reports.area import home_of
from shared.settings import settings

router = APIRouter(prefix="/api/v1", tags=["orders"])
bearer = HTTPBearer(auto_error=False, description="A token of a person, made by an administrator.")

PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    401: PROBLEM | {"description": "No token, or one that is not valid."},
    403: PROBLEM | {"description": "The person's role does not permit it."},
    422: PROBLEM | {"description": "A value cannot be used; `errors` says which and why."},
    503: PROBLEM | {"description": "The database is away; try again after Retry-After seconds."},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: PROBLEM | {"description": "No such order in the person's area."},
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: PROBLEM | {"description": "Somebody was faster, or the number is taken; the answer says how the order stands."}
}


class Asked(BaseModel):
    """A body that holds what it says and nothing else: an unknown field is a mistake, not a wish."""

    model_config = ConfigDict(extra="forbid")


class OrderOut(BaseModel):
    """An order as it stands. Times are UTC; `due_at` is null while the clock stands.

    id: tells orders of one number apart, as `?id=` of the order's address. photos: where the pictures are.
    """

    id: int
    number: str
    type: str
    state: str
    category: str
    reason: str | None
    feedback: str
    serial: str | None
    sto: str
    odp: str | None
    technician: str | None
    holder: str | None
    note: str
    version: int
    registered_at: datetime
    state_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    target_seconds: int
    warnings: list[Any]
    photos: list[str]


class OrderPage(BaseModel):
    """A page of the list; `next` is the cursor of the following one, null at the end."""

    orders: list[OrderOut]
    next: str | None


class OrderIn(Asked):
    """A new order. Only number, type and STO are needed; what looks odd is accepted with a warning."""

    number: str = Field(max_length=40)
    type: str = Field(max_length=40)
    sto: str = Field(max_length=40)
    serial: str | None = Field(default=None, max_length=60)
    odp: str | None = Field(default=None, max_length=60)
    technician: str | None = Field(default=None, max_length=40)
    note: str = Field(default="", max_length=1000)


class StateIn(Asked):
    """A change of state as seen at `version` (or at If-Match)."""

    state: str = Field(max_length=16)
    version: int | None = Field(default=None, ge=1, lt=2**63)
    reason_id: int | None = Field(default=None, ge=1, lt=2**63)
    note: str = Field(default="", max_length=LONGEST_NOTE)
    tell: bool = Field(default=True, description="Whether the technician is told.")


async def caller(
    request: Request, session: Session, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
) -> Viewer:
    """Whose token came with the request. Raises NoToken; NotAllowed for those who work in Telegram only."""
    person = await tokens.owner(session, given.credentials) if given and len(given.credentials) <= 128 else None
    if person is None:
        raise NoToken
    if not language.accepted(request.headers.get("accept-language", "")):  # else the gate has seen to it
        language.speak(person.preferences.get("language") or person.language)
    viewer = await viewer_of(session, person)
    viewer.must("order.read")
    return viewer


Caller = Annotated[Viewer, Depends(caller)]
RepeatKey = Annotated[
    str,
    Header(alias="Idempotency-Key", max_length=60, description="The same key again gets the same effect once."),
]


@router.get("/orders", responses=RESPONSES)
async def list_orders(
    session: Session,
    viewer: Caller,
    view: Annotated[str, Query(pattern="^(aktif|belum|lewat|kendala|saya|semua)$")] = "aktif",
    sto: Annotated[str, Query(max_length=16)] = "",
    type: Annotated[str, Query(max_length=16)] = "",  # noqa: A002 the word of the trade
    state: Annotated[str, Query(max_length=16)] = "",
    technician: Annotated[str, Query(max_length=16)] = "",
    today: Annotated[bool, Query(description="Received or closed today.")] = False,
    q: Annotated[str, Query(max_length=80)] = "",
    cursor: Annotated[str, Query(max_length=60)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrderPage:
    """Orders of the person's area, most urgent first; closed ones newest first."""
    home = await home_of(session, viewer)
    since, _ = clock.day_bounds(clock.local(clock.now(), home.zone).date(), home.zone)
    given = Filters(
        view=view,
        sto=compact(sto),
        type=compact(type),
        status=plain(state),
        technician=compact(technician),
        day="ini" if today else "",
        words=plain(q),
        since=since,
    )
    page = await board.page(session, viewer, given, cursor, limit)
    pictures = await photos.of_orders(session, [each.order.id for each in page.rows])
    orders = [await out(session, each, pictures.get(each.order.id, ())) for each in page.rows]
    return OrderPage(orders=orders, next=page.after or None)


@router.get("/orders/{number}", responses=RESPONSES | NOT_FOUND)
async def get_order(
    number: str,
    session: Session,
    viewer: Caller,
    response: Response,
    order_id: Annotated[int | None, Query(alias="id", ge=1, lt=2**63)] = None,
) -> OrderOut:
    """One order, the open or else the newest of its number unless `id` says which; its ETag is its version."""
    found = await queries.by_address(session, viewer, compact(number[:40])[:16], order_id)
    return await _answer(session, response, found)


@router.post("/orders", status_code=201, responses=RESPONSES | CONFLICT)
async def create_order(
    asked: OrderIn, session: Session, viewer: Caller, response: Response, key: RepeatKey = ""
) -> OrderOut:
    """Register an order, with the checks of every other door."""
    new = await _read(session, asked)

    async def act() -> int:
        return (await operations.register(session, viewer, new, source="api")).id

    order_id = await _once(session, viewer, f"new:{key}" if key else "", act)
    found = await queries.by_id(session, viewer, order_id)
    response.headers["location"] = f"/api/v1/orders/{found.order.registration_no}"
    return await _answer(session, response, found)


@router.post("/orders/{number}/state", responses=RESPONSES | NOT_FOUND | CONFLICT)
async def change_state(
    number: str,
    asked: StateIn,
    session: Session,
    viewer: Caller,
    response: Response,
    key: RepeatKey = "",
    if_match: Annotated[str, Header(max_length=24, description='The version as an ETag: "3".')] = "",
) -> OrderOut:
    """Set state, reason and feedback; refused with 409 when the order is not at that version any more."""
    version = _version(asked, if_match)
    viewer.must("order.change")
    found = await queries.by_number(session, viewer, compact(number[:40])[:16])
    order_id = found.order.id

    async def act() -> int:
        await operations.change_status(
            session,
            viewer,
            order_id,
            version,
            asked.state,
            source="api",
            reason_id=asked.reason_id,
            note=plain(asked.note),
            tell=asked.tell,
            hold=settings().feedback_hold,
        )
        return order_id

    await _once(session, viewer, f"state:{key}" if key else "", act)
    wanted = queries.facts(viewer).where(Order.id == order_id)
    [now] = await queries.all_facts(session, wanted.execution_options(populate_existing=True))
    return await _answer(session, response, now)


async def _once(session: AsyncSession, viewer: Viewer, key: str, act: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Do `act` unless this person's key was answered already; the order it was about. Raises Refused."""
    try:
        async with session.begin_nested():
            known = await requests.first_time(session, viewer.person_id, key[:64]) if key else None
            if known is not None:
                return int(known["order_id"])
            order_id = await act()
            if key:
                await requests.answered(session, viewer.person_id, key[:64], {"order_id": order_id})
            return order_id
    except StaleOrder as error:  # said here, while what it tells of can still be read
        now = error.now.order
        raise Refused(
            _("Order ini sudah berubah sementara itu."), version=now.version, state=now.status_code
        ) from error
    except AlreadyRegistered as error:
        number = error.existing.order.registration_no
        raise Refused(_("Nomor registrasi ini sudah dipakai."), number=number) from error


def _version(asked: StateIn, if_match: str) -> int:
    told = re.fullmatch(r'(?:W/)?"?([0-9]{1,18})"?', if_match.strip())
    if if_match and not told:
        raise Invalid(if_match="not_a_version")
    if told and asked.version is not None and int(told[1]) != asked.version:
        raise Invalid(version="differs_from_if_match")
    version = int(told[1]) if told else asked.version
    if version is None:
        raise Invalid(version="missing")
    return version


async def _read(session: AsyncSession, asked: OrderIn) -> operations.NewOrder:
    """The fields read as everywhere else. Raises Invalid with the code of each that cannot be used."""
    data = await queries.master(session)
    patterns = data.patterns()
    sto = compact(asked.sto)
    reads: dict[str, Read[str]] = {
        "number": codes.registration_number(asked.number, patterns),
        "type": codes.order_type(asked.type, patterns),
        "sto": codes.sto(asked.sto),
    }
    if asked.serial:
        reads["serial"] = codes.serial(asked.serial, patterns)
    if asked.odp:
        reads["odp"] = codes.odp(asked.odp, sto)
    if asked.technician:
        reads["technician"] = codes.technician_code(asked.technician, patterns)
    wrong = {
        name: read.refused.code if read.refused else read.warnings[0].code
        for name, read in reads.items()
        if read.value is None
    }
    if wrong:
        raise Invalid(**wrong)
    doubts = [doubt for read in reads.values() for doubt in read.warnings]
    values = {name: read.value or "" for name, read in reads.items()}
    return operations.NewOrder(
        registration_no=values["number"],
        type_code=values["type"],
        sto=values["sto"],
        serial=values.get("serial"),
        odp=values.get("odp"),
        technician_code=values.get("technician"),
        note=plain(asked.note).strip(),
        warnings=[{"field": d.field, "code": d.code, "params": dict(d.params)} for d in doubts],
    )


async def _answer(session: AsyncSession, response: Response, found: OrderFacts) -> OrderOut:
    response.headers["etag"] = f'"{found.order.version}"'
    pictures = await photos.of_orders(session, [found.order.id])
    return await out(session, found, pictures.get(found.order.id, ()))


async def out(session: AsyncSession, found: OrderFacts | OrderLine, pictures: Sequence[int]) -> OrderOut:
    """An order as JSON; pictures: ids of its photos."""
    order, data = found.order, await queries.master(session)
    reason = data.reasons.get(order.reason_id or 0)
    return OrderOut(
        id=order.id,
        number=order.registration_no,
        type=order.type_code,
        state=order.status_code,
        category=order.category.value,
        reason=reason.label_en if reason else None,
        feedback=order.feedback,
        serial=order.serial,
        sto=found.sto_code,
        odp=order.odp,
        technician=order.technician_code,
        holder=found.holder_name,
        note=order.note,
        version=order.version,
        registered_at=order.registered_at,
        state_at=order.status_at,
        closed_at=order.closed_at,
        due_at=order.due_at,
        target_seconds=order.target_seconds,
        warnings=order.warnings,
        photos=[f"/api/v1/orders/{order.registration_no}/photos/{each}?id={order.id}" for each in pictures],
    )
