"""What the notifier makes of a collector's day: promises that are due, accounts that are sent, a fault that is over.

All of it goes to private chats, and only to people who still may know it at the moment of sending. It sends nothing.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import texts_arrears as texts
from services.notifier.listeners import ears
from shared.arrears import days, masks
from shared.arrears.events import AccountsSent, CollectionResumed, FieldDayEnded, PromisesDue
from shared.arrears.models import Account, AccountState, Promise, PromiseState
from shared.chats.models import Chat, ChatKind
from shared.clock import local
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import DIGEST, Message
from shared.events import EventRow
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.places.queries import unit_of
from shared.words import rupiah

__all__ = ["ears", "remind", "send_accounts", "sum_up", "tell_resumed"]

BUTTONS = 4  # accounts that can be opened from the message itself


@ears.hears(PromisesDue)
async def remind(session: AsyncSession, row: EventRow, event: PromisesDue) -> None:
    """One message for all promises of a day; those that were kept or replaced meanwhile are left out."""
    reader = await _reader(session, event.person_id, "arrears.visit")
    if reader is None:
        return
    person, viewer = reader
    rows = await session.scalars(
        select(Account)
        .join(Promise, Promise.account_id == Account.id)
        .where(Promise.id.in_(event.promises), Promise.state == PromiseState.OPEN, viewer.within(Account.sto_id))
        .order_by(Promise.amount.desc(), Account.id)
    )
    accounts = rows.all()
    if not accounts:
        return
    zone = (await unit_of(session, accounts[0].sto_id)).zone  # the promises of an event are of one day
    key = "today" if local(row.at, zone).date() >= event.due else "tomorrow"
    text = texts.due(key, event.due, accounts, person.language)
    await _tell(session, row, person, "promises", text, accounts)


@ears.hears(AccountsSent)
async def send_accounts(session: AsyncSession, row: EventRow, event: AccountsSent) -> None:
    """What the office wants looked at, with buttons that open the cards."""
    reader = await _reader(session, event.person_id, "arrears.visit")
    if reader is None:
        return
    person, viewer = reader
    wanted = select(Account).where(Account.id.in_(event.accounts), viewer.within(Account.sto_id))
    accounts = (await session.scalars(wanted.order_by(Account.amount.desc(), Account.id))).all()
    if not accounts:
        return
    sender = await session.get(Person, row.actor_id) if row.actor_id else None
    text = texts.sent(sender.name if sender else "SIKPRO", accounts, event.more, person.language)
    await _tell(session, row, person, "accounts_sent", text, accounts)


@ears.hears(CollectionResumed)
async def tell_resumed(session: AsyncSession, row: EventRow, event: CollectionResumed) -> None:
    """Whoever works the account hears that it can go on."""
    reader = await _reader(session, event.person_id, "arrears.visit") if event.person_id else None
    if reader is None:
        return
    person, viewer = reader
    one = await session.scalar(select(Account).where(Account.id == event.account_id, viewer.within(Account.sto_id)))
    order = await session.get(Order, event.order_id)
    if one is not None and one.state is AccountState.OPEN and order is not None:
        text = texts.resumed(one, order.registration_no, person.language)
        await _tell(session, row, person, "resumed", text, [one])


@ears.hears(FieldDayEnded)
async def sum_up(session: AsyncSession, row: EventRow, event: FieldDayEnded) -> None:
    """A collector's own day; for the office everybody's in its area. Nothing happened, nothing is said."""
    reader = await _reader(session, event.person_id, "arrears.assign" if event.office else "arrears.visit")
    if reader is None:
        return
    person, viewer = reader
    if event.office:
        people = await days.of_area(session, viewer, event.day)
        text = texts.all_days(event.day, people, person.language) if people else ""
    else:
        done = await days.of_person(session, person.id, event.day)
        text = texts.my_day(event.day, done, person.language) if done.visits else ""
    if text:
        await _tell(session, row, person, "field_day", text, [])


async def _reader(session: AsyncSession, person_id: int, act: str) -> tuple[Person, Viewer] | None:
    """The person, if it can be told in private and may know; else None."""
    person = await session.get(Person, person_id)
    if person is None or not person.active or person.telegram_id is None:
        return None
    viewer = await viewer_of(session, person)
    return (person, viewer) if viewer.may(act) else None


async def _tell(
    session: AsyncSession, row: EventRow, person: Person, kind: str, text: str, accounts: Sequence[Account]
) -> None:
    assert person.telegram_id is not None
    chat = insert(Chat).values(id=person.telegram_id, kind=ChatKind.PRIVATE, title=person.name)
    await session.execute(chat.on_conflict_do_nothing())
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    if accounts:
        payload["reply_markup"] = {
            "inline_keyboard": [[_button(one, person)] for one in accounts[:BUTTONS]],
        }
    message = Message(kind=kind, payload=payload, lane=DIGEST)
    await deliveries.queue(session, person.telegram_id, message, event_id=row.id)


def _button(one: Account, person: Person) -> dict[str, Any]:
    """Opens the account's card; the bot reads it as `errands.Open`."""
    label = f"{texts.word('look', person.language)} {masks.name(one.name)}, {rupiah(one.amount)}"
    return {"text": label, "callback_data": f"akun:{one.id}:{person.id}:{deliveries.reference()}"}
