"""The chat page /demo: its documents, what it reads, and what its visitor may do as any of the invented people."""

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from pydantic_core import from_json, to_json

from deploy.simulator import clock, faults, files, membership, people
from deploy.simulator.botapi import DOOR, Door
from deploy.simulator.page import view
from deploy.simulator.page.live import live
from deploy.simulator.state import ADMINS, PRESENT, Chat, Json, World

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html"}
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
BASE_URL = web.AppKey("base_url", str)
SWITCHES: dict[str, Json] = {
    "slow": {"kind": "delay", "seconds": 3},
    "cut": {"kind": "drop_after", "method": "sendMessage"},
}


def _file(name: str, **headers: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        path = STATIC / name
        return web.Response(
            body=path.read_bytes(),
            content_type=KINDS[path.suffix],
            charset="utf-8",
            headers={**SAFE, "Cache-Control": "no-cache", **headers},
        )

    return serve


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=to_json(value),
        content_type="application/json",
        headers={**SAFE, "Cache-Control": "no-store"},
    )


def same_origin_only(request: web.Request) -> None:
    """Refuse a POST that another site's page caused; without a sign of its origin it is refused too."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = {urlsplit(request.app[BASE_URL]).netloc, request.host}
    # the browser's own word comes first: people reach the page by several names of this machine
    if site != "same-origin" and (site is not None or origin is None or urlsplit(origin).netloc not in own):
        raise web.HTTPForbidden(text="only this page may do that")


def _seen(world: World, query: Any) -> tuple[Chat, int]:
    """The chat a request means and the person who asks. Raises HTTPNotFound when that person is not in it."""
    try:
        user, chat = int(query["as"]), world.chats[int(query["chat"])]
    except (KeyError, ValueError):
        raise web.HTTPNotFound from None
    if chat.members.get(user) not in PRESENT:
        raise web.HTTPNotFound
    return chat, user


async def state(request: web.Request) -> web.Response:
    user = request.query.get("as", "0")
    return _json(view.everything(request.app[DOOR].world, int(user) if user.lstrip("-").isdigit() else 0))


async def messages(request: web.Request) -> web.Response:
    world = request.app[DOOR].world
    chat, user = _seen(world, request.query)
    return _json(view.opened(world, chat, user) | {"raw": world.last_raws.get(chat.id, b"").decode() or None})


async def photo(request: web.Request) -> web.Response:
    card = request.app[DOOR].world.files.get(request.match_info["file_id"])
    if card is None:
        raise web.HTTPNotFound
    content = files.content(card)
    kind = (
        "image/png"
        if content[:4] == b"\x89PNG"
        else "image/jpeg"
        if content[:2] == b"\xff\xd8"
        else "application/octet-stream"
    )
    headers = dict(SAFE)
    if kind == "application/octet-stream":
        headers["Content-Disposition"] = "attachment"
    return web.Response(body=content, content_type=kind, headers=headers)


async def network(request: web.Request) -> web.Response:
    return _json(view.network(request.app[DOOR]))


def acting(act: Callable[[Door, Json], Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        same_origin_only(request)
        try:
            return _json(act(request.app[DOOR], await _wanted(request)))
        except KeyError as error:
            return _json({"error": f"{error.args[0]} is missing"}, 400)
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)

    return handle


async def _wanted(request: web.Request) -> Json:
    """The act as JSON, or as a form with a photo."""
    if request.content_type == "multipart/form-data":
        wanted: Json = {}
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                content = bytes(await part.read())
                wanted[part.name] = base64.b64encode(content).decode() if part.filename else content.decode()
        return wanted
    wanted = from_json(await request.read())
    if not isinstance(wanted, dict):
        raise TypeError("a JSON object is expected")
    return wanted


def say(door: Door, wanted: Json) -> Json:
    allowed = ("chat", "user", "text", "caption", "photo", "reply_to", "thread")
    act = {key: value for key, value in wanted.items() if key in allowed and value not in {None, ""}}
    for number in ("reply_to", "thread"):
        if number in act:
            act[number] = int(act[number])
    return people.say(door.world, act)


def read(door: Door, wanted: Json) -> Json:
    chat = door.world.chats[int(wanted["chat"])]
    door.world.reads[f"{int(wanted['user'])}:{chat.id}"] = chat.last_id
    door.world.dirty = True
    return {"ok": True}


def switch(door: Door, wanted: Json) -> Json:
    """{name: down, slow or cut, on}: make Telegram fail for everybody, or well again."""
    name, on = str(wanted["name"]), bool(wanted["on"])
    world = door.world
    if name == "down":
        world.down = on
        world.changed.set()
    else:
        rule = SWITCHES[name]
        world.faults.rules[:] = [item for item in world.faults.rules if item.kind != rule["kind"]]
        if on:
            faults.add(world.faults, dict(rule), clock.ticks())
    return view.network(door)


def block(door: Door, wanted: Json) -> Json:
    membership.set_blocked(door.world, int(wanted["user"]), blocked=bool(wanted["blocked"]))
    return {"ok": True}


def knock(door: Door, wanted: Json) -> Json:
    """Open an invite link as a person: {joined}, or {asked} where the link makes people ask."""
    return membership.knock(door.world, int(wanted["user"]), str(wanted["link"]))


def leave(door: Door, wanted: Json) -> Json:
    """A person leaves a group, or an administrator of it (`by`) removes the person."""
    world, user, by = door.world, int(wanted["user"]), int(wanted.get("by") or wanted["user"])
    chat = people.chat_for(world, int(wanted["chat"]), by)
    if chat.type == "private" or user not in world.users or chat.members.get(user) not in PRESENT:
        raise ValueError("that person is not in the group")
    if by != user and (chat.members.get(by) not in ADMINS or chat.members[user] == "creator"):
        raise ValueError("only an administrator removes people")
    membership.set_status(world, chat, user, "left" if by == user else "kicked", by=by)
    return {"ok": True}


def add_routes(app: web.Application, base_url: str) -> None:
    app[BASE_URL] = base_url
    app.router.add_get("/demo", _file("demo.html"))
    app.router.add_get("/demo/", _file("demo.html"))
    for path in STATIC.iterdir():
        if path.suffix in KINDS and path.suffix != ".html":
            app.router.add_get(f"/demo/{path.name}", _file(path.name))
    app.router.add_get("/demo/state", state)
    app.router.add_get("/demo/messages", messages)
    app.router.add_get("/demo/network", network)
    app.router.add_get("/demo/file/{file_id}", photo)
    app.router.add_get("/demo/live", live)
    acts: dict[str, Callable[[Door, Json], Any]] = {
        "say": say,
        "press": lambda door, act: people.press(door.world, act),
        "read": read,
        "switch": switch,
        "block": block,
        "knock": knock,
        "leave": leave,
    }  # fmt: skip
    for name, act in acts.items():
        app.router.add_post(f"/demo/{name}", acting(act))
