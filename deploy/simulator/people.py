"""What people do in the simulated chats: talk, press, join, leave, block. Each act makes the updates Telegram would."""

import itertools
from typing import Any

from deploy.simulator import clock, files, messages, updates
from deploy.simulator.state import (
    ADMINS,
    ANONYMOUS,
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


class Impossible(ValueError):  # noqa: N818 a word people understand
    """A person cannot do that in Telegram; the message says why."""


def chat_for(world: World, number: int, user: int) -> Chat:
    """The chat a person acts in; their own chat with the bot is made on the way."""
    if user not in world.users:
        raise Impossible(f"there is no user {user}")
    chat = private_chat(world, user) if number == user else world.chats.get(number)
    if chat is None:
        raise Impossible(f"there is no chat {number}")
    if chat.migrated_to:
        raise Impossible(f"chat {number} became {chat.migrated_to}")
    if chat.members.get(user) not in PRESENT:
        raise Impossible(f"user {user} is not a member of chat {number}")
    return chat


def say(world: World, act: Json) -> Json:
    """Write (or with edit_of: rewrite) a message. {message, update_id}: null when the bot cannot see it."""
    user = int(act["user"])
    chat = chat_for(world, int(act["chat"]), user)
    body = _body(world, act)
    if not body:
        raise Impossible("say needs text or photo")
    if act.get("edit_of"):
        return _rewrite(world, chat, user, int(act["edit_of"]), body)
    thread = act.get("thread")
    if thread and thread not in chat.topics:
        raise Impossible(f"there is no topic {thread}")
    sender = user_face(world, user)
    if act.get("anonymous"):
        if chat.members.get(user) not in ADMINS:
            raise Impossible("only an administrator is anonymous")
        sender, body["sender_chat"] = ANONYMOUS, face_in_update(world, chat)
    if act.get("forward"):
        body["forward_origin"] = {
            "type": "hidden_user",
            "sender_user_name": str(act["forward"]),
            "date": int(clock.now()),
        }
    if act.get("reply_to"):
        quoted = messages.find(chat, int(act["reply_to"]))
        if quoted is None:
            raise Impossible("the message replied to is gone")
        body["reply_to_message"] = messages.without_reply(quoted["message"])
    if chat.type == "private":
        if chat.blocked:
            raise Impossible("the bot is blocked; unblock it first")
        chat.started = True
    record = messages.add(world, chat, sender, body, thread=thread)
    seen = not sender["is_bot"] or sender is ANONYMOUS
    update = None
    if seen and updates.reaches_bot(world, chat, record["message"]):
        update = updates.push(world, "message", chat.id, record["message"])
    return {"message": record["message"], "update_id": update}


def _body(world: World, act: Json) -> Json:
    if act.get("photo"):
        card = files.store(world, "foto.png", files.decoded(act["photo"]), "photo")
        return {
            "photo": files.photo_sizes(card),
            **messages.text_body(str(act.get("caption") or act.get("text") or ""), [], name="caption"),
        }
    return messages.text_body(str(act.get("text") or ""), act.get("entities") or [])


def _rewrite(world: World, chat: Chat, user: int, number: int, body: Json) -> Json:
    record = messages.find(chat, number)
    if record is None or record["message"]["from"]["id"] != user:
        raise Impossible("one edits only one's own messages")
    message = record["message"]
    for part in ("text", "entities", "caption", "caption_entities"):
        message.pop(part, None)
    message.update(body)
    message["edit_date"] = int(clock.now())
    messages.changed(world, chat, record)
    update = None
    if updates.reaches_bot(world, chat, message):
        update = updates.push(world, "edited_message", chat.id, message)
    return {"message": message, "update_id": update}


def press(world: World, act: Json) -> Json:
    """Press a button of a message's current keyboard, by data or label; `force` presses one that is gone."""
    user = int(act["user"])
    chat = chat_for(world, int(act["chat"]), user)
    record = messages.find(chat, int(act["message_id"]))
    message: Json = (
        record["message"]
        if record
        else {"chat": face_in_update(world, chat), "message_id": int(act["message_id"]), "date": 0}
    )
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    wanted, label = act.get("data"), act.get("text")
    for button in itertools.chain.from_iterable(rows):
        if "callback_data" in button and (
            button["callback_data"] == wanted or (wanted is None and button["text"] == label)
        ):
            if button.get("disabled"):
                raise Impossible("that button is disabled")
            wanted = button["callback_data"]
            break
    else:
        if not act.get("force") or wanted is None:
            raise Impossible("that button is not on the message's current keyboard")
    number = str(4_000_000_000 + world.touch())
    query = {
        "id": number,
        "chat": chat.id,
        "user": user,
        "date": clock.now(),
        "message_id": message["message_id"],
        "answer": None,
    }
    world.queries[number] = query
    if len(world.queries) > 5000:
        del world.queries[next(iter(world.queries))]
    pressed = {
        "id": number,
        "from": user_face(world, user),
        "message": message,
        "chat_instance": str(chat.id * 7919),
        "data": wanted,
    }
    update = updates.push(world, "callback_query", chat.id, pressed)
    return {"callback_query_id": number, "update_id": update}


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
