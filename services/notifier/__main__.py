"""The notifier's worker process: `python -m services.notifier`."""

import logging
import os
import sys
import time
from typing import Any

from celery.signals import worker_process_init

from services.notifier import webhooks
from services.notifier.hearing import ears
from shared import db, outbox
from shared.chats import checks
from shared.deliveries import drain, operations, pauses
from shared.deliveries.drain import Post
from shared.settings import settings
from shared.worker import make_app, opens_process, run

logger = logging.getLogger(__name__)

app = make_app("notifier")
opens_process()
_post: Post | None = None
_courier = webhooks.Courier()


def _open_post(**_: Any) -> None:
    """Each worker process talks to Telegram over connections of its own; they are made on its loop, when first used."""
    global _post  # noqa: PLW0603 one a process
    _post = drain.open_post()


worker_process_init.connect(_open_post, weak=False)


@app.task(name="notifier.hear")  # type: ignore[untyped-decorator]
def hear(streams: list[str]) -> None:
    """Hear what is due in these streams, and send what they made for chats at once."""
    assert _post is not None
    run(_hear(_post, streams))


async def _hear(post: Post, streams: list[str]) -> None:
    if len(streams) > 1:
        try:
            async with db.transaction() as session:
                streams = await outbox.due_of(session, ears.service, streams)
        except db.AWAY:
            logger.warning("%s streams wait for the database", len(streams))  # the relay hints again
            return
    with operations.sent_soon() as chats:
        for stream in streams:
            try:
                await ears.hear(stream)
            except Exception as error:
                if not db.away(error):
                    raise
                logger.warning("%s waits for the database", stream)  # the relay hints again
    await drain.drain_all(post, sorted(chats))


@app.task(name="notifier.drain")  # type: ignore[untyped-decorator]
def drain_chats(chats: list[int]) -> None:
    """Send what waits for these chats."""
    assert _post is not None
    run(drain.drain_all(_post, chats))


@app.task(name="notifier.knock")  # type: ignore[untyped-decorator]
def knock(_: list[int]) -> None:
    """Look whether a Telegram that was away is back."""
    assert _post is not None
    run(pauses.knock(_post.telegram))


@app.task(name="webhook.hear")  # type: ignore[untyped-decorator]
def hear_for_others(streams: list[str]) -> None:
    """Hear what other systems chose in these streams, and send it to them at once."""
    run(_hear_for_others(streams))


async def _hear_for_others(streams: list[str]) -> None:
    for stream in streams:
        try:
            await webhooks.ears.hear(stream)
        except Exception as error:
            if not db.away(error):
                raise
            logger.warning("%s waits for the database", stream)  # the relay hints again
    await webhooks.send_due(_courier)


@app.task(name="notifier.webhooks")  # type: ignore[untyped-decorator]
def send_webhooks(_: list[int]) -> None:
    """Try again what other systems have not taken yet."""
    run(webhooks.send_due(_courier))


@app.task(name="notifier.look")  # type: ignore[untyped-decorator]
def look_at(chats: list[int]) -> None:
    """Ask what the bot may in these groups, one after the other."""
    assert _post is not None
    run(_look_at(_post, chats))


async def _look_at(post: Post, chats: list[int]) -> None:
    for chat_id in chats:
        await checks.look(post.telegram, post.pace, chat_id)


if __name__ == "__main__":
    os.environ["REMAP_SIGTERM"] = "SIGQUIT"  # a soft shutdown: what is not finished goes back to the queue
    time.tzset()
    sys.exit(
        app.worker_main(
            [
                "worker",
                "--pool=prefork",
                "--queues=notifier,webhook",
                f"--concurrency={settings().notifier_processes}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--hostname=notifier@%h",
                "--loglevel=INFO",
            ]
        )
    )
