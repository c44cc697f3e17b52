"""The schema can be built, torn down and built again, and it is what the models say."""

import asyncio
import re
import uuid
from pathlib import Path

import asyncpg
from alembic import command

from shared import migrate
from tests.conftest import Servers

VERSIONS = Path(migrate.__file__).parent / "migrations"


async def test_every_migration_goes_up_down_and_up_again_and_the_end_equals_the_models(servers: Servers) -> None:
    name = f"stairs_{uuid.uuid4().hex[:8]}"
    connection = await asyncpg.connect(servers.postgres)
    await connection.execute(f"CREATE DATABASE {name}")
    config = migrate.config(servers.database(name))
    for step in (
        lambda: command.upgrade(config, "head"),
        lambda: command.downgrade(config, "base"),
        lambda: command.upgrade(config, "head"),
        lambda: command.check(config),
    ):
        await asyncio.to_thread(step)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def test_migrations_stand_in_one_line_and_head_names_the_last() -> None:
    pairs = {}
    for path in (VERSIONS / "versions").glob("v*.py"):
        text = path.read_text()
        revision = re.search(r'^revision = "(\w+)"', text, re.MULTILINE)
        down = re.search(r'^down_revision = (?:"(\w+)"|None)', text, re.MULTILINE)
        assert revision is not None
        assert down is not None
        pairs[revision[1]] = down[1]
    order = sorted(pairs)
    assert [pairs[number] for number in order] == [None, *order[:-1]]
    assert (VERSIONS / "HEAD").read_text().split("\n")[-2] == order[-1]
