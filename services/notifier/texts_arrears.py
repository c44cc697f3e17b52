"""What collectors and those who send them are told without asking. HTML-escaped; customers are named by initials.

A message may lie in a phone for a long time, so none of them holds a whole name, a number or an address.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from shared.arrears import masks
from shared.arrears.days import Day
from shared.arrears.models import Account, Result
from shared.words import MONTHS, rupiah

SHOWN = 8

_WORDS = {
    "id": {
        "today": "Janji bayar hari ini, {day}: {n} pelanggan.",
        "tomorrow": "Janji bayar besok, {day}: {n} pelanggan.",
        "rest": "dan {n} lainnya di /tugas",
        "sent": "{who} mengirim {n} pelanggan untuk Anda kunjungi.",
        "resumed": "Gangguan {name} <code>{number}</code> sudah ditangani, order <code>{order}</code> ditutup.\n"
        "Penagihan dilanjutkan.",
        "mine": "Hari Anda, {day}: {n} kunjungan.",
        "office": "Penagihan {day}: {n} kunjungan oleh {people} petugas.",
        "promised": "Dijanjikan {amount}",
        "months": "{n} bulan",
        "look": "Buka",
    },
    "en": {
        "today": "Promises due today, {day}: {n} customers.",
        "tomorrow": "Promises due tomorrow, {day}: {n} customers.",
        "rest": "and {n} more in /tugas",
        "sent": "{who} sends you {n} customers to visit.",
        "resumed": "The fault of {name} <code>{number}</code> is dealt with, order <code>{order}</code> is closed.\n"
        "Collection goes on.",
        "mine": "Your day, {day}: {n} visits.",
        "office": "Collection on {day}: {n} visits by {people} collectors.",
        "promised": "Promised {amount}",
        "months": "{n} months",
        "look": "Open",
    },
}
RESULTS: Mapping[Result, tuple[str, str]] = {
    Result.PROMISE: ("janji bayar", "promises to pay"),
    Result.PAID: ("sudah bayar", "paid already"),
    Result.NOBODY_HOME: ("rumah kosong", "nobody home"),
    Result.REFUSED: ("menolak", "refused"),
    Result.MOVED: ("pindah alamat", "moved"),
    Result.WANTS_OUT: ("minta cabut", "wants to end"),
    Result.FAULT: ("ada gangguan", "has a fault"),
}


def word(key: str, language: str, **values: str | int) -> str:
    """A sentence; the values are HTML."""
    return _WORDS["en" if language == "en" else "id"][key].format(**values)


def day(on: date) -> str:
    """`24 Nov`."""
    return f"{on.day} {MONTHS[on.month - 1]}"


def due(key: str, on: date, accounts: Sequence[Account], language: str) -> str:
    """Promises that are due today or tomorrow, one line each."""
    lines = [f"<b>{word(key, language, day=day(on), n=len(accounts))}</b>"]
    lines += [
        f"• {escape(masks.name(one.name))} <code>{masks.number(one.internet_no)}</code>, "
        f"{rupiah(one.promise_amount or one.amount)}"
        for one in accounts[:SHOWN]
    ]
    return "\n".join(lines + _rest(len(accounts) - SHOWN, language))


def sent(who: str, accounts: Sequence[Account], more: int, language: str) -> str:
    """Accounts that the office sends, the most owed first."""
    lines = [f"<b>{word('sent', language, who=escape(who), n=len(accounts) + more)}</b>"]
    lines += [
        f"• {escape(masks.name(one.name))} <code>{masks.number(one.internet_no)}</code>, {_owed(one, language)}"
        for one in accounts
    ]
    return "\n".join(lines + _rest(more, language))


def _owed(one: Account, language: str) -> str:
    months = f", {word('months', language, n=one.months)}" if one.months else ""
    return rupiah(one.amount) + months


def _rest(more: int, language: str) -> list[str]:
    return [word("rest", language, n=more)] if more > 0 else []


def resumed(one: Account, order_no: str, language: str) -> str:
    """The fault is over, so the customer is collected from again."""
    values = {"name": escape(masks.name(one.name)), "number": masks.number(one.internet_no), "order": escape(order_no)}
    return word("resumed", language, **values)


def my_day(on: date, done: Day, language: str) -> str:
    """A collector's day in a few lines."""
    lines = [f"<b>{word('mine', language, day=day(on), n=done.visits)}</b>", _results(done, language)]
    return "\n".join(lines + _promised(done, language))


def all_days(on: date, people: Mapping[str, Day], language: str) -> str:
    """The same of everybody in an area, a line each, those with most visits first."""
    many = sum(done.visits for done in people.values())
    lines = [f"<b>{word('office', language, day=day(on), n=many, people=len(people))}</b>"]
    busiest = sorted(people.items(), key=lambda each: (-each[1].visits, each[0]))
    lines += [f"{escape(name)}: {done.visits}, {_results(done, language)}" for name, done in busiest[:30]]
    whole = Day({}, sum(done.promised for done in people.values()))
    return "\n".join(lines + _promised(whole, language))


def _results(done: Day, language: str) -> str:
    return ", ".join(
        f"{RESULTS[each][language == 'en']} {done.results[each]}" for each in Result if each in done.results
    )


def _promised(done: Day, language: str) -> list[str]:
    return [word("promised", language, amount=rupiah(done.promised))] if done.promised else []
