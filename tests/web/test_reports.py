"""Reports: what they count, on which day, for whom; and that page, file and queue say the same."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import clock
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.errors import NotAllowed
from shared.orders import operations, queries
from shared.orders.models import Order, OrderType
from shared.people.models import Person
from shared.places import queries as places
from shared.places.models import SiteOperation, Sto
from shared.reports import recap, recap_month
from shared.reports.recap_scope import Scope
from tests import factories
from tests.factories import Town
from tests.web.conftest import Answer, Browser, Office

FRIDAY = date(2026, 11, 20)


def wib(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """A moment of November 2026 in Sidoarjo, which is seven hours before UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)


async def registered(session: AsyncSession, here: Town, at: datetime, **given: Any) -> Order:
    with clock.stopped_at(at):
        return await factories.order(session, here, **given)


async def moved(
    session: AsyncSession,
    here: Town,
    order: Order,
    at: datetime,
    status: str,
    reason: str = "",
    by: Person | None = None,
) -> None:
    data = await queries.master(session)
    found = next((row.id for row in data.reasons.values() if row.label_id == reason), None)
    who = await factories.viewer(session, by or here.admin)
    now = (await queries.by_id(session, who, order.id)).order
    with clock.stopped_at(at):
        await operations.change_status(
            session, who, order.id, now.version, status, source="web", reason_id=found, note="ok"
        )


async def story(session: AsyncSession, here: Town) -> None:
    """19–20 November: two finished (one late), one stopped over midnight, one cancelled, one untouched, one left."""
    quick = await registered(session, here, wib(20, 9), type_code="AO")
    await moved(session, here, quick, wib(20, 9, 20), "SELESAI")
    late = await registered(session, here, wib(20, 9), type_code="MO", sto="TUN", technician_code="F5TUN118")
    await moved(session, here, late, wib(20, 13), "SELESAI")
    stopped = await registered(session, here, wib(20, 10), type_code="AO")
    await moved(session, here, stopped, wib(20, 11), "KENDALA", "ODP penuh")
    await moved(session, here, stopped, wib(21, 9), "SELESAI")
    wrong = await registered(session, here, wib(19, 10), type_code="CONFIG")
    await moved(session, here, wrong, wib(20, 8), "BATAL", "Dibatalkan pelanggan")
    await registered(session, here, wib(20, 16), type_code="PDA", technician_code=None)
    slow = await registered(session, here, wib(19, 16), type_code="AO", sto="TUN")
    await moved(session, here, slow, wib(19, 16, 30), "OGP")


async def daily(
    session: AsyncSession, person: Person, first: date, last: date | None = None, **more: str
) -> recap.Recap:
    viewer = await factories.viewer(session, person)
    return await recap.daily(session, viewer, Scope(first, last or first, **more))


def line(found: recap.Recap, code: str) -> recap.Sums:
    return next(each.sums for each in (*found.stos, *found.technicians) if each.code == code)


def figures(sums: recap.Sums) -> tuple[int, ...]:
    return sums.received, sums.done, sums.on_time, sums.obstacle, sums.cancelled, sums.left


async def test_a_day_counts_what_came_what_ended_and_what_was_left(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    with clock.stopped_at(wib(22, 12)):
        found = await daily(session, here.leader, FRIDAY)
    assert figures(found.total) == (4, 2, 1, 1, 1, 2)
    assert dict(found.total.types) == {"AO": 2, "MO": 1, "PDA": 1}
    assert figures(line(found, "SDA")) == (3, 1, 1, 1, 1, 1)
    assert figures(line(found, "TUN")) == (1, 1, 0, 0, 0, 1)
    assert figures(line(found, "F5TUN118")) == (1, 1, 0, 0, 0, 0)
    assert found.technicians[-1].code == "", "orders without a technician's code come last"


async def test_an_obstacle_counts_on_the_day_it_stood_although_the_order_is_finished_now(
    session: AsyncSession,
) -> None:
    here = await factories.town(session)
    await story(session, here)
    with clock.stopped_at(wib(25, 12)):
        assert (await daily(session, here.leader, FRIDAY)).total.obstacle == 1
        saturday = (await daily(session, here.leader, FRIDAY + timedelta(days=1))).total
    assert (saturday.obstacle, saturday.done, saturday.left) == (0, 1, 2)


async def test_what_is_open_now_is_todays_rest(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    with clock.stopped_at(wib(21, 12)):
        found = await daily(session, here.leader, date(2026, 11, 21))
    assert figures(found.total) == (0, 1, 0, 0, 0, 2)


async def test_sums_of_sto_and_of_technicians_are_the_same(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    with clock.stopped_at(wib(22, 12)):
        found = await daily(session, here.admin, date(2026, 11, 1), date(2026, 11, 22))
    for lines in (found.stos, found.technicians):
        total = recap.Sums()
        for each in lines:
            total.add(each.sums)
        assert total == found.total


async def test_a_range_is_the_sum_of_its_days(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    days = [date(2026, 11, 18) + timedelta(days=n) for n in range(4)]
    with clock.stopped_at(wib(22, 12)):
        whole = (await daily(session, here.leader, days[0], days[-1])).total
        each = [(await daily(session, here.leader, day)).total for day in days]
    assert whole.received == sum(day.received for day in each) == 6
    assert whole.done == sum(day.done for day in each) == 3
    assert whole.cancelled == sum(day.cancelled for day in each) == 1
    assert (whole.obstacle, whole.left) == (each[-1].obstacle, each[-1].left)


async def test_a_month_counts_the_same_days_as_the_daily_report(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    viewer = await factories.viewer(session, here.leader)
    with clock.stopped_at(wib(22, 12)):
        month = await recap_month.per_day(session, viewer, recap_month.month_of(FRIDAY))
        for day in month.days[17:22]:
            total = (await daily(session, here.leader, day.day)).total
            assert (day.received.total(), day.done.total(), day.on_time) == (total.received, total.done, total.on_time)
    assert month.days[19].done == {"AO": 1, "MO": 1}
    assert [day.begun for day in month.days] == [True] * 22 + [False] * 8
    assert month.median == 240, "of 20, 240 and 540 working minutes"


async def test_a_day_is_a_day_in_the_units_own_zone(session: AsyncSession) -> None:
    """23:30 in Sidoarjo is 00:30 of the next day in Makassar; each counts in its own day, also in one report."""
    here = await factories.town(session)
    await session.execute(
        update(SiteOperation).where(SiteOperation.id == here.other_site.id).values(zone="Asia/Makassar")
    )
    places.forget()
    for sto in ("SDA", "SPJ"):
        order = await registered(session, here, wib(20, 23, 30), sto=sto, by=here.technician)
        await moved(session, here, order, wib(20, 23, 40), "SELESAI")
    viewer = await factories.viewer(session, here.admin)
    with clock.stopped_at(wib(23, 12)):
        friday, saturday = [await daily(session, here.admin, FRIDAY + timedelta(days=n)) for n in (0, 1)]
        month = await recap_month.per_day(session, viewer, recap_month.month_of(FRIDAY))
    assert (line(friday, "SDA").done, line(friday, "SPJ").done) == (1, 0)
    assert (line(saturday, "SDA").done, line(saturday, "SPJ").done) == (0, 1)
    assert [month.days[n].done.total() for n in (19, 20)] == [1, 1]
    assert set(friday.zones) == {"Asia/Jakarta", "Asia/Makassar"}


async def test_midnight_belongs_to_the_day_it_begins(session: AsyncSession) -> None:
    here = await factories.town(session)
    await registered(session, here, wib(20, 0))
    await registered(session, here, wib(20, 0) - timedelta(microseconds=1))
    with clock.stopped_at(wib(23, 12)):
        assert [(await daily(session, here.leader, date(2026, 11, day))).total.received for day in (19, 20)] == [1, 1]


async def test_a_deleted_order_is_in_no_report(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    await session.execute(update(Order).values(deleted_at=wib(21, 9)))
    with clock.stopped_at(wib(22, 12)):
        assert (await daily(session, here.admin, date(2026, 11, 1), date(2026, 11, 22))).total.empty


async def test_filters_leave_out_what_they_say(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    with clock.stopped_at(wib(22, 12)):
        only = await daily(session, here.leader, FRIDAY, sto="TUN")
        assert [each.code for each in only.stos] == ["TUN"]
        assert figures(only.total) == (1, 1, 0, 0, 0, 1)
        kind = await daily(session, here.leader, FRIDAY, type="AO")
        assert kind.types == ("AO",)
        assert figures(kind.total) == (2, 1, 1, 1, 0, 1)


async def test_what_is_no_longer_used_still_counts_where_it_was(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    await session.execute(update(Sto).where(Sto.id == here.tun.id).values(active=False))
    await session.execute(update(OrderType).where(OrderType.code == "MO").values(active=False))
    queries.forget()
    with clock.stopped_at(wib(22, 12)):
        found = await daily(session, here.leader, FRIDAY)
        empty = await daily(session, here.leader, date(2026, 11, 2))
    assert line(found, "TUN").done == 1
    assert "MO" in found.types
    assert "MO" not in empty.types


async def test_nobody_counts_outside_its_area_and_nobody_without_the_right(session: AsyncSession) -> None:
    here = await factories.town(session)
    await story(session, here)
    await registered(session, here, wib(20, 9), sto="SPJ")
    with clock.stopped_at(wib(22, 12)):
        assert [each.code for each in (await daily(session, here.leader, FRIDAY)).stos] == ["SDA", "TUN"]
        assert (await daily(session, here.leader, FRIDAY)).total.received == 4
        assert (await daily(session, here.admin, FRIDAY)).total.received == 5
        assert (await daily(session, here.supervisor, FRIDAY, sto="SPJ")).total.empty
        for person in (here.helpdesk, here.technician, here.collector):
            with pytest.raises(NotAllowed):
                await daily(session, person, FRIDAY)


# --- pages and files


@asynccontextmanager
async def told(office: Office) -> AsyncIterator[None]:
    async with transaction() as session:
        await story(session, office.here)
    yield


async def leader_of(office: Office) -> Browser:
    async with told(office):
        return await office.visitor(office.here.leader)


def table(page: Answer, heading: str) -> list[list[str]]:
    """The cells of the table under a heading, head and sum included, as a reader sees them."""
    part = page.text[page.text.index(heading) :]
    part = part[part.index("<table") : part.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(unescape(re.sub("<[^>]+>", "", cell)).split()) for cell in row] for row in cells]


async def download(browser: Browser, path: str) -> bytes:
    async with browser.client.get(browser.base + path, allow_redirects=False) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["cache-control"] == "no-store"
        if "spreadsheetml" in answer.headers["content-type"]:
            assert int(answer.headers["content-length"]) == len(await answer.read()), "a download shows how far it is"
        return await answer.read()


def opened(data: bytes) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def typed(cells: list[str]) -> list[Any]:
    """Cells of a page as a spreadsheet holds them."""
    found: list[Any] = []
    for cell in cells:
        if cell.endswith("%"):
            found.append(round(float(cell[:-1].replace(",", ".")) / 100, 3))
        else:
            found.append(float(cell.replace(".", "")) if cell.replace(".", "").isdigit() else cell)
    return found


async def test_page_and_file_say_the_same(office: Office) -> None:
    browser = await leader_of(office)
    address = "dari=2026-11-20&sampai=2026-11-20"
    page = await browser.get(f"/laporan/harian?{address}")
    book = opened(await download(browser, f"/laporan/harian/ekspor?{address}&berkas=xlsx"))
    for heading, name in (('id="l1"', "Per STO"), ('id="l3"', "Per teknisi")):
        shown = table(page, heading)
        kept = book.get_sheet_by_name(name).to_python()
        assert kept[0][0] == "SIKPRO · Laporan harian · Jumat, 20 Nov 2026"
        assert "Wilayah: SDA, TUN" in kept[1][0]
        assert "oleh Dewi Lestari" in kept[2][0]
        head = kept.index(next(row for row in kept if "Masuk" in row))
        assert kept[head][2:] == shown[0][1:]
        for cells, row in zip(shown[1:], kept[head + 1 :], strict=True):
            numbers = [round(each, 3) if isinstance(each, float) else each or "–" for each in row[2:]]
            assert numbers == typed(cells[1:])
            assert row[0] in {cells[0].split(" ")[0], "–"}


async def test_the_csv_holds_the_lines_of_the_page(office: Office) -> None:
    browser = await leader_of(office)
    address = "dari=2026-11-20&sampai=2026-11-20"
    page = table(await browser.get(f"/laporan/harian?{address}"), 'id="l1"')
    text = (await download(browser, f"/laporan/harian/ekspor?{address}&berkas=csv")).decode("utf-8-sig")
    rows = [row.split(";") for row in text.splitlines()]
    assert [row[2:] for row in rows] == [row[1:] for row in page]
    hands = (await download(browser, f"/laporan/harian/ekspor?{address}&berkas=csv-teknisi")).decode("utf-8-sig")
    assert "F5TUN118;" in hands


async def test_the_month_says_the_same_on_the_page_and_in_the_file(office: Office) -> None:
    browser = await leader_of(office)
    page = table(await browser.get("/laporan/bulanan?bulan=2026-11"), 'id="l3"')
    book = opened(await download(browser, "/laporan/bulanan/ekspor?bulan=2026-11&berkas=xlsx"))
    kept = book.get_sheet_by_name("Rekap selesai").to_python()
    head = next(number for number, row in enumerate(kept) if row[0] == "Tipe")
    for cells, row in zip(page[1:], kept[head + 1 :], strict=True):
        assert [float(cell.replace(".", "")) if cell else "" for cell in cells[1:]] == row[1:]
        assert row[0] == cells[0]
    days = book.get_sheet_by_name("Per hari").to_python()
    friday = next(row for row in days if row[0] == FRIDAY)
    assert friday[-3:] == [4.0, 2.0, 0.5]


async def test_todays_figures_open_lists_that_count_the_same(office: Office) -> None:
    await office.orders(3)
    done = await office.order(sto="TUN", type_code="MO")
    browser = await office.visitor(office.here.leader)
    await browser.change(done, "SELESAI")
    page = await browser.get("/laporan/harian")
    links = re.findall(r'<td class="num"><a class="z" href="([^"]+)">([\d.]+)</a>', page.text)
    assert len(links) > 6
    for href, figure in links:
        answer = await browser.get(unescape(href))
        assert len(answer.rows()) == int(figure), href


async def test_a_past_day_has_no_links_that_would_count_something_else(office: Office) -> None:
    browser = await leader_of(office)
    page = await browser.get("/laporan/harian?dari=2026-11-20")
    assert 'class="z"' not in page.text


@pytest.mark.parametrize(
    "address",
    [
        *("", "?tampilan=belum", "?tampilan=semua", "?tampilan=kendala", "?tampilan=lewat", "?tampilan=saya"),
        *("?sto=TUN&tampilan=semua", "?tipe=MO&tampilan=semua", "?status=SELESAI", "?status=done&hari=tutup"),
        *("?teknisi=F5TUN118&tampilan=semua", "?hari=ini&tampilan=semua", "?hari=masuk&tampilan=semua"),
        *("?hari=kerja&tampilan=semua", "?q=F5TUN", "?q=SC99999999", "?q=3&tampilan=semua", "?status=TIDAKADA"),
    ],
)
async def test_the_export_holds_exactly_what_the_list_shows(office: Office, address: str) -> None:
    async with told(office):
        await office.orders(12)
        stopped = await office.order(sto="TUN", type_code="MO")
        helpdesk = await office.visitor(office.here.helpdesk)
        data = await reasons()
        await helpdesk.change(stopped, "KENDALA", reason=str(data["ODP penuh"]))
        finished = await office.order(type_code="MO", technician_code="F5TUN118")
        await helpdesk.change(finished, "SELESAI")
    shown = (await helpdesk.get(f"/order{address}")).rows()
    mark = "&" if "?" in address else "?"
    rows = (
        opened(await download(helpdesk, f"/order/ekspor{address}{mark}berkas=xlsx")).get_sheet_by_index(0).to_python()
    )
    head = next(number for number, row in enumerate(rows) if row[0] == "No. registrasi")
    assert [row[0] for row in rows[head + 1 :]] == shown
    text = (await download(helpdesk, f"/order/ekspor{address}{mark}berkas=csv")).decode("utf-8-sig")
    assert [row.split(";")[0] for row in text.splitlines()[1:]] == shown


async def reasons() -> dict[str, int]:
    async with transaction() as session:
        return {row.label_id: row.id for row in (await queries.master(session)).reasons.values()}


async def test_a_reason_of_this_week_narrows_the_export_too(office: Office, helpdesk: Browser) -> None:
    stopped, _ = await office.orders(2)
    number = (await reasons())["ODP penuh"]
    await helpdesk.change(stopped, "KENDALA", reason=str(number))
    rows = opened(await download(helpdesk, f"/order/ekspor?tampilan=semua&alasan={number}")).get_sheet_by_index(0)
    assert [row[0] for row in rows.to_python()][-1] == stopped.registration_no
    assert len(rows.to_python()) == 6


async def test_the_export_goes_past_the_first_page_and_stays_in_the_area(office: Office, helpdesk: Browser) -> None:
    await office.orders(120)
    async with transaction() as session:
        hidden = await factories.order(session, office.here, sto="SPJ")
    rows = opened(await download(helpdesk, "/order/ekspor")).get_sheet_by_index(0).to_python()
    numbers = [row[0] for row in rows if str(row[0]).startswith("SC")]
    assert len(numbers) == 120
    assert hidden.registration_no not in numbers
    assert "SPJ" not in {row[5] for row in rows}
    text = (await download(helpdesk, "/order/ekspor?sto=SPJ&berkas=csv")).decode("utf-8-sig")
    assert text.count("\r\n") == 1, "another area looks like an empty one"


async def test_cells_of_the_export_have_types_and_no_formula(office: Office, helpdesk: Browser) -> None:
    evil = '=HYPERLINK("http://jahat.example","x")\\ <b>&amp;_x0041_'
    order = await office.order(note=evil)
    await helpdesk.change(order, "SELESAI", note="@SUM(1+1)")
    data = await download(helpdesk, "/order/ekspor?tampilan=semua")
    row = opened(data).get_sheet_by_index(0).to_python()[-1]
    assert row[0] == order.registration_no
    assert isinstance(row[10], datetime)
    assert row[10] == clock.local(order.registered_at, "Asia/Jakarta").replace(
        tzinfo=None, microsecond=row[10].microsecond
    )
    assert row[12] == 60.0
    assert row[14:] == ["@SUM(1+1)", evil]
    text = (await download(helpdesk, "/order/ekspor?tampilan=semua&berkas=csv")).decode("utf-8-sig")
    assert ";'@SUM(1+1);" in text
    assert "\"'=HYPERLINK(" in text


async def test_every_file_that_is_taken_leaves_a_trace(office: Office, helpdesk: Browser) -> None:
    browser = await leader_of(office)
    await download(browser, "/laporan/harian/ekspor?dari=2026-11-20&berkas=csv")
    await download(browser, "/laporan/bulanan/ekspor?bulan=2026-11")
    await download(helpdesk, "/order/ekspor?sto=SDA")
    async with transaction() as session:
        rows = (
            await session.scalars(select(AuditRow).where(AuditRow.what.like("%.exported")).order_by(AuditRow.id))
        ).all()
    assert [(row.what, row.subject) for row in rows] == [
        ("report.exported", "report:harian"),
        ("report.exported", "report:bulanan"),
        ("order.exported", "order:list"),
    ]
    assert [row.actor_id for row in rows] == [office.here.leader.id] * 2 + [office.here.helpdesk.id]
    assert rows[0].details["dari"] == "2026-11-20"
    assert "STO SDA" in rows[2].details["saringan"]


async def test_the_overview_leads_to_the_day(office: Office) -> None:
    browser = await office.visitor(office.here.supervisor)
    answer = await browser.get("/laporan")
    assert (answer.status, answer.headers["location"]) == (303, "/laporan/harian")


async def test_only_those_who_may_see_the_way_to_the_reports(office: Office, helpdesk: Browser) -> None:
    assert 'href="/laporan"' not in (await helpdesk.get("/order")).text
    assert (await helpdesk.get("/laporan")).status == 403
    leader = await office.visitor(office.here.leader)
    assert 'href="/laporan"' in (await leader.get("/order")).text


LATER = f"{date.today() + timedelta(days=40):%Y-%m-%d}"  # noqa: DTZ011 any day that has not come


@pytest.mark.parametrize(
    ("address", "words", "kept"),
    [
        ("dari=kapan", "Tulis tanggal yang ada di kalender", "kapan"),
        ("dari=2026-02-30", "Tulis tanggal yang ada di kalender", "2026-02-30"),
        ("dari=99999-01-01", "Tulis tanggal yang ada di kalender", "99999-01-01"),
        ("dari=0001-01-01", "Laporan paling awal", "0001-01-01"),
        ("dari=2026-11-20&sampai=2026-11-19", "Tukar keduanya", "2026-11-19"),
        ("dari=2026-01-01&sampai=2026-11-19", "Rentang paling panjang 92 hari; ini 323 hari", "2026-01-01"),
        (f"dari={LATER}", "Hari itu belum tiba", LATER),
        ("dari=9999-12-31", "Hari itu belum tiba", "9999-12-31"),
        ("dari=%3Cscript%3E", "Tulis tanggal", "&lt;script&gt;"),
        ("dari=2026-11-20&sto=SPJ", "STO ini tidak ada di wilayah Anda", "SPJ"),
        ("dari=2026-11-20&sto=ZZZ", "STO ini tidak ada di wilayah Anda", "ZZZ"),
        ("dari=2026-11-20&tipe=XX", "Tipe order ini tidak ada", "XX"),
        ("dari=%00%27%3B--", "Tulis tanggal", "&#39;;--"),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why_and_keeps_what_was_typed(
    office: Office, address: str, words: str, kept: str
) -> None:
    browser = await office.visitor(office.here.leader)
    answer = await browser.get(f"/laporan/harian?{address}")
    assert answer.status == 422
    assert answer.text.count(words) >= 2, "on top and at the field"
    assert f'value="{kept}"' in answer.text
    assert "<script>" not in answer.text
    file = await browser.get(f"/laporan/harian/ekspor?{address}&berkas=xlsx")
    assert file.status == 303, "the page says why"
    assert (await browser.get(file.headers["location"])).status == 422


@pytest.mark.parametrize(
    ("month", "words"),
    [
        ("kapan", "Tulis bulan seperti 2026-11."),
        ("2026-13", "Tulis bulan seperti"),
        ("0000-00", "Tulis bulan seperti"),
        ("1999-12", "Laporan paling awal"),
        ("9999-12", "Bulan itu belum tiba"),
        ("123456-01", "Tulis bulan seperti"),
    ],
)
async def test_a_month_that_is_none_says_so(office: Office, month: str, words: str) -> None:
    browser = await office.visitor(office.here.leader)
    answer = await browser.get(f"/laporan/bulanan?bulan={month}")
    assert answer.status == 422
    assert answer.text.count(words) >= 2
    assert f'value="{month}"' in answer.text


@pytest.mark.parametrize("written", ["20/11/2026", "20 Nov 2026", "20-11-2026", "2026-11-20"])
async def test_a_day_may_be_written_as_people_write_it(office: Office, written: str) -> None:
    browser = await office.visitor(office.here.leader)
    answer = await browser.get(f"/laporan/harian?dari={written}")
    assert answer.status == 200
    assert "Jumat, 20 Nov 2026" in answer.text


async def test_a_file_of_an_unknown_kind_is_not_found(office: Office, helpdesk: Browser) -> None:
    browser = await office.visitor(office.here.leader)
    for path in ("/laporan/harian/ekspor", "/laporan/bulanan/ekspor", "/order/ekspor"):
        assert (await browser.get(f"{path}?berkas=exe")).status == 404
