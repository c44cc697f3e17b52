"""What the notifier says in Telegram: short, calm, HTML-escaped. Indonesian first, English for English readers."""

from datetime import datetime
from html import escape

from shared import words
from shared.identifiers import Doubt
from shared.orders.models import Category, OrderStatus, Reason
from shared.orders.queries import OrderFacts
from shared.sla.models import Level

_WORDS = {
    "id": {
        "reason": "Alasan",
        "new_order": "Order baru",
        "technician": "Teknisi",
        "target": "Target selesai",
        "note": "Catatan",
        "status": "Status",
        "holder": "Pemegang",
        "check": "Cek progres",
        "elsewhere": "Order ini tidak lagi di wilayah grup ini.",
        "taken": "sedang dikerjakan",
        "heed": "Perhatikan",
        "reopened": "dibuka lagi",
        "near": "Hampir lewat SLA",
        "late": "Lewat SLA",
        "nobody": "belum diambil",
        "due": "Harus selesai",
        "was_due": "Seharusnya selesai",
    },
    "en": {
        "reason": "Reason",
        "new_order": "New order",
        "technician": "Technician",
        "target": "Due",
        "note": "Note",
        "status": "Status",
        "holder": "Held by",
        "check": "Check progress",
        "elsewhere": "This order is no longer in this group's area.",
        "taken": "being worked on",
        "heed": "Please note",
        "reopened": "reopened",
        "near": "Close to its target",
        "late": "Past its target",
        "nobody": "not taken yet",
        "due": "Due",
        "was_due": "Was due",
    },
}


def word(key: str, language: str) -> str:
    """One of the notifier's words in a reader's language; Indonesian where there is no other."""
    return _WORDS.get(language, _WORDS["id"])[key]


def status_message(
    facts: OrderFacts, status: OrderStatus, reason: Reason | None, note: str, who: str, at: datetime, language: str
) -> str:
    """The reply to the technician's own message: status, reason, note, who and when."""
    label = escape(words.status_label(status, language))
    if status.category is Category.WORKING:
        label = f"{label}, {word('taken', language)}"
    lines = [f"<b>{label}</b> · <code>{escape(facts.order.registration_no)}</code>"]
    if reason is not None:
        lines.append(f"{word('reason', language)}: {escape(words.reason_label(reason, language))}")
    if note:
        lines.append(f"<blockquote>{escape(note[:1500])}</blockquote>")
    lines.append(f"{escape(who)}, {words.moment(at, facts.zone)}")
    return "\n".join(lines)


def status_brief(
    facts: OrderFacts, status: OrderStatus, reason: Reason | None, note: str, who: str, language: str
) -> str:
    """The same in one line, for when several leave as one message."""
    parts = [
        f"<code>{escape(facts.order.registration_no)}</code> <b>{escape(words.status_label(status, language))}</b>"
    ]
    if reason is not None:
        parts.append(escape(words.reason_label(reason, language)))
    said = f"{escape(who)}: {escape(note[:600])}" if note else escape(who)
    return ", ".join(parts) + f". {said}"


def sla_message(facts: OrderFacts, level: Level, status: OrderStatus, language: str) -> str:
    """That an order's time is nearly up, or is up: which one, where, who has it, and the time."""
    order = facts.order
    holder = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    when = word("was_due" if level is Level.LATE else "due", language)
    assert order.due_at is not None
    number = f"<code>{escape(order.registration_no)}</code>"
    lines = [
        f"<b>{word(level.value, language)}</b> · {escape(order.type_code)} {number}",
        f"STO {escape(facts.sto_code)} · {escape(words.status_label(status, language))}, {holder}",
    ]
    if order.technician_code:
        lines.append(f"{word('technician', language)} <code>{escape(order.technician_code)}</code>")
    lines.append(f"{when} {words.moment(order.due_at, facts.zone)}")
    return "\n".join(lines)


def sla_brief(facts: OrderFacts, level: Level, language: str) -> str:
    """The same in one line, for when several leave as one message."""
    order = facts.order
    holder = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    assert order.due_at is not None
    due = words.moment(order.due_at, facts.zone)
    number = f"<code>{escape(order.registration_no)}</code>"
    return f"<b>{word(level.value, language)}</b> {number} STO {escape(facts.sto_code)}, {holder}, {due}"


def card(facts: OrderFacts, status: OrderStatus, reason: Reason | None, language: str) -> str:
    """An order as the helpdesk's group sees it; edited as the order moves on."""
    order = facts.order
    head = word("new_order", language) if status.category is Category.RECEIVED else words.status_label(status, language)
    lines = [f"<b>{escape(head)}</b> · {escape(order.type_code)} <code>{escape(order.registration_no)}</code>"]
    if order.serial:
        lines.append(f"SN <code>{escape(order.serial)}</code>")
    lines.append(f"STO {escape(facts.sto_code)}" + (f" · <code>{escape(order.odp)}</code>" if order.odp else ""))
    if order.technician_code:
        name = f" {escape(facts.technician_name)}" if facts.technician_name else ""
        lines.append(f"{word('technician', language)} <code>{escape(order.technician_code)}</code>{name}")
    if order.note:
        lines.append(f"{word('note', language)}: {escape(order.note[:300])}")
    lines.extend(
        f"{word('heed', language)}: {escape(words.doubt(Doubt(**doubt), language))}" for doubt in order.warnings
    )
    if reason is not None:
        lines.append(f"{word('reason', language)}: {escape(words.reason_label(reason, language))}")
    if order.feedback:
        lines.append(f"<blockquote>{escape(order.feedback[:500])}</blockquote>")
    if facts.holder_name:
        lines.append(f"{word('holder', language)}: {escape(facts.holder_name)}")
    if order.due_at is not None:
        lines.append(f"{word('target', language)} {words.moment(order.due_at, facts.zone)}")
    return "\n".join(lines)


def card_brief(facts: OrderFacts, language: str) -> str:
    """A new order in one line."""
    order = facts.order
    parts = [
        f"<b>{word('new_order', language)}</b> {escape(order.type_code)} <code>{escape(order.registration_no)}</code>",
        f"STO {escape(facts.sto_code)}",
    ]
    if order.odp:
        parts.append(f"<code>{escape(order.odp)}</code>")
    if order.technician_code:
        parts.append(f"<code>{escape(order.technician_code)}</code>")
    return " · ".join(parts)


def elsewhere(facts: OrderFacts, language: str) -> str:
    """A card in a group that no longer serves the order's STO: nothing of the order but its number."""
    return f"<code>{escape(facts.order.registration_no)}</code> · {word('elsewhere', language)}"
