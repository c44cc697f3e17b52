"""How accounts read in a chat: a line of the list, the card, the promise's questions, what was noted. HTML only.

`whole` is for a private chat; without it a customer is initials and half a number, as anybody in a group may read it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape

from services.bot.answers import Button
from services.bot.errands import Back, Due, Much, Outcome, Whole
from services.bot.texts import plain, say
from services.bot.texts_orders import short
from shared import clock, words
from shared.arrears import masks
from shared.arrears.field import Stop
from shared.arrears.guards import Guard, takes
from shared.arrears.models import Account, AccountState, Promise, Result, Visit
from shared.arrears.queries import numbers_of
from shared.arrears.there import day_in
from shared.deliveries.operations import reference
from shared.words import DAYS, MONTHS, rupiah

ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def on(day: date, language: str) -> str:
    """`Rab 25 Nov`."""
    name = ENGLISH_DAYS[day.weekday()] if language == "en" else DAYS[day.weekday()][:3]
    return f"{name} {day.day} {MONTHS[day.month - 1]}"


def who(one: Account, *, whole: bool) -> str:
    """The customer's name and number, as HTML."""
    name = short(one.name, 60) if whole else masks.name(one.name)
    return f"{escape(name)} <code>{one.internet_no if whole else masks.number(one.internet_no)}</code>"


def owed(one: Account, language: str) -> str:
    """`Rp 412.500, 3 bulan`."""
    return rupiah(one.amount) + (f", {say('months', language, n=one.months)}" if one.months else "")


def promise_line(one: Account, zone: str, language: str) -> str:
    """The open promise in a few words, on a day of the account's zone; empty without one."""
    if one.promise_due is None:
        return ""
    today = day_in(zone)
    key = "open" if one.promise_due > today else "today" if one.promise_due == today else "late"
    values = {"day": on(one.promise_due, language), "amount": rupiah(one.promise_amount or one.amount)}
    return say(f"promise_{key}", language, **values)


def line(place: int, stop: Stop, language: str, *, whole: bool) -> str:
    """One account of the list, two lines at most."""
    one = stop.account
    name = f"<b>{escape(short(one.name, 40))}</b>" if whole else escape(masks.name(one.name))
    parts = [f"{place}. {name} · {escape(stop.sto)} · {owed(one, language)}"]
    more = [promise_line(one, stop.zone, language)]
    if whole and one.address:
        more.append(escape(short(one.address, 60)))
    if stop.metres is not None:
        far = stop.metres >= 1000
        metres = f"{stop.metres / 1000:.1f}".replace(".", ",") if far else str(round(stop.metres, -1))
        more.append(say("kilometres" if far else "metres", language, n=metres))
    said = " · ".join(each for each in more if each)
    return parts[0] + (f"\n    {said}" if said else "")


def card(
    one: Account,
    sto: str,
    zone: str,
    visits: Sequence[Visit],
    against: Guard | None,
    order_no: str,
    language: str,
    *,
    whole: bool,
    minutes: float,
) -> str:
    """An account with what a collector needs at the door. minutes: how long it stays in the chat."""
    name = f"<b>{escape(short(one.name, 80))}</b>" if whole else f"<b>{escape(masks.name(one.name))}</b>"
    number = one.internet_no if whole else masks.number(one.internet_no)
    lines = [name, f"<code>{number}</code> · {escape(sto)}" + (f" · {escape(one.product)}" if one.product else "")]
    if whole and one.address:
        lines.append(escape(short(one.address, 200)))
    lines.append(f"<b>{rupiah(one.amount)}</b>" + (f", {say('months', language, n=one.months)}" if one.months else ""))
    if promised := promise_line(one, zone, language):
        lines.append(promised[0].upper() + promised[1:])
    if whole and (phones := numbers_of(one)):
        quiet = against is not None and against.why in {"hours", "weekly"}
        lines.append(say("card_phone_later" if quiet else "card_phone", language, phones=" / ".join(phones[:3])))
    lines.append(_last(visits, zone, language))
    if against is not None:
        lines += ["", guarded(against, order_no, language)]
    lines += ["", say("card_goes", language, minutes=f"{minutes:g}")] if whole else []
    lines += [] if whole else ["", say("card_masked", language)]
    return "\n".join(lines)


def _last(visits: Sequence[Visit], zone: str, language: str) -> str:
    if not visits:
        return say("card_never", language)
    last = visits[0]
    result = plain(f"r_{last.result}", language).lower()
    said = say("card_visit", language, at=words.moment(last.at, zone), result=result)
    return said + (f"\n<blockquote>{escape(short(last.note, 200))}</blockquote>" if last.note else "")


def guarded(against: Guard, order_no: str, language: str) -> str:
    """Why a customer may not be called on now, and from when on it may."""
    return say(
        f"guard_{against.why}",
        language,
        opens=f"{against.opens:%H:%M}",
        closes=f"{against.closes:%H:%M}",
        zone=clock.zone_name(against.zone),
        again=words.moment(against.again, against.zone) if against.again else "",
        times=against.times,
        order="\x01",
    ).replace("\x01", say("guard_order", language, number=order_no) if order_no else "")


def results(one: Account, owner: int, against: Guard | None, language: str, *, whole: bool) -> list[list[Button]]:
    """The results that may be chosen now, two in a row; in a group also the way to the whole card."""
    allowed = takes(against) if one.state is AccountState.OPEN else frozenset()
    open_ones = [each for each in Result if each in allowed]
    buttons = [
        Button(plain(f"r_{each}", language), Outcome(account=one.id, owner=owner, result=each, ref=reference()))
        for each in open_ones
    ]
    rows = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    if not whole:
        rows.append([Button(plain("b_private", language), Whole(account=one.id, owner=owner, ref=reference()))])
    return rows


def days(one: Account, owner: int, zone: str, language: str) -> list[list[Button]]:
    """When: the days that people say, and another one."""
    first = day_in(zone)
    last = date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)
    offered = {first + timedelta(days=n) for n in (0, 1, 2, 3, 5, 7)} | ({last} if (last - first).days > 7 else set())
    named = {first: plain("b_today", language), first + timedelta(days=1): plain("b_tomorrow", language)}
    buttons = [
        Button(
            named.get(day) or on(day, language),
            Due(account=one.id, owner=owner, day=day.toordinal(), ref=reference()),
        )
        for day in sorted(offered)
    ]
    other = Due(account=one.id, owner=owner, day=0, ref=reference())
    rows = [buttons[at : at + 3] for at in range(0, len(buttons), 3)]
    return [*rows, [Button(plain("b_other_day", language), other), _back(one, owner, language)]]


def amounts(one: Account, owner: int, day: date, language: str) -> list[list[Button]]:
    """How much: all, a month's share, half, and another amount."""
    offered = {"b_all_of_it": one.amount}
    if one.months and one.months > 1:
        offered["b_one_month"] = _round(one.amount / one.months)
    offered["b_half"] = _round(one.amount / 2)
    ordinal = day.toordinal()
    seen: dict[int, Button] = {}
    for key, amount in offered.items():
        if amount > 0:
            data = Much(account=one.id, owner=owner, day=ordinal, amount=amount, ref=reference())
            seen.setdefault(amount, Button(plain(key, language, amount=rupiah(amount)), data))
    other = Much(account=one.id, owner=owner, day=ordinal, amount=0, ref=reference())
    rows = [[button] for button in seen.values()]
    return [*rows, [Button(plain("b_other_amount", language), other), _back(one, owner, language)]]


def _round(amount: float) -> int:
    """To the next thousand: nobody promises 137.483."""
    return -(-int(amount) // 1000) * 1000


def _back(one: Account, owner: int, language: str) -> Button:
    return Button(plain("b_card", language), Back(account=one.id, owner=owner, ref=reference()))


def noted(
    one: Account,
    visit: Visit,
    promise: Promise | None,
    order_no: str,
    zone: str,
    language: str,
    *,
    repeated: bool,
) -> str:
    """What was written down, with the customer masked: this stays in the chat."""
    at, result = words.moment(visit.at, zone), plain(f"r_{visit.result}", language).lower()
    lines = [say("recorded_before" if repeated else "recorded", language, at=at, result=result), who(one, whole=False)]
    if promise is not None:
        values = {"amount": rupiah(promise.amount), "day": on(promise.due, language)}
        lines.append(say("recorded_promise", language, **values))
    if order_no:
        lines.append(say("recorded_fault", language, number=order_no))
    if not (visit.photo or visit.latitude is not None):
        lines.append(say("recorded_proof", language))
    return "\n".join(lines)
