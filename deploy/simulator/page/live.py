"""The chat page's event stream: what happens in one person's chats, as server-sent events."""

import asyncio

from aiohttp import web
from pydantic_core import to_json

from deploy.simulator.botapi import DOOR, Door
from deploy.simulator.page import view
from deploy.simulator.state import PRESENT, Json

HEARTBEAT = 15  # seconds of silence after which a comment proves the line


async def live(request: web.Request) -> web.StreamResponse:
    """/demo/live?as=<user>."""
    door = request.app[DOOR]
    user = int(request.query.get("as", "0") or 0)
    stream = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await stream.prepare(request)
    events: asyncio.Queue[Json] = asyncio.Queue()
    door.world.watchers.add(events)
    try:
        await stream.write(b"retry: 2000\nevent: hello\ndata: {}\n\n")
        await _pass_on(door, user, events, stream)
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        door.world.watchers.discard(events)
    return stream


async def _pass_on(door: Door, user: int, events: asyncio.Queue[Json], stream: web.StreamResponse) -> None:
    silent = 0.0
    while not door.stopping.is_set():
        try:
            async with asyncio.timeout(0.5):  # short, so that the process stops quickly
                event = await events.get()
        except TimeoutError:
            silent += 0.5
            if silent >= HEARTBEAT:
                silent = 0.0
                await stream.write(b": still here\n\n")
            continue
        silent = 0.0
        told = _for(door, user, event)
        if told is not None:
            await stream.write(b"data: " + to_json(told) + b"\n\n")


def _for(door: Door, user: int, event: Json) -> Json | None:
    """The event as `user` may see it, or None: people see their own chats and only their own button answers."""
    chat = door.world.chats.get(event["chat"])
    if event["kind"] in {"world", "commands", "call"}:
        return event
    if chat is None or chat.members.get(user) not in PRESENT or (event["kind"] == "answer" and event["user"] != user):
        return None
    if "record" in event and event["record"].get("only") not in {None, user}:
        return None
    if "record" in event:
        return {**event, "record": view.shown(event["record"])}
    return event
