"""Which photos belong to which order. Keeps ids of Telegram only; the pictures are fetched and kept by `files`.

The purge of an order takes its rows along (ON DELETE CASCADE); call `files_of` before it and `files.drop` after.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.db import after
from shared.deliveries.models import Delivery
from shared.errors import NotFound
from shared.events import emit
from shared.orders import queries
from shared.orders.events import OrderPhotoAdded
from shared.orders.models import Order
from shared.people.access import Viewer
from shared.people.models import Person
from shared.photos.models import OrderPhoto

MOST = 30  # photos of an order; more say nothing new
LOOSE = 86_400  # seconds a photo waits for its order


@dataclass(frozen=True, slots=True)
class Sent:
    """A photo as it came: the message, and Telegram's ids of its largest and of a small size."""

    chat_id: int
    message_id: int
    file_id: str
    thumb_id: str
    caption: str = ""
    album: str | None = None


class Photo(NamedTuple):
    """A photo of an order and who sent it."""

    id: int
    at: datetime
    caption: str
    sender: str


async def put_by(session: AsyncSession, viewer: Viewer, sent: Sent) -> None:
    """Note a photo whose order does not exist yet; the same message is noted once."""
    await _note(session, viewer, sent, None)


async def adopt(session: AsyncSession, order: Order) -> None:
    """Give an order the photos that were put by for the message it was registered with, its whole album."""
    if order.chat_id is None or order.message_id is None:
        return
    here = OrderPhoto.chat_id == order.chat_id
    album = select(OrderPhoto.album).where(here, OrderPhoto.message_id == order.message_id).scalar_subquery()
    await session.execute(
        update(OrderPhoto)
        .where(
            here,
            OrderPhoto.order_id.is_(None),
            or_(OrderPhoto.message_id == order.message_id, OrderPhoto.album == album),
        )
        .values(order_id=order.id)
    )


async def attach(session: AsyncSession, viewer: Viewer, order_id: int, sent: Sent) -> bool:
    """Add a photo to an order; False when it was there already or the order is full. Raises NotFound."""
    await queries.by_id(session, viewer, order_id)
    # one at a time for an order, so that no more than MOST get in
    await session.execute(select(Order.id).where(Order.id == order_id).with_for_update(key_share=True))
    many = await session.scalar(select(func.count()).where(OrderPhoto.order_id == order_id)) or 0
    photo_id = await _note(session, viewer, sent, order_id) if many < MOST else None
    if photo_id is None:
        return False
    told = OrderPhotoAdded(order_id=order_id, photo_id=photo_id, caption=sent.caption)
    await emit(session, told, source="bot", actor_id=viewer.person_id, order_id=order_id)
    return True


async def orders_of_message(session: AsyncSession, chat_id: int, message_id: int) -> Collection[int]:
    """The orders that a message in a chat is about: one of ours that tells of them, or the one that registered one."""
    ours = select(Delivery.id, Delivery.order_id).where(Delivery.chat_id == chat_id, Delivery.message_id == message_id)
    rows = (await session.execute(ours)).all()
    found = {order_id for _, order_id in rows if order_id is not None}
    if rows:
        inside = select(Delivery.order_id).where(
            Delivery.chat_id == chat_id, Delivery.merged_into.in_([row_id for row_id, _ in rows])
        )
        found |= {order_id for order_id in await session.scalars(inside) if order_id is not None}
        return found
    return set(await session.scalars(select(Order.id).where(Order.chat_id == chat_id, Order.message_id == message_id)))


async def of_album(session: AsyncSession, chat_id: int, album: str) -> tuple[bool, int | None]:
    """(whether photos of this album were noted, the order that they belong to if it exists)."""
    known = (
        await session.scalars(
            select(OrderPhoto.order_id).where(OrderPhoto.chat_id == chat_id, OrderPhoto.album == album).limit(10)
        )
    ).all()
    return bool(known), next((order_id for order_id in known if order_id is not None), None)


async def of_order(session: AsyncSession, order_id: int) -> Sequence[Photo]:
    """An order's photos, the oldest first."""
    return [Photo._make(row) for row in await rows.rows(session, _of_order(), {"order": order_id})]


@cache
def _of_order() -> Select[int, datetime, str, str]:
    return (
        select(OrderPhoto.id, OrderPhoto.at, OrderPhoto.caption, Person.name)
        .join(Person, Person.id == OrderPhoto.sender_id)
        .where(OrderPhoto.order_id == bindparam("order", type_=BigInteger))
        .order_by(OrderPhoto.id)
        .limit(MOST)
    )


async def of_orders(session: AsyncSession, order_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """Order → ids of its photos, for a whole list in one question."""
    found: dict[int, list[int]] = {}
    rows = await session.execute(
        select(OrderPhoto.order_id, OrderPhoto.id).where(OrderPhoto.order_id.in_(order_ids)).order_by(OrderPhoto.id)
    )
    for order_id, photo_id in rows:
        found.setdefault(order_id or 0, []).append(photo_id)
    return found


async def one(session: AsyncSession, order_id: int, photo_id: int) -> OrderPhoto:
    """A photo of this order. Raises NotFound, also for one of another order."""
    row: OrderPhoto | None = await session.scalar(
        select(OrderPhoto).where(OrderPhoto.id == photo_id, OrderPhoto.order_id == order_id)
    )
    if row is None:
        raise NotFound
    return row


async def files_of(session: AsyncSession, order_ids: Collection[int]) -> Sequence[str]:
    """Telegram's ids of all files of these orders, for those who purge them."""
    rows = await session.execute(
        select(OrderPhoto.file_id, OrderPhoto.thumb_id).where(OrderPhoto.order_id.in_(order_ids))
    )
    return list(dict.fromkeys(file_id for row in rows for file_id in row))


async def forget_loose(session: AsyncSession) -> None:
    """Drop what was put by for registrations that never came about."""
    await session.execute(delete(OrderPhoto).where(OrderPhoto.order_id.is_(None), OrderPhoto.at < after(-LOOSE)))


async def _note(session: AsyncSession, viewer: Viewer, sent: Sent, order_id: int | None) -> int | None:
    photo_id: int | None = await session.scalar(
        insert(OrderPhoto)
        .values(
            order_id=order_id,
            chat_id=sent.chat_id,
            message_id=sent.message_id,
            album=sent.album,
            sender_id=viewer.person_id,
            file_id=sent.file_id,
            thumb_id=sent.thumb_id,
            caption=sent.caption,
        )
        .on_conflict_do_nothing()
        .returning(OrderPhoto.id)
    )
    return photo_id
