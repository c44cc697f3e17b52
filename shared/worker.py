"""A service's Celery worker: hints come in, the work is looked up in Postgres.

A hint names streams (or chats) that have something due; it may be lost, doubled or late without harm, because the
rows themselves say what is to be done. One event loop and one connection pool a worker process, made after the fork.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import db, log, outbox
from shared.db import transaction
from shared.events import Event, EventRow
from shared.settings import settings

os.environ.setdefault("C_FORCE_ROOT", "1")  # JSON only, so the warning about pickle and root does not concern us
logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Event)
Listener = Callable[[AsyncSession, EventRow, Any], Awaitable[None]]


@dataclass
class Ears:
    """A service's listeners by event name, and what to do after a batch was heard.

    A listener is a plain coroutine (session, row, event); what it writes and the row's end are one transaction.
    """

    service: str
    listeners: dict[str, Listener] = field(default_factory=dict)

    def hears(self, event: type[E]) -> Callable[[Listener], Listener]:
        """Make the decorated coroutine hear `event`; it stays a plain coroutine, so tests just await it."""

        def register(listener: Listener) -> Listener:
            self.listeners[event.name] = listener
            return listener

        return register

    async def hear(self, stream: str) -> int:
        """Hear all that is due in one stream, oldest first; return how many events were heard.

        A listener that fails is tried later and holds its stream back; after eight failures its row is dead.
        """
        heard = 0
        while True:
            row_id = 0
            try:
                async with transaction() as session:
                    row = await outbox.head(session, self.service, stream)
                    if row is None:
                        return heard
                    row_id = row.id
                    told = (await session.scalars(select(EventRow).where(EventRow.id == row.event_id))).one()
                    listener = self.listeners.get(told.name)
                    if listener is not None:
                        await listener(session, told, Event.known[told.name].read(told.payload))
                    await outbox.consumed(session, row.id)
                    more = await outbox.waits(session, self.service, stream)
                heard += 1
                if not more:
                    return heard
            except Exception as error:
                if db.away(error):  # not the listener's failure; the relay hints again
                    raise
                logger.exception("hearing row %s of %s failed", row_id, stream)
                async with transaction() as session:
                    await outbox.failed(session, row_id, repr(error))
                return heard


def make_app(service: str) -> Celery:
    """The Celery app of a service: tasks `SERVICE.hear` and what the service adds, queue named like the service."""
    app = Celery(service, broker=settings().redis_url.get_secret_value())
    app.conf.update(
        task_default_queue=service,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_publish_retry=False,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_soft_shutdown_timeout=10,
        worker_enable_soft_shutdown_on_idle=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_transport_options={
            "visibility_timeout": 120,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
        },
    )
    return app


_loop: asyncio.Runner | None = None


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on this worker process' own loop."""
    assert _loop is not None, "the worker process was not opened"
    return _loop.run(_awake(work))


async def _awake(work: Coroutine[Any, Any, Any]) -> Any:
    """Between two tasks the loop stands still; let it notice first which connections were closed meanwhile."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return await work


def opens_process(pool_size: int = 8) -> None:
    """Have every worker process open its own loop and pool after the fork, and close them at the end."""

    def opened(**_: Any) -> None:
        global _loop  # noqa: PLW0603 one loop a process
        log.start()
        _loop = asyncio.Runner()
        db.connect(settings().asyncpg_url, pool_size=pool_size)

    def closed(**_: Any) -> None:
        if _loop is not None:
            _loop.close()

    worker_process_init.connect(opened, weak=False)
    worker_process_shutdown.connect(closed, weak=False)
    setup_logging.connect(lambda **_: log.start(), weak=False)
