"""The bot comes into a chat, leaves it, is blocked, or the chat gets another id. Holds and releases; says little."""

from aiogram import Router
from aiogram.types import ChatMemberUpdated, Message, Update
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import telling
from services.bot.answers import Answer
from services.bot.asking import GROUPS, Place, carries
from services.bot.middlewares import language_of
from services.bot.texts import say
from shared.chats import belonging, checks
from shared.chats import operations as chats

router = Router(name="membership")

OUT = frozenset({"left", "kicked"})


def place_of(update: Update) -> Place | None:
    """Where to greet after a change of membership."""
    changed = update.my_chat_member
    if changed is None or changed.chat.type not in GROUPS:
        return None
    return Place(changed.chat.id, 0, None, is_group=True, title=changed.chat.title or "")


@router.my_chat_member()
async def belong(event: ChatMemberUpdated, session: AsyncSession) -> Answer | None:
    """Nothing is sent to a chat that threw the bot out; what waits leaves once it is back."""
    chat = event.chat
    if chat.type != "private" and chat.type not in GROUPS:
        return None
    await chats.seen(session, chat.id, chat.type, chat.title or chat.full_name or "")
    if chat.type in GROUPS:
        await checks.changed(session, chat.id)
    if event.new_chat_member.status in OUT:
        words = "the bot was blocked by the user" if chat.type == "private" else "the bot was removed from the group"
        await chats.hold(session, chat.id, words)
        return None
    if event.old_chat_member.status not in OUT:
        return None
    if chat.type == "private":
        await chats.release(session, chat.id)
        return None
    language = language_of(event.from_user.language_code)
    await chats.release(session, chat.id)
    if await chats.group_is_known(session, chat.id):
        return Answer(say("bot_back", language))
    return Answer(say("bot_added", language, number=chat.id))


@router.chat_member()
async def member(event: ChatMemberUpdated, session: AsyncSession) -> None:
    """Somebody came into a group or went: what that does to rights is told to whom it concerns, in private."""
    user, new = event.new_chat_member.user, event.new_chat_member
    inside = belonging.is_inside(new.status, is_member=bool(getattr(new, "is_member", False)))
    await _moved(session, event.chat.id, user.id, event.chat.title or "", inside=inside)


@router.message(carries("left_chat_member"))
async def gone(message: Message, session: AsyncSession) -> None:
    """The same where the bot is no admin and hears of it by the service message only."""
    assert message.left_chat_member is not None
    if not message.left_chat_member.is_bot:
        await _moved(session, message.chat.id, message.left_chat_member.id, message.chat.title or "", inside=False)


@router.message(carries("new_chat_members"))
async def arrived(message: Message, session: AsyncSession) -> None:
    """People came into a group, as a bot that is no admin hears it."""
    for user in message.new_chat_members or ():
        if not user.is_bot:
            await _moved(session, message.chat.id, user.id, message.chat.title or "", inside=True)


async def _moved(session: AsyncSession, chat_id: int, telegram_id: int, title: str, *, inside: bool) -> None:
    act = belonging.came if inside else belonging.went
    person = await act(session, chat_id, telegram_id)
    if person is not None:
        key = "access_back" if inside else "access_over"
        await telling.tell(session, telegram_id, say(key, person.language, title=title))


@router.message(carries("migrate_to_chat_id"))
async def migrate(message: Message, session: AsyncSession) -> None:
    """A group became a supergroup: all that belongs to it moves along."""
    assert message.migrate_to_chat_id is not None
    await chats.seen(session, message.chat.id, "group", message.chat.title or "", message.message_id)
    await chats.migrated(session, message.chat.id, message.migrate_to_chat_id)
