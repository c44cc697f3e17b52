"""Whether the bot may see or write a chat, and Telegram's words when it may not. It changes nothing."""

from typing import Any

from deploy.simulator.state import ADMINS, BOT_ID, PRESENT, Chat, World, private_chat
from deploy.simulator.wire import Refused, bad, forbidden


def chat_of(world: World, wanted: Any) -> Chat:
    """The chat called `wanted` (number or @name). Raises Refused when there is none or it has moved."""
    chat: Chat | None = None
    if isinstance(wanted, str):
        name = wanted[1:].lower()
        chat = next(
            (item for item in world.chats.values() if item.username.lower() == name and item.type != "private"), None
        )
    else:
        chat = world.chats.get(wanted)
        if chat is None and wanted in world.users:
            chat = private_chat(world, wanted)
    if chat is None:
        raise bad("chat not found")
    if chat.migrated_to:
        raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
    return chat


def readable(world: World, wanted: Any) -> Chat:
    """A chat the bot is in. Raises Refused otherwise."""
    chat = chat_of(world, wanted)
    if chat.type != "private":
        status = chat.members.get(BOT_ID, "left")
        if status == "kicked":
            raise kicked(chat)
        if status not in PRESENT:
            raise forbidden(f"bot is not a member of the {chat.type} chat")
    return chat


def writable(world: World, wanted: Any, thread: int | None = None) -> Chat:
    """A chat the bot may write to. Raises Refused otherwise."""
    chat = readable(world, wanted)
    if chat.type == "private":
        if world.users.get(chat.id, {}).get("deactivated"):
            raise forbidden("user is deactivated")
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.started and not _asks_to_come_in(world, chat.id):
            raise forbidden("bot can't initiate conversation with a user")
    if thread is not None:
        topic = chat.topics.get(thread)
        if topic is None:
            raise bad("message thread not found")
        if topic.get("closed"):
            raise bad("TOPIC_CLOSED")
    return chat


def _asks_to_come_in(world: World, user: int) -> bool:
    """Whether a person waits at the door of a group: until that is decided the bot may write to it."""
    return any(user in chat.asking and chat.members.get(BOT_ID) in ADMINS for chat in world.chats.values())


def administered(world: World, wanted: Any, need: str = "not enough rights") -> Chat:
    """A group where the bot is administrator. Raises Refused otherwise."""
    chat = readable(world, wanted)
    if chat.type == "private":
        raise bad("method is available for supergroup and channel chats only")
    if chat.members.get(BOT_ID) not in ADMINS:
        raise bad(need)
    return chat


def kicked(chat: Chat) -> Refused:
    if chat.type == "private":
        return forbidden("bot was blocked by the user")
    return forbidden(f"bot was kicked from the {chat.type} chat")
