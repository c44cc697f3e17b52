"""The morning's list and the week's obstacles as Telegram shows them. It counts none: pages and files have the same."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from shared import clock, words
from shared.orders.lines import OrderLine
from shared.orders.states import MasterData
from shared.reports.recap_time import Taken, TimeRecap
from shared.reports.say import percent
from shared.reports.sheets import Column, Sheet

_WORDS = {
    "id": {
        "morning": "Daftar pagi",
        "pareto": "Pareto kendala mingguan",
        "aktif": "Aktif",
        "belum": "Belum diambil",
        "lewat": "Lewat SLA",
        "kendala": "Kendala",
        "clear": "Tidak ada order aktif. Selamat pagi.",
        "first": "Paling mendesak:",
        "more": "… dan {n} lagi di SIKPRO.",
        "nobody": "belum diambil",
        "paused": "dijeda",
        "was": "lewat",
        "due": "sampai",
        "none": "Tidak ada kendala pada order yang ditutup minggu itu.",
        "no_reason": "Tanpa alasan",
        "reason": "Alasan",
        "orders": "Order",
        "minutes": "Menit kerja",
        "share": "Bagian",
        "upto": "Kumulatif",
        "hours": "jam kerja hilang karena kendala, {n} kali.",
        "odp": "ODP tersering",
    },
    "en": {
        "morning": "Morning list",
        "pareto": "Weekly obstacles (Pareto)",
        "aktif": "Active",
        "belum": "Not taken yet",
        "lewat": "Past SLA",
        "kendala": "Obstacle",
        "clear": "No active orders. Good morning.",
        "first": "Most urgent:",
        "more": "… and {n} more in SIKPRO.",
        "nobody": "not taken yet",
        "paused": "paused",
        "was": "late since",
        "due": "due",
        "none": "No obstacles among the orders closed that week.",
        "no_reason": "No reason",
        "reason": "Reason",
        "orders": "Orders",
        "minutes": "Working minutes",
        "share": "Share",
        "upto": "Cumulative",
        "hours": "working hours lost to obstacles, {n} times.",
        "odp": "Most frequent ODP",
    },
}
TABS = ("aktif", "belum", "lewat", "kendala")
"""The queue's own tabs, counted as it counts them."""

MOST_REASONS = 12


def word(key: str, language: str) -> str:
    """One of these words in a reader's language."""
    return _WORDS.get(language, _WORDS["id"])[key]


def morning(
    counts: Mapping[str, int], rows: Sequence[OrderLine], data: MasterData, now: datetime, language: str
) -> str:
    """How the queue stands by its tabs, and its most urgent orders."""
    if not counts["aktif"]:
        return word("clear", language)
    width = max(len(word(tab, language)) for tab in TABS)
    table = "\n".join(f"{word(tab, language):<{width}} {counts[tab]:>5}" for tab in TABS)
    lines = [_order(each, data, now, language) for each in rows]
    left = counts["aktif"] - len(rows)
    tail = [word("more", language).format(n=left)] if left > 0 else []
    return "\n".join([f"<pre>{escape(table)}</pre>", word("first", language), *lines, *tail])


def _order(facts: OrderLine, data: MasterData, now: datetime, language: str) -> str:
    order = facts.order
    who = escape(facts.holder_name) if facts.holder_name else word("nobody", language)
    status = escape(words.status_label(data.statuses[order.status_code], language))
    when = word("paused", language)
    if order.due_at is not None:
        here = clock.local(order.due_at, facts.zone)
        same = here.date() == clock.local(now, facts.zone).date()
        at = words.time(order.due_at, facts.zone) if same else words.moment(order.due_at, facts.zone)
        when = f"{word('was' if order.due_at <= now else 'due', language)} {at}"
    return f"<code>{escape(order.registration_no)}</code> {escape(facts.sto_code)}, {status}, {who}, {when}"


def _ranked(found: TimeRecap, language: str) -> list[tuple[str, Taken, float, float]]:
    """(reason, what it took, its share, the share of it and all before) of every obstacle, what took most first."""
    whole = sum(taken.seconds for _, taken in found.reasons)
    rows, so_far = [], 0
    for label, taken in found.reasons:
        so_far += taken.seconds
        share = taken.seconds / whole if whole else 0.0
        rows.append((label or word("no_reason", language), taken, share, so_far / whole if whole else 0.0))
    return rows


def pareto(found: TimeRecap, language: str) -> str:
    """The reasons that took most, each with its share and the share of all up to it."""
    ranked = _ranked(found, language)
    if not ranked:
        return word("none", language)
    lines = [f"{'':<20}{word('orders', language):>6}{'%':>7}{'Σ%':>7}"]
    lines += [
        f"{label[:19]:<20}{taken.orders:>6}{percent(share):>7}{percent(upto):>7}"
        for label, taken, share, upto in ranked[:MOST_REASONS]
    ]
    hours = sum(taken.seconds for _, taken, *_ in ranked) // 3600
    lost = f"{hours} " + word("hours", language).format(n=sum(taken.orders for _, taken, *_ in ranked))
    told = [f"<pre>{escape(chr(10).join(lines))}</pre>", escape(lost)]
    if found.odps:
        often = ", ".join(f"{code} ({taken.orders})" for code, taken in found.odps[:3])
        told.append(escape(f"{word('odp', language)}: {often}."))
    return "\n".join(told)


def pareto_sheet(found: TimeRecap, title: tuple[str, ...], language: str) -> Sheet:
    """The same as a table of a file, every reason of it."""
    columns = (
        Column(word("reason", language), width=32),
        Column(word("orders", language), "whole", 10),
        Column(word("minutes", language), "whole", 14),
        Column(word("share", language), "share", 10),
        Column(word("upto", language), "share", 11),
    )
    rows = [
        (label, taken.orders, taken.seconds // 60, share, upto)
        for label, taken, share, upto in _ranked(found, language)
    ]
    return Sheet(word("pareto", language), columns, rows, title)
