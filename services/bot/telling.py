"""Private words that nobody asked for in that chat: who wants to come in, what was decided, whose access ended.

Rows of the ledger like all others; the notifier sends them. It decides nothing.
"""

from html import escape
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot.answers import Button, keyboard
from services.bot.pressing import Door
from services.bot.texts import plain, role, say
from shared.chats import doors
from shared.chats import operations as chats
from shared.chats.models import Chat, JoinRequest, Purpose
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.desk import presence
from shared.people.access import RIGHTS
from shared.people.models import Person, Role

APPROVERS = tuple(each for each in Role if "technician.approve" in RIGHTS[each])
MOST = 20  # people who are asked about one request


async def tell(session: AsyncSession, telegram_id: int, text: str) -> None:
    """Say something to a person in private, where the bot knows that chat."""
    if await session.scalar(select(Chat.id).where(Chat.id == telegram_id, Chat.held.is_(None))) is not None:
        payload = {"text": text, "parse_mode": "HTML"}
        await deliveries.queue(session, telegram_id, Message(doors.AT_THE_DOOR, payload))


async def tell_asker(session: AsyncSession, request: JoinRequest, key: str) -> None:
    """Say to whoever asked to come in how it stands; Telegram permits it even where nobody pressed start."""
    await chats.seen(session, request.telegram_id, "private", request.name)
    title = await _title(session, request.chat_id)
    await tell(session, request.telegram_id, say(key, request.language, title=title))


async def ask(session: AsyncSession, request: JoinRequest) -> None:
    """Ask those who may decide: leaders of the area in private, else admins, else the area's helpdesk group."""
    stos = await doors.stos(session, request.chat_id)
    rows = await session.execute(
        select(Person, Chat.id)
        .join(Chat, Chat.id == Person.telegram_id)
        .where(Person.active, Person.role.in_(APPROVERS), Chat.held.is_(None), presence.covering(stos))
        .order_by(Person.id)
        .limit(MOST)
    )
    found = [(person.role, chat_id, person.language, None) for person, chat_id in rows]
    hearers: list[Any] = [each for each in found if each[0] is not Role.ADMIN] or found
    if not hearers:
        groups = [await chats.bindings_for(session, sto, Purpose.HELPDESK) for sto in stos[:1]]
        hearers = [(None, group.chat_id, "id", group.thread_id) for some in groups for group in some]
    for _, chat_id, language, thread_id in hearers:
        pair = [
            Button(plain(f"b_door_{word}", language), Door(request_id=request.id, answer=answer, ref=_mark()))
            for word, answer in (("yes", "y"), ("no", "n"))
        ]
        payload: dict[str, Any] = {
            "text": await _asks(session, request, language),
            "parse_mode": "HTML",
            "reply_markup": keyboard([pair]),
        }
        if thread_id is not None:
            payload["message_thread_id"] = thread_id
        await deliveries.queue(session, chat_id, Message(f"door:{request.id}", payload))


async def close(session: AsyncSession, request: JoinRequest, who: str) -> None:
    """The messages that asked say who decided, and lose their buttons; one that has not left yet never does."""
    asked = await session.scalars(
        select(Delivery).where(
            Delivery.kind == f"door:{request.id}", Delivery.state.notin_([State.DEAD, State.CANCELLED])
        )
    )
    key = "door_let_in" if request.state == "approved" else "door_turned_away"
    for each in asked.all():
        person = await session.scalar(select(Person).where(Person.telegram_id == each.chat_id))
        language = person.language if person else "id"
        text = f"{await _asks(session, request, language)}\n{say(key, language, who=who)}"
        payload: dict[str, Any] = {"text": text, "parse_mode": "HTML", "reply_markup": {"inline_keyboard": []}}
        edit = Message(f"edit:{each.id}", payload, method="editMessageText", edits=each.id)
        await deliveries.queue(session, each.chat_id, edit)


async def _asks(session: AsyncSession, request: JoinRequest, language: str) -> str:
    title = await _title(session, request.chat_id)
    lines = [say("door_asks", language, who=request.name, title=title)]
    person = await session.get(Person, request.person_id) if request.person_id else None
    if person is None:
        name = f" (@{escape(request.telegram_name)})" if request.telegram_name else ""
        lines.append(plain("door_stranger", language, number=request.telegram_id, name=name))
        lines.append(say("door_rights", language))
    else:
        lines.append(say("door_elsewhere", language, person=person.name, role=role(person.role.value, language)))
    return "\n".join(lines)


async def _title(session: AsyncSession, chat_id: int) -> str:
    return await session.scalar(select(Chat.title).where(Chat.id == chat_id)) or str(chat_id)


def _mark() -> str:
    return deliveries.reference()
