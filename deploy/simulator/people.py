"""What people do in the simulated chats: they talk and press. Each act makes the updates Telegram would."""

import itertools

from deploy.simulator import clock, files, messages, updates
from deploy.simulator.membership import Impossible
from deploy.simulator.state import (
    ADMINS,
    ANONYMOUS,
    PRESENT,
    Chat,
    Json,
    World,
    face_in_update,
    private_chat,
    user_face,
)


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
    if act.get("location"):
        return {"location": {name: float(act["location"][name]) for name in ("latitude", "longitude")}}
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
