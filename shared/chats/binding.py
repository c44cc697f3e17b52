"""Which group serves which area, as admins arrange it: from the page, or by a code sent in the group itself.

A code works once, for fifteen minutes, and only for those who may bind; its hash alone is kept.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.chats import checks
from shared.chats import operations as chats
from shared.chats.models import BindingCode, Chat, ChatKind, GroupBinding, Purpose
from shared.db import after
from shared.deliveries.models import Delivery, State
from shared.errors import Conflict, Invalid, NotFound
from shared.people.access import Viewer
from shared.people.sessions import hashed
from shared.places.models import SiteOperation, Sto

LASTS = 15 * 60  # seconds
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are read as others
PAGE = 50


class DeadCode(Conflict):
    """This code was used, is older than a quarter of an hour, or never was one."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The id of a Site Operation or of an STO, never both."""

    site: int | None = None
    sto: int | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding in words."""

    id: int
    chat_id: int
    thread_id: int | None
    purpose: Purpose
    unit_code: str
    unit_name: str
    lost: bool = False  # its topic was deleted
    pins: bool = False  # cards of open orders are pinned there


@dataclass(frozen=True, slots=True)
class Group:
    """A group the bot knows; waiting: messages that have not left, `held` among them."""

    chat: Chat
    bindings: tuple[Bound, ...]
    waiting: int


async def make_code(session: AsyncSession, viewer: Viewer, purpose: Purpose, unit: Unit, *, source: str) -> str:
    """A code as `ABCDE-FGHJK`; this is the only time it can be read. One's unused code before it ends."""
    viewer.must("group.change")
    code, name = "".join(secrets.choice(_LETTERS) for _ in range(10)), await _unit_code(session, unit)
    await session.execute(
        update(BindingCode)
        .where(BindingCode.made_by == viewer.person_id, BindingCode.used_at.is_(None))
        .values(expires_at=func.now())
    )
    session.add(
        BindingCode(
            code_hash=hashed(code),
            purpose=purpose,
            site_operation_id=unit.site,
            sto_id=unit.sto,
            made_by=viewer.person_id,
            expires_at=after(LASTS),
        )
    )
    await session.flush()
    details = {"purpose": purpose.value, "unit": name}
    await audit.note(session, viewer.person_id, source, "group.code_made", f"unit:{name}", details)
    return f"{code[:5]}-{code[5:]}"


async def redeem(
    session: AsyncSession, viewer: Viewer, code: str, chat_id: int, thread_id: int | None, *, source: str
) -> Bound:
    """Bind the group a code was sent in. Raises NotAllowed, DeadCode."""
    viewer.must("group.change")
    plain = "".join(each for each in code.upper() if each.isalnum())[:32]
    row = (
        await session.execute(
            update(BindingCode)
            .where(
                BindingCode.code_hash == hashed(plain),
                BindingCode.used_at.is_(None),
                BindingCode.expires_at > func.clock_timestamp(),
            )
            .values(used_at=func.clock_timestamp(), chat_id=chat_id)
            .returning(BindingCode.purpose, BindingCode.site_operation_id, BindingCode.sto_id)
        )
    ).first()
    if row is None:
        raise DeadCode
    return await bind(session, viewer, chat_id, row[0], Unit(row[1], row[2]), thread_id=thread_id, source=source)


async def bind(
    session: AsyncSession,
    viewer: Viewer,
    chat_id: int,
    purpose: Purpose,
    unit: Unit,
    *,
    thread_id: int | None = None,
    source: str,
) -> Bound:
    """Let a group, or one topic of it, serve a unit; its held messages leave. Raises NotFound, Invalid(unit=…)."""
    viewer.must("group.change")
    chat = await _group(session, chat_id)
    if thread_id is not None and (chat.kind is not ChatKind.SUPERGROUP or not 0 < thread_id < 2**31):
        raise Invalid(thread="no_topic")
    name = await _unit_code(session, unit)
    await chats.bind(session, chat_id, purpose, thread_id=thread_id, site_operation_id=unit.site, sto_id=unit.sto)
    details = {"purpose": purpose.value, "unit": name, "topic": thread_id, "title": chat.title}
    await audit.note(session, viewer.person_id, source, "group.bound", f"chat:{chat_id}", details)
    bound = [each for each in (await bindings(session, [chat_id])) if (each.purpose, each.unit_code) == (purpose, name)]
    return next(each for each in bound if each.thread_id == thread_id)


async def unbind(session: AsyncSession, viewer: Viewer, chat_id: int, binding_id: int, *, source: str) -> None:
    """Let a group serve a unit no longer. Raises NotFound."""
    viewer.must("group.change")
    chat = await _group(session, chat_id)
    ended = await session.scalar(
        update(GroupBinding)
        .where(GroupBinding.id == binding_id, GroupBinding.chat_id == chat_id, GroupBinding.active)
        .values(active=False)
        .returning(GroupBinding.id)
    )
    if ended is None:
        raise NotFound
    details = {"binding": binding_id, "title": chat.title}
    await audit.note(session, viewer.person_id, source, "group.unbound", f"chat:{chat_id}", details)


async def pin(session: AsyncSession, viewer: Viewer, chat_id: int, binding_id: int, *, on: bool, source: str) -> bool:
    """Pin the cards of open orders there from now on, or no longer; False when it was so. Raises NotFound.

    What the bot may do there is asked anew: pinning needs a right of its own.
    """
    viewer.must("group.change")
    chat = await _group(session, chat_id)
    mine = (GroupBinding.id == binding_id, GroupBinding.chat_id == chat_id, GroupBinding.active)
    if await session.scalar(select(GroupBinding.id).where(*mine, GroupBinding.purpose == Purpose.HELPDESK)) is None:
        raise NotFound
    changed = await session.scalar(
        update(GroupBinding).where(*mine, GroupBinding.pins.is_(not on)).values(pins=on).returning(GroupBinding.id)
    )
    if changed is None:
        return False
    await checks.changed(session, chat_id)
    details = {"binding": binding_id, "title": chat.title}
    what = "group.pins" if on else "group.pins_no_more"
    await audit.note(session, viewer.person_id, source, what, f"chat:{chat_id}", details)
    return True


async def release(session: AsyncSession, viewer: Viewer, chat_id: int, *, source: str) -> None:
    """Try a held group again. Raises NotFound."""
    viewer.must("group.change")
    chat = await _group(session, chat_id)
    why = chat.held
    await chats.release(session, chat_id)
    await audit.note(session, viewer.person_id, source, "group.released", f"chat:{chat_id}", {"held": why})


async def groups(session: AsyncSession, viewer: Viewer, *, words: str = "", after: str = "") -> tuple[list[Group], str]:
    """A page of the groups the bot is known in, by title, and the cursor of the next page."""
    viewer.must("group.change")
    wanted = (
        select(Chat)
        .where(Chat.kind != ChatKind.PRIVATE, Chat.migrated_to.is_(None))
        .order_by(Chat.title, Chat.id)
        .limit(PAGE + 1)
    )
    if words:
        part = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        wanted = wanted.where(Chat.title.ilike(f"%{part}%"))
    if after.removeprefix("-").isdigit() and after.isascii() and len(after) < 19:
        last = await session.get(Chat, int(after))
        if last is not None:
            beyond = (Chat.title > last.title) | and_(Chat.title == last.title, Chat.id > last.id)
            wanted = wanted.where(beyond)
    found = (await session.scalars(wanted)).all()
    shown = found[:PAGE]
    return await _described(session, shown), str(shown[-1].id) if len(found) > PAGE else ""


async def group(session: AsyncSession, viewer: Viewer, chat_id: int) -> Group:
    """One group. Raises NotFound."""
    viewer.must("group.change")
    [found] = await _described(session, [await _group(session, chat_id)])
    return found


async def bindings(session: AsyncSession, chat_ids: list[int]) -> list[Bound]:
    """The living bindings of groups."""
    rows = await session.execute(
        select(
            GroupBinding.id,
            GroupBinding.chat_id,
            GroupBinding.thread_id,
            GroupBinding.purpose,
            func.coalesce(SiteOperation.code, Sto.code),
            func.coalesce(SiteOperation.name, Sto.name),
            GroupBinding.lost_at.is_not(None),
            GroupBinding.pins,
        )
        .outerjoin(SiteOperation, SiteOperation.id == GroupBinding.site_operation_id)
        .outerjoin(Sto, Sto.id == GroupBinding.sto_id)
        .where(GroupBinding.chat_id.in_(chat_ids), GroupBinding.active)
        .order_by(GroupBinding.chat_id, GroupBinding.id)
    )
    return [Bound(*row) for row in rows]


async def _described(session: AsyncSession, found: Sequence[Chat]) -> list[Group]:
    ids = [chat.id for chat in found]
    bound = await bindings(session, ids)
    rows = await session.execute(
        select(Delivery.chat_id, func.count())
        .where(Delivery.chat_id.in_(ids), Delivery.state.in_([State.WAITING, State.HELD]))
        .group_by(Delivery.chat_id)
    )
    waiting = {row[0]: row[1] for row in rows}
    return [
        Group(chat, tuple(each for each in bound if each.chat_id == chat.id), waiting.get(chat.id, 0)) for chat in found
    ]


async def _group(session: AsyncSession, chat_id: int) -> Chat:
    chat: Chat | None = await session.scalar(
        select(Chat).where(Chat.id == chat_id, Chat.kind != ChatKind.PRIVATE, Chat.migrated_to.is_(None))
    )
    if chat is None:
        raise NotFound
    return chat


async def _unit_code(session: AsyncSession, unit: Unit) -> str:
    wanted = (
        select(SiteOperation.code).where(SiteOperation.id == unit.site, SiteOperation.active)
        if unit.site is not None
        else select(Sto.code).where(Sto.id == unit.sto, Sto.active)
    )
    code: str | None = await session.scalar(wanted)
    if code is None:
        raise Invalid(unit="unknown")
    return code
