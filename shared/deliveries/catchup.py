"""One list instead of many edits, where more living cards wait than a group may see edited in a minute.

The cards are brought up to date all the same, one by one as the limit allows; the list tells meanwhile.
It sends nothing.
"""

from typing import Any

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.deliveries import operations
from shared.deliveries.models import Delivery, State

CARDS = 12  # edits of so many cards leave a group within a minute, beside other news
PATIENCE = 25.0  # seconds that nobody was told of a card's change; the group may have to be silent for twenty more
MOST = 20  # cards in one list
LONGEST = 3500  # characters; Telegram's limit is 4096 after entities


async def catch_up(session: AsyncSession, claimed: Delivery) -> Delivery | None:
    """Turn the claim of an edit into that of a list of the cards nobody was told of; None where there is no need.

    The edits keep waiting, but are in no list again.
    """
    if claimed.chat_id > 0:
        return None
    waiting = (await session.execute(_waiting(claimed))).all()
    untold = [row for row in waiting if row.brief]
    newest = {row.edits: (row.brief, row.button) for row in untold}
    if len({row.edits for row in waiting}) <= CARDS or not untold or untold[0].age < PATIENCE:
        return None
    told: dict[int, str] = {}
    buttons: list[dict[str, Any]] = []
    for card, (brief, button) in list(newest.items())[:MOST]:
        if told and sum(len(line) + 2 for line in told.values()) + len(brief) > LONGEST:
            break
        told[card] = brief
        buttons += [button] if button else []
    payload: dict[str, Any] = {
        "text": "\n\n".join(told.values()),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [buttons[at : at + 2] for at in range(0, len(buttons), 2)]},
    }
    if (thread := untold[0].thread) is not None:
        payload["message_thread_id"] = int(thread)
    edits = update(Delivery).execution_options(synchronize_session=False)
    listed = [row.id for row in untold if row.edits in told]
    await session.execute(edits.where(Delivery.id.in_(listed)).values(brief=""))
    await session.execute(edits.where(Delivery.id == claimed.id).values(state=State.WAITING, lease_until=None))
    made: Delivery | None = await session.scalar(
        insert(Delivery)
        .values(
            chat_id=claimed.chat_id,
            kind=operations.MERGED,
            lane=claimed.lane,
            method="sendMessage",
            payload=payload,
            state=State.SENDING,
            claimed_at=claimed.claimed_at,
            lease_until=claimed.lease_until,
            floor_id=claimed.floor_id,
        )
        .returning(Delivery)
    )
    return made


def _waiting(claimed: Delivery) -> Select[Any]:
    """(id, edits, brief, button, thread, age) of all edits of cards in the chat, oldest first; brief "": told of.

    Only of cards in the topic of the claimed one: a list stands in one topic.
    """
    card, mine = aliased(Delivery), aliased(Delivery)
    age = func.extract("epoch", func.clock_timestamp() - Delivery.created_at)
    topic = card.payload["message_thread_id"].astext
    own = select(mine.payload["message_thread_id"].astext).where(mine.id == claimed.edits).scalar_subquery()
    return (
        select(Delivery.id, Delivery.edits, Delivery.brief, Delivery.button, topic.label("thread"), age.label("age"))
        .join(card, card.id == Delivery.edits)
        .where(
            Delivery.chat_id == claimed.chat_id,
            or_(Delivery.state == State.WAITING, Delivery.id == claimed.id),
            Delivery.method == claimed.method,
            card.state == State.SENT,
            card.chat_id == claimed.chat_id,
            topic.is_not_distinct_from(own),
        )
        .order_by(Delivery.id)
    )
