"""What the clock's ladders say, on its way to whom the rules name, heeding each person's wishes. It decides no time."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifier import saying
from services.notifier import texts_clock as texts
from services.notifier.listeners import ears
from shared.arrears.batches import ImportBatch
from shared.deliveries import operations as deliveries
from shared.deliveries.operations import Message
from shared.events import EventRow
from shared.notify import hearing, ladder
from shared.notify.events import ClockAlerted
from shared.notify.hearing import Hearer, Subject
from shared.orders import buttons, queries
from shared.people.models import Person
from shared.settings import settings
from shared.talk.models import OrderQuestion


@ears.hears(ClockAlerted)
async def tell_of_silence(session: AsyncSession, row: EventRow, event: ClockAlerted) -> None:
    """Whom the rules name hear that nothing happened; nobody does if something happened in the meantime."""
    if not await ladder.holds(session, event):
        return
    zone = await hearing.zone_of(session, event.site_operation_id)
    own, draw = await (_import(session, event, zone) if event.kind == "import" else _order(session, event))
    about = Subject(event.site_operation_id, event.sto_id, own)
    for hearer in await hearing.ladder(session, event.kind, event.step, about):
        await saying.say(session, hearer, draw(hearer), event.kind, event.step, zone, row.id, event.order_id)


async def _order(session: AsyncSession, event: ClockAlerted) -> Any:
    assert event.order_id is not None
    facts = await queries.by_id(session, None, event.order_id)
    own: dict[str, int | None] = {"holder": facts.order.holder_id}
    climbed = await ladder.said_below(session, event)
    asked = ""
    if event.kind == "unanswered":
        question = await session.get_one(OrderQuestion, event.subject)
        own, asked = own | {"asker": question.asked_by}, question.words

    def draw(hearer: Hearer) -> Message:
        language, order = hearer.language, facts.order
        button = buttons.button("cek", order.id, deliveries.reference(), language)
        keyboard = [[button]]
        if event.kind == "untaken" and saying.acts(hearer):
            keyboard = buttons.card(order.id, order.category, language, deliveries.reference)
        return Message(
            kind="clock",
            payload={
                "text": texts.order_message(facts, event.kind, event.fact_at, asked, language, climbed=climbed),
                "parse_mode": "HTML",
                "reply_markup": {"inline_keyboard": keyboard},
            },
            brief=texts.order_brief(facts, event.kind, event.fact_at, language),
            button=button | {"text": order.registration_no},
        )

    return own, draw


async def _import(session: AsyncSession, event: ClockAlerted, zone: str) -> Any:
    batch = await session.get_one(ImportBatch, event.subject)
    who = await session.scalar(select(Person.name).where(Person.id == batch.uploaded_by)) or ""
    link = f"{settings().base_url}/impor/{batch.id}"

    def draw(hearer: Hearer) -> Message:
        return Message(
            kind="clock",
            payload={
                "text": texts.import_message(batch.name, who, event.fact_at, zone, link, hearer.language),
                "parse_mode": "HTML",
                "link_preview_options": {"is_disabled": True},
            },
            brief=texts.import_brief(batch.name, who, hearer.language),
        )

    return {"uploader": batch.uploaded_by}, draw
