"""Who belongs to which chat, with what rights, and the updates and service messages each change makes."""

from typing import Any

from deploy.simulator import clock, messages, updates
from deploy.simulator.state import (
    ADMINS,
    BOT_ID,
    PRESENT,
    Chat,
    Json,
    World,
    face_in_update,
    new_chat,
    private_chat,
    user_face,
)


class Impossible(ValueError):  # noqa: N818 a word people understand
    """A person cannot do that in Telegram; the message says why."""


ALL_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
    "can_pin_messages", "can_manage_topics", "can_manage_tags", "can_send_welcome_messages",
)  # fmt: skip
RESTRICTED = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info", "can_invite_users",
    "can_pin_messages", "can_manage_topics",
)  # fmt: skip


def member_face(world: World, chat: Chat, user: int) -> Json:
    """A ChatMember as Telegram describes it."""
    status = chat.members.get(user, "left")
    face: Json = {"user": user_face(world, user), "status": status}
    if status == "creator":
        face["is_anonymous"] = False
    if status == "administrator":
        face |= dict.fromkeys(ALL_RIGHTS, True) | {
            "can_promote_members": False,
            "can_be_edited": False,
            "is_anonymous": False,
        }
        if not chat.is_forum:
            del face["can_manage_topics"]
    if status == "restricted":
        face |= {"is_member": True, "until_date": 0} | dict.fromkeys(RESTRICTED, False)
    if status == "kicked":
        face["until_date"] = 0
    return face


def set_status(world: World, chat: Chat, user: int, status: str, by: int) -> None:
    """Change a membership: service message, `my_chat_member` or `chat_member`, exactly when Telegram sends them."""
    before = member_face(world, chat, user)
    was_in, was_admin = before["status"] in PRESENT, chat.members.get(BOT_ID) in ADMINS
    if before["status"] == status:
        return
    chat.members[user] = status
    if status in PRESENT:
        chat.asking.pop(user, None)
    change = {
        "chat": face_in_update(world, chat),
        "from": user_face(world, by),
        "date": int(clock.now()),
        "old_chat_member": before,
        "new_chat_member": member_face(world, chat, user),
    }
    body: Json = {}
    if status in PRESENT and not was_in:
        body = {"new_chat_members": messages.names(world, [user])}
    elif was_in and status not in PRESENT:
        body = {"left_chat_member": user_face(world, user)}
    if body:
        record = messages.service(world, chat, by, body)
        if BOT_ID not in {by, user} and chat.members.get(BOT_ID) in PRESENT:
            updates.push(world, "message", chat.id, record["message"])
    if user == BOT_ID:
        updates.push(world, "my_chat_member", chat.id, change)
    elif was_admin:
        updates.push(world, "chat_member", chat.id, change)
    world.touch()
    world.tell("world")


def set_blocked(world: World, user: int, *, blocked: bool) -> None:
    """Block or unblock the bot in a person's private chat."""
    chat = private_chat(world, user)
    if chat.blocked == blocked:
        return
    names = ("member", "kicked") if blocked else ("kicked", "member")
    chat.blocked = blocked
    bot = user_face(world, BOT_ID)
    faces = [{"user": bot, "status": name} | ({"until_date": 0} if name == "kicked" else {}) for name in names]
    change = {"chat": face_in_update(world, chat), "from": user_face(world, user), "date": int(clock.now())}
    updates.push(world, "my_chat_member", chat.id, {**change, "old_chat_member": faces[0], "new_chat_member": faces[1]})
    world.touch()
    world.tell("world")


def migrate(world: World, chat: Chat) -> Chat:
    """Make a supergroup of a basic group: both service messages, and the old id only tells the new one from now on."""
    if chat.type != "group":
        raise Impossible("only a basic group becomes a supergroup")
    number = -(1_000_000_000_000 + abs(chat.id))
    fresh = new_chat(world, Chat(id=number, type="supergroup", title=chat.title, members=dict(chat.members)))
    owner = next((user for user, status in chat.members.items() if status == "creator"), None) or next(
        u for u in chat.members if u != BOT_ID
    )
    old = messages.service(world, chat, owner, {"migrate_to_chat_id": number})
    new = messages.service(world, fresh, owner, {"migrate_from_chat_id": chat.id})
    chat.migrated_to = number
    if chat.members.get(BOT_ID) in PRESENT:
        updates.push(world, "message", chat.id, old["message"])
        updates.push(world, "message", fresh.id, new["message"])
    world.tell("world")
    return fresh


def knock(world: World, user: int, link: str) -> Json:
    """A person opens an invite link. Returns {joined} or, where the link makes people ask, {asked}."""
    chat = next((each for each in world.chats.values() if link in each.links), None)
    found = chat.links[link] if chat else None
    if chat is None or found is None or found["is_revoked"] or chat.migrated_to:
        raise Impossible("INVITE_HASH_EXPIRED")
    if user not in world.users:
        raise Impossible(f"there is no user {user}")
    if chat.members.get(user) in PRESENT:
        raise Impossible("USER_ALREADY_PARTICIPANT")
    if chat.members.get(user) == "kicked":
        raise Impossible("INVITE_HASH_EXPIRED")  # what Telegram says to somebody who was banned
    if not found["creates_join_request"]:
        set_status(world, chat, user, "member", by=user)
        return {"joined": chat.id}
    chat.asking[user] = link
    private_chat(world, user)
    if chat.members.get(BOT_ID) in ADMINS:
        body = {
            "chat": face_in_update(world, chat),
            "from": user_face(world, user),
            "user_chat_id": user,
            "date": int(clock.now()),
            "invite_link": found,
        }
        updates.push(world, "chat_join_request", chat.id, body)
    world.touch()
    world.tell("world")
    return {"asked": chat.id}


def open_topic(world: World, chat: Chat, name: str, color: int, by: int) -> Json:
    """Make a forum topic; its id is that of its first service message."""
    body = {"forum_topic_created": {"name": name, "icon_color": color}}
    number = messages.next_id(world, chat)
    record = messages.service(world, chat, by, body, thread=number)
    topic = {"message_thread_id": number, "name": name, "icon_color": color}
    chat.topics[number] = topic
    if by != BOT_ID and chat.members.get(BOT_ID) in PRESENT:
        updates.push(world, "message", chat.id, record["message"])
    world.touch()
    world.tell("world")
    return topic


def card(chat: Chat) -> dict[str, Any]:
    """A chat for the control API."""
    return {
        **chat.face(),
        "members": {str(user): status for user, status in chat.members.items()},
        "last_id": chat.last_id,
        "topics": list(chat.topics.values()),
        "blocked": chat.blocked,
        "started": chat.started,
        "migrated_to": chat.migrated_to,
    }
