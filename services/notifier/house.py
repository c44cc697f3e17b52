"""Trouble of the house on its way to the admins: in Telegram, and as a notice on the web. It judges nothing."""

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import saying
from services.notifier import texts_house as texts
from services.notifier.listeners import ears
from shared.deliveries.operations import Message
from shared.desk import notices
from shared.events import EventRow
from shared.notify import hearing, pulse
from shared.notify.events import HouseAlerted
from shared.settings import settings

ZONE = "Asia/Jakarta"  # the house's; nobody's quiet hours hold for this


@ears.hears(HouseAlerted)
async def tell_of_trouble(session: AsyncSession, row: EventRow, event: HouseAlerted) -> None:
    """Whom the rules name hear what is wrong, or that it is over."""
    for hearer in await hearing.ladder(session, "house", 1, hearing.Subject()):
        if hearer.person is not None and hearer.person.username and not event.healed:
            await notices.tell(session, hearer.person.id, "house", actor_id=None, note=event.part)
        said = texts.message(event.part, f"{settings().base_url}/kesehatan", hearer.language, healed=event.healed)
        if event.part == pulse.BACK and event.since is not None:
            said = texts.back(event.since, event.count, ZONE, hearer.language)
        payload = {
            "text": said,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        brief = said.partition("\n")[0]
        await saying.say(session, hearer, Message("house", payload, brief=brief), "house", 1, ZONE, row.id, None)
