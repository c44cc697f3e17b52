"""What the notifier says about deleted and restored orders: short, calm, HTML-escaped; Indonesian first."""

from datetime import datetime
from html import escape

from shared import words
from shared.orders.queries import OrderFacts

_WORDS = {
    "id": {"deleted": "Dihapus", "back": "Dipulihkan", "why": "Alasan", "goes_on": "Order berlaku lagi, status"},
    "en": {"deleted": "Deleted", "back": "Restored", "why": "Reason", "goes_on": "The order stands again, status"},
}


def _word(key: str, language: str) -> str:
    return _WORDS.get(language, _WORDS["id"])[key]


def deleted(facts: OrderFacts, reason: str, who: str, at: datetime, language: str) -> str:
    """The reply to the technician's own message: the order is gone, and why."""
    lines = [f"<b>{_word('deleted', language)}</b> · <code>{escape(facts.order.registration_no)}</code>"]
    if reason:
        lines.append(f"{_word('why', language)}: {escape(reason[:500])}")
    lines.append(f"{escape(who)}, {words.moment(at, facts.zone)}")
    return "\n".join(lines)


def deleted_brief(facts: OrderFacts, reason: str, who: str, language: str) -> str:
    """The same in one line."""
    said = f", {escape(reason[:300])}" if reason else ""
    number = escape(facts.order.registration_no)
    return f"<code>{number}</code> <b>{_word('deleted', language)}</b>{said}. {escape(who)}"


def restored(facts: OrderFacts, status: str, who: str, at: datetime, language: str) -> str:
    """The order is back, as it stood."""
    return "\n".join(
        [
            f"<b>{_word('back', language)}</b> · <code>{escape(facts.order.registration_no)}</code>",
            f"{_word('goes_on', language)} {escape(status)}.",
            f"{escape(who)}, {words.moment(at, facts.zone)}",
        ]
    )


def restored_brief(facts: OrderFacts, status: str, who: str, language: str) -> str:
    """The same in one line."""
    number = escape(facts.order.registration_no)
    return f"<code>{number}</code> <b>{_word('back', language)}</b>, {escape(status)}. {escape(who)}"


def card(facts: OrderFacts, reason: str, language: str) -> str:
    """A deleted order as the helpdesk's group sees it."""
    order = facts.order
    what = f"{escape(order.type_code)} <code>{escape(order.registration_no)}</code>"
    lines = [f"<b>{_word('deleted', language)}</b> · {what} · STO {escape(facts.sto_code)}"]
    if reason:
        lines.append(f"{_word('why', language)}: {escape(reason[:500])}")
    return "\n".join(lines)
