"""What the house allows about calling on customers in arrears, as an admin set it. It judges no visit: see `guards`.

Until somebody sets it, the environment says it. A change holds from its own moment on; what was before stays known.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, time

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.arrears.models import ContactSetting
from shared.errors import Invalid
from shared.people.access import Viewer
from shared.people.models import Person
from shared.settings import settings

RIGHT = "contact.change"
MOST_WEEKLY = 21
MOST_CARD_MINUTES = 2880  # Telegram lets a bot delete its messages for 48 hours
KNOWN = 20  # earlier settings that the page shows

_NEWEST = (
    select(ContactSetting.opens, ContactSetting.closes, ContactSetting.weekly, ContactSetting.card_minutes)
    .order_by(ContactSetting.valid_from.desc(), ContactSetting.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Contacts:
    """opens, closes: local times of a customer's unit. weekly: meetings in seven days, 0: as often as needed.

    card_minutes: how long a card with a customer's data stays in a chat.
    """

    opens: time
    closes: time
    weekly: int
    card_minutes: float


@dataclass(frozen=True, slots=True)
class Since:
    """A setting, from when on it held, and who made it."""

    contacts: Contacts
    at: datetime
    who: str


def at_install() -> Contacts:
    """What the environment says."""
    house = settings()
    return Contacts(house.contact_opens, house.contact_closes, house.contact_weekly, house.card_minutes)


async def of_now(session: AsyncSession) -> Contacts:
    """What holds at this moment."""
    row = (await session.execute(_NEWEST)).first()
    return Contacts(*row) if row is not None else at_install()


async def history(session: AsyncSession, viewer: Viewer) -> list[Since]:
    """What was set, the newest first. Raises NotAllowed."""
    viewer.must(RIGHT)
    rows = await session.execute(
        select(ContactSetting, Person.name)
        .join(Person, Person.id == ContactSetting.made_by)
        .order_by(ContactSetting.valid_from.desc(), ContactSetting.id.desc())
        .limit(KNOWN)
    )
    return [
        Since(Contacts(row.opens, row.closes, row.weekly, row.card_minutes), row.valid_from, who) for row, who in rows
    ]


async def change(session: AsyncSession, viewer: Viewer, wanted: Contacts, *, source: str) -> bool:
    """From now on this; False when it was so already. Raises NotAllowed, Invalid(closes=order, weekly, card=range)."""
    viewer.must(RIGHT)
    wrong: dict[str, str] = {}
    if wanted.closes <= wanted.opens:
        wrong["closes"] = "order"
    if not 0 <= wanted.weekly <= MOST_WEEKLY:
        wrong["weekly"] = "range"
    if not 1 <= wanted.card_minutes <= MOST_CARD_MINUTES:
        wrong["card"] = "range"
    if wrong:
        raise Invalid(**wrong)
    before = await of_now(session)
    if before == wanted:
        return False
    values = asdict(wanted) | {"card_minutes": round(wanted.card_minutes), "made_by": viewer.person_id}
    await session.execute(insert(ContactSetting).values(values))
    told = {"before": _told(before), "after": _told(wanted)}
    await audit.note(session, viewer.person_id, source, "contact.changed", "contact:house", told)
    return True


def _told(each: Contacts) -> str:
    return f"{each.opens:%H:%M}–{each.closes:%H:%M}, {each.weekly}/7, {each.card_minutes:g} min"
