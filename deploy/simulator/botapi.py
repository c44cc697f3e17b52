"""The Bot API's door: token, flood limits, faults, the method, the answer. A call is logged whatever becomes of it."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic_core import to_json

from deploy.simulator import calls, clock, faults, files, flood, hooks, membership, polling, wire
from deploy.simulator.access import kicked
from deploy.simulator.calls import Calls
from deploy.simulator.methods import ANSWERS
from deploy.simulator.state import BOT_TOKEN, Json, World
from deploy.simulator.wire import Refused, Sent, bad

HTML_ERROR = (
    "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr><center>nginx</center></body></html>"
)
NAMES = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}


@dataclass
class Door:
    world: World
    table: dict[str, Json]
    calls: Calls = field(default_factory=Calls)
    poll: polling.Poll = field(default_factory=polling.Poll)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


DOOR = web.AppKey("door", Door)


async def bot_call(request: web.Request) -> web.StreamResponse:
    """/bot<token>/<method>."""
    arrived = clock.ticks()
    door = request.app[DOOR]
    if door.world.down:
        return _cut(request)
    if request.match_info["token"] != BOT_TOKEN:
        return _answer(401, to_json({"ok": False, "error_code": 401, "description": "Unauthorized"}))
    asked = request.match_info["method"]
    try:
        sent = await wire.read(request)
    except Refused as refusal:
        return _refusal(refusal)
    name, entry = asked.lower(), None
    method = door.table.get(name)
    chat = _chat_number(sent.params.get("chat_id"))
    entry = calls.record(door.calls, method["name"] if method else asked, chat, sent.params)
    if method is None:
        return _refuse(door, entry, Refused(404, f"Not Found: method {asked} does not exist"))
    try:
        return await _carry_out(request, door, entry, method, sent, arrived)
    except Refused as refusal:
        return _refuse(door, entry, refusal)


async def _carry_out(
    request: web.Request, door: Door, entry: Json, method: Json, sent: Sent, arrived: float
) -> web.StreamResponse:
    name, world, chat = method["name"].lower(), door.world, entry["chat"]
    params = wire.check(method, sent)
    if flood.counts(name):
        wait = flood.check(world.flood, chat, arrived)
        if wait:
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
    for rule in faults.strike(world.faults, name, chat, clock.ticks(), faults.BEFORE):
        if rule.kind == "delay":
            await asyncio.sleep(rule.seconds)
        elif rule.kind == "drop_before":
            calls.finish(door.calls, entry, "drop_before")
            return _cut(request)
        elif rule.kind == "error_before":
            calls.finish(door.calls, entry, f"{rule.code} before")
            return _broken(rule.code)
        else:
            raise _fault_refusal(world, rule, chat, arrived)
    body, message_id = await _apply(door, name, params, sent)
    if world.down:
        calls.finish(door.calls, entry, "applied, down")
        return _cut(request)
    if flood.counts(name):
        door.calls.sent += 1
    for rule in faults.strike(world.faults, name, chat, clock.ticks(), faults.AFTER):
        calls.finish(door.calls, entry, f"applied, {rule.kind}", message_id)
        return await _spoil(request, door, rule, body)
    calls.finish(door.calls, entry, "ok", message_id)
    if world.watchers and name != "getupdates":
        world.tell("call", chat, method=method["name"], outcome="ok")
    return _answer(200, b'{"ok":true,"result":' + body + b"}")


async def _apply(door: Door, name: str, params: Json, sent: Sent) -> tuple[bytes, int | None]:
    """Run the method; its result as JSON and the id of the message it made or changed."""
    world = door.world
    if name == "getupdates":
        return await polling.get_updates(world, door.poll, params), None
    result: Any
    if name == "setwebhook":
        result = hooks.set_webhook(world, door.poll, params)
    elif name == "deletewebhook":
        result = hooks.delete_webhook(world, params)
    elif name == "getwebhookinfo":
        result = hooks.webhook_info(world)
    elif name in ANSWERS:
        result = ANSWERS[name](world, params, sent)
    else:
        raise Refused(404, f"Not Found: method {door.table[name]['name']} is not simulated")
    message_id = result.get("message_id") if isinstance(result, dict) else None
    return to_json(result), message_id


def _fault_refusal(world: World, rule: faults.Rule, chat: int, arrived: float) -> Refused:
    if rule.kind == "429":
        seconds = max(1, int(rule.seconds))
        flood.block(world.flood, chat, arrived, seconds)
        return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
    found = world.chats.get(chat)
    if found is None:
        return bad("chat not found")
    if rule.kind == "403":
        return kicked(found)
    if found.type != "group":
        return bad("chat not found")
    fresh = membership.migrate(world, found)
    return bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=fresh.id)


async def _spoil(request: web.Request, door: Door, rule: faults.Rule, body: bytes) -> web.StreamResponse:
    """The call is done; keep its answer from the caller."""
    if rule.kind == "error_after":
        return _broken(rule.code)
    if rule.kind == "bad_json":
        return _answer(200, (b'{"ok":true,"result":' + body)[: 20 + len(body) // 2])
    if rule.kind == "hang_after":
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rule.seconds if rule.seconds > 1 else 600):
                await door.stopping.wait()
    return _cut(request)


def _cut(request: web.Request) -> web.StreamResponse:
    """Close the connection with a reset, as a dying machine does."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=502)


def _refuse(door: Door, entry: Json, refusal: Refused) -> web.Response:
    outcome = "429" if refusal.code == 429 else f"{refusal.code} {refusal}"
    calls.finish(door.calls, entry, outcome)
    door.world.tell("call", entry["chat"], method=entry["method"], outcome=outcome)
    return _refusal(refusal)


def _refusal(refusal: Refused) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.code, "description": str(refusal)}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    answer = _answer(refusal.code, to_json(body))
    if "retry_after" in refusal.parameters:
        answer.headers["Retry-After"] = str(refusal.parameters["retry_after"])
    return answer


def _answer(status: int, body: bytes) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/json")


def _broken(code: int) -> web.Response:
    return web.Response(status=code, text=HTML_ERROR.format(NAMES.get(code, f"{code} Error")), content_type="text/html")


def _chat_number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


async def bot_file(request: web.Request) -> web.StreamResponse:
    """/file/bot<token>/<path>."""
    door = request.app[DOOR]
    if door.world.down:
        return _cut(request)
    if request.match_info["token"] != BOT_TOKEN:
        return _answer(401, to_json({"ok": False, "error_code": 401, "description": "Unauthorized"}))
    card = next((item for item in door.world.files.values() if item["path"] == request.match_info["path"]), None)
    if card is None:
        return _answer(404, to_json({"ok": False, "error_code": 404, "description": "Not Found"}))
    return web.Response(body=files.content(card), content_type="application/octet-stream")


async def call_from_hook(door: Door, asked: str, params: Json) -> None:
    """Carry out a method a webhook answered with; its outcome is only logged."""
    method = door.table.get(asked.lower())
    if method is None:
        return
    entry = calls.record(door.calls, method["name"], _chat_number(params.get("chat_id")), params)
    try:
        sent = Sent(params)
        _, message_id = await _apply(door, asked.lower(), wire.check(method, sent), sent)
    except Refused as refusal:
        calls.finish(door.calls, entry, f"{refusal.code} {refusal}")
        return
    calls.finish(door.calls, entry, "ok", message_id)
