"""What the notifier says when nobody did anything for too long. Indonesian first, English for English readers."""

from datetime import datetime
from html import escape

from shared import words
from shared.orders.queries import OrderFacts

_WORDS = {
    "id": {
        "silent": "Diambil, lalu diam",
        "paused": "Dijeda terlalu lama",
        "unanswered": "Pertanyaan belum dijawab",
        "import": "Impor menunggu diterapkan",
        "since": "sejak",
        "asked": "Ditanyakan",
        "nobody": "belum diambil",
        "up": "Sudah diberitahukan ke tingkat di bawahnya.",
        "open": "Buka halaman impor",
        "check": "Cek progres",
    },
    "en": {
        "silent": "Taken, then silent",
        "paused": "Paused for too long",
        "unanswered": "Question without an answer",
        "import": "Import waits to be applied",
        "since": "since",
        "asked": "Asked",
        "nobody": "not taken yet",
        "up": "The step below was told before.",
        "open": "Open the import page",
        "check": "Check progress",
    },
}


def word(key: str, language: str) -> str:
    """One of the words in a reader's language; Indonesian where there is no other."""
    return _WORDS.get(language, _WORDS["id"])[key]


def order_message(
    facts: OrderFacts, kind: str, fact_at: datetime, words_said: str, language: str, *, climbed: bool
) -> str:
    """Which order nobody acted on, where, who has it, since when. climbed: the step below was told before."""
    order = facts.order
    holder = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    since = f"{word('asked' if kind == 'unanswered' else 'since', language)} {words.moment(fact_at, facts.zone)}"
    lines = [
        f"<b>{word(kind, language)}</b> · {escape(order.type_code)} <code>{escape(order.registration_no)}</code>",
        f"STO {escape(facts.sto_code)} · {holder}, {since}",
    ]
    if words_said:
        lines.append(f"<blockquote>{escape(words_said[:500])}</blockquote>")
    if climbed:
        lines.append(word("up", language))
    return "\n".join(lines)


def order_brief(facts: OrderFacts, kind: str, fact_at: datetime, language: str) -> str:
    """The same in one line, for when several leave as one message."""
    holder = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    number = f"<code>{escape(facts.order.registration_no)}</code>"
    since = f"{word('since', language)} {words.moment(fact_at, facts.zone)}"
    return f"<b>{word(kind, language)}</b> {number} STO {escape(facts.sto_code)}, {holder}, {since}"


def import_message(name: str, who: str, at: datetime, zone: str, link: str, language: str) -> str:
    """That a file was read and nobody applied it or gave it up."""
    head = f"<b>{word('import', language)}</b> · {escape(name)}"
    said = f"{escape(who)}, {words.moment(at, zone)}"
    return f'{head}\n{said}\n<a href="{escape(link)}">{word("open", language)}</a>'


def import_brief(name: str, who: str, language: str) -> str:
    """The same in one line."""
    return f"<b>{word('import', language)}</b> {escape(name)}, {escape(who)}"
