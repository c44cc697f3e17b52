"""What the notifier says when nobody did anything for too long. Indonesian first, English for English readers."""

from datetime import datetime
from html import escape

from shared import words
from shared.orders.queries import OrderFacts

_WORDS = {
    "id": {
        "untaken": "Lewat SLA, belum diambil",
        "was_due": "seharusnya selesai",
        "silent": "Diambil, lalu diam",
        "paused": "Dijeda terlalu lama",
        "unanswered": "Pertanyaan belum dijawab",
        "import": "Impor menunggu diterapkan",
        "since": "sejak",
        "asked": "Ditanyakan",
        "nobody": "belum diambil",
        "up": "Sudah diberitahukan ke tingkat di bawahnya.",
        "open": "Buka halaman impor",
    },
    "en": {
        "untaken": "Past its target, not taken",
        "was_due": "was due",
        "silent": "Taken, then silent",
        "paused": "Paused for too long",
        "unanswered": "Question without an answer",
        "import": "Import waits to be applied",
        "since": "since",
        "asked": "Asked",
        "nobody": "not taken yet",
        "up": "The step below was told before.",
        "open": "Open the import page",
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
    lines = [
        f"<b>{word(kind, language)}</b> · {escape(order.type_code)} <code>{escape(order.registration_no)}</code>",
        f"STO {escape(facts.sto_code)} · {_standing(facts, kind, fact_at, language)}",
    ]
    if words_said:
        lines.append(f"<blockquote>{escape(words_said[:500])}</blockquote>")
    if climbed:
        lines.append(word("up", language))
    return "\n".join(lines)


def order_brief(facts: OrderFacts, kind: str, fact_at: datetime, language: str) -> str:
    """The same in one line, for when several leave as one message."""
    number = f"<code>{escape(facts.order.registration_no)}</code>"
    standing = _standing(facts, kind, fact_at, language)
    return f"<b>{word(kind, language)}</b> {number} STO {escape(facts.sto_code)}, {standing}"


def _standing(facts: OrderFacts, kind: str, fact_at: datetime, language: str) -> str:
    """Who has it since when, or, of one that nobody has, when it should have been done."""
    if kind == "untaken" and facts.order.due_at is not None:
        return f"{word('was_due', language)} {words.moment(facts.order.due_at, facts.zone)}"
    holder = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    since = word("asked" if kind == "unanswered" else "since", language)
    return f"{holder}, {since} {words.moment(fact_at, facts.zone)}"


def import_message(name: str, who: str, at: datetime, zone: str, link: str, language: str) -> str:
    """That a file was read and nobody applied it or gave it up."""
    head = f"<b>{word('import', language)}</b> · {escape(name)}"
    said = f"{escape(who)}, {words.moment(at, zone)}"
    return f'{head}\n{said}\n<a href="{escape(link)}">{word("open", language)}</a>'


def import_brief(name: str, who: str, language: str) -> str:
    """The same in one line."""
    return f"<b>{word('import', language)}</b> {escape(name)}, {escape(who)}"
