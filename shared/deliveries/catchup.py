"""One list instead of many edits, where more living cards wait than a group may see edited in a minute.

The cards are brought up to date all the same, one by one as the limit allows; the list tells meanwhile.
It sends nothing.
"""

from typing import Any

from sqlalchemy import Select, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.deliveries import operations
from shared.deliveries.models import Delivery, State

CARDS = 12  # edits of so many cards leave a group within its minute, beside other news
MOST = 20  # cards in one list
LONGEST = 3500  # characters; Telegram's limit is 4096 after entities


async def catch_up(session: AsyncSession, claimed: Delivery) -> Delivery | None:
    """Turn the claim of an edit into that of a list of all cards that wait for one; None where a few do.

    The edits keep waiting, but are in no list again.
    """
    if claimed.chat_id > 0 or not claimed.brief:
        return None
    waiting = (await session.execute(_untold(claimed))).all()
    newest = {row.edits: (row.brief, row.button) for row in waiting}
    if len(newest) <= CARDS:
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
    if (thread := waiting[0].thread) is not None:
        payload["message_thread_id"] = int(thread)
    edits = update(Delivery).execution_options(synchronize_session=False)
    listed = [row.id for row in waiting if row.edits in told]
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


def _untold(claimed: Delivery) -> Select[Any]:
    """(edit, its card, brief, button, topic) of all edits in the chat that no list has told of, oldest first.

    Only those of cards in the topic of the claimed one: a list stands in one topic.
    """
    card, mine = aliased(Delivery), aliased(Delivery)
    topic = card.payload["message_thread_id"].astext
    own = select(mine.payload["message_thread_id"].astext).where(mine.id == claimed.edits).scalar_subquery()
    return (
        select(Delivery.id, Delivery.edits, Delivery.brief, Delivery.button, topic.label("thread"))
        .join(card, card.id == Delivery.edits)
        .where(
            Delivery.chat_id == claimed.chat_id,
            or_(Delivery.state == State.WAITING, Delivery.id == claimed.id),
            Delivery.method == claimed.method,
            Delivery.brief != "",
            card.state == State.SENT,
            card.chat_id == claimed.chat_id,
            topic.is_not_distinct_from(own),
        )
        .order_by(Delivery.id)
    )
