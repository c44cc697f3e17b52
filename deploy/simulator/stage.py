"""The stage hand's acts: people, chats and memberships made and changed, many at once if wanted. It knows no HTTP."""

from collections.abc import Callable
from typing import Any

from deploy.simulator import clock, membership, people, updates
from deploy.simulator.botapi import Door
from deploy.simulator.state import BOT_ID, PRESENT, Chat, Json, Update, new_chat, private_chat

Act = Callable[[Door, Json], Any]
PERSON = ("id", "first_name", "last_name", "username", "language_code", "note", "is_bot", "deactivated")


def add_user(door: Door, wanted: Json) -> Json:
    """Make a person, or change the one with that id; `note` says who they are ("Teknisi F5SDA445")."""
    world = door.world
    unknown = wanted.keys() - set(PERSON)
    if unknown:
        raise ValueError(f"unknown field {min(unknown)}")
    number = int(wanted.get("id") or max([5_500_000, *world.users]) + 1)
    person = world.users.setdefault(number, {"id": number, "is_bot": False, "first_name": f"Orang {number}"})
    person.update({key: value for key, value in wanted.items() if value is not None and key != "id"})
    if not person["is_bot"]:
        private_chat(world, number)
    world.touch()
    world.tell("world")
    return person


def add_chat(door: Door, wanted: Json) -> Json:
    """Make a chat, or change the one with that id. members: ids or {id, status}; bot: administrator, member, none."""
    world = door.world
    kind = wanted.get("type", "supergroup")
    if kind == "private":
        chat = private_chat(world, int(wanted["id"]))
        chat.started = bool(wanted.get("started", True))
        return membership.card(chat)
    if kind not in {"group", "supergroup"}:
        raise ValueError("type is private, group or supergroup")
    default = (
        -(1_000_000_000_000 + 2_000_000_001 + len(world.chats))
        if kind == "supergroup"
        else -(4_000_001 + len(world.chats))
    )
    number = int(wanted.get("id") or default)
    chat = world.chats.get(number) or new_chat(world, Chat(id=number, type=kind))
    chat.title = str(wanted.get("title") or chat.title or f"Grup {number}")
    chat.username = str(wanted.get("username") or chat.username)
    chat.is_forum = bool(wanted.get("is_forum", chat.is_forum))
    chat.reactions = bool(wanted.get("reactions", chat.reactions))
    for member in wanted.get("members") or []:
        user, status = (
            (member["id"], member.get("status", "member")) if isinstance(member, dict) else (member, "member")
        )
        if int(user) not in world.users:
            raise ValueError(f"there is no user {user}")
        chat.members[int(user)] = status
    bot = wanted.get("bot")
    if bot is not None:
        status = "left" if bot == "none" else str(bot)
        if wanted.get("quietly"):
            chat.members[BOT_ID] = status
        else:
            membership.set_status(
                world, chat, BOT_ID, status, by=next((u for u in chat.members if u != BOT_ID), BOT_ID)
            )
    world.touch()
    world.tell("world")
    return membership.card(chat)


def add_topic(door: Door, wanted: Json) -> Json:
    chat = people.chat_for(door.world, int(wanted["chat"]), int(wanted["user"]))
    return membership.open_topic(door.world, chat, str(wanted["name"]), 0x6FB9F0, int(wanted["user"]))


def belonging(status: str) -> Act:
    """join, leave, kick, promote, demote: {chat, user (or "bot"), by}."""

    def act(door: Door, wanted: Json) -> Json:
        world = door.world
        chat = world.chats[int(wanted["chat"])]
        user = BOT_ID if wanted["user"] == "bot" else int(wanted["user"])
        if user != BOT_ID and user not in world.users:
            raise ValueError(f"there is no user {user}")
        owner = next((u for u, s in chat.members.items() if u != BOT_ID and s in PRESENT), user)
        by = int(wanted.get("by") or (user if status in {"member", "left"} and user != BOT_ID else owner))
        membership.set_status(world, chat, user, status, by=by)
        return membership.card(chat)

    return act


def knock(door: Door, wanted: Json) -> Json:
    """A person opens an invite link: {link, user}. In at once, or the bot is asked, as the link was made."""
    return membership.knock(door.world, int(wanted["user"]), str(wanted["link"]))


def block(*, blocked: bool) -> Act:
    def act(door: Door, wanted: Json) -> Json:
        membership.set_blocked(door.world, int(wanted["user"]), blocked=blocked)
        return membership.card(private_chat(door.world, int(wanted["user"])))

    return act


def migrate(door: Door, wanted: Json) -> Json:
    return membership.card(membership.migrate(door.world, door.world.chats[int(wanted["chat"])]))


def push_raw(door: Door, wanted: Json) -> Json:
    """Queue `body` as an update just as it is, even malformed; {update_id} in it is replaced."""
    world = door.world
    world.last_update += 1
    raw = str(wanted["body"]).replace("{update_id}", str(world.last_update)).encode()
    return {
        "update_id": updates.queue(
            world, Update(world.last_update, int(wanted.get("chat", 0)), "raw", clock.now(), raw)
        )
    }


def bulk(door: Door, wanted: Json) -> Json:
    """Many at once: {users: […], chats: […], say: […]}; a say entry may carry `repeat` and {n} in its text."""
    made = {"users": [add_user(door, item)["id"] for item in wanted.get("users", [])]}
    made["chats"] = [add_chat(door, item)["id"] for item in wanted.get("chats", [])]
    said = []
    for item in wanted.get("say", []):
        for number in range(int(item.get("repeat", 1))):
            act = {key: value for key, value in item.items() if key != "repeat"}
            if "repeat" in item:
                act["text"] = str(act.get("text", "")).replace("{n}", str(number))
            done = people.say(door.world, act)
            said.append({"message_id": done["message"]["message_id"], "update_id": done["update_id"]})
    return {**made, "said": said}
