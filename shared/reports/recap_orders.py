"""A list of the queue from beginning to end, for a file: exactly the orders that its filters show. Reads only."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders import board
from shared.orders.board import Filters
from shared.orders.models import Order, OrderStatus, Reason
from shared.orders.queries import holder, technician
from shared.people.access import Viewer
from shared.places.models import SiteOperation, Sto

BATCH = 2_000  # orders fetched at a time

COLUMNS = (
    *("number", "type", "status", "reason", "serial", "sto", "odp", "technician_code", "technician", "holder"),
    *("received", "closed", "target", "used", "feedback", "note"),
)
"""What a row holds; besides there is "moved", since when an order has its status. Moments are the wall clock of the
order's unit; target and used are working minutes, used and closed None until it is closed; feedback and note are what
people typed."""


async def listed(
    session: AsyncSession, viewer: Viewer, given: Filters, language: str = "id", names: Sequence[str] = COLUMNS
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """The orders in the order of the list, their states named in `language`, in batches from the server's cursor.

    names: the columns wanted. Raises NotAllowed.
    """
    viewer.must("order.export")
    wanted = (await board.whole(session, viewer, given)).join(OrderStatus, OrderStatus.code == Order.status_code)
    shown = _columns(language)
    chosen = wanted.outerjoin(Reason, Reason.id == Order.reason_id).with_only_columns(
        *[shown[name] for name in names], maintain_column_froms=True
    )
    async for batch in _streamed(session, chosen):
        yield batch


def _columns(language: str) -> Mapping[str, Any]:
    return {
        "number": Order.registration_no,
        "type": Order.type_code,
        "status": OrderStatus.label_en if language == "en" else OrderStatus.label_id,
        "reason": Reason.label_en if language == "en" else Reason.label_id,
        "serial": Order.serial,
        "sto": Sto.code,
        "odp": Order.odp,
        "technician_code": Order.technician_code,
        "technician": technician.name,
        "holder": holder.name,
        "received": func.timezone(SiteOperation.zone, Order.registered_at),
        "moved": func.timezone(SiteOperation.zone, Order.status_at),
        "closed": func.timezone(SiteOperation.zone, Order.closed_at),
        "target": Order.target_seconds // 60,
        "used": case((Order.closed_at.is_not(None), Order.used_seconds // 60)),
        "feedback": Order.feedback,
        "note": Order.note,
    }


async def _streamed(session: AsyncSession, wanted: Select[*tuple[Any, ...]]) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """Rows as the driver hands them over: SQLAlchemy's own would double the time of reading a hundred thousand."""
    await session.execute(select(1))  # a transaction begins with its first statement, and a cursor needs one
    connection = await session.connection()
    compiled = wanted.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    given = compiled.construct_params()
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    cursor = await driver.cursor(str(compiled), *[given[name] for name in compiled.positiontup or ()])
    while batch := await cursor.fetch(BATCH):
        yield batch
