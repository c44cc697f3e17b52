"""Trouble of the house on its way to the admins: in Telegram, and as a notice on the web. It judges nothing."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import saying
from services.notifier import texts_house as texts
from services.notifier.listeners import ears
from shared.deliveries.operations import Message
from shared.desk import notices
from shared.events import EventRow
from shared.notify import hearing, house, pulse
from shared.notify.events import HouseAlerted
from shared.settings import settings

ZONE = "Asia/Jakarta"  # the house's; nobody's quiet hours hold for this

# What waited for Telegram while it was in trouble itself would arrive after all was well.
_STALE = text("""
    UPDATE delivery SET state = 'cancelled' FROM event
    WHERE delivery.state = 'waiting' AND delivery.kind = 'house' AND event.id = delivery.event_id
      AND event.name = 'house.alerted' AND event.payload ->> 'part' = :part AND event.id < :healed
""")


@ears.hears(HouseAlerted)
async def tell_of_trouble(session: AsyncSession, row: EventRow, event: HouseAlerted) -> None:
    """Whom the rules name hear what is wrong, or that it is over and from when until when it was."""
    group = await house.group_of(session, event.part)
    note = f"{house.GROUP}{group}" if group else event.part
    if event.healed:
        await session.execute(_STALE, {"part": event.part, "healed": row.id})
    for hearer in await hearing.ladder(session, "house", 1, hearing.Subject()):
        if hearer.person is not None and hearer.person.username and not event.healed:
            await notices.tell(session, hearer.person.id, "house", actor_id=None, note=note)
        if event.healed:
            said = texts.over(event.part, group, event.since, row.at, ZONE, hearer.language)
        else:
            said = texts.message(event.part, group, f"{settings().base_url}/kesehatan", hearer.language)
        if event.part == pulse.BACK and event.since is not None:
            said = texts.back(event.since, event.count, ZONE, hearer.language)
        payload = {
            "text": said,
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        brief = said.partition("\n")[0]
        await saying.say(session, hearer, Message("house", payload, brief=brief), "house", 1, ZONE, row.id, None)
    await house.put_off(session)
