"""Whose the time was: the sums in Postgres are those of the SLA clock, stretch by stretch."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.errors import NotAllowed
from shared.events import EventRow
from shared.orders import operations, queries, sla
from shared.orders.models import Category, Order
from shared.places import queries as places
from shared.places.models import Holiday, SiteOperation
from shared.reports import recap_time
from shared.reports.recap_scope import Scope
from tests import factories
from tests.web.conftest import Office
from tests.web.test_reports import download, moved, opened, registered, table, told, typed, wib

WEEK = Scope(date(2026, 11, 16), date(2026, 11, 22))
REASONS = ("ODP penuh", "Pelanggan tidak di lokasi", "Fallout WFM", "Redaman tinggi")


def worked_by(calendar: sla.Calendar, timeline: Iterable[tuple[datetime, str | None]], end: datetime) -> dict[str, int]:
    """Working seconds by whose time it was. timeline: (since when, whose); None is nobody's and is left out."""
    marks = sorted((mark for mark in timeline if mark[0] <= end), key=lambda mark: mark[0])
    ends = [at for at, _ in marks[1:]] + [end]
    sums: dict[str, int] = {}
    for (at, whose), until in zip(marks, ends, strict=False):
        if whose is not None:
            sums[whose] = sums.get(whose, 0) + sla.worked_before(calendar, until) - sla.worked_before(calendar, at)
    return {whose: worked // sla.SECOND for whose, worked in sums.items()}


async def by_hand(session: AsyncSession) -> dict[str, int]:
    """The same sums from the clock's own arithmetic, order by order."""
    data = await queries.master(session)
    sums = dict.fromkeys(recap_time.SIDES, 0)
    for order in (await session.scalars(select(Order).where(Order.closed_at.is_not(None)))).all():
        events = (await session.scalars(select(EventRow).where(EventRow.order_id == order.id))).all()
        marks = []
        for event in events:
            status = data.statuses[event.payload.get("new", data.first().code)]
            reason = data.reasons.get(event.payload.get("reason_id") or 0)
            stopped = status.category is Category.OBSTACLE and reason is not None
            ended = status.category in {Category.DONE, Category.CANCELLED}
            marks.append((event.at, None if ended else reason.whose if stopped and reason else "helpdesk"))
        unit = await places.unit_of(session, order.sto_id)
        for side, seconds in worked_by(unit.calendar, marks, order.closed_at).items():  # type: ignore[arg-type]
            sums[side] += seconds
    return sums


async def test_every_side_gets_the_working_time_that_the_clock_gives_it(session: AsyncSession) -> None:
    here = await factories.town(session)
    await session.execute(
        update(SiteOperation).where(SiteOperation.id == here.other_site.id).values(zone="Asia/Makassar")
    )
    session.add(Holiday(site_operation_id=here.site.id, day=date(2026, 11, 18), name="Libur"))
    await session.flush()
    places.forget()
    chance = Random(20261122)
    for _ in range(12):
        at = wib(16, 5) + timedelta(minutes=chance.randrange(4 * 1440))
        order = await registered(session, here, at, sto=chance.choice(["SDA", "TUN", "SPJ"]))
        for _ in range(chance.randrange(4)):
            at += timedelta(minutes=chance.randrange(1, 900))
            reason = chance.choice(REASONS)
            status = chance.choice(["OGP", "KENDALA"])
            stands = (await queries.by_id(session, None, order.id)).order.status_code
            if stands != status or status == "KENDALA":
                await moved(session, here, order, at, status, reason if status == "KENDALA" else "")
        at += timedelta(minutes=chance.randrange(1, 600))
        await moved(session, here, order, at, "SELESAI")
    with clock.stopped_at(wib(23, 12)):
        found = await recap_time.lost(session, await factories.viewer(session, here.admin), WEEK)
    wanted = await by_hand(session)
    assert sum(wanted.values()) > 100_000
    for side, seconds in wanted.items():
        assert abs(found.sides[side].seconds - seconds) <= 60, side  # whole seconds a stretch there, in the end here
    stopped = sum(taken.seconds for _, taken in found.reasons)
    assert abs(sum(taken.seconds for _, taken in found.stos) - stopped) <= 2
    assert {label for label, _ in found.reasons} <= set(REASONS)


async def test_a_reopened_order_owes_nobody_the_time_it_was_finished(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await registered(session, here, wib(20, 9))
    await moved(session, here, order, wib(20, 10), "SELESAI")
    await moved(session, here, order, wib(20, 13), "OGP")
    await moved(session, here, order, wib(20, 14), "SELESAI")
    with clock.stopped_at(wib(23, 12)):
        found = await recap_time.lost(session, await factories.viewer(session, here.leader), WEEK)
    assert {side: taken.seconds for side, taken in found.sides.items() if taken.seconds} == {"helpdesk": 7200}


async def test_a_change_that_was_taken_back_leaves_the_reason_from_before(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await registered(session, here, wib(20, 9))
    await moved(session, here, order, wib(20, 10), "KENDALA", "Pelanggan tidak di lokasi")
    admin = await factories.viewer(session, here.admin)
    with clock.stopped_at(wib(20, 11)):
        now = (await queries.by_id(session, admin, order.id)).order
        changed = await operations.change_status(
            session, admin, order.id, now.version, "OGP", source="web", tell=False, hold=60
        )
        await operations.undo(session, admin, changed.event_id, source="web")
    await moved(session, here, order, wib(20, 12), "SELESAI")
    with clock.stopped_at(wib(23, 12)):
        found = await recap_time.lost(session, admin, WEEK)
    assert (found.sides["helpdesk"].seconds, found.sides["customer"].seconds) == (3600, 7200)


async def test_nobody_sees_the_time_of_another_area(session: AsyncSession) -> None:
    here = await factories.town(session)
    order = await registered(session, here, wib(20, 9), sto="SPJ")
    await moved(session, here, order, wib(20, 10), "SELESAI")
    with clock.stopped_at(wib(23, 12)):
        found = await recap_time.lost(session, await factories.viewer(session, here.leader), WEEK)
        assert not any(taken.orders for taken in found.sides.values())
        with pytest.raises(NotAllowed):
            await recap_time.lost(session, await factories.viewer(session, here.helpdesk), WEEK)


async def test_the_page_of_time_and_its_file_say_the_same(office: Office) -> None:
    async with told(office):
        browser = await office.visitor(office.here.leader)
    address = "dari=2026-11-16&sampai=2026-11-21"
    page = await browser.get(f"/laporan/waktu?{address}")
    book = opened(await download(browser, f"/laporan/waktu/ekspor?{address}"))
    for heading, name in (('id="l1"', "Pihak"), ('id="l2"', "Alasan kendala"), ('id="l4"', "Kendala per ODP")):
        shown = table(page, heading)[1:]
        rows = book.get_sheet_by_name(name).to_python()
        head = next(number for number, row in enumerate(rows) if row[1] == "Order")
        kept = [[row[0], row[1], round(float(row[3]), 3)] for row in rows[head + 1 :]]
        assert kept == [[row[0], *typed([row[1], row[3]])] for row in shown]
    assert "ODP penuh" in page.text


async def test_more_days_than_can_be_read_are_refused(office: Office) -> None:
    browser = await office.visitor(office.here.leader)
    answer = await browser.get("/laporan/waktu?dari=2026-10-01&sampai=2026-11-10")
    assert answer.status == 422
    assert "Rentang paling panjang 31 hari; ini 41 hari" in answer.text
