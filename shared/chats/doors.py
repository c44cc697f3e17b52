"""The doors of bound groups: a link for one person, who asks to be let in, who decides. Telegram is told by deliveries.

A link opens nothing: whoever comes with it asks, and the roster answers. That is a person's Telegram number, or its
@name as long as no number is known; the name is believed once and turned into the number.
"""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.chats import belonging
from shared.chats.models import Chat, GroupBinding, GroupInvite, JoinRequest
from shared.db import after
from shared.deliveries import operations as deliveries
from shared.deliveries.models import Delivery
from shared.deliveries.operations import NEWS, Message
from shared.errors import Invalid, NotFound
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.operations import NotWaiting
from shared.places.models import Sto
from shared.telegram import Outcome

CREATE, REVOKE = "createChatInviteLink", "revokeChatInviteLink"
APPROVE, DECLINE = "approveChatJoinRequest", "declineChatJoinRequest"
ANSWERED = frozenset({CREATE, belonging.MEMBER})
"""Calls whose answer is more than a yes: `answered` hears it."""

FIRST_WORD = 2.0  # seconds: Telegram lets us write to a stranger only until its request is decided
AT_THE_DOOR = "access"  # the kind of a message to whoever wants to come in, or whose rights changed
FORGET_AFTER = 30 * 86_400  # seconds
STRANGERS = 5 * 60  # seconds in which it lets us at all
_NAME = re.compile(r"[a-z0-9_]{4,32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to be let in. decided: the roster let them in already; tell: they can be written to."""

    request: JoinRequest
    decided: bool
    tell: bool


async def invite(
    session: AsyncSession, viewer: Viewer, person_id: int, chat_id: int, name: str, *, source: str
) -> None:
    """Have Telegram make a link into a bound group for one person; it ends the one before.

    name: its @name in Telegram, needed where its number is not known. Raises NotAllowed, NotFound,
    Invalid(group=… | telegram_name=…).
    """
    viewer.must("group.change")
    person = await session.scalar(
        select(Person).where(Person.id == person_id, or_(Person.active, Person.left_at.is_not(None))).with_for_update()
    )
    if person is None:
        raise NotFound
    plain = name.strip().removeprefix("@").lower()
    if plain and not _NAME.fullmatch(plain):
        raise Invalid(telegram_name="pattern")
    if not plain and person.telegram_id is None:
        raise Invalid(telegram_name="missing")
    if chat_id not in await belonging.fitting(session, person):
        raise Invalid(group="unknown")
    if plain != (person.telegram_name or ""):
        try:
            async with session.begin_nested():
                await session.execute(update(Person).where(Person.id == person_id).values(telegram_name=plain or None))
        except IntegrityError:
            raise Invalid(telegram_name="taken") from None
    await _end(session, person_id, chat_id, ended_at=func.clock_timestamp())
    wanted = Message("invite", {"name": person.name[:32], "creates_join_request": True}, lane=NEWS, method=CREATE)
    delivery = await deliveries.queue(session, chat_id, wanted)
    session.add(GroupInvite(chat_id=chat_id, person_id=person_id, delivery_id=delivery, made_by=viewer.person_id))
    await session.flush()
    details = {"name": person.name, "title": await _title(session, chat_id), "telegram": f"@{plain}" if plain else ""}
    await audit.note(session, viewer.person_id, source, "group.invited", f"person:{person_id}", details)


async def groups_for(session: AsyncSession, person_id: int) -> list[Chat]:
    """The groups a person can be invited to, by title."""
    person = await session.get(Person, person_id)
    if person is None or not (person.active or person.left_at):
        return []
    fit = await belonging.fitting(session, person)
    return list(await session.scalars(select(Chat).where(Chat.id.in_(fit)).order_by(Chat.title, Chat.id).limit(50)))


async def living(session: AsyncSession, person_id: int) -> list[tuple[GroupInvite, str]]:
    """A person's links that work or are being made, with the titles of their groups; the newest first."""
    rows = await session.execute(
        select(GroupInvite, Chat.title)
        .join(Chat, Chat.id == GroupInvite.chat_id)
        .where(GroupInvite.person_id == person_id, GroupInvite.used_at.is_(None), GroupInvite.ended_at.is_(None))
        .order_by(GroupInvite.id.desc())
    )
    return [(each, title) for each, title in rows]


async def asked(
    session: AsyncSession, chat_id: int, telegram_id: int, name: str, telegram_name: str | None, language: str
) -> Asked | None:
    """Somebody asks to be let into a group; the roster decides where it can. None: nothing is to be said.

    The caller knows that the group is bound. The same request a second time is the same one.
    """
    person = await _on_roster(session, telegram_id, telegram_name)
    fits = person is not None and chat_id in await belonging.fitting(session, person)
    new = insert(JoinRequest).values(
        chat_id=chat_id,
        telegram_id=telegram_id,
        name=name[:120],
        telegram_name=telegram_name,
        language=language,
        person_id=person.id if person else None,
    )
    request_id = await session.scalar(
        new.on_conflict_do_nothing(
            index_elements=["chat_id", "telegram_id"], index_where=text("state = 'waiting'")
        ).returning(JoinRequest.id)
    )
    fresh = request_id is not None
    if not fresh:
        request_id = await session.scalar(
            update(JoinRequest)
            .where(
                JoinRequest.chat_id == chat_id, JoinRequest.telegram_id == telegram_id, JoinRequest.state == "waiting"
            )
            .values(asked_at=func.clock_timestamp(), person_id=person.id if person else None)
            .returning(JoinRequest.id)
        )
    request = await session.get_one(JoinRequest, request_id, populate_existing=True)
    known = await _talks(session, telegram_id)
    if not fits:
        return Asked(request, decided=False, tell=True) if fresh else None
    assert person is not None
    if person.telegram_id is None:
        await session.execute(update(Person).where(Person.id == person.id).values(telegram_id=telegram_id))
        details: dict[str, Any] = {"name": person.name, "telegram": f"@{telegram_name}"}
        await audit.note(session, None, "bot", "person.recognised", f"person:{person.id}", details)
    await _settle(session, request.id, "approved", None)
    await _answer(session, request, APPROVE, patience=0 if known else FIRST_WORD)
    await _end(session, person.id, chat_id, used_at=func.clock_timestamp())
    told = {"name": person.name, "title": await _title(session, chat_id)}
    await audit.note(session, None, "bot", "join.admitted", f"person:{person.id}", told)
    return Asked(request, decided=True, tell=True)


async def decide(session: AsyncSession, viewer: Viewer, request_id: int, *, welcome: bool, source: str) -> Asked:
    """Let somebody in or not, by a person of the group's area. Raises NotAllowed, NotFound, NotWaiting."""
    viewer.must("technician.approve")
    request = await session.get(JoinRequest, request_id, populate_existing=True)
    if request is None:
        raise NotFound
    served = await stos(session, request.chat_id)
    if viewer.stos is not None and not set(served) & viewer.stos:
        raise NotFound
    if not await _settle(session, request_id, "approved" if welcome else "declined", viewer.person_id):
        raise NotWaiting
    await session.refresh(request)
    known = await _talks(session, request.telegram_id)
    recent = await session.scalar(select(JoinRequest.asked_at > after(-STRANGERS)).where(JoinRequest.id == request_id))
    tell = known or bool(recent)
    await _answer(session, request, APPROVE if welcome else DECLINE, patience=FIRST_WORD if tell and not known else 0)
    what = "join.approved" if welcome else "join.declined"
    details = {"name": request.name, "telegram": request.telegram_id, "title": await _title(session, request.chat_id)}
    await audit.note(session, viewer.person_id, source, what, f"chat:{request.chat_id}", details)
    return Asked(request, decided=True, tell=tell)


async def forget_old(session: AsyncSession) -> None:
    """Drop requests of more than a month ago: they name people who may never have come in."""
    await session.execute(delete(JoinRequest).where(JoinRequest.asked_at < after(-FORGET_AFTER)))


async def stos(session: AsyncSession, chat_id: int) -> list[int]:
    """The STO (ids) that a group serves."""
    serving = or_(GroupBinding.sto_id == Sto.id, GroupBinding.site_operation_id == Sto.site_operation_id)
    wanted = select(Sto.id).join(GroupBinding, serving).where(GroupBinding.chat_id == chat_id, GroupBinding.active)
    return list(await session.scalars(wanted.distinct().order_by(Sto.id)))


async def answered(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    """Telegram answered a call of `ANSWERED`: keep the link it made, or believe who it says is inside."""
    told = outcome.result if outcome.kind == "done" and isinstance(outcome.result, dict) else {}
    if delivery.method == belonging.MEMBER:
        inside = belonging.is_inside(str(told.get("status", "")), is_member=bool(told.get("is_member")))
        if inside:
            await belonging.came(session, delivery.chat_id, int(delivery.payload["user_id"]))
        return
    values: dict[str, Any] = {"trouble": outcome.words[:200]}
    if link := str(told.get("invite_link", "")):
        values = {"link": link[:200], "trouble": ""}
    elif outcome.kind not in {"refused", "gone"}:
        return
    ended = await session.scalar(
        update(GroupInvite)
        .where(GroupInvite.delivery_id == delivery.id)
        .values(**values)
        .returning(or_(GroupInvite.ended_at.is_not(None), GroupInvite.used_at.is_not(None)))
    )
    if link and ended:  # another was made meanwhile
        await _revoke(session, delivery.chat_id, link)


async def _on_roster(session: AsyncSession, telegram_id: int, telegram_name: str | None) -> Person | None:
    """The person with this number, else with this name and no number; also one that left and comes back."""
    living = or_(Person.active, Person.left_at.is_not(None))
    person: Person | None = await session.scalar(
        select(Person).where(Person.telegram_id == telegram_id).with_for_update()
    )
    if person is not None:
        return person if person.active or person.left_at else None
    if not telegram_name:
        return None
    named: Person | None = await session.scalar(
        select(Person)
        .where(Person.telegram_name == telegram_name.lower(), Person.telegram_id.is_(None), living)
        .with_for_update()
    )
    return named


async def _settle(session: AsyncSession, request_id: int, state: str, by: int | None) -> bool:
    settled = await session.scalar(
        update(JoinRequest)
        .where(JoinRequest.id == request_id, JoinRequest.state == "waiting")
        .values(state=state, decided_by=by, decided_at=func.clock_timestamp())
        .returning(JoinRequest.id)
    )
    return settled is not None


async def _answer(session: AsyncSession, request: JoinRequest, method: str, *, patience: float) -> None:
    call = Message("join", {"user_id": request.telegram_id}, lane=NEWS, method=method)
    number = await deliveries.queue(session, request.chat_id, call)
    if patience:
        await session.execute(update(Delivery).where(Delivery.id == number).values(not_before=after(patience)))


async def _end(session: AsyncSession, person_id: int, chat_id: int, **how: Any) -> None:
    """End the link of a person into a group; Telegram forgets it too."""
    ended = await session.execute(
        update(GroupInvite)
        .where(
            GroupInvite.person_id == person_id,
            GroupInvite.chat_id == chat_id,
            GroupInvite.used_at.is_(None),
            GroupInvite.ended_at.is_(None),
        )
        .values(**how)
        .returning(GroupInvite.link)
    )
    for (link,) in ended.all():
        if link:
            await _revoke(session, chat_id, link)


async def _revoke(session: AsyncSession, chat_id: int, link: str) -> None:
    await deliveries.queue(session, chat_id, Message("invite", {"invite_link": link}, lane=NEWS, method=REVOKE))


async def _talks(session: AsyncSession, telegram_id: int) -> bool:
    """Whether somebody has a conversation with the bot; what was said at the door alone is none."""
    said = select(Delivery.id).where(
        Delivery.chat_id == telegram_id, Delivery.message_id.is_not(None), Delivery.kind != AT_THE_DOOR
    )
    return await session.scalar(said.limit(1)) is not None


async def _title(session: AsyncSession, chat_id: int) -> str:
    return await session.scalar(select(Chat.title).where(Chat.id == chat_id)) or str(chat_id)
