"""An order by hand, with the checks the bot makes: refuse without a key or twice, ask about slips, warn of the rest."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.web import facts, language, news, words
from services.web import sessions as cookies
from services.web.deps import Form, Session, Visit, Visitor
from services.web.deps import field as said
from services.web.language import N_, _, name_of
from services.web.pages.order import needed
from services.web.render import render
from services.web.view import Choice
from services.web.view_forms import Duplicate, Field, NewOrder
from shared import requests
from shared.chats.models import Chat
from shared.errors import Invalid, NotFound
from shared.events import EventRow
from shared.identifiers import Doubt, codes
from shared.identifiers.read import Read
from shared.orders import box, operations, queries
from shared.orders.operations import AlreadyRegistered
from shared.orders.states import ALWAYS, MasterData
from shared.people.models import Person, Role
from shared.places import queries as places
from shared.words import doubt as doubt_words

router = APIRouter()

SHORT = {"type": "type", "number": "sc", "serial": "sn", "sto": "sto", "odp": "odp", "technician": "tech"}
LABELS = {
    "type": N_("Tipe"),
    "number": N_("Nomor registrasi"),
    "serial": N_("SN modem"),
    "sto": "STO",
    "odp": "ODP",
    "technician": N_("Kode teknisi"),
}
HINTS = {
    "number": N_("SC dan 8 angka, contoh SC32232558."),
    "serial": N_("Di stiker modem, contoh ZTEGC6754546."),
    "odp": N_("Contoh ODP-SDA-003."),
    "technician": N_("Contoh F5SDA445."),
}


@dataclass(frozen=True)
class Checked:
    """A form that was read: per field its value, why it is refused, what is doubted, what is offered."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    offers: Mapping[str, str] = field(default_factory=dict)

    def ready(self) -> bool:
        return not self.errors


async def check(session: AsyncSession, visit: Visit, given: Mapping[str, str]) -> Checked:
    """Read every field as the bot would; empty ones are refused only where an order cannot be without."""
    data = await queries.master(session)
    known = {sto.code for sto in await places.stos(session, visit.viewer)}
    patterns = data.patterns()
    sto_given = codes.sto(given["sto"], known).value
    readers: dict[str, Read[str]] = {
        "type": codes.order_type(given["type"], patterns),
        "number": codes.registration_number(given["number"], patterns),
        "serial": codes.serial(given["serial"], patterns),
        "sto": codes.sto(given["sto"], known),
        "odp": codes.odp(given["odp"], sto_given),
        "technician": codes.technician_code(given["technician"], patterns),
    }
    values, errors, offers = {}, {}, {}
    doubts: list[Doubt] = []
    for name, read in readers.items():
        text = given[name].strip()
        if not text:
            if SHORT[name] in ALWAYS:
                errors[name] = _("Belum diisi.")
            continue
        values[name] = read.value or text
        doubts += read.warnings
        if read.offer:
            offers[name] = read.offer
        if read.refused is not None:
            errors[name] = _without_field(read.refused)
        elif read.value is None:  # a MAC: there is no serial in it
            errors[name] = _without_field(read.warnings[0])
    for name in _required(data, values.get("type")):
        if name not in values and name not in errors:
            errors[name] = _without_field(Doubt(SHORT[name], f"{SHORT[name]}.required"))
    return Checked(values, errors, tuple(d for d in doubts if _field_of(d) not in errors), offers)


def _required(data: MasterData, code: str | None) -> list[str]:
    """The fields without which there is no order of this type."""
    needed = data.needed(code)
    return [name for name, short in SHORT.items() if short in needed]


def _hint(data: MasterData, name: str) -> str:
    """How a field looks, and for which types it must be given."""
    demanding = [row.code for row in data.types.values() if row.active and SHORT[name] in row.required]
    said = [_("Wajib untuk {codes}.", codes=", ".join(demanding))] if demanding else []
    return " ".join(filter(None, [_(HINTS.get(name, "")), *said]))


def _field_of(doubt: Doubt) -> str:
    return next(name for name, short in SHORT.items() if short == doubt.field)


def _without_field(doubt: Doubt) -> str:
    """`Bukan SN, contoh …`: the field's name stands above it already."""
    said = doubt_words(doubt, language.current())
    text = said.partition(": ")[2] or said
    return text[:1].upper() + text[1:] + "."


async def draw(
    session: AsyncSession, visit: Visit, given: Mapping[str, str], checked: Checked, asked: frozenset[str] = frozenset()
) -> tuple[Field, ...]:
    """The six fields with what is to be said of each."""
    data = await queries.master(session)
    types = tuple(Choice(row.code, f"{row.code} · {name_of(row)}") for row in data.types.values() if row.active)
    stos = tuple(Choice(sto.code, f"{sto.code} {sto.name}") for sto in await places.stos(session, visit.viewer))
    people = await session.execute(
        select(Person.technician_code, Person.name)
        .where(Person.role == Role.TECHNICIAN, Person.active, Person.technician_code.is_not(None))
        .order_by(Person.technician_code)
        .limit(200)
    )
    technicians = tuple(Choice(code or "", name) for code, name in people)
    required = _required(data, checked.values.get("type", given["type"]))
    made = []
    for name, label in LABELS.items():
        doubts = [_without_field(doubt) for doubt in checked.doubts if _field_of(doubt) == name]
        made.append(
            Field(
                name,  # type: ignore[arg-type]
                _(label),
                value=checked.values.get(name, given[name]),
                hint=_hint(data, name),
                error=checked.errors.get(name, ""),
                warning=" ".join(doubts),
                fix=checked.offers.get(name, ""),
                asked=name in asked,
                required=name in required,
                choices=types if name == "type" else stos if name == "sto" else (),
                suggestions=technicians if name == "technician" else (),
                check=name not in {"type", "sto"},
            )
        )
    return tuple(made)


def given_in(form: FormData) -> dict[str, str]:
    """The six fields as typed; one that is far too long is cut, for no code is that long and the check will say so."""
    return {name: str(form.get(name, "")).replace("\x00", "")[:60] for name in LABELS}


async def page(
    session: AsyncSession,
    visit: Visit,
    fields: tuple[Field, ...],
    *,
    status: int = 200,
    duplicate: Duplicate | None = None,
    error: str = "",
    request: Request | None = None,
) -> HTMLResponse:
    """The form's page."""
    view = NewOrder(fields, secrets.token_urlsafe(18), duplicate, error)
    toast = await news.waiting(session, visit, request) if request else None
    answer = HTMLResponse(render("order_new.html", shell=visit.shell("order-baru", toast=toast), view=view), status)
    if request is not None and cookies.news_of(request) is not None:
        cookies.forget_news(answer)
    return answer


@router.get("/order/baru")
async def show_form(request: Request, session: Session, visit: Visitor) -> HTMLResponse:
    """An empty form; with one exchange in the area it is chosen already."""
    visit.viewer.must("order.register")
    stos = await places.stos(session, visit.viewer)
    given = dict.fromkeys(LABELS, "") | ({"sto": stos[0].code} if len(stos) == 1 else {})
    return await page(session, visit, await draw(session, visit, given, Checked()), request=request)


@router.post("/order/baru/periksa")
async def check_field(session: Session, visit: Visitor, form: Form) -> HTMLResponse:
    """One field again, with what is to be said of it; nothing is saved."""
    visit.viewer.must("order.register")
    given = given_in(form)
    name = said(form, "periksa")
    checked = await check(session, visit, given)
    if not given.get(name, "").strip():
        checked = replace(checked, errors={})  # who leaves a field empty may come back to it
    elif name == "number" and name not in checked.errors:
        checked = await _say_duplicate(session, visit, checked)
    drawn = {each.name: each for each in await draw(session, visit, given, checked)}
    if name not in drawn:
        raise Invalid(periksa="unknown")
    told = await _of_other_orders(session, visit, name, checked)
    view = replace(drawn[name], warning=" ".join(filter(None, [drawn[name].warning, told])))
    return HTMLResponse(render("_field.html", shell=visit.shell("order-baru"), view=view))


async def _of_other_orders(session: AsyncSession, visit: Visit, name: str, checked: Checked) -> str:
    """What other orders say against a field: its modem is on another open one, its box gave trouble this month."""
    value = checked.values.get(name)
    if value is None or name in checked.errors:
        return ""
    if name == "serial" and (other := await queries.open_with(session, value)):
        return words.same_serial(other)
    if name == "odp" and (trouble := await box.trouble_at(session, value, visit.zone)):
        return words.box_trouble(trouble)
    return ""


async def _say_duplicate(session: AsyncSession, visit: Visit, checked: Checked) -> Checked:
    """A number that an open order has already: said while the form is filled in, decided when it is saved."""
    try:
        found = await queries.by_number(session, visit.viewer, checked.values["number"])
    except NotFound:
        return checked
    if found.order.closed_at is not None:
        return checked
    return replace(checked, errors={**checked.errors, "number": _("Sudah terdaftar dan masih aktif.")})


@router.post("/order/baru")
async def save(session: Session, visit: Visitor, form: Form) -> Response:
    """Enter the order, or draw the form again with what is to be mended."""
    visit.viewer.must("order.register")
    given = given_in(form)
    if form.get("pakai_serial"):
        given["serial"] = said(form, "pakai_serial", 60)
        return await page(session, visit, await draw(session, visit, given, await check(session, visit, given)))
    checked = await check(session, visit, given)
    sure = {str(each) for each in form.getlist("yakin")}
    slips = {name for name in checked.offers if name in checked.values and name not in checked.errors}
    asked = frozenset(name for name in slips if f"{name}:{checked.values[name]}" not in sure)
    if not checked.ready() or asked:
        return await page(session, visit, await draw(session, visit, given, checked, asked), status=422)
    try:
        key = needed(form, "request_key")
        async with session.begin_nested():
            event_id, number = await _register(session, visit, key, checked)
    except AlreadyRegistered as error:
        twin = await _duplicate(session, visit, error)
        elsewhere = "" if twin else _("Nomor ini sudah terdaftar di wilayah lain. Tidak ada order ganda yang dibuat.")
        fields = await draw(session, visit, given, checked)
        return await page(session, visit, fields, status=409, duplicate=twin, error=elsewhere)
    except Invalid as error:
        fields = await draw(session, visit, given, checked)
        return await page(session, visit, fields, status=422, error=words.sentence(error))
    answer = RedirectResponse("/order/baru" if said(form, "lanjut") == "ya" else f"/order/{number}", 303)
    cookies.carry_news(answer, event_id)
    return answer


async def _register(session: AsyncSession, visit: Visit, key: str, checked: Checked) -> tuple[int, str]:
    known = await requests.first_time(session, visit.viewer.person_id, key)
    if known is not None:
        return int(known.get("event_id", 0)), str(known.get("number", ""))
    order = await operations.register(session, visit.viewer, new_order(checked), source="web")
    event_id = await session.scalar(select(EventRow.id).where(EventRow.order_id == order.id, EventRow.seq == 1))
    answer: dict[str, Any] = {"event_id": event_id or 0, "number": order.registration_no}
    await requests.answered(session, visit.viewer.person_id, key, answer)
    return event_id or 0, order.registration_no


def new_order(checked: Checked) -> operations.NewOrder:
    """The order that a checked form describes."""
    values = checked.values
    return operations.NewOrder(
        registration_no=values["number"],
        type_code=values["type"],
        sto=values["sto"],
        serial=values.get("serial"),
        odp=values.get("odp"),
        technician_code=values.get("technician"),
        warnings=[{"field": d.field, "code": d.code, "params": dict(d.params)} for d in checked.doubts],
    )


async def _duplicate(session: AsyncSession, visit: Visit, error: AlreadyRegistered) -> Duplicate | None:
    """What may be said of the order that has the number; nothing of another area's."""
    existing = error.existing
    order, data = existing.order, await queries.master(session)
    if not visit.viewer.covers(order.sto_id):
        return None
    chat = await session.get(Chat, order.chat_id) if order.chat_id is not None else None
    where = _("Telegram, grup {title}", title=chat.title) if chat and chat.title else words.came(order.source)
    return Duplicate(
        no=order.registration_no,
        status=facts.status_of(order.status_code, data),
        who=existing.registrant_name or _("Sistem"),
        at=order.registered_at,
        holder=existing.holder_name or "",
        where=where,
    )
