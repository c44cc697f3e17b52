"""Edits, deletions, reactions and button answers. The refusals' wording is exact: the product reads them."""

from deploy.simulator import access, clock, messages
from deploy.simulator.methods import markup
from deploy.simulator.methods.sending import formatted, simulated
from deploy.simulator.state import ADMINS, BOT_ID, Chat, Json, World
from deploy.simulator.updates import QUERY_LIFE
from deploy.simulator.wire import Sent, bad

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
TWO_DAYS = 172_800  # seconds after which a message can no longer be deleted
# fmt: off
REACTIONS = frozenset((
    "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩",
    "🤮", "💩", "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤‍🔥", "🌚", "🌭", "💯",
    "🤣", "⚡", "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭",
    "🤓", "👻", "👨‍💻", "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄",
    "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷‍♂",
    "🤷", "🤷‍♀", "😡",
))
# fmt: on


def edit_message_text(world: World, p: Json, _: Sent) -> Json:
    simulated(p)
    body = formatted(p, "text")
    chat, record = _own(world, p)
    if not body:
        raise bad("message text is empty")
    if "text" not in record["message"]:
        raise bad("there is no text in the message to edit")
    return _replace(world, chat, record, p, body, ("text", "entities"))


def edit_message_caption(world: World, p: Json, _: Sent) -> Json:
    simulated(p)
    body = formatted(p, "caption")
    chat, record = _own(world, p)
    if "text" in record["message"]:
        raise bad("there is no caption in the message to edit")
    return _replace(world, chat, record, p, body, ("caption", "caption_entities"))


def edit_message_reply_markup(world: World, p: Json, _: Sent) -> Json:
    simulated(p)
    keyboard = markup.inline(p.get("reply_markup"))
    chat, record = _own(world, p)
    message: Json = record["message"]
    if message.get("reply_markup") == keyboard:
        raise bad(NOT_MODIFIED)
    _set_keyboard(message, keyboard)
    messages.changed(world, chat, record)
    return message


def delete_message(world: World, p: Json, _: Sent) -> bool:
    chat = access.readable(world, p["chat_id"])
    record = messages.find(chat, p["message_id"])
    if record is None:
        raise bad("message to delete not found")
    admin = chat.members.get(BOT_ID) in ADMINS
    if clock.now() - record["message"]["date"] > TWO_DAYS or not (record["by_bot"] or admin or chat.type == "private"):
        raise bad("message can't be deleted for everyone" if record["by_bot"] else "message can't be deleted")
    messages.drop(world, chat, record)
    return True


def delete_messages(world: World, p: Json, _: Sent) -> bool:
    chat = access.readable(world, p["chat_id"])
    if not isinstance(p["message_ids"], list) or not 1 <= len(p["message_ids"]) <= 100:
        raise bad("message identifiers are not specified")
    for number in p["message_ids"]:
        record = messages.find(chat, number)
        if record is not None:
            messages.drop(world, chat, record)
    return True


def set_message_reaction(world: World, p: Json, _: Sent) -> bool:
    chat = access.writable(world, p["chat_id"])
    record = messages.find(chat, p["message_id"])
    if record is None:
        raise bad("message to react not found")
    wanted = p.get("reaction") or []
    emoji = [item.get("emoji", "") for item in wanted]
    known = all(item.get("type") == "emoji" and item.get("emoji", "").rstrip("\ufe0f") in REACTIONS for item in wanted)
    if not known or not chat.reactions:
        raise bad("REACTION_INVALID")
    if len(emoji) > 1:
        raise bad("REACTIONS_TOO_MANY")
    record["reactions"][str(BOT_ID)] = emoji
    messages.changed(world, chat, record, "reaction")
    return True


def answer_callback_query(world: World, p: Json, _: Sent) -> bool:
    query = world.queries.get(p["callback_query_id"])
    if query is None or clock.now() - query["date"] > QUERY_LIFE:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    text = p.get("text") or ""
    if len(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    query["answer"] = {"text": text, "alert": bool(p.get("show_alert")), "url": p.get("url")}
    world.touch()
    world.tell("answer", query["chat"], user=query["user"], query=query["id"], **query["answer"])
    return True


def _own(world: World, p: Json) -> tuple[Chat, Json]:
    """The bot's own message that a call wants to edit. Raises Refused with the words a probe relies on."""
    if "chat_id" not in p:
        raise bad("chat_id is empty")
    if "message_id" not in p:
        raise bad("message identifier is not specified")
    chat = access.readable(world, p["chat_id"])
    record = messages.find(chat, p["message_id"])
    if record is None:
        raise bad("message to edit not found")
    if not record["by_bot"] or record["service"] or "markup" in record:
        raise bad("message can't be edited")
    return chat, record


def _replace(world: World, chat: Chat, record: Json, p: Json, body: Json, parts: tuple[str, str]) -> Json:
    keyboard = markup.inline(p.get("reply_markup"))
    message: Json = record["message"]
    same = all(message.get(part) == body.get(part) for part in parts)
    if same and message.get("reply_markup") == keyboard:
        raise bad(NOT_MODIFIED)
    if not same:
        for part in parts:
            message.pop(part, None)
        message.update(body)
        message["edit_date"] = int(clock.now())
    _set_keyboard(message, keyboard)
    messages.changed(world, chat, record)
    return message


def _set_keyboard(message: Json, keyboard: Json | None) -> None:
    message.pop("reply_markup", None)
    if keyboard is not None:
        message["reply_markup"] = keyboard
