"""Chats and their members as the bot asks for them, and what it may do there as administrator."""

from deploy.simulator import access, membership, messages
from deploy.simulator.state import ADMINS, BOT, BOT_ID, PRESENT, Chat, Json, World, face_in_update
from deploy.simulator.wire import Sent, bad

COLORS = (0x6FB9F0, 0xFFD67E, 0xCB86DB, 0x8EEE98, 0xFF93B2, 0xFB6F5F)


def get_chat(world: World, p: Json, _: Sent) -> Json:
    chat = access.readable(world, p["chat_id"])
    full: Json = {
        **face_in_update(world, chat),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(
            ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
        ),
    }
    if chat.type != "private":
        full["permissions"] = {"can_send_messages": True}
    if chat.pinned:
        record = messages.find(chat, chat.pinned[-1])
        if record is not None:
            full["pinned_message"] = messages.without_reply(record["message"])
    return full


def get_chat_member(world: World, p: Json, _: Sent) -> Json:
    chat = access.readable(world, p["chat_id"])
    user = p["user_id"]
    if user != BOT_ID and user not in world.users:
        raise bad("user not found")
    return membership.member_face(world, chat, user)


def get_chat_administrators(world: World, p: Json, _: Sent) -> list[Json]:
    chat = access.readable(world, p["chat_id"])
    if chat.type == "private":
        raise bad("there are no administrators in the private chat")
    return [
        membership.member_face(world, chat, user)
        for user, status in chat.members.items()
        if status in ADMINS and not _other_bot(world, user)
    ]


def _other_bot(world: World, user: int) -> bool:
    return user != BOT_ID and bool(world.users[user].get("is_bot"))


def get_chat_member_count(world: World, p: Json, _: Sent) -> int:
    return messages.members_now(access.readable(world, p["chat_id"]))


def leave_chat(world: World, p: Json, _: Sent) -> bool:
    chat = access.readable(world, p["chat_id"])
    if chat.type == "private":
        raise bad("chat member status can't be changed in private chats")
    membership.set_status(world, chat, BOT_ID, "left", by=BOT_ID)
    return True


def ban_chat_member(world: World, p: Json, _: Sent) -> bool:
    chat, user = _member(world, p)
    if chat.members.get(user) == "creator":
        raise bad("can't remove chat owner")
    if chat.members.get(user) == "administrator":
        raise bad("user is an administrator of the chat")
    membership.set_status(world, chat, user, "kicked", by=BOT_ID)
    return True


def unban_chat_member(world: World, p: Json, _: Sent) -> bool:
    chat, user = _member(world, p)
    status = chat.members.get(user, "left")
    if status == "kicked" or (status in PRESENT and not p.get("only_if_banned")):
        membership.set_status(world, chat, user, "left", by=BOT_ID)
    return True


def _member(world: World, p: Json) -> tuple[Chat, int]:
    chat = access.administered(world, p["chat_id"], "not enough rights to restrict/unrestrict chat member")
    user = p["user_id"]
    if user not in world.users:
        raise bad("PARTICIPANT_ID_INVALID")
    return chat, user


def pin_chat_message(world: World, p: Json, _: Sent) -> bool:
    chat = access.writable(world, p["chat_id"])
    if chat.type != "private":
        access.administered(world, p["chat_id"], "not enough rights to manage pinned messages in the chat")
    record = messages.find(chat, p["message_id"])
    if record is None:
        raise bad("message to pin not found")
    if p["message_id"] not in chat.pinned:
        chat.pinned.append(p["message_id"])
        messages.add(world, chat, BOT, {"pinned_message": messages.without_reply(record["message"])}, service=True)
    return True


def unpin_chat_message(world: World, p: Json, _: Sent) -> bool:
    chat = access.writable(world, p["chat_id"])
    number = p.get("message_id") or (chat.pinned[-1] if chat.pinned else None)
    if number not in chat.pinned:
        raise bad("message to unpin not found")
    chat.pinned.remove(number)
    world.touch()
    return True


def create_forum_topic(world: World, p: Json, _: Sent) -> Json:
    chat = access.administered(world, p["chat_id"], "not enough rights to create a topic")
    if not chat.is_forum:
        raise bad("the chat is not a forum")
    if not 1 <= len(p["name"]) <= 128:
        raise bad("TOPIC_TITLE_EMPTY")
    color = p.get("icon_color", COLORS[0])
    if color not in COLORS:
        raise bad("TOPIC_ICON_COLOR_INVALID")
    return membership.open_topic(world, chat, p["name"], color, BOT_ID)
