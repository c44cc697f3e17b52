"""What an order type requires is asked for, cannot be skipped, and is never asked of other types."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.orders import queries
from shared.orders.models import Order, OrderType
from tests.bot.person import Person


@pytest.fixture
async def strict(session: AsyncSession, rizal_in_group: Person) -> Person:
    """AO requires serial and ODP label; Rizal talks in his group."""
    await session.execute(update(OrderType).where(OrderType.code == "AO").values(required=["sn", "odp"]))
    queries.forget()
    return rizal_in_group


async def only_order(session: AsyncSession) -> Order:
    return (await session.scalars(select(Order))).one()


async def test_a_line_that_lacks_what_its_type_requires_is_asked_for_it(strict: Person, session: AsyncSession) -> None:
    heard = await strict.says("/reg AO SC32232558 ZTEGC6754546 SDA")
    assert "ODP" in heard.text
    assert heard.labels() == ["Batal"]
    heard = await strict.replies("lewati")
    assert "ODP: wajib untuk tipe order ini, contoh ODP-SDA-003" in heard.text
    assert (await session.scalars(select(Order))).all() == []
    heard = await strict.replies("ODP-SDA-003")
    assert heard.text.startswith("Pesan diterima, mohon ditunggu.")
    assert (await only_order(session)).odp == "ODP-SDA-003"


async def test_another_type_may_go_without(strict: Person) -> None:
    heard = await strict.says("/reg MO SC32232558 ZTEGC6754546 SDA")
    assert heard.labels() == ["Lewati", "Batal"]


async def test_a_mac_address_is_no_serial_where_one_is_required(strict: Person, session: AsyncSession) -> None:
    heard = await strict.says("/reg AO SC32232558 00:1A:2B:3C:4D:5E SDA ODP-SDA-003")
    assert heard.labels() == ["Batal"]
    assert (await session.scalars(select(Order))).all() == []
