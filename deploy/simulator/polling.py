"""getUpdates: long polling with Telegram's conflicts and habits. Where the webhook is set it only refuses."""

import asyncio
from dataclasses import dataclass

from deploy.simulator import clock, updates
from deploy.simulator.state import Json, World
from deploy.simulator.wire import Refused, bad

TERMINATED = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "Conflict: terminated by setWebhook request"
ACTIVE_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@dataclass
class Waiting:
    """A request that waits for updates; `refused` ends it."""

    refused: Refused | None = None


@dataclass
class Poll:
    """The request that waits now, and when and where the last one asked."""

    waiting: Waiting | None = None
    last_offset: int = -1
    last_start: float = float("-inf")
    last_conflict: float = float("-inf")


async def get_updates(world: World, poll: Poll, p: Json) -> bytes:
    """The JSON array of the next updates, each in its own bytes. Raises Refused with 409 for a second reader."""
    if world.hook.url:
        raise Refused(409, ACTIVE_WEBHOOK)
    allow(world, p)
    await _one_reader(world, poll)
    offset, limit = int(p.get("offset") or 0), max(1, min(100, int(p.get("limit") or 100)))
    timeout = max(0, min(50, int(p.get("timeout") or 0)))
    now = clock.ticks()
    if offset:
        updates.confirm(world, offset)
    elif offset == poll.last_offset:
        # Telegram slows down a reader that asks the same again without confirming
        timeout = 3 if now < poll.last_start + 3 and timeout < 3 else timeout
        limit = 1 if now < poll.last_start + 0.5 else limit
    poll.last_offset, poll.last_start = offset, now
    batch = updates.waiting(world, limit)
    if not batch and timeout:
        await _wait(world, poll, timeout)
        batch = updates.waiting(world, limit)
    return b"[" + b",".join(update.raw for update in batch) + b"]"


async def _one_reader(world: World, poll: Poll) -> None:
    if poll.waiting is None:
        return
    interrupt(world, poll, TERMINATED)
    now = clock.ticks()
    hurried, poll.last_conflict = now < poll.last_conflict + 3, now
    if hurried:
        await asyncio.sleep(3)


async def _wait(world: World, poll: Poll, timeout: float) -> None:
    """Until an update waits, Telegram goes down or `timeout` seconds are over. Raises Refused when interrupted."""
    mine = poll.waiting = Waiting()
    try:
        async with asyncio.timeout(timeout):
            while not world.pending and not world.down:
                world.changed.clear()
                await world.changed.wait()
                if mine.refused is not None:
                    raise mine.refused
    except TimeoutError:
        pass
    finally:
        if poll.waiting is mine:
            poll.waiting = None


def interrupt(world: World, poll: Poll, reason: str) -> None:
    """End the waiting request with a 409 that says `reason`."""
    if poll.waiting is not None:
        poll.waiting.refused = Refused(409, reason)
        poll.waiting = None
        world.changed.set()


def listens(world: World, poll: Poll) -> bool:
    """Whether a bot is there: it polls, polled a moment ago, or has a webhook."""
    return bool(world.hook.url) or poll.waiting is not None or clock.ticks() < poll.last_start + 20


def allow(world: World, p: Json) -> None:
    """Keep the list of wanted kinds, when one is given."""
    if "allowed_updates" not in p:
        return
    kinds = p["allowed_updates"]
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise bad("can't parse allowed updates: expected an Array of String")
    if sorted(kinds) != sorted(world.allowed):
        world.allowed = sorted(kinds)
        world.dirty = True
