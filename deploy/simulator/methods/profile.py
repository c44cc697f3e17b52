"""The bot itself: who it is, its menus of commands and its descriptions."""

import re
from collections.abc import Callable

from pydantic_core import to_json

from deploy.simulator.state import ADMINS, BOT, Chat, Json, World
from deploy.simulator.wire import Sent, bad

COMMAND = re.compile(r"^/?[a-z0-9_]{1,32}$")
SCOPES = frozenset((
    "default", "all_private_chats", "all_group_chats", "all_chat_administrators",
    "chat", "chat_administrators", "chat_member",
))  # fmt: skip


def get_me(world: World, _p: Json, _: Sent) -> Json:
    return {
        **BOT,
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def set_my_commands(world: World, p: Json, _: Sent) -> bool:
    commands = p["commands"]
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("too many commands specified")
    tidy = []
    for item in commands:
        name, words = str(item.get("command", "")), str(item.get("description", ""))
        if not COMMAND.match(name):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(words.strip()) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        tidy.append({"command": name.removeprefix("/"), "description": words})
    world.commands[_key(p)] = tidy
    world.touch()
    world.tell("commands")
    return True


def get_my_commands(world: World, p: Json, _: Sent) -> list[Json]:
    return world.commands.get(_key(p), [])


def delete_my_commands(world: World, p: Json, _: Sent) -> bool:
    world.commands.pop(_key(p), None)
    world.touch()
    world.tell("commands")
    return True


def _key(p: Json) -> str:
    scope = p.get("scope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad("unsupported bot command scope type")
    return _scope_key(str(p.get("language_code") or ""), scope["type"], scope.get("chat_id"), scope.get("user_id"))


def _scope_key(language: str, kind: str, chat: object = None, user: object = None) -> str:
    return to_json([kind, str(chat or ""), str(user or ""), language]).decode()


def menu(world: World, chat: Chat, user: int) -> list[Json]:
    """The commands `user` sees in `chat`: the first list that exists, narrowest first, their language before none."""
    admin = chat.members.get(user) in ADMINS
    scopes: list[tuple[str, int | None, int | None]] = []
    if chat.type == "private":
        scopes += [("chat", chat.id, None), ("all_private_chats", None, None)]
    else:
        scopes += [("chat_member", chat.id, user)]
        scopes += [("chat_administrators", chat.id, None)] if admin else []
        scopes += [("chat", chat.id, None)]
        scopes += [("all_chat_administrators", None, None)] if admin else []
        scopes += [("all_group_chats", None, None)]
    language = str(world.users.get(user, {}).get("language_code") or "")
    for kind, where, who in [*scopes, ("default", None, None)]:
        for spoken in dict.fromkeys((language, "")):
            found = world.commands.get(_scope_key(spoken, kind, where, who))
            if found:
                return found
    return []


def set_text(name: str, most: int) -> Callable[[World, Json, Sent], bool]:
    """For setMyDescription and its like: keep one text per language, at most `most` characters."""

    def set_one(world: World, p: Json, _: Sent) -> bool:
        text = p.get(name) or ""
        if len(text) > most:
            raise bad(f"{name.replace('_', ' ')} is too long")
        world.texts[f"{name}:{p.get('language_code') or ''}"] = text
        world.touch()
        return True

    return set_one


def get_text(name: str) -> Callable[[World, Json, Sent], Json]:
    def get_one(world: World, p: Json, _: Sent) -> Json:
        return {name: world.texts.get(f"{name}:{p.get('language_code') or ''}", "")}

    return get_one
