"""What a collector's words and buttons come to: the list, a card, a visit written down. Rules lie in shared/arrears."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import cards, errands
from services.bot.answers import Answer, Button, Reply, Toast
from services.bot.asking import Asker
from services.bot.errands import More, Open
from services.bot.questions import zone_of
from services.bot.texts import mention, plain, say
from shared import audit, clock
from shared.arrears import contacts, days, faults, field, guards, queries, visits
from shared.arrears.field import Cursor, Part
from shared.arrears.guards import Guarded
from shared.arrears.models import Account, AccountState, Visit
from shared.arrears.there import day_in
from shared.arrears.visits import Call, Recorded, Report
from shared.chats.models import GroupBinding, Purpose
from shared.deliveries import passing
from shared.deliveries.operations import reference
from shared.errors import Invalid
from shared.orders.models import Order
from shared.orders.operations import Origin
from shared.people.access import Viewer
from shared.people.models import Role
from shared.places.models import Sto
from shared.places.queries import unit_of
from shared.words import rupiah


async def here(asker: Asker, session: AsyncSession) -> Viewer | None:
    """The asker as far as this chat serves it: in a group only where it is bound for collectors, and for its area."""
    viewer = asker.viewer
    viewer.must("arrears.read")
    if not asker.place.is_group:
        return viewer
    bound = GroupBinding.chat_id == asker.place.chat_id
    rows = await session.scalars(
        select(Sto.id)
        .join(
            GroupBinding,
            or_(GroupBinding.sto_id == Sto.id, GroupBinding.site_operation_id == Sto.site_operation_id),
        )
        .where(bound, GroupBinding.purpose == Purpose.COLLECTORS, GroupBinding.active)
    )
    stos = frozenset(rows)
    if not stos:
        return None
    return replace(viewer, stos=stos if viewer.stos is None else viewer.stos & stos)


async def tasks(
    asker: Asker, session: AsyncSession, viewer: Viewer, after: Cursor | None = None, *, rewrites: int | None = None
) -> Answer:
    """A page of today's list; with names and addresses in a private chat, which is written down."""
    language, whole = asker.language, not asker.place.is_group
    stops = await field.today(session, viewer, after)
    mine = viewer.role is Role.COLLECTOR
    if not stops:
        return Answer(say("tasks_none" if mine else "tasks_none_office", language), rewrites=rewrites)
    shown = stops[: field.PAGE]
    lines = [await _head(session, viewer, language) if mine else say("tasks_office", language)]
    lines += [cards.line(place, stop, language, whole=whole) for place, stop in enumerate(shown, 1)]
    lines.append(say("tasks_pick", language))
    owner = viewer.person_id
    rows = [
        [
            Button(str(place), Open(account=stop.account.id, owner=owner, ref=reference()))
            for place, stop in enumerate(shown, 1)
        ]
    ]
    if len(stops) > field.PAGE:
        last = shown[-1].cursor
        on = More(owner=owner, part=last.part, value=last.value, account=last.account_id, ref=reference())
        rows.append([Button(plain("b_on", language), on)])
    kept = {"accounts": [stop.account.id for stop in shown]}
    notes = [audit.Note(owner, "bot", "account.listed", "account:list", kept)] if whole else []
    return Answer("\n".join(lines), rows=rows, kind=passing.PASSING, rewrites=rewrites, notes=notes)


async def _head(session: AsyncSession, viewer: Viewer, language: str) -> str:
    done = await days.of_person(session, viewer.person_id, day_in(await zone_of(session, viewer)))
    head = say("tasks_head", language)
    if not done.visits:
        return head
    said = say("tasks_done", language, visits=done.visits)
    if done.promised:
        said += say("tasks_promised", language, amount=rupiah(done.promised))
    return f"{head}\n{said}"


async def found(asker: Asker, session: AsyncSession, viewer: Viewer, words: str) -> Answer:
    """The one account that fits, or a short list. Raises NotFound, Invalid as `field.find`."""
    lines = await field.find(session, viewer, words)
    language, whole = asker.language, not asker.place.is_group
    if not lines:
        return Answer(say("bill_none", language), quiet=True)
    if len(lines) == 1:
        return await card(asker, session, viewer, lines[0].account.id)
    shown = lines[: field.PAGE]
    said = [say("bill_found", language)]
    stops = [field.Stop(each.account, each.sto, each.zone, Cursor(Part.WEIGHT, 0, each.account.id)) for each in shown]
    said += [cards.line(place, stop, language, whole=whole) for place, stop in enumerate(stops, 1)]
    said.append(say("bill_more" if len(lines) > field.PAGE else "tasks_pick", language))
    owner = viewer.person_id
    row = [
        Button(str(place), Open(account=stop.account.id, owner=owner, ref=reference()))
        for place, stop in enumerate(stops, 1)
    ]
    if whole:
        kept = {"accounts": [each.account.id for each in shown]}
        await audit.note(session, owner, "bot", "account.listed", "account:list", kept)
    return Answer("\n".join(said), rows=[row], kind=passing.PASSING)


async def card(
    asker: Asker,
    session: AsyncSession,
    viewer: Viewer,
    account_id: int,
    *,
    whole: bool | None = None,
    rewrites: int | None = None,
) -> Answer:
    """An account's card; in full (in a private chat) it is written down that this person read it. Raises NotFound."""
    whole = not asker.place.is_group if whole is None else whole
    one = await queries.account(session, viewer, account_id)
    against = await guards.guard(session, one, clock.now())
    order = await faults.open_order(session, one) if one.paused else None
    last = await session.scalars(
        select(Visit).where(Visit.account_id == one.id).order_by(Visit.at.desc(), Visit.id.desc()).limit(1)
    )
    sto = (await session.scalars(select(Sto.code).where(Sto.id == one.sto_id))).one()
    order_no = order.registration_no if order else ""
    minutes = (await contacts.of_now(session)).card_minutes
    zone, seen = (await unit_of(session, one.sto_id)).zone, list(last.all())
    text = cards.card(one, sto, zone, seen, against, order_no, asker.language, whole=whole, minutes=minutes)
    rows = cards.results(one, viewer.person_id, against, asker.language, whole=whole)
    if whole:
        await audit.note(session, viewer.person_id, "bot", "account.read", f"account:{one.id}")
    return Answer(text, rows=rows, kind=passing.PASSING, rewrites=rewrites)


async def write_down(
    asker: Asker,
    session: AsyncSession,
    viewer: Viewer,
    account_id: int,
    call: Call,
    *,
    key: int,
    at: datetime | None = None,
    rewrites: int | None = None,
) -> list[Reply]:
    """Note what came of a visit, say so, and wait for its photo or place. key: the message it came in.

    The answer to a button takes the card's place, without the customer's data, so it may stay. A rule that forbids
    it becomes a sentence. Raises NotFound, Invalid.
    """
    language, place = asker.language, asker.place
    report = Report(at, f"tg:{place.chat_id}:{key}", Origin(place.chat_id, key, place.thread_id))
    try:
        made = await visits.record(session, viewer, account_id, call, report, source="bot", guarded=True)
    except Guarded as error:
        one = await queries.account(session, viewer, account_id)
        order = await faults.open_order(session, one)
        said = cards.guarded(error.guard, order.registration_no if order else "", language)
        return [Answer(f"{cards.who(one, whole=False)}\n{said}", rewrites=rewrites)]
    one = await queries.account(session, viewer, account_id)
    answer = await _noted(asker, session, one, made, rewrites)
    await errands.wait(
        session, place.chat_id, viewer.person_id, one.id, rewrites or key, "proof", visit_id=made.visit.id
    )
    if rewrites is None:
        return [answer]
    await passing.stays(session, place.chat_id, rewrites)
    key_of_toast = "toast_noted_before" if made.repeated else "toast_noted"
    return [Toast(plain(key_of_toast, language, result=plain(f"r_{made.visit.result}", language).lower())), answer]


async def _noted(asker: Asker, session: AsyncSession, one: Account, made: Recorded, rewrites: int | None) -> Answer:
    order = made.order
    if order is None and made.visit.order_id is not None:
        order = await session.get(Order, made.visit.order_id)
    number = order.registration_no if order else ""
    zone = (await unit_of(session, one.sto_id)).zone
    text = cards.noted(one, made.visit, made.promise, number, zone, asker.language, repeated=made.repeated)
    on = More(owner=asker.viewer.person_id, part="", value=0, account=0, ref=reference())
    rows = [[Button(plain("b_next_task", asker.language), on)]]
    return Answer(text, rows=rows, kind="visit", rewrites=rewrites)


async def promise(
    asker: Asker, session: AsyncSession, viewer: Viewer, account_id: int, call: Call, *, message_id: int
) -> Answer:
    """The next question of a promise in the place of the card: the day, or when that is known the amount."""
    one, language, owner = await queries.account(session, viewer, account_id), asker.language, viewer.person_id
    if one.state is not AccountState.OPEN:
        return await card(asker, session, viewer, account_id, rewrites=message_id)
    who = cards.who(one, whole=False)
    if call.due is None:
        text = say("ask_due", language, name="\x01").replace("\x01", who)
        zone = (await unit_of(session, one.sto_id)).zone
        return Answer(text, rows=cards.days(one, owner, zone, language), rewrites=message_id)
    text = say("ask_amount", language, name="\x01", day=cards.on(call.due, language)).replace("\x01", who)
    return Answer(text, rows=cards.amounts(one, owner, call.due, language), rewrites=message_id)


async def typed(
    asker: Asker,
    session: AsyncSession,
    viewer: Viewer,
    call: Call,
    account_id: int,
    *,
    card_id: int,
    wrong: str = "",
) -> Answer:
    """Ask for a promise's day, or its amount, in the person's own words; a reply, so that groups let it through."""
    language, name = asker.language, "due" if call.due is None else "amount"
    await errands.wait(session, asker.place.chat_id, viewer.person_id, account_id, card_id, name, due=call.due)
    asked = say(f"ask_{name}_typed", language)
    text = f"{say(wrong, language)}\n{asked}" if wrong else asked
    text = f"{mention(asker)}\n{text}" if asker.place.is_group else text
    return Answer(text, placeholder=plain("by_hand_hint", language))


def mistake(error: Invalid) -> str:
    """The key of the sentence about a promise that cannot be so."""
    code = error.fields.get("due")
    return f"due_{code}" if code in {"past", "too_far", "missing"} else "amount_wrong"
