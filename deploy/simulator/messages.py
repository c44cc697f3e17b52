"""Making messages and finding them again: ids rise by one, whoever writes. It sends nothing.

A supergroup numbers its own messages; private chats and basic groups share one sequence, that of the bot's account.
"""

from deploy.simulator import clock
from deploy.simulator.entities import trimmed, with_found
from deploy.simulator.state import BOT, BOT_ID, Chat, Json, World, face_in_update, user_face

KEPT = 20_000  # messages remembered in one chat


def add(
    world: World,
    chat: Chat,
    sender: Json,
    body: Json,
    *,
    service: bool = False,
    thread: int | None = None,
    only: int | None = None,
) -> Json:
    """Put a message into `chat` and return its record {message, by_bot, service, seq, reactions, deleted, only?}.

    only: the one person who sees it; such a message has a negative number and takes none of the chat's.
    """
    if only is None:
        chat.last_id = next_id(world, chat)
        world.last_ids[_line(chat)] = chat.last_id
    number = chat.last_id if only is None else min([0, *chat.messages]) - 1
    message: Json = {
        "message_id": number,
        "from": sender,
        "chat": face_in_update(world, chat),
        "date": int(clock.now()),
    }
    if thread:
        message["message_thread_id"] = thread
        message["is_topic_message"] = True
    message.update(body)
    record = {
        "message": message,
        "by_bot": sender["id"] == BOT_ID,
        "service": service,
        "seq": world.touch(),
        "reactions": {},
        "deleted": False,
    }
    if only is not None:
        record["only"] = only
    chat.messages[number] = record
    if len(chat.messages) > KEPT:
        del chat.messages[next(iter(chat.messages))]
    if sender["is_bot"]:
        chat.last_bot = sender["id"]
    world.tell("message", chat.id, record=record)
    return record


def next_id(world: World, chat: Chat) -> int:
    """The id that the next message of `chat` gets."""
    return max(world.last_ids.get(_line(chat), 0), chat.last_id) + 1


def _line(chat: Chat) -> int:
    """Whose sequence numbers the chat's messages: its own, or the account's (0)."""
    return chat.id if chat.type == "supergroup" else 0


def from_bot(world: World, chat: Chat, body: Json, thread: int | None = None, only: int | None = None) -> Json:
    return add(world, chat, BOT, body, thread=thread, only=only)


def service(world: World, chat: Chat, by: int, body: Json, thread: int | None = None) -> Json:
    """A line like "Rina joined", written in the name of user `by`."""
    return add(world, chat, user_face(world, by), body, service=True, thread=thread)


def find(chat: Chat, number: int | None) -> Json | None:
    """The record of a message that is still there."""
    record = chat.messages.get(number) if number else None
    return None if record is None or record["deleted"] else record


def changed(world: World, chat: Chat, record: Json, kind: str = "edit") -> None:
    record["seq"] = world.touch()
    world.tell(kind, chat.id, record=record)


def without_reply(message: Json) -> Json:
    """A message as it is quoted: a quote holds no further quote."""
    return {key: value for key, value in message.items() if key != "reply_to_message"}


def text_body(text: str, entities: list[Json], *, name: str = "text") -> Json:
    """{"text", "entities"} (or caption, caption_entities) as Telegram stores it: trimmed, links and commands found."""
    text, entities = trimmed(text, entities)
    if not text:
        return {}
    body: Json = {name: text}
    found = with_found(text, entities)
    if found:
        body["entities" if name == "text" else "caption_entities"] = found
    return body


def drop(world: World, chat: Chat, record: Json) -> None:
    """Delete: the record stays for the log, nobody finds it any more."""
    record["deleted"] = True
    changed(world, chat, record, "delete")


def members_now(chat: Chat) -> int:
    return sum(status in {"creator", "administrator", "member", "restricted"} for status in chat.members.values())


def names(world: World, users: list[int]) -> list[Json]:
    return [user_face(world, user) for user in users]
