"""The bot's waiting updates: made once as bytes, kept until confirmed, the same bytes at every delivery."""

from collections.abc import Iterator

from pydantic_core import to_json

from deploy.simulator import clock, faults
from deploy.simulator.state import ADMINS, BOT_ID, Chat, Json, Update, World

DAY = 86_400  # seconds an update waits for the bot
QUERY_LIFE = 150  # seconds a button press waits
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


def push(world: World, kind: str, chat: int, body: Json) -> int | None:
    """Queue an update and return its id; None when the bot did not ask for this kind."""
    if not wanted(world, kind):
        return None
    world.last_update += 1
    raw = to_json({"update_id": world.last_update, kind: body})
    return queue(world, Update(world.last_update, chat, kind, clock.now(), raw))


def queue(world: World, update: Update) -> int:
    update.again = bool(faults.strike(world.faults, "update", update.chat, clock.ticks(), faults.OF_UPDATES))
    world.pending[update.id] = update
    world.last_raws[update.chat] = update.raw
    world.touch()
    world.tell("update", update.chat, raw=update.raw.decode())
    return update.id


def wanted(world: World, kind: str) -> bool:
    """The allowed list is sticky; an empty one means all but the three kinds that must be named."""
    if world.allowed:
        return kind in world.allowed
    return kind not in NOT_BY_DEFAULT


def confirm(world: World, offset: int) -> None:
    """Forget updates below `offset`; a negative offset keeps only that many from the end."""
    if offset < 0:
        for number in list(world.pending)[:offset]:
            del world.pending[number]
        world.dirty = True
        return
    gone = []
    for number, update in world.pending.items():
        if number >= offset:
            break
        if update.again:
            update.again = False
        else:
            gone.append(number)
    for number in gone:
        del world.pending[number]
    world.dirty = world.dirty or bool(gone)


def waiting(world: World, limit: int) -> list[Update]:
    """The oldest `limit` updates that are not too old; the too old are dropped."""
    old = clock.now()
    batch: list[Update] = []
    expired = []
    for update in world.pending.values():
        if old - update.date > (QUERY_LIFE if update.kind == "callback_query" else DAY):
            expired.append(update.id)
            continue
        batch.append(update)
        if len(batch) == limit:
            break
    for number in expired:
        del world.pending[number]
    return batch


def by_chat(world: World) -> Iterator[int]:
    """The chats that have updates waiting."""
    yield from {update.chat for update in world.pending.values()}


def reaches_bot(world: World, chat: Chat, message: Json) -> bool:
    """Whether a person's message in `chat` is shown to the bot: membership, rights and privacy mode decide."""
    if chat.type == "private":
        return not chat.blocked
    status = chat.members.get(BOT_ID, "left")
    if status in ADMINS:
        return True
    if status not in {"member", "restricted"}:
        return False
    if not world.privacy or _is_service(message):
        return True
    if message.get("via_bot", {}).get("id") == BOT_ID:
        return True
    if message.get("reply_to_message", {}).get("from", {}).get("id") == BOT_ID:
        return True
    text = message.get("text") or message.get("caption") or ""
    words = text.split(None, 1)
    if "@sikpro_bot" in text.lower():
        return True
    bare_command = bool(words) and words[0].startswith("/") and "@" not in words[0]
    return bare_command and chat.last_bot in {0, BOT_ID}


def _is_service(message: Json) -> bool:
    return not any(key in message for key in ("text", "photo", "document", "caption", "sticker", "location"))
