"""The world on disk: one JSON file replaced whole, so a demo survives a restart. It never writes half a file."""

import asyncio
import logging
import os
from dataclasses import asdict, fields
from pathlib import Path
from time import perf_counter

from pydantic_core import from_json, to_json

from deploy.simulator.state import Chat, Hook, Json, Update, World

log = logging.getLogger("simulator")

PLAIN = (
    "users",
    "files",
    "commands",
    "texts",
    "queries",
    "reads",
    "allowed",
    "last_update",
    "last_ids",
    "seq",
    "privacy",
)


def save(world: World, path: Path) -> None:
    """Write the world to `path`, atomically."""
    kept: Json = {name: getattr(world, name) for name in PLAIN}
    kept["hook"] = asdict(world.hook)
    kept["chats"] = [{item.name: getattr(chat, item.name) for item in fields(Chat)} for chat in world.chats.values()]
    kept["pending"] = [
        {
            "id": item.id,
            "chat": item.chat,
            "kind": item.kind,
            "date": item.date,
            "raw": item.raw.decode(),
            "again": item.again,
        }
        for item in world.pending.values()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(to_json(kept))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    world.dirty = False


def load(path: Path) -> World:
    """The world kept at `path`; an empty one when there is none or it cannot be read."""
    world = World()
    try:
        kept: Json = from_json(path.read_bytes())
    except FileNotFoundError:
        return world
    except ValueError:
        log.warning("%s cannot be read; starting empty", path.name)
        return world
    for name in PLAIN:
        setattr(world, name, kept[name])
    world.users = {int(key): value for key, value in kept["users"].items()}
    world.last_ids = {int(key): value for key, value in kept["last_ids"].items()}
    world.hook = Hook(**kept["hook"])
    for item in kept["chats"]:
        numbered = {
            name: {int(key): value for key, value in item.get(name, {}).items()}
            for name in ("members", "topics", "messages", "asking")
        }
        world.chats[item["id"]] = Chat(**{**item, **numbered})
    for item in kept["pending"]:
        world.pending[item["id"]] = Update(**{**item, "raw": item["raw"].encode()})
    return world


async def keep_saving(world: World, path: Path) -> None:
    """Save while the world changes: at most once a second, and never more than a twentieth of the time."""
    pause = 1.0
    while True:
        await asyncio.sleep(pause)
        if world.dirty:
            begun = perf_counter()
            save(world, path)
            pause = max(1.0, 20 * (perf_counter() - begun))
