"""Who asks what, where: one update as the handlers see it. No database, no words for people."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

from aiogram.types import Chat, Message, TelegramObject, Update, User

from shared.chats.models import ChatKind, numbers_its_own
from shared.chats.speakers import Told
from shared.identifiers import plain
from shared.people.access import Viewer

GROUPS = frozenset({"group", "supergroup"})
_COMMAND = re.compile(r"\s*/([A-Za-z0-9_]{1,32})(?:@(\w{1,64}))?(?=[\s#|,;:]|$)[\s#|,;:]*")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command as it was typed: `/cek@sikpro_bot SC32232558` is name `cek`, rest `SC32232558`."""

    name: str
    rest: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: the chat, the message answered (0: none), and the topic."""

    chat_id: int
    message_id: int
    thread_id: int | None
    is_group: bool
    title: str


@dataclass(frozen=True, slots=True)
class Asker:
    """A registered person who speaks in a place that may be answered."""

    viewer: Viewer
    telegram_id: int
    language: str
    place: Place
    bot_username: str
    stated: str
    """The text or caption as people meant it (`identifiers.plain`), empty where there is none."""
    replies_to_bot: bool = False


def spoken(text: str, username: str) -> Spoken | None:
    """The command at the head of a cleaned text, unless it names another bot."""
    found = _COMMAND.match(text)
    if not found or (found[2] and found[2].lower() != username.lower()):
        return None
    return Spoken(found[1].lower(), text[found.end() :].strip(), text)


def message_of(update: Update) -> Message | None:
    """The message an update is about, new or edited."""
    return update.message or update.edited_message


def text_of(message: Message | None) -> str:
    """A message's text or caption, cleaned."""
    return plain(message.text or message.caption or "") if message else ""


def place_of(update: Update) -> Place | None:
    """Where an update comes from; None where it has no chat that we talk in."""
    query = update.callback_query
    message = message_of(update) or (query.message if query else None)
    if message is None:
        return None
    thread = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return _place(message.chat, message.message_id, thread)


def _place(chat: Chat, message_id: int, thread_id: int | None) -> Place | None:
    if chat.type != "private" and chat.type not in GROUPS:
        return None
    title = chat.title or chat.full_name or ""
    return Place(chat.id, message_id, thread_id, chat.type in GROUPS, title)


def sender_of(update: Update) -> User | None:
    """The person behind an update."""
    message = message_of(update)
    if message is not None:
        return message.from_user
    return update.callback_query.from_user if update.callback_query else None


def told(update: Update) -> Told | None:
    """What an update says about who speaks where; None for what is nobody's word in a chat that we talk in."""
    place, message = place_of(update), message_of(update)
    if place is None or (update.message and tells_of_chat(update.message)):
        return None
    user = sender_of(update)
    nobody = user is None or user.is_bot or (message is not None and message.sender_chat is not None)
    kind = ChatKind.PRIVATE
    if place.is_group:
        kind = ChatKind.SUPERGROUP if numbers_its_own(place.chat_id) else ChatKind.GROUP
    return Told(place.chat_id, kind, place.title, place.message_id, None if nobody or user is None else user.id)


def tells_of_chat(message: Message) -> bool:
    """Whether a message is Telegram's own word about who is in the chat, or where it went."""
    return bool(message.migrate_to_chat_id or message.left_chat_member or message.new_chat_members)


def command(*names: str) -> Callable[..., Awaitable[bool]]:
    """A filter: the message is one of these commands."""

    async def check(_: TelegramObject, said: Spoken | None = None) -> bool:
        return said is not None and said.name in names

    return check


def carries(*fields: str) -> Callable[..., Awaitable[bool]]:
    """A filter: the message has one of these. Aiogram's own `F` would go through a thread for each message."""

    async def check(message: TelegramObject) -> bool:
        return any(getattr(message, field) for field in fields)

    return check


def place_of_raw(told: dict[str, Any]) -> Place | None:
    """The place of a message that could not be read as one."""
    chat, number = told.get("chat"), told.get("message_id")
    if not isinstance(chat, dict) or not _is_number(chat.get("id")):
        return None
    thread = told.get("message_thread_id") if told.get("is_topic_message") else None
    is_group = chat.get("type") in GROUPS
    title = str(chat.get("title") or "")
    return Place(
        chat["id"], number if _is_number(number) else 0, thread if _is_number(thread) else None, is_group, title
    )


def _is_number(value: Any) -> TypeGuard[int]:
    """Whether it can be an id at all."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
