"""Groups that reports may be sent to by themselves: which, of which unit, and who may arrange it. Reads only.

Who arranges a report for a group sees all of the unit that the group serves; the report is of that unit, whoever asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats.models import Chat, GroupBinding, Purpose
from shared.people.access import Viewer
from shared.people.models import Role
from shared.places.models import SiteOperation, Sto

RIGHT = "report.group"
LANGUAGE = "id"  # a group has many readers; the house speaks Indonesian there


@dataclass(frozen=True, slots=True)
class Target:
    """A group, or one topic of it, that serves a unit. site and sto are codes; sto is empty where it serves the site.

    open: whether it is still bound.
    """

    binding_id: int
    chat_id: int
    thread_id: int | None
    title: str
    purpose: Purpose
    site: str
    sto: str
    zone: str
    open: bool

    @property
    def unit(self) -> str:
        return self.sto or self.site


async def targets(session: AsyncSession, viewer: Viewer) -> Mapping[int, Target]:
    """The groups whose whole unit is in the viewer's area, by the id of their binding; ended bindings too."""
    if not viewer.may(RIGHT):
        return {}
    whole = select(Sto.site_operation_id).group_by(Sto.site_operation_id).having(func.bool_and(viewer.within(Sto.id)))
    mine = true() if viewer.stos is None else GroupBinding.sto_id.in_(viewer.stos) | SiteOperation.id.in_(whole)
    rows = await session.execute(_TARGETS.where(mine))
    return {row.id: Target(*row) for row in rows}


async def target(session: AsyncSession, binding_id: int) -> Target:
    """One of them, whoever asks."""
    return Target(*(await session.execute(_TARGETS.where(GroupBinding.id == binding_id))).one())


def voice(found: Target) -> Viewer:
    """As whom a group's report is made: it sees everything, and the report itself is kept to the group's unit."""
    return Viewer(0, found.title, Role.SUPERVISOR, None, language=LANGUAGE)


_TARGETS = (
    select(
        GroupBinding.id,
        GroupBinding.chat_id,
        GroupBinding.thread_id,
        Chat.title,
        GroupBinding.purpose,
        SiteOperation.code,
        func.coalesce(Sto.code, ""),
        SiteOperation.zone,
        and_(GroupBinding.active, Chat.held.is_(None)),
    )
    .join(Chat, Chat.id == GroupBinding.chat_id)
    .outerjoin(Sto, Sto.id == GroupBinding.sto_id)
    .join(SiteOperation, SiteOperation.id == func.coalesce(GroupBinding.site_operation_id, Sto.site_operation_id))
    .order_by(Chat.title, GroupBinding.id)
)
