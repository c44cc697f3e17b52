"""Alembic's way in: the house's tables, the house's database, one line of migrations."""

import asyncio
import importlib
import os

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import Table
from shared.migrate import MODELS

for module in MODELS:
    importlib.import_module(module)


def run(connection: Connection) -> None:
    """Migrate on one connection, waiting for no lock longer than 5 s."""
    context.configure(connection=connection, target_metadata=Table.metadata, transaction_per_migration=True)
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    """Migrate the database that the caller named, or the environment's."""
    url = context.config.get_main_option("sqlalchemy.url") or os.environ["SIKPRO_DATABASE_URL"]
    engine = create_async_engine("postgresql+asyncpg://" + url.split("://", 1)[1])
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(online())
