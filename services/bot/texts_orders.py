"""How an order reads in a chat: receipt, refusal of a duplicate, state, one line of a list. HTML; no database."""

from collections.abc import Sequence
from html import escape

from services.bot.texts import say
from shared import clock
from shared.identifiers import Doubt
from shared.orders.box import Trouble
from shared.orders.models import OPEN, Category, Order
from shared.orders.queries import OrderFacts
from shared.orders.states import MasterData
from shared.words import doubt, moment, reason_label, status_label

TOAST = 200  # characters in the answer to a button


def understood(facts: OrderFacts, language: str) -> list[str]:
    """The fields of an order, as lines."""
    order = facts.order
    lines = [f"<b>{escape(order.type_code)}</b> <code>{escape(order.registration_no)}</code>"]
    if order.serial:
        lines.append(f"SN <code>{escape(order.serial)}</code>")
    lines.append(f"STO {escape(facts.sto_code)}" + (f" · <code>{escape(order.odp)}</code>" if order.odp else ""))
    if order.technician_code:
        name = f" {escape(facts.technician_name)}" if facts.technician_name else ""
        lines.append(f"{say('technician', language)} <code>{escape(order.technician_code)}</code>{name}")
    if order.note:
        lines.append(say("note", language, note=short(order.note, 200)))
    return lines


def heed(same_serial: str | None, trouble: Trouble | None, language: str) -> list[str]:
    """What other orders say against this one: its modem is on another open one, its box gave trouble lately."""
    lines = [say("same_serial", language, number=same_serial)] if same_serial else []
    if trouble is not None:
        why = reason_label(trouble.reason, language)
        lines.append(say("box_trouble", language, odp=trouble.odp, n=trouble.orders, reason=why))
    return lines


def receipt(
    facts: OrderFacts, data: MasterData, place: int, heeded: Sequence[str], language: str, *, head: str = "received"
) -> str:
    """What a technician gets for `/reg`: understood, warnings, place in the queue, target time. heeded: of `heed`."""
    order = facts.order
    lines = [say(head, language), "", *understood(facts, language)]
    warned = [*(escape(doubt(Doubt(**kept), language)) for kept in order.warnings), *heeded]
    if warned:
        lines += ["", say("heed", language), *[f"• {line}" for line in warned]]
    lines.append("")
    if order.category is not Category.RECEIVED:
        lines.append(say("stands", language, status=status_label(data.statuses[order.status_code], language)))
    elif order.due_at is None:
        lines.append(say("place_only", language, place=place))
    else:
        lines.append(say("place", language, place=place, due=moment(order.due_at, facts.zone)))
    return "\n".join(lines)


def duplicate(facts: OrderFacts, data: MasterData, where: str, language: str) -> str:
    """The refusal of a number that is taken: who, when, where, status and holder. `where` is HTML."""
    order = facts.order
    holder = say("held_by", language, name=facts.holder_name) if facts.holder_name else say("held_by_nobody", language)
    text = say(
        "duplicate",
        language,
        number=order.registration_no,
        at=moment(order.registered_at, facts.zone),
        who=facts.registrant_name or say("somebody", language),
        where="\x01",
        status=status_label(data.statuses[order.status_code], language),
        holder="\x02",
    )
    return text.replace("\x01", where).replace("\x02", holder)


def state(facts: OrderFacts, data: MasterData, by: str | None, language: str) -> str:
    """How an order stands: status, since when, by whom, reason and note as last set on the web."""
    order = facts.order
    label = status_label(data.statuses[order.status_code], language)
    lines = [f"<b>{escape(label)}</b> · {escape(order.type_code)} <code>{escape(order.registration_no)}</code>"]
    at = moment(order.status_at, facts.zone)
    lines.append(say("since", language, at=at, who=by) if by else say("since_only", language, at=at))
    if reason := data.reasons.get(order.reason_id or 0):
        lines.append(say("reason", language, reason=reason_label(reason, language)))
    if order.feedback:
        lines.append(f"<blockquote>{escape(short(order.feedback, 1500))}</blockquote>")
    if facts.holder_name:
        lines.append(say("holder", language, name=facts.holder_name))
    if order.category in OPEN:
        lines.append(target(order, facts.zone, language))
    return "\n".join(lines)


def target(order: Order, zone: str, language: str) -> str:
    """Where an open order's target stands."""
    if order.due_at is None:
        return say("paused", language)
    return say("late" if order.due_at < clock.now() else "due", language, due=moment(order.due_at, zone))


def line(facts: OrderFacts, data: MasterData, language: str) -> str:
    """An order in one line of a list."""
    order = facts.order
    label = status_label(data.statuses[order.status_code], language)
    parts = [f"<code>{escape(order.registration_no)}</code> {escape(order.type_code)} <b>{escape(label)}</b>"]
    if reason := data.reasons.get(order.reason_id or 0):
        parts.append(escape(reason_label(reason, language)))
    if order.category in OPEN:
        parts.append(target(order, facts.zone, language))
    return " · ".join(parts)


def toast(facts: OrderFacts, data: MasterData, by: str | None, language: str) -> str:
    """How an order stands, in plain words for the answer to a button; longer than TOAST when it does not fit."""
    order = facts.order
    label = status_label(data.statuses[order.status_code], language)
    at = moment(order.status_at, facts.zone)
    parts = [f"{order.registration_no}: {label}, {at}" + (f", {by}" if by else "")]
    if reason := data.reasons.get(order.reason_id or 0):
        parts.append(reason_label(reason, language))
    if order.feedback:
        parts.append(order.feedback)
    return "\n".join(parts)


def short(text: str, most: int) -> str:
    """`text`, cut with an ellipsis when it is longer than `most`."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
