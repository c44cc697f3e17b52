"""Messages in a group that one person sees (Bot API 10.2): who may get one, and how it is kept. It sends nothing.

Such a message takes no number of the chat: the bot gets `message_id` 0 and an `ephemeral_message_id`. The open Bot API
server that this simulator follows ends before them, so the wording of these refusals is our own.
"""

from deploy.simulator import access, clock, messages
from deploy.simulator.state import ADMINS, BOT_ID, PRESENT, Chat, Json, World, user_face
from deploy.simulator.wire import bad

SOON = 15  # seconds in which a bot that is no administrator may answer a pressed button


def reader(world: World, p: Json) -> int | None:
    """Who alone shall see what a call sends; None for everybody. Raises Refused for whom it cannot be sent to."""
    wanted = p.get("ephemeral_message_parameters")
    if wanted is None:
        return None
    if not isinstance(wanted, dict) or not isinstance(wanted.get("receiver_user_id"), int):
        raise bad("can't parse ephemeral message parameters JSON object")
    chat = access.writable(world, p["chat_id"], p.get("message_thread_id"))
    if chat.type not in {"group", "supergroup"}:
        raise bad("ephemeral messages can be sent only to groups")
    user: int = wanted["receiver_user_id"]
    if chat.members.get(user) not in PRESENT:
        raise bad("USER_NOT_PARTICIPANT")
    if chat.members.get(BOT_ID) not in ADMINS and not _just_pressed(world, chat, user, wanted):
        raise bad("not enough rights to send ephemeral messages")
    return user


def _just_pressed(world: World, chat: Chat, user: int, wanted: Json) -> bool:
    query = world.queries.get(str(wanted.get("callback_query_id") or ""))
    return (
        query is not None and query["chat"] == chat.id and query["user"] == user and clock.now() - query["date"] <= SOON
    )


def put(world: World, chat: Chat, user: int, body: Json, thread: int | None) -> Json:
    """Show a message to one person; the message as the bot gets it back."""
    kept: Json = messages.from_bot(world, chat, body, thread, only=user)["message"]
    told = {"ephemeral_message_id": -kept["message_id"], "receiver_user": user_face(world, user)}
    return {**kept, "message_id": 0, **told}
