"""Who is at work and who holds what, for the team leader's dashboard. Reads what it needs, changes nothing."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.web.deps import Visit
from services.web.language import _
from services.web.view import Query, address
from services.web.view_claims import Crew, OnDuty
from services.web.words import ROLES
from shared.desk.models import Is
from shared.reports import crew


async def crew_of(session: AsyncSession, visit: Visit) -> Crew:
    """The crew of the area, and those of it who are gone and still hold open orders."""
    found = tuple(
        OnDuty(
            name=each.who.name,
            role=_(ROLES[each.who.role]),
            state=each.who.state.value,
            seen=each.who.seen_at,
            orders=each.orders,
            href=address(Query(pemegang=str(each.who.person_id))),
        )
        for each in await crew.on_duty(session, visit.viewer)
    )
    return Crew(found, tuple(each for each in found if each.state == Is.OFF and each.orders))
