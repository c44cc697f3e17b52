"""To which Site Operation an STO belonged on a day, for reports of earlier times. Reads only."""

from datetime import date
from typing import Any

from sqlalchemy import ScalarSelect, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.places.models import Sto, StoSite


def site_on(sto_id: Any, day: Any) -> ScalarSelect[int]:
    """The id of the Site Operation of an STO on a day, as an expression; both may be columns of the statement."""
    then = (
        select(StoSite.site_operation_id)
        .where(
            StoSite.sto_id == sto_id,
            or_(StoSite.valid_from.is_(None), StoSite.valid_from <= day),
            or_(StoSite.valid_to.is_(None), StoSite.valid_to >= day),
        )
        .limit(1)
        .scalar_subquery()
    )
    today = select(Sto.site_operation_id).where(Sto.id == sto_id).scalar_subquery()
    return select(func.coalesce(then, today)).scalar_subquery()


async def apply_due(session: AsyncSession, today: date) -> list[int]:
    """The STO (ids) whose planned move has come: they belong to their new Site Operation from now on."""
    now_in = and_(
        StoSite.sto_id == Sto.id,
        or_(StoSite.valid_from.is_(None), StoSite.valid_from <= today),
        or_(StoSite.valid_to.is_(None), StoSite.valid_to >= today),
        StoSite.site_operation_id != Sto.site_operation_id,
    )
    rows = await session.execute(select(Sto, StoSite.site_operation_id).join(StoSite, now_in).with_for_update(of=Sto))
    moved = []
    for sto, site in rows:
        sto.site_operation_id = site
        moved.append(sto.id)
    await session.flush()
    return moved
