"""What the relay does every few seconds beside its hints: reports, ladders, looks at groups, webhooks, anchors."""

import asyncio
import logging
from collections.abc import Callable

from shared import db
from shared.arrears import contacts, faults, reminders
from shared.audit import anchors
from shared.chats import checks
from shared.db import transaction
from shared.deliveries import passing
from shared.notify import house, ladder, pulse
from shared.reports import health, presets, ticks
from shared.webhooks import queue as webhooks

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds
ANCHOR = 12  # rounds between two looks at the ladders, and whether the hour has its anchor


async def go(hint: Callable[[str, list[int]], None]) -> None:
    """Make rounds for ever. hint: gives a task of the notifier a list of chats; a hint that is lost is given again."""
    rounds = 0
    while True:
        try:
            await look(hint, anchored=rounds % ANCHOR == 0)
        except db.AWAY as error:
            log.warning("a round was left out: %s", error)
        except Exception:  # one of these duties must not take the hints down with it
            log.exception("a round broke")
        rounds += 1
        await asyncio.sleep(EVERY)


async def look(hint: Callable[[str, list[int]], None], *, anchored: bool) -> None:
    """One round."""
    async with transaction() as session:
        await pulse.beat(session)
    async with transaction() as session:
        if anchored:
            await presets.lay(session)
        await ticks.tick(session)
    async with transaction() as session:
        chats = await checks.due(session)
    if chats:
        await asyncio.to_thread(hint, "notifier.look", chats)
    async with transaction() as session:
        knocking = await house.put_off(session)
    if knocking:
        await asyncio.to_thread(hint, "notifier.knock", [])
    async with transaction() as session:
        hooks = await webhooks.due(session)
    if hooks:
        await asyncio.to_thread(hint, "notifier.webhooks", [])
    async with transaction() as session:
        await passing.take_away(session, (await contacts.of_now(session)).card_minutes)
        await faults.resume(session)
        await reminders.tick(session)
        if anchored:
            await reminders.end_of_day(session)
    if anchored:
        async with transaction() as session:
            await ladder.ring(session)
        parts = await health.look()
        async with transaction() as session:
            await house.watch(session, parts)
        async with transaction() as session:
            noted = await anchors.anchor(session)
        if noted is not None:
            anchors.tell(noted)
