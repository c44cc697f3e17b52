"""What the notifier says of questions, approvals and handovers: short, calm, HTML-escaped; Indonesian first."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from shared import words
from shared.orders.queries import OrderFacts
from shared.orders.states import MasterData

_WORDS = {
    "id": {
        "question": "Pertanyaan helpdesk",
        "how": "Balas pesan ini untuk menjawab.",
        "answer": "Jawaban",
        "applied": "Permintaan akses teknisi",
        "approve": "Setujui",
        "refuse": "Tolak",
        "approved_by": "Disetujui {who}, {at}.",
        "refused_by": "Ditolak {who}, {at}.",
        "you_may": "Akses Anda disetujui {who}. Kirim /help untuk melihat perintah Anda.",
        "you_may_not": "Permintaan akses Anda ditolak. Tanyakan alasannya kepada team leader Anda.",
        "handover": "{who} menyerahkan {n} order kepada Anda.",
        "note": "Catatan",
        "accept": "Terima semua",
        "decline": "Tolak",
        "more": "dan {n} lagi.",
        "accepted": "{who} menerima {n} order dari Anda.",
        "declined": "{who} menolak {n} order dari Anda.",
        "skipped": "{n} order sudah berpindah atau ditutup, jadi dilewati.",
        "why": "Alasan",
        "over": "Serah terima dari {who}: {how}.",
        "n_accepted": "{n} diterima",
        "n_declined": "{n} ditolak",
        "n_skipped": "{n} dilewati",
        "n_withdrawn": "{n} ditarik kembali",
        "n_expired": "{n} kedaluwarsa",
    },
    "en": {
        "question": "Question of helpdesk",
        "how": "Reply to this message to answer.",
        "answer": "Answer",
        "applied": "A technician asks for access",
        "approve": "Approve",
        "refuse": "Turn away",
        "approved_by": "Approved by {who}, {at}.",
        "refused_by": "Turned away by {who}, {at}.",
        "you_may": "{who} approved your access. Send /help to see your commands.",
        "you_may_not": "Your request was turned away. Ask your team leader why.",
        "handover": "{who} hands {n} orders over to you.",
        "note": "Note",
        "accept": "Accept all",
        "decline": "Decline",
        "more": "and {n} more.",
        "accepted": "{who} accepted {n} orders of yours.",
        "declined": "{who} declined {n} orders of yours.",
        "skipped": "{n} orders went elsewhere or were closed, so they were skipped.",
        "why": "Reason",
        "over": "Handover from {who}: {how}.",
        "n_accepted": "{n} accepted",
        "n_declined": "{n} declined",
        "n_skipped": "{n} skipped",
        "n_withdrawn": "{n} taken back",
        "n_expired": "{n} expired",
    },
}
LISTED = 12  # orders of a handover that one message names


def word(key: str, language: str, **values: str | int) -> str:
    """One of these words in a reader's language, its values escaped."""
    said = _WORDS.get(language, _WORDS["id"])[key]
    return said.format(**{name: escape(str(value)) for name, value in values.items()})


def question(facts: OrderFacts, asked: str, who: str, at: datetime, language: str) -> str:
    """What the office wants to know, to the technician."""
    lines = [
        f"<b>{word('question', language)}</b> · <code>{escape(facts.order.registration_no)}</code>",
        f"<blockquote>{escape(asked)}</blockquote>",
        f"{escape(who)}, {words.moment(at, facts.zone)}",
        word("how", language),
    ]
    return "\n".join(lines)


def answer(facts: OrderFacts, said: str, who: str, at: datetime, language: str) -> str:
    """What the technician answered, to whoever asked."""
    lines = [
        f"<b>{word('answer', language)}</b> · <code>{escape(facts.order.registration_no)}</code>",
        f"<blockquote>{escape(said)}</blockquote>",
        f"{escape(who)}, {words.moment(at, facts.zone)}",
    ]
    return "\n".join(lines)


def application(name: str, code: str, stos: Sequence[str], language: str) -> str:
    """Who asks to be let in."""
    where = f" · STO {escape(', '.join(stos))}" if stos else ""
    return f"<b>{word('applied', language)}</b>\n{escape(name)} · <code>{escape(code)}</code>{where}"


def handover(giver: str, note: str, orders: Sequence[tuple[OrderFacts, str]], data: MasterData, language: str) -> str:
    """The orders that wait for their next holder. orders: each with what was promised about it."""
    lines = [f"<b>{word('handover', language, who=giver, n=len(orders))}</b>"]
    if note:
        lines.append(f"{word('note', language)}: {escape(note)}")
    lines += [line(facts, promise, data, language) for facts, promise in orders[:LISTED]]
    if len(orders) > LISTED:
        lines.append(word("more", language, n=len(orders) - LISTED))
    return "\n".join(lines)


def line(facts: OrderFacts, promise: str, data: MasterData, language: str) -> str:
    """An order in one line: number, status, reason, and what was promised."""
    order = facts.order
    label = words.status_label(data.statuses[order.status_code], language)
    parts = [f"<code>{escape(order.registration_no)}</code> {escape(order.type_code)} <b>{escape(label)}</b>"]
    if reason := data.reasons.get(order.reason_id or 0):
        parts.append(escape(words.reason_label(reason, language)))
    if promise:
        parts.append(escape(promise))
    return " · ".join(parts)
