"""setWebhook and the pushing of updates to it: in order per chat, repeated with doubling waits until a 2XX."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import time
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout
from pydantic_core import from_json

from deploy.simulator import polling, updates
from deploy.simulator.state import Hook, Json, Update, World
from deploy.simulator.wire import bad

PORTS = frozenset({80, 88, 443, 8443})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Call = Callable[[str, Json], Awaitable[None]]
LONGEST = 60  # seconds between two attempts, at most
ANSWER_WITHIN = 60  # seconds a webhook may take


@dataclass
class Pushing:
    """The running deliveries: one task a chat. `group` owns them."""

    group: asyncio.TaskGroup
    session: ClientSession
    busy: set[int] = field(default_factory=set)
    limits: dict[str, asyncio.Semaphore] = field(default_factory=dict)


def set_webhook(world: World, poll: polling.Poll, p: Json) -> bool:
    url = str(p.get("url") or "")
    if not url:
        return delete_webhook(world, p)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if parts.hostname not in LOOPBACK and (parts.port or 443) not in PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = str(p.get("secret_token") or "")
    if len(secret) > 256 or not all(c.isascii() and (c.isalnum() or c in "-_") for c in secret):
        raise bad("secret token contains illegal characters")
    polling.allow(world, p)
    if p.get("drop_pending_updates"):
        world.pending.clear()
    world.hook = Hook(url=url, secret=secret, max_connections=max(1, min(100, int(p.get("max_connections") or 40))))
    polling.interrupt(world, poll, polling.BY_WEBHOOK)
    world.touch()
    return True


def delete_webhook(world: World, p: Json) -> bool:
    if p.get("drop_pending_updates"):
        world.pending.clear()
    world.hook = Hook()
    world.touch()
    return True


def webhook_info(world: World) -> Json:
    hook = world.hook
    info: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(world.pending)}
    if hook.url:
        info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook.last_error_date:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if world.allowed:
        info["allowed_updates"] = world.allowed
    return info


async def keep_pushing(world: World, pushing: Pushing, call: Call) -> None:
    """For ever: give each chat with waiting updates its own task while a webhook is set."""
    seen: tuple[str, int] = ("", -1)
    while True:
        now = (world.hook.url, world.seq)
        if world.hook.url and now != seen:
            seen = now
            for chat in updates.by_chat(world):
                if chat not in pushing.busy:
                    pushing.busy.add(chat)
                    pushing.group.create_task(_push_chat(world, pushing, world.hook, chat, call))
        await asyncio.sleep(0.02 if world.hook.url else 0.2)


async def _push_chat(world: World, pushing: Pushing, hook: Hook, chat: int, call: Call) -> None:
    limit = pushing.limits.setdefault(f"{hook.url} {hook.max_connections}", asyncio.Semaphore(hook.max_connections))
    wait = 0.0
    try:
        while world.hook is hook:
            batch = [item for item in updates.waiting(world, len(world.pending) or 1) if item.chat == chat]
            if not batch:
                return
            for update in batch:
                while world.hook is hook and update.id in world.pending:
                    async with limit:
                        pause = await _push(world, pushing, hook, update, call)
                    if pause is None:
                        wait = 0.0
                        break
                    wait = max(pause, min(LONGEST, wait * 2 or 1.0))
                    await asyncio.sleep(wait)
                if world.hook is not hook:
                    return
    finally:
        pushing.busy.discard(chat)


async def _push(world: World, pushing: Pushing, hook: Hook, update: Update, call: Call) -> float | None:
    """One attempt: None when taken, else the seconds the webhook asked to wait (0 when it did not say)."""
    headers = {"Content-Type": "application/json"}
    if hook.secret:
        headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
    asked = 0.0
    try:
        async with pushing.session.post(
            hook.url,
            data=update.raw,
            headers=headers,
            timeout=ClientTimeout(total=ANSWER_WITHIN),
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
            if answer.ok and answer.status < 300:
                if update.again:
                    update.again = False
                    return 0.0
                world.pending.pop(update.id, None)
                world.dirty = True
                await _obey(body, call)
                return None
            problem = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            with contextlib.suppress(ValueError):
                asked = float(answer.headers.get("Retry-After", "0"))
    except TimeoutError:
        problem = "Read timeout expired"
    except (ClientError, OSError) as error:
        problem = (
            "Connection refused"
            if "refused" in str(error).lower() or "Cannot connect" in str(error)
            else "Connection reset by peer"
        )
    hook.last_error_date, hook.last_error_message = int(time()), problem
    return asked


async def _obey(body: bytes, call: Call) -> None:
    """A webhook may answer with {"method": …, params}: the call is made and its result goes nowhere."""
    with contextlib.suppress(ValueError):
        wanted = from_json(body or b"{}")
        if isinstance(wanted, dict) and isinstance(wanted.get("method"), str):
            await call(wanted.pop("method"), wanted)
