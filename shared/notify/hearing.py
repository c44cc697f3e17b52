"""Who hears a notice: the rules, read for one subject, and each person's wishes. Reads only; sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.chats.models import Chat, GroupBinding, Purpose
from shared.notify.kinds import DESK, escalation, key, rungs
from shared.notify.models import NotifyRule, NotifyWish
from shared.people.models import Person, PersonArea, Role
from shared.places.models import SiteOperation, Sto
from shared.sla import queries as sla
from shared.sla.models import Level


@dataclass(frozen=True, slots=True)
class Hearer:
    """Somebody who hears it, or a group. chat_id None: no private chat with the bot, so nothing can be said.

    desk: the group is the helpdesk's, which may act on an order there. held: nothing may be sent to the chat now.
    instead: hears it because nobody of the steps before can be reached.
    """

    person: Person | None
    chat_id: int | None
    thread_id: int | None
    language: str
    name: str
    desk: bool = False
    held: bool = False
    instead: bool = False

    @property
    def reachable(self) -> bool:
        """Whether what is said now arrives; a chat that blocked the bot only keeps it waiting."""
        return self.chat_id is not None and not self.held


@dataclass(frozen=True, slots=True)
class Subject:
    """What is told of: its Site Operation and its STO, as far as it has them, and whom it names itself.

    own: audience → person: its holder, who asked, who uploaded.
    """

    site: int | None = None
    sto: int | None = None
    own: Mapping[str, int | None] = field(default_factory=dict)


async def who(session: AsyncSession, kind: str, step: int, about: Subject) -> list[Hearer]:
    """Who hears a kind at a step, each once."""
    wanted = select(NotifyRule).where(NotifyRule.kind == kind, NotifyRule.step == step)
    everywhere = NotifyRule.site_operation_id.is_(None) & NotifyRule.sto_id.is_(None)
    wanted = wanted.where(or_(everywhere, NotifyRule.site_operation_id == about.site, NotifyRule.sto_id == about.sto))
    found: dict[tuple[int | None, int | None, int | None], Hearer] = {}
    for rule in await session.scalars(wanted.order_by(NotifyRule.id)):
        for hearer in await _of(session, rule, about):
            found.setdefault((hearer.person.id if hearer.person else None, hearer.chat_id, hearer.thread_id), hearer)
    if kind in {"sla_near", "sla_late"} and about.site is not None:
        for told in await sla.told(session, about.site, Level.NEAR if kind == "sla_near" else Level.LATE):
            person = told.person
            hearer = Hearer(person, told.chat_id, None, person.language, person.name, held=told.held)
            found.setdefault((person.id, told.chat_id, None), hearer)
    return list(found.values())


async def ladder(session: AsyncSession, kind: str, step: int, about: Subject) -> list[Hearer]:
    """Who hears a step, or, where it reaches nobody, whom the next step or at last an admin: it is never lost.

    Where no admin can be reached either, it waits in the first chat that is held.
    """
    waiting: list[Hearer] = []
    for each, rung in rungs(kind, step):
        hearers = await who(session, each, rung, about)
        if any(hearer.reachable for hearer in hearers):
            return [replace(hearer, instead=(each, rung) != (kind, step)) for hearer in hearers]
        waiting = waiting or [hearer for hearer in hearers if hearer.held]
    admins = await _people(session, select(Person).where(Person.role == Role.ADMIN), None)
    if waiting and not any(admin.reachable for admin in admins):
        return waiting
    return [replace(admin, instead=True) for admin in admins]


async def reached(session: AsyncSession, rule: NotifyRule) -> list[Hearer]:
    """Whom a rule reaches by itself, wherever it holds; nobody where its subject names them."""
    site_id = rule.site_operation_id
    if rule.sto_id is not None:
        site_id = await session.scalar(select(Sto.site_operation_id).where(Sto.id == rule.sto_id))
    return await _of(session, rule, Subject(site_id, rule.sto_id))


async def _of(session: AsyncSession, rule: NotifyRule, about: Subject) -> list[Hearer]:
    if rule.audience == "chat":
        chat = await session.get(Chat, rule.chat_id)
        if chat is not None and chat.migrated_to is not None:
            chat = await session.get(Chat, chat.migrated_to) or chat
        if chat is None:
            return []
        held = chat.held is not None
        return [Hearer(None, chat.id, rule.thread_id, rule.language or "id", chat.title, held=held)]
    if rule.audience == DESK:
        return await _desks(session, rule, about)
    if rule.audience in {role.value for role in Role}:
        wanted = select(Person).where(Person.role == Role(rule.audience))
        if rule.audience != Role.ADMIN and about.site is not None:
            stos = select(Sto.id).where(_there(about))
            inside = select(PersonArea.person_id).where(
                or_(PersonArea.site_operation_id == about.site, PersonArea.sto_id.in_(stos))
            )
            wanted = wanted.where(Person.id.in_(inside))
    else:
        person_id = rule.person_id if rule.audience == "person" else about.own.get(rule.audience)
        if person_id is None:
            return []
        wanted = select(Person).where(Person.id == person_id)
    return await _people(session, wanted, rule.language)


def _there(about: Subject) -> ColumnElement[bool]:
    """The STO it lies in; all of its Site Operation where no STO is known."""
    return Sto.id == about.sto if about.sto is not None else Sto.site_operation_id == about.site


async def _desks(session: AsyncSession, rule: NotifyRule, about: Subject) -> list[Hearer]:
    """The helpdesk's groups of an STO, of a whole Site Operation, or all, as far as the place is known."""
    wanted = (
        select(Chat.id, Chat.title, GroupBinding.thread_id, Chat.held.is_not(None))
        .join(GroupBinding, GroupBinding.chat_id == Chat.id)
        .outerjoin(Sto, Sto.id == GroupBinding.sto_id)
        .where(GroupBinding.purpose == Purpose.HELPDESK, GroupBinding.active)
        .order_by(GroupBinding.id)
    )
    if about.site is not None:
        wanted = wanted.where(or_(GroupBinding.site_operation_id == about.site, _there(about)))
    rows = await session.execute(wanted)
    language = rule.language or "id"
    return [Hearer(None, chat, thread, language, title, desk=True, held=held) for chat, title, thread, held in rows]


async def _people(session: AsyncSession, wanted: object, language: str | None) -> list[Hearer]:
    rows = await session.execute(
        wanted.add_columns(Chat.id, Chat.held)  # type: ignore[attr-defined]
        .outerjoin(Chat, Chat.id == Person.telegram_id)
        .where(Person.active)
        .order_by(Person.name)
    )
    return [
        Hearer(person, chat, None, language or person.language, person.name, held=held is not None)
        for person, chat, held in rows
    ]


@dataclass(frozen=True, slots=True)
class When:
    """When something may be said to somebody: never (muted), or not before a moment; None: at once."""

    muted: bool = False
    not_before: datetime | None = None


async def when(session: AsyncSession, hearer: Hearer, kind: str, step: int, zone: str) -> When:
    """What a person's wishes say of a notice now. Escalations and groups know none."""
    if hearer.person is None or escalation(kind, step):
        return When()
    wish = await session.get(NotifyWish, hearer.person.id)
    if wish is None:
        return When()
    if key(kind, step) in wish.muted:
        return When(muted=True)
    now = clock.now()
    local = clock.local(now, zone)
    free = now
    if wish.hourly:
        free = now + timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second)
    if wish.quiet_from is not None and wish.quiet_to is not None:
        free = after_quiet(clock.local(free, zone), wish.quiet_from, wish.quiet_to)
    return When(not_before=free if free > now else None)


def after_quiet(local: datetime, begins: time, ends: time) -> datetime:
    """`local` itself, or the end of the quiet hours it lies in; they may go past midnight."""
    at = local.time()
    over_night = begins > ends
    inside = (at >= begins or at < ends) if over_night else begins <= at < ends
    if not inside:
        return local
    day = local + timedelta(days=1) if over_night and at >= begins else local
    return day.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)


async def zone_of(session: AsyncSession, site_id: int | None) -> str:
    """The zone in which a Site Operation's people live."""
    found: str | None = await session.scalar(select(SiteOperation.zone).where(SiteOperation.id == site_id))
    return found or "Asia/Jakarta"
