"""What one person sees on the chat page: people, chats, messages. It reads the world and changes nothing in it."""

from deploy.simulator import polling
from deploy.simulator.botapi import Door
from deploy.simulator.calls import figures
from deploy.simulator.methods.profile import menu
from deploy.simulator.state import ADMINS, BOT_ID, PRESENT, Chat, Json, World, chats_of, private_chat

PEOPLE_MOST = 200  # a load test's crowd would bury the list
MESSAGES_MOST = 200
COUNT_MOST = 99
DOORS_MOST = 12


def everything(world: World, user: int) -> Json:
    """{people: […], me, chats: […]} for the left list; `me` falls back to a technician."""
    people = [person for person in world.users.values() if not person.get("is_bot")]
    if user not in world.users and people:
        # the first road of a demo begins with a technician
        user = next((person for person in people if "teknisi" in person.get("note", "").lower()), people[0])["id"]
    chats = []
    if user in world.users:
        private_chat(world, user)
        chats = [card(world, chat, user) for chat in chats_of(world, user)]
    # the person's own chat with the bot first, then the groups in the order they were made
    chats.sort(key=lambda chat: chat["type"] != "private")
    return {
        "people": [face(person) for person in people[:PEOPLE_MOST]],
        "total": len(people),
        "me": user,
        "chats": chats,
        "doors": doors(world, user),
    }


def doors(world: World, user: int) -> list[Json]:
    """The invite links that still work, of groups in which a person is not: whose they are, and whether it asked."""
    found = []
    for chat in world.chats.values():
        if user not in world.users or chat.migrated_to or chat.members.get(user) in PRESENT:
            continue
        for link in chat.links.values():
            if not link["is_revoked"]:
                asked = chat.asking.get(user) == link["invite_link"]
                face_ = {"link": link["invite_link"], "name": link.get("name", ""), "title": chat.title, "asked": asked}
                found.append(face_)
    return found[-DOORS_MOST:][::-1]


def face(person: Json) -> Json:
    name = " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part)
    return {
        "id": person["id"],
        "name": name,
        "note": person.get("note", ""),
        "language": person.get("language_code", "id"),
    }


def card(world: World, chat: Chat, user: int) -> Json:
    """A chat in the list."""
    last = next((record for record in reversed(chat.messages.values()) if sees(record, user)), None)
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "members": sum(status in PRESENT for status in chat.members.values()),
        "bot": chat.members.get(BOT_ID, "left"),
        "blocked": chat.blocked,
        "started": chat.started,
        "is_forum": chat.is_forum,
        "topics": list(chat.topics.values()),
        "removable": removable(world, chat, user),
        "unread": unread(world, chat, user),
        "newest": chat.last_id,
        "last": last and last["message"]["date"],
    }


def removable(world: World, chat: Chat, user: int) -> list[Json]:
    """The people whom `user`, as an administrator of a group, may remove."""
    if chat.type == "private" or chat.members.get(user) not in ADMINS:
        return []
    others = [number for number, status in chat.members.items() if status in PRESENT and status != "creator"]
    return [face(world.users[number]) for number in others if number in world.users and number != user]


def unread(world: World, chat: Chat, user: int) -> int:
    read = world.reads.get(f"{user}:{chat.id}", 0)
    count = 0
    for number in range(chat.last_id, max(read, chat.last_id - 500), -1):
        record = chat.messages.get(number)
        if record and not record["deleted"] and not record["service"] and record["message"]["from"]["id"] != user:
            count += 1
            if count == COUNT_MOST:
                break
    return count


def opened(world: World, chat: Chat, user: int) -> Json:
    """An open chat: its newest messages and the commands `user` is offered in it."""
    newest = []
    for record in reversed(chat.messages.values()):
        if sees(record, user):
            newest.append(shown(record))
            if len(newest) == MESSAGES_MOST:
                break
    return {"chat": card(world, chat, user), "messages": newest[::-1], "commands": menu(world, chat, user)}


def sees(record: Json, user: int) -> bool:
    """Whether a message is there for `user`: some are for one person alone."""
    return not record["deleted"] and record.get("only") in {None, user}


def shown(record: Json) -> Json:
    return {key: record.get(key) for key in ("message", "by_bot", "service", "reactions", "deleted", "markup", "only")}


def network(door: Door) -> Json:
    """The figures and switches of the "Jaringan" drawer, and whether a bot listens at all."""
    world, seen = door.world, figures(door.calls)
    kinds = [rule.kind for rule in world.faults.rules]
    return {
        "calls": seen["calls"],
        "sent": seen["sent"],
        "too_many": seen["too_many"],
        "violations": world.flood.violations,
        "last_minute": seen["last_minute"],
        "waiting": len(world.pending),
        "listening": polling.listens(world, door.poll),
        "down": world.down,
        "slow": "delay" in kinds,
        "cut": "drop_after" in kinds,
    }
