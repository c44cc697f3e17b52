"""The life of a list: compared, applied whole, seen by several, expired, undone; what people did in between stays."""

import asyncio
import os
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from services.notifier.hearing import ears as notifier
from shared import clock
from shared.arrears import imports, operations, queries
from shared.arrears.batches import BatchState, ImportBatch
from shared.arrears.imports import StaleBatch
from shared.arrears.models import Account, AccountSearch, AccountState, Promise, Result
from shared.arrears.operations import Call
from shared.arrears.queries import Filters
from shared.db import transaction
from shared.deliveries.models import Delivery
from shared.errors import Conflict, Invalid, NotAllowed
from shared.events import EventRow
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.places.models import SiteOperation, Sto
from tests.ingest.conftest import HEADER, Desk, line, listed, work

STAGED = text("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'staging'")


TALLIED = text("""
    SELECT count(*) FROM (
        SELECT sto_id, step, accounts, amount FROM account_tally WHERE accounts <> 0 OR amount <> 0
    ) t FULL JOIN (
        SELECT sto_id, least(coalesce(months, 0), 4) AS step, count(*) AS accounts, sum(amount) AS amount
        FROM account WHERE state = 'open' GROUP BY 1, 2
    ) a USING (sto_id, step, accounts, amount) WHERE t.accounts IS NULL OR a.accounts IS NULL
""")  # where the tally says something else than the accounts


async def count(statement: Any) -> int:
    async with transaction() as session:
        return int(await session.scalar(statement) or 0)


async def call(desk: Desk, account: Account, given: Call) -> None:
    async with transaction() as session:
        viewer = await viewer_of(session, desk.here.collector)
        await operations.visit(session, viewer, account.id, given, source="bot")


async def test_the_difference_is_shown_before_anything_changes(desk: Desk) -> None:
    await desk.bring(line(1), line(2, amount=100), line(3), line(4, sto="TUN"))
    batch = await desk.upload(listed(line(1), line(2, amount=250, months=3), line(5), line(6, amount="lunas")))
    names = ("rows", "new", "changed", "same", "missing", "refused")
    assert [batch.counts[name] for name in names] == [4, 1, 1, 1, 1, 1]  # 4 is of an STO that this file is not about
    [changed] = batch.examples["changed"]
    assert changed["fields"] == {"amount": ["100", "250"], "months": ["2", "3"]}
    assert [each["internet"][-5:] for each in batch.examples["missing"]] == ["00003"]
    assert (await desk.accounts()).keys() == {"00001", "00002", "00003", "00004"}
    applied = await desk.apply(batch)
    assert applied.result == {
        "new": 1, "changed": 1, "missing": 1, "refused": 1, "kept_promises": 0, "broken_promises": 0,
    }  # fmt: skip
    now = await desk.accounts()
    assert (now["00002"].amount, now["00003"].state) == (250, AccountState.PRESUMED_PAID)
    assert now["00004"].state is AccountState.OPEN
    assert "00006" not in now
    assert (await count(STAGED), await count(TALLIED)) == (0, 0)
    await desk.undo(applied)
    assert await count(TALLIED) == 0


async def test_the_same_list_again_changes_nothing_and_says_so(desk: Desk) -> None:
    first = await desk.bring(line(1), line(2))
    again = await desk.upload(listed(line(1), line(2)))
    assert (again.same_as, again.counts["same"], again.counts["new"], again.counts["missing"]) == (first.id, 2, 0, 0)
    await desk.apply(again)
    assert {account.version for account in (await desk.accounts()).values()} == {1}


async def test_a_row_that_is_refused_does_not_make_its_account_presumed_paid(desk: Desk) -> None:
    await desk.bring(line(1), line(2))
    batch = await desk.upload(listed(line(1, amount="???"), line(2)))
    assert (batch.counts["refused"], batch.counts["missing"]) == (1, 0)


async def test_missing_accounts_stay_when_the_person_says_so_and_come_back_with_the_next_list(desk: Desk) -> None:
    await desk.bring(line(1), line(2))
    kept = await desk.apply(await desk.upload(listed(line(1, amount=1))), mark_missing=False)
    assert kept.result["missing"] == 0
    await desk.bring(line(1))
    assert (await desk.accounts())["00002"].state is AccountState.PRESUMED_PAID
    back = await desk.upload(listed(line(1), line(2)))
    assert [each["fields"] for each in back.examples["changed"]] == [{"state": ["presumed_paid", "open"]}]
    await desk.apply(back)
    assert (await desk.accounts())["00002"].state is AccountState.OPEN


async def test_an_import_is_one_piece_of_news(desk: Desk) -> None:
    await desk.bring(*(line(number) for number in range(300)))
    told = select(func.count()).where(EventRow.name == "import.applied")
    assert await count(told) == 1
    assert await count(select(func.count()).select_from(EventRow)) == 3  # received, approved, applied


async def test_whoever_applied_a_file_is_told_in_one_message_what_it_brought(desk: Desk) -> None:
    async with transaction() as session:
        await session.execute(update(Person).where(Person.id == desk.person.id).values(telegram_id=4711))
    await desk.bring(line(1), line(2))
    batch = await desk.bring(line(1, amount=5), line(3), line(4, sto="XXQ"))
    await desk.undo(batch)
    await work(ears=notifier)
    async with transaction() as session:
        said = [each.payload["text"] for each in (await session.scalars(select(Delivery).order_by(Delivery.id))).all()]
    assert [text.split("\n")[1] for text in said] == [
        "2 baru.", "1 baru, 1 berubah, 1 diduga lunas, 1 ditolak.", "3 dikembalikan.",
    ]  # fmt: skip
    assert f'/impor/{batch.id}">' in said[1]


async def test_an_undo_restores_what_nobody_touched_and_lists_the_rest(desk: Desk) -> None:
    await desk.bring(line(1, amount=100), line(2, amount=100), line(3), line(4))
    batch = await desk.bring(line(1, amount=900), line(2, amount=900), line(3), line(5), line(6))
    before = await desk.accounts()
    for number in ("00002", "00005", "00004"):
        await call(desk, before[number], Call(Result.NOBODY_HOME))
    undone = await desk.undo(batch)
    assert undone.state is BatchState.UNDONE
    assert (undone.result["restored"], undone.result["kept"]) == (2, 3)
    assert set(undone.result["kept_accounts"]) == {before[number].id for number in ("00002", "00005", "00004")}
    now = await desk.accounts()
    assert now.keys() == {"00001", "00002", "00003", "00004", "00005"}
    assert (now["00001"].amount, now["00002"].amount) == (100, 900)
    assert now["00004"].state is AccountState.PRESUMED_PAID
    found = select(func.count()).select_from(AccountSearch)
    assert await count(found) == 5


async def test_an_undone_list_never_blocks_a_corrected_one_nor_itself(desk: Desk) -> None:
    await desk.undo(await desk.bring(line(1), line(2)))
    assert await desk.accounts() == {}
    again = await desk.upload(listed(line(1), line(2)))
    assert (again.same_as, again.counts["new"]) == (None, 2)
    await desk.apply(again)
    corrected = await desk.bring(line(1), line(2, amount=5))
    await desk.undo(corrected)
    assert (await desk.accounts())["00002"].amount == 412500


async def test_after_a_day_it_is_too_late_to_undo(desk: Desk) -> None:
    batch = await desk.bring(line(1))
    with clock.stopped_at(clock.now() + timedelta(hours=25)):
        assert not imports.may_undo(batch)
        with pytest.raises(Conflict):
            await desk.undo(batch)


async def test_promises_are_kept_or_broken_by_the_next_list_and_open_again_when_it_is_undone(desk: Desk) -> None:
    await desk.bring(*(line(number, amount=1000) for number in range(1, 6)))
    accounts = await desk.accounts()
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    for number in accounts.values():
        await call(desk, number, Call(Result.PROMISE, due=today + timedelta(days=2), amount=400))
    async with transaction() as session:  # two of them are due since yesterday
        due = [accounts["00003"].id, accounts["00004"].id]
        await session.execute(update(Promise).where(Promise.account_id.in_(due)).values(due=today - timedelta(days=1)))
    batch = await desk.bring(line(1, amount=600), line(3, amount=1000), line(4, amount=601), line(5, amount=1000))
    assert (batch.result["kept_promises"], batch.result["broken_promises"]) == (2, 2)  # 2 is off the list
    async with transaction() as session:
        rows = (await session.execute(select(Promise.account_id, Promise.state))).all()
    states = {row[0]: str(row[1]) for row in rows}
    numbers = {number: states[account.id] for number, account in accounts.items()}
    assert numbers == {"00001": "kept", "00002": "kept", "00003": "broken", "00004": "broken", "00005": "open"}
    now = await desk.accounts()
    assert [now[number].promise_due is None for number in sorted(now)] == [True, True, True, True, False]
    await desk.undo(batch)
    assert all(account.promise_due for account in (await desk.accounts()).values())
    assert await count(select(func.count()).where(Promise.state == "open")) == 5


async def test_the_day_of_a_promise_passes_where_the_unit_of_its_account_is(desk: Desk) -> None:
    await desk.bring(line(1), line(2, sto="TUN"))
    today = clock.local(clock.now(), "Asia/Jakarta").date()
    for one in (await desk.accounts()).values():
        await call(desk, one, Call(Result.PROMISE, due=today + timedelta(days=2), amount=400))
    west, east = "Etc/GMT+12", "Pacific/Kiritimati"  # never the same day
    async with transaction() as session:
        for site, zone in ((desk.here.site, west), (desk.here.other_site, east)):
            await session.execute(update(SiteOperation).where(SiteOperation.id == site.id).values(zone=zone))
        await session.execute(update(Sto).where(Sto.code == "TUN").values(site_operation_id=desk.here.other_site.id))
        await session.execute(update(Promise).values(due=clock.local(clock.now(), west).date()))
    batch = await desk.bring(line(1), line(2, sto="TUN"))
    assert (batch.result["kept_promises"], batch.result["broken_promises"]) == (0, 1)
    assert (await desk.accounts())["00001"].promise_due is not None


async def test_a_preview_that_another_list_overtook_is_shown_anew_before_it_is_applied(desk: Desk) -> None:
    first, second = await desk.upload(listed(line(1), line(2))), await desk.upload(listed(line(2), line(3)))
    await desk.apply(first)
    moved = await desk.apply(second)
    assert (moved.state, moved.trouble) == (BatchState.READY, {"code": "batch.moved"})
    assert (moved.counts["new"], moved.counts["same"], moved.counts["missing"]) == (1, 1, 1)
    assert (await desk.apply(moved)).state is BatchState.APPLIED
    assert (await desk.accounts())["00001"].state is AccountState.PRESUMED_PAID


async def test_two_lists_of_different_places_are_applied_one_after_the_other(desk: Desk) -> None:
    first, second = await desk.upload(listed(line(1))), await desk.upload(listed(line(2, sto="TUN")))
    async with transaction() as session:
        viewer = await viewer_of(session, desk.person)
        for batch in (first, second):
            await imports.apply(session, viewer, batch.id, batch.version)
    await asyncio.gather(work(alone=False), work(alone=False))
    assert (await desk.now(first.id)).state is BatchState.APPLIED
    assert (await desk.now(second.id)).state is BatchState.APPLIED
    assert {each.state for each in (await desk.accounts()).values()} == {AccountState.OPEN}


async def test_rows_lost_in_a_crash_of_postgres_are_read_again(desk: Desk) -> None:
    batch = await desk.upload(listed(line(1), line(2)))
    async with transaction() as session:  # what a restart after a crash does to an unlogged table
        await session.execute(text(f"TRUNCATE staging.raw_{batch.id}, staging.kept_{batch.id}"))
    assert (await desk.apply(batch)).state is BatchState.APPLIED
    assert len(await desk.accounts()) == 2


async def test_only_one_of_two_people_applies_a_batch(desk: Desk) -> None:
    batch = await desk.upload(listed(line(1)))
    await desk.apply(batch)
    with pytest.raises(StaleBatch) as stale:
        await desk.apply(batch)
    assert stale.value.now.state is BatchState.APPLIED
    with pytest.raises(StaleBatch):
        await desk.act(imports.cancel, batch)


async def test_a_cancelled_import_leaves_nothing_and_is_not_read(desk: Desk) -> None:
    batch = await desk.hand_in(listed(line(1)))
    cancelled = await desk.act(imports.cancel, batch)
    assert cancelled.state is BatchState.CANCELLED
    assert await count(STAGED) == 0


async def test_what_is_spent_is_thrown_away_with_everything_personal_in_it(desk: Desk, tmp_path: Any) -> None:
    batch = await desk.upload(listed(line(1), line(2, sto="XXQ")))
    assert len(list((tmp_path / "uploads").iterdir())) == 1
    lost = tmp_path / "uploads" / "lost"  # of a server that was killed while it took a file in
    lost.write_bytes(b"x")
    os.utime(lost, (0, 0))
    async with transaction() as session:
        await session.execute(update(ImportBatch).values(expires_at=clock.now() - timedelta(minutes=1)))
        assert await imports.tidy(session) == 1
    async with transaction() as session:
        assert await imports.tidy(session) == 1
    await work()
    gone = await desk.now(batch.id)
    assert (gone.state, gone.stored, gone.examples, gone.samples) == (BatchState.EXPIRED, None, {}, [])
    assert (await count(STAGED), list((tmp_path / "uploads").iterdir())) == (0, [])
    assert await desk.refusals(batch) == {}


async def test_a_header_nobody_knows_is_asked_about_once_and_remembered(desk: Desk) -> None:
    header = "Kolom A;Kolom B;Kolom C;Kolom D;Catatan Lain"
    content = listed("152320000001;Budi;SDA;1000;rumah pagar hijau", header=header)
    batch = await desk.upload(content)
    assert (batch.state, batch.trouble["code"]) == (BatchState.MAPPING, "file.missing_columns")
    assert batch.samples == [["152320000001", "Budi", "SDA", "1000", "rumah pagar hijau"]]
    with pytest.raises(Invalid):
        await desk.act(imports.choose, batch, ["internet", "name", "sto", None, None])
    chosen = await desk.act(imports.choose, batch, ["internet", "name", "sto", "amount", "extra"])
    assert chosen.state is BatchState.READY
    await desk.apply(chosen)
    assert (await desk.accounts())["00001"].extra == {"Catatan Lain": "rumah pagar hijau"}
    again = await desk.upload(listed("152320000002;Ani;SDA;2000;", header=header.upper().replace(" ", "_")))
    assert (again.state, again.counts["new"]) == (BatchState.READY, 1)


async def test_fields_a_file_does_not_name_stay_as_they_are(desk: Desk) -> None:
    await desk.bring(line(1))
    batch = await desk.upload(listed("152320000001;Budi Santoso;SDA;999", header="SND;NAMA;STO;TAGIHAN"))
    assert batch.examples["changed"][0]["fields"] == {"amount": ["412500", "999"]}
    await desk.apply(batch)
    account = (await desk.accounts())["00001"]
    assert (account.amount, account.months, account.phone) == (999, 2, "081234567890")


async def test_helpdesk_may_not_import_arrears(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        await Desk(desk.here, desk.here.helpdesk).hand_in(listed(line(1)))


async def test_accounts_go_to_the_collector_the_list_names(desk: Desk) -> None:
    header = HEADER + ";PETUGAS"
    await desk.apply(await desk.upload(listed(line(1) + ";YULI ASTUTI", line(2) + ";entah siapa", header=header)))
    accounts = await desk.accounts()
    assert [accounts[number].collector_id for number in ("00001", "00002")] == [desk.here.collector.id, None]


async def test_the_list_of_an_area_its_sums_and_its_search(desk: Desk) -> None:
    await desk.bring(
        line(1, amount=100, months=1), line(2, amount=300, months=5), line(3, sto="SPJ", amount=900, months=2)
    )
    async with transaction() as session:
        viewer = await viewer_of(session, desk.here.helpdesk)
        page = await queries.page(session, viewer, Filters())
        assert [(each.account.amount, each.sto) for each in page] == [(300, "SDA"), (100, "SDA")]
        assert [each.sum.amount for each in await queries.aging(session, viewer)] == [0, 100, 0, 0, 300]
        assert [
            each.account.amount for each in await queries.page(session, viewer, Filters(found="pahlawan no. 2"))
        ] == [300]
        assert await queries.page(session, viewer, Filters(found="00003")) == []
        assert (await queries.total(session, viewer, Filters(months=(3, None)))).accounts == 1
