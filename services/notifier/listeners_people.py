"""What the notifier makes of technicians who ask to be let in, and of handovers: private messages with buttons.

It lets nobody in and hands nothing over; the buttons are answered by the bot.
"""

from html import escape
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import texts_talk as texts
from services.notifier.listeners import ears
from shared import words
from shared.chats.models import Chat
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.desk import handover_queries, presence
from shared.desk.events import HandoverAnswered, HandoverGiven
from shared.desk.models import Handover, HandoverOrder, Line
from shared.events import EventRow
from shared.orders import queries
from shared.people.access import RIGHTS
from shared.people.events import TechnicianApplied, TechnicianSettled
from shared.people.models import Person, PersonArea, Role
from shared.people.queries import viewer_of
from shared.places.models import Sto

__all__ = ["ears"]

APPROVERS = tuple(role for role in Role if "technician.approve" in RIGHTS[role])
ZONE = "Asia/Jakarta"


@ears.hears(TechnicianApplied)
async def ask_approval(session: AsyncSession, row: EventRow, event: TechnicianApplied) -> None:
    """The leaders of the area that the technician asks for, in private; where there is none in Telegram, the admins."""
    person = await session.get_one(Person, event.person_id)
    if not person.waiting:
        return
    stos = await _stos(session, person.id)
    for approver, chat_id in await _approvers(session, [sto.id for sto in stos]):
        language = approver.language
        reference = deliveries.reference
        pair = [
            {"text": texts.word(key, language), "callback_data": f"izin:{person.id}:{answer}:{reference()}"}
            for key, answer in (("approve", "y"), ("refuse", "n"))
        ]
        text = texts.application(person.name, person.technician_code or "", [sto.code for sto in stos], language)
        await _say(session, row, chat_id, f"approval:{person.id}", text, [pair])


@ears.hears(TechnicianSettled)
async def tell_approval(session: AsyncSession, row: EventRow, event: TechnicianSettled) -> None:
    """The technician hears it; the messages that asked for it say who decided and lose their buttons."""
    person = await session.get_one(Person, event.person_id)
    actor = await session.get(Person, row.actor_id) if row.actor_id else None
    who = actor.name if actor else "SIKPRO"
    chat_id = await session.scalar(select(Chat.id).where(Chat.id == person.telegram_id))
    if chat_id is not None:
        key = "you_may" if event.approved else "you_may_not"
        await _say(session, row, chat_id, "settled", texts.word(key, person.language, who=who), [])
    stos = await _stos(session, person.id)
    for approver, private in await _approvers(session, [sto.id for sto in stos], all_of_them=True):
        language = approver.language
        text = texts.application(person.name, person.technician_code or "", [sto.code for sto in stos], language)
        key = "approved_by" if event.approved else "refused_by"
        text += "\n" + texts.word(key, language, who=who, at=words.moment(row.at, ZONE))
        await _close(session, row, private, f"approval:{person.id}", text)


@ears.hears(HandoverGiven)
async def offer_handover(session: AsyncSession, row: EventRow, event: HandoverGiven) -> None:
    """The colleague gets the list with two buttons, while anything of it waits."""
    handover = await session.get_one(Handover, event.handover_id)
    taker, chat_id = await _private(session, handover.taker_id)
    if chat_id is None:
        return
    language, viewer = taker.language, await viewer_of(session, taker)
    found = await handover_queries.lines(session, viewer, [handover.id])
    waiting = [(each.order, each.line.promise) for each in found[handover.id] if each.line.state is Line.WAITING]
    if not waiting:
        return
    giver = await session.get_one(Person, handover.giver_id)
    text = texts.handover(giver.name, handover.note, waiting, await queries.master(session), language)
    pair = [
        {"text": texts.word(key, language), "callback_data": f"serah:{handover.id}:{answer}:{deliveries.reference()}"}
        for key, answer in (("accept", "y"), ("decline", "n"))
    ]
    await _say(session, row, chat_id, f"handover:{handover.id}", text, [pair])


@ears.hears(HandoverAnswered)
async def tell_handover(session: AsyncSession, row: EventRow, event: HandoverAnswered) -> None:
    """The giver hears how it was answered; the colleague's buttons go once nothing waits any more."""
    handover = await session.get_one(Handover, event.handover_id)
    taker, private = await _private(session, handover.taker_id)
    rows = await session.execute(
        select(HandoverOrder.state, HandoverOrder.words).where(HandoverOrder.handover_id == handover.id)
    )
    lines = [(state, said) for state, said in rows]
    giver, chat_id = await _private(session, handover.giver_id)
    ends = (Line.ACCEPTED, Line.DECLINED, Line.SKIPPED, Line.WITHDRAWN, Line.EXPIRED)
    ended = [(end.value, n) for end in ends if (n := sum(state is end for state, _ in lines))]
    if private is not None and len(lines) == sum(n for _, n in ended):
        how = ", ".join(texts.word(f"n_{end}", taker.language, n=n) for end, n in ended)
        over = texts.word("over", taker.language, who=giver.name, how=how)
        await _close(session, row, private, f"handover:{handover.id}", over)
    if chat_id is None or row.actor_id == giver.id:
        return
    language = giver.language
    said = [
        texts.word(key, language, who=taker.name, n=many)
        for key, wanted in (("accepted", Line.ACCEPTED), ("declined", Line.DECLINED), ("skipped", Line.SKIPPED))
        if (many := sum(state is wanted for state, _ in lines))
    ]
    if why := next((why for state, why in lines if state is Line.DECLINED and why), ""):
        said.append(f"{texts.word('why', language)}: {escape(why)}")
    if said:
        await _say(session, row, chat_id, "handover", "\n".join(said), [])


async def _private(session: AsyncSession, person_id: int) -> tuple[Person, int | None]:
    person = await session.get_one(Person, person_id)
    known = select(Chat.id).where(Chat.id == person.telegram_id)
    return person, await session.scalar(known) if person.active else None


async def _stos(session: AsyncSession, person_id: int) -> list[Sto]:
    mine = select(PersonArea).where(PersonArea.person_id == person_id).subquery()
    rows = await session.scalars(
        select(Sto)
        .join(mine, or_(mine.c.sto_id == Sto.id, mine.c.site_operation_id == Sto.site_operation_id))
        .order_by(Sto.code)
        .limit(20)
    )
    return list(rows)


async def _approvers(session: AsyncSession, stos: list[int], *, all_of_them: bool = False) -> list[tuple[Person, int]]:
    """Who may approve somebody of these STO and can be reached: the leaders, else the admins."""
    rows = await session.execute(
        select(Person, Chat.id)
        .join(Chat, Chat.id == Person.telegram_id)
        .where(Person.active, Person.role.in_(APPROVERS), presence.covering(stos))
        .order_by(Person.id)
        .limit(50)
    )
    found = [(person, chat_id) for person, chat_id in rows]
    leaders = [each for each in found if each[0].role is not Role.ADMIN]
    return found if all_of_them else leaders or found


async def _say(
    session: AsyncSession, row: EventRow, chat_id: int, kind: str, text: str, keyboard: list[list[dict[str, str]]]
) -> None:
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML"}
    if keyboard:
        payload["reply_markup"] = {"inline_keyboard": keyboard}
    await deliveries.queue(session, chat_id, Message(kind=kind, payload=payload), event_id=row.id)


async def _close(session: AsyncSession, row: EventRow, chat_id: int, kind: str, text: str) -> None:
    """The message of this kind in a private chat says how it ended; one that has not left yet never does."""
    asked = await session.scalar(
        select(Delivery).where(Delivery.chat_id == chat_id, Delivery.kind == kind).order_by(Delivery.id.desc()).limit(1)
    )
    if asked is None or asked.state in {State.DEAD, State.CANCELLED}:
        return
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML", "reply_markup": {"inline_keyboard": []}}
    edit = Message(kind=f"edit:{asked.id}", payload=payload, method="editMessageText", edits=asked.id)
    await deliveries.queue(session, chat_id, edit, event_id=row.id)
