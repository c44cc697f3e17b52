"""Short words for the engine's tests: queue a message, look at its row, read the chat."""

from typing import Any

from sqlalchemy import select, text

from shared.chats import operations as chats
from shared.chats.models import Chat
from shared.db import transaction
from shared.deliveries import drain, operations
from shared.deliveries.drain import Post
from shared.deliveries.models import Delivery
from shared.deliveries.operations import NEWS, Message
from tests import factories
from tests.simulator.telegram import Telegram

GROUP, OTHER, PERSON, SECOND = -1001800000001, -1001800000002, 5512045, 5512046


async def chat(sim: Telegram, *ids: int) -> None:
    """The house knows these chats, each by a message that somebody wrote there."""
    for number in ids or (GROUP, OTHER, PERSON, SECOND):
        said = await sim.sim("say", chat=number, user=number if number > 0 else PERSON, text="halo")
        kind = said["message"]["chat"]["type"]
        async with transaction() as session:
            await chats.seen(session, number, kind, f"Chat {number}", said["message"]["message_id"])


def keyboard() -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Cek", "callback_data": f"cek:1:{operations.reference()}"}]]}


async def say(words: str, chat_id: int = GROUP, **given: Any) -> int:
    """Queue a message with a button; `brief`, `keep`, `order_id`, `kind`, `thread`, … as given."""
    order_id, thread = given.pop("order_id", None), given.pop("thread", None)
    payload: dict[str, Any] = {"text": words, "reply_markup": keyboard()}
    if thread is not None:
        payload["message_thread_id"] = thread
    fields: dict[str, Any] = {"kind": "news", "payload": payload, "lane": NEWS}
    message = Message(**fields | given)
    async with transaction() as session:
        queued = await operations.queue(session, chat_id, message, order_id=order_id)
    assert queued is not None
    return queued


async def orders(count: int) -> list[int]:
    """Ids of so many orders."""
    async with transaction() as session:
        here = await factories.town(session)
        return [(await factories.order(session, here)).id for _ in range(count)]


async def row(delivery_id: int) -> Delivery:
    async with transaction() as session:
        return (await session.scalars(select(Delivery).where(Delivery.id == delivery_id))).one()


async def states(*ids: int) -> list[str]:
    return [(await row(number)).state.value for number in ids]


async def chat_row(chat_id: int = GROUP) -> Chat:
    async with transaction() as session:
        return (await session.scalars(select(Chat).where(Chat.id == chat_id))).one()


async def sql(statement: str, **values: Any) -> None:
    async with transaction() as session:
        await session.execute(text(statement), values)


async def drained(post: Post, chat_id: int) -> int:
    """Drain until nothing more leaves, however slow the machine is; how many calls were made."""
    made = 0
    while again := (await drain.drain(post, chat_id)).made:
        made += again
    return made


async def hurry() -> None:
    """Whatever waits for its time has waited long enough."""
    await sql("UPDATE delivery SET settle_at = clock_timestamp() WHERE state = 'unknown'")
    await sql("UPDATE delivery SET not_before = clock_timestamp() WHERE state = 'waiting'")
    await sql("UPDATE chat SET not_before = NULL, paced_until = NULL")
    await sql("UPDATE bot_pause SET until = '2000-01-01'")


async def texts(sim: Telegram, chat_id: int = GROUP) -> list[str]:
    """What the bot's messages in a chat say now, oldest first."""
    return [
        record["message"]["text"]
        for record in await sim.messages(chat_id)
        if record["by_bot"] and not record["service"] and not record["deleted"]
    ]


async def fault(sim: Telegram, kind: str, **rule: Any) -> None:
    await sim.sim("faults", kind=kind, **{"count": 1, "method": "sendMessage"} | rule)
