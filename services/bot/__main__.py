"""The bot's process: `python -m services.bot`. Takes updates in, works them off, sends the answers."""

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvloop

from services.bot import app, inbox, introduce, poller, webhook
from services.bot.inbox import Bell, Work
from services.bot.speak import Mouth
from shared import db, log
from shared.deliveries import drain
from shared.settings import Settings, settings
from shared.telegram import Telegram

logger = logging.getLogger(__name__)

FINISH = 10.0  # seconds for what is being handled
YOUNG = 10_000  # new objects until the collector looks through them; at its usual 700 it took a twentieth of a rush
LAST_WORDS = 3.0  # seconds for answers that are being sent


async def run(stopping: asyncio.Event) -> None:
    """Run until `stopping`; then take nothing new in, finish what is at work, and leave."""
    house = settings()
    engine = db.connect(house.asyncpg_url, pool_size=house.bot_workers + 4)
    post = drain.open_post()
    bell = Bell()
    app.dispatcher()
    gc.set_threshold(YOUNG, 10, 10)
    gc.freeze()  # aiogram's half million objects stay; to walk them again and again costs 100 ms each time
    try:
        async with asyncio.TaskGroup() as speaking:
            mouth = Mouth(post, speaking)
            username = await _unless(stopping, introduce.introduce(post.telegram))
            if username is not None:
                logger.info("ready as @%s", username)
                await _serve(Work(username, mouth, bell, stopping), post.telegram)
            await mouth.close(LAST_WORDS)
    finally:
        await post.telegram.close()
        await post.pace.close()
        await engine.dispose()


async def _serve(work: Work, telegram: Telegram) -> None:
    async with asyncio.TaskGroup() as tasks:
        taking = webhook.serve if settings().webhook_url else poller.poll
        background = [
            tasks.create_task(taking(work.bell.ring)),
            tasks.create_task(introduce.dress(telegram)),
            tasks.create_task(inbox.tidy()),
        ]
        workers = [tasks.create_task(inbox.work(work, number)) for number in range(settings().bot_workers)]
        await work.stopping.wait()
        for task in background:
            task.cancel()
        work.bell.ring(len(workers))
        await asyncio.wait(workers, timeout=FINISH)
        for task in workers:
            task.cancel()


async def _unless(stopping: asyncio.Event, asked: Coroutine[Any, Any, str]) -> str | None:
    """The result of `asked`, or None when the process is to stop before."""
    task, stop = asyncio.ensure_future(asked), asyncio.ensure_future(stopping.wait())
    await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if task.done():
        return task.result()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return None


def missing(house: Settings) -> str:
    """What the settings lack, as a sentence; empty when they will do."""
    if not house.bot_id:
        return "SIKPRO_TELEGRAM_TOKEN is missing: the bot needs the token that @BotFather gave, like 123456:ABC…"
    if house.webhook_url and not house.webhook_secret.get_secret_value():
        return "SIKPRO_WEBHOOK_URL needs SIKPRO_WEBHOOK_SECRET too: without it anybody could send updates."
    return ""


async def main() -> None:
    log.start()
    if wrong := missing(settings()):
        sys.exit(wrong)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await run(stopping)


if __name__ == "__main__":
    uvloop.run(main())
