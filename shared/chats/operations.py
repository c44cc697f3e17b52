"""What changes about chats: seen, bound, held, moved to another id, let go again."""

from collections.abc import Sequence
from functools import cache
from typing import cast

from sqlalchemy import BigInteger, Table, and_, bindparam, case, exists, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.chats.models import Chat, ChatKind, GroupBinding, GroupMember, Purpose
from shared.deliveries.models import Delivery, State
from shared.places.models import Sto

_KNOWN = (
    select(GroupBinding.id)
    .where(GroupBinding.chat_id == bindparam("chat", type_=BigInteger), GroupBinding.active)
    .limit(1)
)


async def seen(session: AsyncSession, chat_id: int, kind: str, title: str, message_id: int = 0) -> None:
    """Note that a chat exists and the highest message id seen in it; a private chat that speaks is free again."""
    told = {"id": chat_id, "kind": ChatKind(kind), "title": title[:255], "last_message_id": message_id}
    await session.execute(_seen(), told)


@cache
def _seen() -> Insert:
    """The statement of `seen`, built once: every update of Telegram begins with it."""
    made = insert(cast(Table, Chat.__table__))
    return made.on_conflict_do_update(
        index_elements=[Chat.id],
        set_={
            "title": made.excluded.title,
            "kind": made.excluded.kind,
            "last_message_id": func.greatest(Chat.last_message_id, made.excluded.last_message_id),
            "held": case((made.excluded.kind == ChatKind.PRIVATE.value, None), else_=Chat.held),
        },
    )


async def hold(session: AsyncSession, chat_id: int, why: str) -> None:
    """Send nothing more to a chat until it is released; what waits stays."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(held=why[:200]))


async def release(session: AsyncSession, chat_id: int) -> None:
    """Let a chat's waiting deliveries leave again."""
    await session.execute(update(Chat).where(Chat.id == chat_id).values(held=None, not_before=None, hinted_at=None))
    await session.execute(select(func.pg_notify("sikpro_outbox", "")))


async def bind(
    session: AsyncSession,
    chat_id: int,
    purpose: Purpose,
    *,
    thread_id: int | None = None,
    site_operation_id: int | None = None,
    sto_id: int | None = None,
) -> None:
    """Let a group (or one topic of it) serve an area; the chat's held messages leave.

    It takes the place of a binding for the same whose topic was deleted: what waited for that topic goes along, and
    cards are pinned if they were there.
    """
    lost = select(GroupBinding.thread_id, GroupBinding.pins).where(
        GroupBinding.chat_id == chat_id,
        GroupBinding.active,
        GroupBinding.lost_at.is_not(None),
        GroupBinding.purpose == purpose,
        GroupBinding.site_operation_id.is_not_distinct_from(site_operation_id),
        GroupBinding.sto_id.is_not_distinct_from(sto_id),
    )
    deleted = (await session.execute(lost)).all()
    made = insert(GroupBinding).values(
        chat_id=chat_id,
        thread_id=thread_id,
        purpose=purpose,
        site_operation_id=site_operation_id,
        sto_id=sto_id,
        pins=any(each.pins for each in deleted),
    )
    await session.execute(
        made.on_conflict_do_update(
            index_elements=["chat_id", "thread_id", "purpose", "site_operation_id", "sto_id"],
            set_={"active": True, "lost_at": None, "pins": or_(GroupBinding.pins, made.excluded.pins)},
        )
    )
    gone = [each.thread_id for each in deleted if each.thread_id is not None]
    if gone:
        await _rehome(session, chat_id, gone, thread_id)
    await release(session, chat_id)


async def _rehome(session: AsyncSession, chat_id: int, gone: list[int], thread_id: int | None) -> None:
    """What was meant for deleted topics leaves for the one that took their place, or for the group itself."""
    await session.execute(
        update(GroupBinding)
        .where(GroupBinding.chat_id == chat_id, GroupBinding.thread_id.in_(gone), GroupBinding.lost_at.is_not(None))
        .values(active=False)
        .execution_options(synchronize_session=False)
    )
    without = Delivery.payload.op("-")(text("'message_thread_id'"))
    payload = (
        without
        if thread_id is None
        else Delivery.payload.op("||")(func.jsonb_build_object("message_thread_id", thread_id))
    )
    await session.execute(
        update(Delivery)
        .where(
            Delivery.chat_id == chat_id,
            Delivery.state.in_([State.WAITING, State.HELD]),
            Delivery.payload["message_thread_id"].as_integer().in_(gone),
        )
        .values(state=State.WAITING, attempts=0, not_before=func.clock_timestamp(), payload=payload)
        .execution_options(synchronize_session=False)
    )


async def topic_lost(session: AsyncSession, chat_id: int, thread_id: int) -> bool:
    """Telegram says that a topic is gone; whether it was bound, so that its news wait for another."""
    rows = await session.scalars(
        update(GroupBinding)
        .where(GroupBinding.chat_id == chat_id, GroupBinding.thread_id == thread_id, GroupBinding.active)
        .values(lost_at=func.coalesce(GroupBinding.lost_at, func.clock_timestamp()))
        .returning(GroupBinding.id)
    )
    return bool(rows.all())


async def migrated(session: AsyncSession, old_id: int, new_id: int) -> None:
    """A group became a supergroup: its bindings and everything that waits move to the new id."""
    old = await session.get(Chat, old_id)
    await seen(session, new_id, ChatKind.SUPERGROUP, old.title if old else "")
    await session.execute(update(Chat).where(Chat.id == old_id).values(migrated_to=new_id))
    bound, told = aliased(GroupBinding), aliased(Delivery)
    same = and_(
        bound.thread_id.is_not_distinct_from(GroupBinding.thread_id),
        bound.purpose == GroupBinding.purpose,
        bound.site_operation_id.is_not_distinct_from(GroupBinding.site_operation_id),
        bound.sto_id.is_not_distinct_from(GroupBinding.sto_id),
    )
    again = exists().where(bound.chat_id == new_id, same)  # somebody bound the new id by hand already
    await session.execute(
        update(GroupBinding)
        .where(GroupBinding.chat_id == new_id, exists().where(bound.chat_id == old_id, bound.active, bound.pins, same))
        .values(pins=True)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(GroupBinding)
        .where(GroupBinding.chat_id == old_id)
        .values(chat_id=case((again, old_id), else_=new_id), active=and_(GroupBinding.active, ~again))
        .execution_options(synchronize_session=False)
    )
    inside = select(literal(new_id), GroupMember.telegram_id, GroupMember.inside).where(GroupMember.chat_id == old_id)
    members = insert(GroupMember).from_select(["chat_id", "telegram_id", "inside"], inside)
    await session.execute(members.on_conflict_do_nothing())
    leaving = and_(Delivery.chat_id == old_id, Delivery.state.in_([State.WAITING, State.HELD]))
    twin = exists().where(told.chat_id == new_id, told.event_id == Delivery.event_id, told.kind == Delivery.kind)
    await session.execute(
        update(Delivery)
        .where(leaving, twin)
        .values(state=State.CANCELLED, trouble="the new chat was told of it already")
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Delivery)
        .where(leaving)
        .values(chat_id=new_id, payload=Delivery.payload.op("-")(text("'reply_parameters'")))
    )


async def bindings_for(session: AsyncSession, sto_id: int, purpose: Purpose) -> Sequence[GroupBinding]:
    """The groups and topics that serve an STO for a purpose, each once."""
    site = select(Sto.site_operation_id).where(Sto.id == sto_id).scalar_subquery()
    found = await session.scalars(
        select(GroupBinding)
        .where(
            GroupBinding.purpose == purpose,
            GroupBinding.active,
            or_(GroupBinding.sto_id == sto_id, GroupBinding.site_operation_id == site),
        )
        .order_by(GroupBinding.id)
    )
    once: dict[tuple[int, int | None], GroupBinding] = {}
    for binding in found:
        once.setdefault((binding.chat_id, binding.thread_id), binding)
    return list(once.values())


async def group_is_known(session: AsyncSession, chat_id: int) -> bool:
    """Whether a group is bound to anything; in an unknown group the bot gives no data."""
    return await session.scalar(_KNOWN, {"chat": chat_id}) is not None


async def served(session: AsyncSession) -> Sequence[tuple[int, Purpose]]:
    """The groups that serve anything, each with one of its purposes, helpdesk's first."""
    rows = await session.execute(
        select(GroupBinding.chat_id, func.min(GroupBinding.purpose))
        .where(GroupBinding.active)
        .group_by(GroupBinding.chat_id)
        .order_by(GroupBinding.chat_id)
        .limit(200)
    )
    return [(chat_id, Purpose(purpose)) for chat_id, purpose in rows]
