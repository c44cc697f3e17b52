"""Mending an order, field by field: the questions and checks of `/reg`, asked about one of them. No rule of its own.

The order itself decides whether it may still be mended (`shared.orders.correct`).
"""

from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import dialogue, registered, texts_orders, waiting
from services.bot.answers import Answer, Button, Keys, React, Reply, Toast, drawn
from services.bot.asking import Asker
from services.bot.dialogue import Filling
from services.bot.guide import known_words
from services.bot.pressing import Mend
from services.bot.texts import mention, plain, say
from services.bot.waiting import Want
from shared.deliveries.operations import reference
from shared.errors import Invalid
from shared.identifiers import Doubt
from shared.orders import buttons, correct, forms, queries
from shared.orders.forms import OrderForm
from shared.orders.forms_words import FIELDS
from shared.orders.operations import AlreadyRegistered, AlreadyTaken, NewOrder, StaleOrder
from shared.orders.queries import OrderFacts
from shared.orders.states import IllegalMove
from shared.places import queries as places
from shared.words import doubt as doubt_words
from shared.words import status_label

DONE = "👌"
MOST = 12  # STO on buttons; more are typed
LACKS = {"serial": "f_sn", "odp": "f_odp", "technician": "f_tech"}


def form_of(facts: OrderFacts) -> OrderForm:
    """An order as a form that was filled in so; what it lacks is found anew."""
    order = facts.order
    doubts = tuple(Doubt(**kept) for kept in order.warnings if not str(kept.get("code", "")).endswith(".missing"))
    form = OrderForm(
        type=order.type_code,
        registration_no=order.registration_no,
        serial=order.serial,
        sto=facts.sto_code,
        odp=order.odp,
        technician_code=order.technician_code,
        note=order.note or None,
        warnings=doubts,
    )
    return forms.settled(form, forms.values_of(form), doubts, None)


def fields(asker: Asker, facts: OrderFacts) -> list[list[Button]]:
    """The fields to choose from, in place of the receipt's buttons."""
    made = [_mend(facts, name, plain(f"f_{name}", asker.language)) for name in (*FIELDS, "note")]
    rows = [made[at : at + 3] for at in range(0, len(made), 3)]
    return [*rows, [_mend(facts, "k", plain("b_back", asker.language))]]


def receipt_keys(asker: Asker, facts: OrderFacts) -> list[list[Button]]:
    """The receipt's own buttons."""
    mends = correct.may(asker.viewer, facts.order)
    return drawn(buttons.receipt(facts.order.id, asker.language, reference, mends=mends))


async def ask(asker: Asker, session: AsyncSession, facts: OrderFacts, name: str, on: int) -> list[Reply]:
    """Ask for a field's new value: on buttons where it can be chosen, else in words. on: the receipt's message."""
    if name == "type":
        data = await queries.master(session)
        choices = [code for code, kind in data.types.items() if kind.active]
    elif name == "sto":
        choices = [sto.code for sto in await places.stos(session, asker.viewer)]
    else:
        choices = []
    if 0 < len(choices) <= MOST:
        row = [_mend(facts, name, code, code) for code in choices]
        rows = [row[at : at + 3] for at in range(0, len(row), 3)]
        return [Toast(""), Keys(on, [*rows, [_mend(facts, "", plain("b_back", asker.language))]])]
    await waiting.want(session, asker, Want("koreksi", facts.order.id, facts.order.version, {"field": name, "on": on}))
    return [Toast(""), Keys(on, receipt_keys(asker, facts)), _question(asker, name)]


def _question(asker: Asker, name: str, wrong: Doubt | None = None) -> Answer:
    asked = say("ask_note_text" if name == "note" else f"ask_{name}", asker.language)
    lines = [doubt_words(wrong, asker.language)] if wrong is not None else []
    who = f"{mention(asker)}, " if asker.place.is_group else ""
    return Answer("\n".join([*lines, who + asked]), kind="prompt", placeholder=plain("placeholder", asker.language))


async def typed(asker: Asker, session: AsyncSession, wanted: Want) -> list[Reply]:
    """The new value as it was typed: taken, doubted with an offer, or asked for again."""
    facts = await queries.by_id(session, asker.viewer, wanted.order_id)
    name = str(wanted.more["field"])
    stos, patterns = await known_words(session)
    form, wrong = forms.merge(form_of(facts), name, asker.stated, stos=stos, patterns=patterns)
    if wrong is not None:
        return [_question(asker, name, wrong)]
    offer = form.offers.get(name)
    if offer is not None and name in {"sn", "sc"}:
        value = forms.values_of(form)[name] or ""
        await waiting.want(session, asker, replace(wanted, more={**wanted.more, "typed": asker.stated}))
        rows = [[_mend(facts, name, plain("b_use", asker.language, value=offer), "+")]]
        if value:
            rows.append([_mend(facts, name, plain("b_keep", asker.language, value=value), "=")])
        asked = say("ask_sn_offer", asker.language, serial=value, offer=offer)
        return [Answer(asked if name == "sn" else say("ask_sc_offer", asker.language, offer=offer), rows=rows)]
    await waiting.done(session, asker)
    told = await save(asker, session, facts, form, version=wanted.version)
    on = int(wanted.more.get("on") or 0)
    if told is not None:
        return [told]
    return [React(DONE), await receipt_again(asker, session, facts, on)]


async def save(
    asker: Asker, session: AsyncSession, facts: OrderFacts, form: OrderForm, *, version: int
) -> Answer | None:
    """Give the order what the form says; None when that is done, else why not."""
    language, order = asker.language, facts.order
    filling = Filling(form, order.message_id or 0)
    needed = (await queries.master(session)).needed(form.type)
    new = NewOrder(
        registration_no=form.registration_no or order.registration_no,
        type_code=form.type or order.type_code,
        sto=form.sto or facts.sto_code,
        serial=form.serial,
        odp=form.odp,
        technician_code=form.technician_code,
        note=form.note or "",
        warnings=dialogue.warnings_of(filling, asker.viewer, needed),
    )
    try:
        async with session.begin_nested():
            await correct.correct(session, asker.viewer, order.id, version, new, source="bot")
    except AlreadyRegistered as error:
        where = await registered.where(session, error.existing.order, language)
        return Answer(texts_orders.duplicate(error.existing, await queries.master(session), where, language))
    except (AlreadyTaken, IllegalMove):
        return await too_late(asker, session, facts)
    except StaleOrder as error:
        return await too_late(asker, session, error.now)
    except Invalid as error:
        lacks = next((LACKS[name] for name in error.fields if name in LACKS), None)
        if lacks is not None:
            return Answer(say("correct_lacks", language, field=plain(lacks, language)))
        return Answer(say("correct_kind" if "number" in error.fields else "invalid", language))
    return None


async def too_late(asker: Asker, session: AsyncSession, facts: OrderFacts) -> Answer:
    """Why an order can no longer be mended; one that merely changed meanwhile is to be tried again."""
    order, language = facts.order, asker.language
    if correct.may(asker.viewer, order):
        return Answer(say("stale", language))
    values: dict[str, Any] = {
        "number": order.registration_no,
        "status": status_label((await queries.master(session)).statuses[order.status_code], language),
    }
    if facts.holder_name:
        return Answer(say("correct_late", language, name=facts.holder_name, **values))
    return Answer(say("correct_late_free", language, **values))


async def receipt_again(asker: Asker, session: AsyncSession, facts: OrderFacts, on: int = 0) -> Answer:
    """The receipt as the order stands now, over the old one where its message is known."""
    fresh = await queries.by_id(session, asker.viewer, facts.order.id)
    answer = await registered.receipt(asker, session, fresh, head="corrected")
    return replace(answer, rewrites=on or None, reply_to=None)


def _mend(facts: OrderFacts, name: str, label: str, value: str = "") -> Button:
    return Button(label, Mend(order_id=facts.order.id, version=facts.order.version, field=name, value=value))
