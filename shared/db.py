"""Postgres for the house: one engine a process, `transaction()` as the only way to commit, and LISTEN."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, ColumnElement, DateTime, Enum, MetaData, event, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

log = logging.getLogger(__name__)


AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError)
"""What a lost or refused connection raises: SQLAlchemy wraps what a statement meets, not what a connect meets."""


def away(error: BaseException) -> bool:
    """Whether an error only says that Postgres cannot be reached, or is being restarted; nobody's work is to blame."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and away(error.orig.__cause__ or error.orig))
    lost = (asyncpg.PostgresConnectionError, asyncpg.exceptions.OperatorInterventionError, asyncpg.InterfaceError)
    return isinstance(error, (*lost, OSError, TimeoutError, PoolTimeout))


class Table(DeclarativeBase):
    """Every table of the house; relations are `lazy="raise"`, so an N+1 is an exception."""

    type_annotation_map = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        StrEnum: Enum(StrEnum, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e]),
    }
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)

transaction = sessions.begin
"""`async with transaction() as session:` commits on a clean exit, rolls back on any exception."""

_alone: async_sessionmaker[AsyncSession] = async_sessionmaker(expire_on_commit=False)

single = _alone.begin
"""The same for one statement only: it commits by itself, which saves the trips of BEGIN and COMMIT."""


def connect(url: str, pool_size: int = 5) -> AsyncEngine:
    """Bind the house's sessions to Postgres; each process calls this once, as it starts, and after a fork.

    url: as `settings().asyncpg_url`. A connection that Postgres closed is noticed as it is taken from the pool, so a
    restarted Postgres fails no request that begins after it; a lock is waited for 10 s at most. Asked again, a process
    gets the engine it had, with the statements it has compiled (0.5 ms each); a disposed one opens its pool anew.
    """
    engine = _engine(url, pool_size, os.getpid())
    bind(engine)
    return engine


@cache
def _engine(url: str, pool_size: int, _process: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_use_lifo=True,  # the connection used last has its statements prepared and its catalog read
        connect_args={
            "timeout": 5,
            "command_timeout": 60,
            "server_settings": {"lock_timeout": "10000", "timezone": "UTC", "jit": "off"},
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def bind(to: AsyncEngine | AsyncConnection | None, **options: Any) -> None:
    """Let `transaction` and `single` use an engine; or a connection, in which both then nest."""
    sessions.configure(bind=to, **options)
    autocommit = to.execution_options(isolation_level="AUTOCOMMIT") if isinstance(to, AsyncEngine) else to
    _alone.configure(bind=autocommit, **options)


def _refuse_closed(connection: Any, *_: Any) -> None:
    """Asyncpg hears at once when the server hangs up; asking the server instead would cost three round trips a use."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def after(seconds: float) -> ColumnElement[datetime]:
    """The moment `seconds` from now by Postgres' clock, which all processes share; negative looks back."""
    moment: ColumnElement[datetime] = func.clock_timestamp() + timedelta(seconds=seconds)
    return moment


async def listen(url: str, channels: Sequence[str], patience: float) -> AsyncIterator[tuple[str, str] | None]:
    """Yield (channel, payload) for each NOTIFY on `channels`, and None at least every `patience` seconds.

    Reconnects for ever. After a connection it yields None at once, because what was said before it is lost:
    the caller must look at its tables whenever it gets None.
    """
    heard: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()

    def hear(_: Any, __: int, channel: str, payload: str) -> None:
        heard.put_nowait((channel, payload))

    while True:
        try:
            connection = await asyncpg.connect(url, timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            log.warning("no LISTEN connection: %s", error)
            yield None
            await asyncio.sleep(1)
            continue
        try:
            connection.add_termination_listener(lambda _: heard.put_nowait(None))  # look at once, then reconnect
            for channel in channels:
                await connection.add_listener(channel, hear)
            yield None
            while not connection.is_closed():
                said = None
                with suppress(TimeoutError):  # wait_for of Python 3.11 may lose a cancellation when both come at once
                    async with asyncio.timeout(patience):
                        said = await heard.get()
                yield said
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("LISTEN connection broke: %s", error)
        finally:
            with suppress(Exception):
                connection.terminate()
