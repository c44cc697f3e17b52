"""/_sim/: the strings behind the stage, for tests, seeds and fault runs. Only this machine's programs may pull them."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic_core import from_json, to_json

from deploy.simulator import calls, clock, faults, flood, membership, people, stage
from deploy.simulator.botapi import DOOR, Door
from deploy.simulator.stage import Act
from deploy.simulator.state import Hook, Json, World

FOLDER = web.AppKey("folder", Path)


def loopback_only(request: web.Request) -> None:
    """Refuse anybody who is not a program on this machine: other hosts, proxies, and pages in a browser."""
    try:
        near = ip_address(request.remote or "").is_loopback
    except ValueError:
        near = False
    host = request.host.rsplit(":", 1)[0].strip("[]")
    passed_on = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "Origin", "Sec-Fetch-Site"))
    if not near or passed_on or host not in {"127.0.0.1", "localhost", "::1"}:
        raise web.HTTPForbidden(text="the control API answers only programs on this machine")


def posted(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A route of `act`: JSON object in, JSON out; what is impossible or malformed is a 400 that says why."""

    async def handle(request: web.Request) -> web.Response:
        loopback_only(request)
        raw = await request.read()
        try:
            wanted = from_json(raw) if raw else {}
            if not isinstance(wanted, dict):
                return _json({"error": "a JSON object is expected"}, 400)
            result = act(request.app[DOOR], wanted)
            if isinstance(result, Awaitable):
                result = await result
        except KeyError as error:
            return _json({"error": f"{error.args[0]} is missing or unknown"}, 400)
        except (ValueError, TypeError, AttributeError) as error:
            return _json({"error": str(error)}, 400)
        return _json(result)

    return handle


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=to_json(value), content_type="application/json")


async def press(door: Door, wanted: Json) -> Json:
    """Press a button; with `wait` seconds, also return the bot's answer to it (null when none came)."""
    pressed = people.press(door.world, wanted)
    if not wanted.get("wait"):
        return pressed
    query = door.world.queries[pressed["callback_query_id"]]
    await until(door.world, lambda: query["answer"], float(wanted["wait"]))
    return {**pressed, "answer": query["answer"]}


async def until(world: World, ready: Callable[[], Any], seconds: float) -> Any:
    """What `ready` returns once it is true, looked at after every change; None when `seconds` pass first."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := ready()):
                world.changed.clear()
                await world.changed.wait()
            return found
    except TimeoutError:
        return None


async def wait(door: Door, wanted: Json) -> Json:
    """Until the bot wrote or edited a text with `contains` in `chat` after change `since`: {message, seq} or nulls."""
    needle, since = str(wanted.get("contains", "")), int(wanted.get("since", 0))

    def found() -> Json | None:
        chat = door.world.chats.get(int(wanted["chat"]))
        # looked at after every change of the world, so only the newest
        for record in itertools.islice(reversed(chat.messages.values() if chat else ()), 500):
            text = record["message"].get("text") or record["message"].get("caption") or ""
            if record["by_bot"] and not record["deleted"] and record["seq"] > since and needle in text:
                return dict(record)
        return None

    record = await until(door.world, found, float(wanted.get("timeout", 10)))
    return {"message": record and record["message"], "seq": record and record["seq"]}


def add_fault(door: Door, wanted: Json) -> Json:
    return faults.add(door.world.faults, wanted, clock.ticks()).face()


def set_down(door: Door, wanted: Json) -> Json:
    """{"down": true}: every Bot API connection is reset until {"down": false}."""
    door.world.down = bool(wanted["down"])
    door.world.changed.set()
    return {"down": door.world.down}


def set_flood(door: Door, wanted: Json) -> Json:
    flood.configure(door.world.flood, **{"profile": None, **wanted})
    return _limits(door.world)


def _limits(world: World) -> Json:
    return {
        "profile": world.flood.profile,
        "all": world.flood.all,
        "chat": world.flood.chat,
        "group": world.flood.group,
    }


def advance(door: Door, wanted: Json) -> Json:
    now = clock.advance(float(wanted["seconds"]))
    door.world.changed.set()
    return {"now": now}


def reset(door: Door, wanted: Json) -> Json:
    """Forget people, chats, faults and figures. Ids go on, so that no id a bot has on record comes again."""
    old = door.world
    fresh = World(
        last_update=old.last_update, last_ids=old.last_ids, seq=old.seq, watchers=old.watchers, changed=old.changed
    )
    if not wanted.get("forget_hook"):
        fresh.hook, fresh.allowed, fresh.commands = old.hook, old.allowed, old.commands
    else:
        fresh.hook = Hook()
    old.__dict__.update(fresh.__dict__)
    calls.to_file(door.calls, None)
    door.calls.__dict__.update(calls.Calls(seq=door.calls.seq).__dict__)
    old.touch()
    old.tell("world")
    return {"ok": True}


def log_to_file(door: Door, wanted: Json, folder: Path) -> Json:
    path = folder / "calls.jsonl" if wanted.get("jsonl", True) else None
    calls.to_file(door.calls, path)
    return {"file": str(path) if path else None}


def stats(door: Door) -> Json:
    world = door.world
    return {
        **calls.figures(door.calls),
        "violations": world.flood.violations,
        "too_early": world.flood.too_early,
        "violations_by_chat": {str(chat): count for chat, count in world.flood.by_chat.items()},
        "broken": list(world.flood.broken),
        "pending_updates": len(world.pending),
        "down": world.down,
        "flood": _limits(world),
        "faults": [rule.face() for rule in world.faults.rules],
        "users": len(world.users),
        "chats": len(world.chats),
        "seq": world.seq,
        "now": clock.now(),
    }


def _messages(door: Door, query: Json) -> Json:
    chat = door.world.chats[int(query["chat"])]
    since = int(query.get("since", 0))
    records = [record for number, record in chat.messages.items() if number > since]
    return {"chat": membership.card(chat), "messages": records, "seq": door.world.seq}


def got(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        loopback_only(request)
        try:
            return _json(act(request.app[DOOR], dict(request.query)))
        except (KeyError, ValueError) as error:
            return _json({"error": f"{error.args[0] if error.args else error} is missing or unknown"}, 400)

    return handle


async def clear_faults(request: web.Request) -> web.Response:
    loopback_only(request)
    door = request.app[DOOR]
    door.world.faults.rules.clear()
    door.world.down = False
    return _json({"faults": []})


async def jsonl(request: web.Request) -> web.Response:
    folder = request.app[FOLDER]
    return await posted(lambda door, wanted: log_to_file(door, wanted, folder))(request)


def add_routes(app: web.Application) -> None:
    acts: dict[str, Act] = {
        "users": stage.add_user,
        "chats": stage.add_chat,
        "topics": stage.add_topic,
        "say": lambda door, act: people.say(door.world, act),
        "press": press,
        "join": stage.belonging("member"),
        "knock": stage.knock,
        "leave": stage.belonging("left"),
        "kick": stage.belonging("kicked"),
        "promote": stage.belonging("administrator"),
        "demote": stage.belonging("member"),
        "block": stage.block(blocked=True),
        "unblock": stage.block(blocked=False),
        "migrate": stage.migrate,
        "faults": add_fault,
        "down": set_down,
        "flood": set_flood,
        "clock": advance,
        "reset": reset,
        "raw": stage.push_raw,
        "bulk": stage.bulk,
        "wait": wait,
    }
    for name, act in acts.items():
        app.router.add_post(f"/_sim/{name}", posted(act))
    app.router.add_delete("/_sim/faults", clear_faults)
    app.router.add_post("/_sim/log", jsonl)
    app.router.add_get(
        "/_sim/calls",
        got(lambda door, q: calls.since(door.calls, int(q.get("since", 0)), int(q.get("limit", 100_000)))),
    )
    app.router.add_get("/_sim/messages", got(_messages))
    app.router.add_get("/_sim/stats", got(lambda door, _: stats(door)))
    app.router.add_get("/_sim/users", got(lambda door, _: list(door.world.users.values())))
    app.router.add_get(
        "/_sim/chats", got(lambda door, _: [membership.card(chat) for chat in door.world.chats.values()])
    )
