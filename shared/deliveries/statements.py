"""The statements that nearly every message needs, built once: building them took half of a sender's time. No rules."""

from functools import cache
from typing import cast

from sqlalchemy import BigInteger, Double, Executable, Table, and_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from shared.chats.models import Chat, same_numbers
from shared.deliveries.models import BotPause, Delivery, State

_CHAT = bindparam("chat", type_=BigInteger)


@cache
def queue() -> Executable:
    """Write a delivery and give its id; nothing if this event's was written for this chat and kind already."""
    made = insert(cast(Table, Delivery.__table__))
    return made.on_conflict_do_nothing(index_elements=["event_id", "chat_id", "kind"]).returning(Delivery.id)


@cache
def claim(*, alone: bool) -> Executable:
    """Mark `delivery` of `chat` as being sent for `lease` seconds, if it waits; gives it as it stands then.

    alone: the chat numbers its messages for itself (`numbers_its_own`).
    """
    now = func.clock_timestamp()
    numbered = Chat.id == _CHAT if alone else same_numbers(Chat.id, 0)
    newest = select(func.max(Chat.last_message_id)).where(numbered).scalar_subquery()
    taking = (
        update(cast(Table, Delivery.__table__))
        .where(Delivery.id == bindparam("delivery", type_=BigInteger), Delivery.state == State.WAITING)
        .values(
            state=State.SENDING,
            claimed_at=now,
            lease_until=now + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("lease", type_=Double)),
            floor_id=newest,
        )
        .returning(*Delivery.__table__.columns)
    )
    return select(Delivery).from_statement(taking).execution_options(populate_existing=True)


@cache
def may_speak() -> Executable:
    """Whether Telegram lets anything be sent to `chat` at this moment, as far as we were told."""
    now = func.clock_timestamp()
    free = exists().where(Chat.id == _CHAT, Chat.held.is_(None), or_(Chat.not_before.is_(None), Chat.not_before <= now))
    return select(and_(free, ~exists().where(BotPause.id == 1, BotPause.until > now)))


ARRIVED = text("""
    WITH closed AS (
        UPDATE delivery SET state = 'sent', message_id = :message_id, sent_at = clock_timestamp(), trouble = NULL,
               settle_at = NULL, lease_until = NULL
        WHERE id = :delivery AND state IN ('sending', 'unknown') AND claimed_at = :claimed_at
    ), heard AS (
        UPDATE chat SET hinted_at = NULL, last_message_id = greatest(last_message_id, :message_id) WHERE id = :chat
    )
    SELECT EXISTS (SELECT FROM delivery WHERE chat_id = :chat AND state = 'waiting')
""").bindparams(
    bindparam("message_id", type_=BigInteger),
    bindparam("delivery", type_=BigInteger),
    bindparam("chat", type_=BigInteger),
)
"""Close a claim (if it still is this very claim) as sent, free its chat, and say whether more waits there.

Both updates see the rows as they were before; each touches another table, so the order does not matter.
"""

LEAVE = text("""
    UPDATE chat SET paced_until = clock_timestamp() + make_interval(secs => :seconds), hinted_at = NULL
    WHERE id = :chat AND NOT EXISTS (
        SELECT FROM delivery WHERE chat_id = :chat AND (state = 'unknown' OR (state = 'waiting' AND lane = 0)))
    RETURNING id
""").bindparams(bindparam("seconds", type_=Double), bindparam("chat", type_=BigInteger))
"""Let a chat wait for its limit of news, unless an answer to a person or an unsettled message is to be seen to."""
