"""Everything the simulated Telegram remembers: people, chats, messages and waiting updates. It never opens a socket."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from deploy.simulator.faults import Faults
from deploy.simulator.flood import Flood

Json = dict[str, Any]

BOT_ID = 731904
BOT_TOKEN = "731904:SIMULATOR-demo-token-not-a-secret-000000"  # noqa: S105 public by design: it opens nothing but this demo
BOT: Json = {"id": BOT_ID, "is_bot": True, "first_name": "SIKPRO Bot", "username": "sikpro_bot"}
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
PRESENT = frozenset({"creator", "administrator", "member", "restricted"})
ADMINS = frozenset({"creator", "administrator"})


@dataclass(slots=True)
class Chat:
    """One chat. `messages` maps message_id to a record {message, by_bot, service, seq, reactions, deleted}."""

    id: int
    type: str
    title: str = ""
    username: str = ""
    is_forum: bool = False
    reactions: bool = True  # whether the group allows them
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Json] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    last_id: int = 0
    last_bot: int = 0
    started: bool = False
    blocked: bool = False
    migrated_to: int = 0
    pinned: list[int] = field(default_factory=list)
    links: dict[str, Json] = field(default_factory=dict)
    asking: dict[int, str] = field(default_factory=dict)  # who asks to be let in, by which link

    def face(self) -> Json:
        """The chat as it stands inside an update."""
        seen: Json = {"id": self.id, "type": self.type}
        if self.title:
            seen["title"] = self.title
        if self.username:
            seen["username"] = self.username
        if self.is_forum:
            seen["is_forum"] = True
        return seen


@dataclass(slots=True)
class Update:
    """An update as the very bytes every delivery of it repeats."""

    id: int
    chat: int
    kind: str
    date: float
    raw: bytes
    again: bool = False


@dataclass(slots=True)
class Hook:
    """Where updates are pushed to; an empty url means the bot polls."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


@dataclass
class World:
    """One simulated Telegram with its one bot."""

    users: dict[int, Json] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, Json] = field(default_factory=dict)
    commands: dict[str, list[Json]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    queries: dict[str, Json] = field(default_factory=dict)
    reads: dict[str, int] = field(default_factory=dict)
    pending: dict[int, Update] = field(default_factory=dict)
    allowed: list[str] = field(default_factory=list)
    hook: Hook = field(default_factory=Hook)
    # begins at the clock, so that a forgotten state never repeats ids a bot has on record
    last_update: int = field(default_factory=lambda: int(time.time()) - 1_000_000_000)
    last_ids: dict[int, int] = field(default_factory=dict)
    seq: int = 0
    down: bool = False
    privacy: bool = True
    flood: Flood = field(default_factory=Flood)
    faults: Faults = field(default_factory=Faults)
    dirty: bool = False
    last_raws: dict[int, bytes] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: set[asyncio.Queue[Json]] = field(default_factory=set)

    def touch(self) -> int:
        """Say that something visible changed: a snapshot is due and waiters look again. Returns the change's number."""
        self.seq += 1
        self.dirty = True
        self.changed.set()
        return self.seq

    def tell(self, kind: str, chat: int = 0, **more: Any) -> None:
        """Pass an event to the chat pages that are open."""
        if self.watchers:
            for watcher in self.watchers:
                if watcher.qsize() < 500:
                    watcher.put_nowait({"kind": kind, "chat": chat, **more})


def user_face(world: World, user: int) -> Json:
    """A person as seen in updates: without the note the demo keeps about them."""
    if user == BOT_ID:
        return BOT
    person = world.users[user]
    return {key: value for key, value in person.items() if key not in {"note", "deactivated"}}


def new_chat(world: World, chat: Chat) -> Chat:
    """Add a chat; its message ids go on where a chat of that id stopped before a reset."""
    chat.last_id = world.last_ids.get(chat.id, 0)
    world.chats[chat.id] = chat
    world.touch()
    world.tell("world")
    return chat


def private_chat(world: World, user: int) -> Chat:
    """The chat between a person and the bot, made when missing."""
    chat = world.chats.get(user)
    if chat is None:
        members = {user: "member", BOT_ID: "member"}
        person = world.users[user]
        title = " ".join(part for part in (person.get("first_name"), person.get("last_name")) if part)
        chat = new_chat(world, Chat(id=user, type="private", title=title, members=members))
    return chat


def face_in_update(world: World, chat: Chat) -> Json:
    """A private chat carries its person's names instead of a title."""
    if chat.type != "private":
        return chat.face()
    person = world.users.get(chat.id, {})
    named = {key: person[key] for key in ("first_name", "last_name", "username") if person.get(key)}
    return {"id": chat.id, "type": "private", **named}


def chats_of(world: World, user: int) -> Iterator[Chat]:
    for chat in world.chats.values():
        if chat.members.get(user) in PRESENT and not chat.migrated_to:
            yield chat
