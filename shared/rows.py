"""Rows as the driver hands them over: for what every page asks, whose objects would cost more than the answer.

A statement is compiled once and must be one that lives on (a module's constant or from a cache). It runs on the
session's own connection: inside its transaction once that has begun, else by itself, which saves BEGIN and COMMIT. It
never makes objects of the session; `session.execute` does, and is for all that is changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Float, Numeric
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import Table

KEPT = 1024  # statements that are compiled
_DRIVER = "rows"  # where a session keeps its connection while its transaction lasts

Made = TypeVar("Made", bound=Table)
Wanted = Any
"""A statement of columns: what SQLAlchemy calls a Select, a CompoundSelect or an INSERT … RETURNING."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A compiled statement. own: the values it has itself; read: (place, reader) of columns that are not plain."""

    sql: str
    names: tuple[str, ...]
    own: Mapping[str, object]
    read: tuple[tuple[int, Callable[[Any], Any]], ...]


async def rows(session: AsyncSession, wanted: Wanted, asked: Mapping[str, object] | None = None) -> Sequence[Any]:
    """The rows, each a tuple with names. asked: parameters; a list is one parameter, for `= ANY`.

    Raises DBAPIError, as `session.execute` does.
    """
    if session.new or session.dirty or session.deleted:
        await session.flush()
    driver, dialect = await _driver(session)
    ready = _ready(wanted, dialect)
    given = {**ready.own, **asked} if asked else ready.own
    try:
        found: Sequence[Any] = await driver.fetch(ready.sql, *[given[name] for name in ready.names])
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        lost = driver.is_closed()
        raise DBAPIError(ready.sql, None, error, hide_parameters=True, connection_invalidated=lost) from error
    return [_told(row, ready.read) for row in found] if ready.read else found


async def first(session: AsyncSession, wanted: Wanted, asked: Mapping[str, object] | None = None) -> Any:
    """The first row, or None."""
    found = await rows(session, wanted, asked)
    return found[0] if found else None


def made(kind: type[Made], row: Mapping[str, Any]) -> Made:
    """A row of a table as its object, which belongs to no session: to be read only."""
    one = kind()
    one.__dict__.update(row.items())
    return one


async def _driver(session: AsyncSession) -> tuple[Any, Dialect]:
    since, driver, dialect = session.info.get(_DRIVER, (None, None, None))
    if driver is None or since is not session.sync_session.get_transaction():
        connection = await session.connection()
        driver, dialect = (await connection.get_raw_connection()).driver_connection, connection.dialect
        session.info[_DRIVER] = session.sync_session.get_transaction(), driver, dialect
    return driver, dialect


def _told(row: Any, read: tuple[tuple[int, Callable[[Any], Any]], ...]) -> tuple[Any, ...]:
    cells = list(row)
    for place, reader in read:
        cells[place] = reader(cells[place])
    return tuple(cells)


@lru_cache(maxsize=KEPT)
def _ready(wanted: Wanted, dialect: Dialect) -> _Ready:
    compiled = wanted.compile(dialect=dialect)
    needed = {bind.key for bind in compiled.binds.values() if bind.required}
    made = compiled.construct_expanded_state(compiled.construct_params(dict.fromkeys(needed)))
    own = {name: value for name, value in made.parameters.items() if name not in needed}
    read = []
    for place, column in enumerate(_columns(wanted)):
        if not isinstance(column.type, (Numeric, Float)):
            reader = column.type.dialect_impl(dialect).result_processor(dialect, None)
            read += [(place, reader)] if reader else []
    return _Ready(made.statement, tuple(made.positiontup or ()), own, tuple(read))


def _columns(wanted: Wanted) -> Sequence[Any]:
    """Those of a text are read as the driver has them."""
    return list(getattr(wanted, "exported_columns", ()))
