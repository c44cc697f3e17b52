"""The health page: the figures of /health in words, each red item with what to do."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.web.words_condition import INTAKE, standing
from shared import clock
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.chats import operations as chats
from shared.chats.models import InboxUpdate
from shared.db import transaction
from shared.deliveries import operations, pauses
from shared.deliveries.models import Delivery, State
from shared.deliveries.operations import Message
from shared.desk import notices
from shared.notify import pulse
from shared.notify.models import HousePulse, HouseTrouble
from shared.reports import health
from shared.reports.health import POLLER_STATES, Part
from tests import factories
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT
from tests.web.conftest import Office


async def test_the_page_says_what_health_says(office: Office) -> None:
    async with transaction() as session:
        rows = [await operations.queue(session, HELPDESK_CHAT, Message("status", {"text": "x"})) for _ in range(4)]
        for row, state in zip(rows, (State.DEAD, State.DEAD, State.HELD, State.WAITING), strict=True):
            await session.execute(update(Delivery).where(Delivery.id == row).values(state=state))
        past = text("now() - interval '5 minutes'")
        await session.execute(update(Delivery).values(created_at=past, not_before=past))
        await chats.hold(session, TECHNICIAN_CHAT, "Forbidden: bot was kicked")
        session.add(InboxUpdate(bot_id=1, update_id=1, chat_id=1, body={}, state="dead"))
        await pauses.pause_all(session, 90, "Telegram refuses the bot's token: Unauthorized")
    leader = await office.visitor(office.here.leader)
    page = (await leader.get("/kesehatan")).text
    said = {part["name"]: part for part in json.loads((await leader.get("/health")).text)["parts"]}
    assert said["dead letters"]["detail"] == "3 given up, 1 held"
    assert "3 gagal, 1 menunggu keputusan." in page
    assert "1 pesan menunggu dikirim, yang tertua 5\u00a0mnt." in page
    assert "./sikpro restart notifier" in page
    assert "1 obrolan tidak dapat ditulisi." in page
    assert "Semua kiriman dijeda" in page
    assert "Tidak ada yang mengambil pesan dari Telegram." in page
    assert page.count("Perlu dilihat:") == sum(not part["ok"] for part in said.values())
    assert page.count("Baik:") == sum(part["ok"] for part in said.values())
    assert "hanya menunjukkan wilayah Anda" in page
    admin = await office.visitor(office.here.admin)
    assert "hanya menunjukkan wilayah Anda" not in (await admin.get("/kesehatan")).text


async def test_what_quiet_hours_hold_back_is_no_pile_of_messages(session: AsyncSession) -> None:
    await factories.town(session)
    rows = [await operations.queue(session, HELPDESK_CHAT, Message("clock", {"text": "x"})) for _ in range(2)]
    quiet, tried = (update(Delivery).where(Delivery.id == row) for row in rows)
    hours = text("now() - interval '9 hours'")
    for later, count, age in (("+ interval '1 hour'", 1, 9 * 3600), ("- interval '20 seconds'", 2, 9 * 3600)):
        await session.execute(quiet.values(created_at=hours, not_before=text(f"now() {later}")))
        await session.execute(tried.values(created_at=hours, not_before=text(f"now() {later}"), attempts=1))
        found = await health.traffic(session)
        assert (found.waiting, round((found.waiting_age or 0) / 60)) == (count, age / 60)
    await session.execute(tried.values(state=State.SENT))
    assert 20 <= ((await health.traffic(session)).waiting_age or 0) < 60, "its time came twenty seconds ago"


async def test_a_dead_relay_is_said_on_every_page_of_those_who_may_look_after_it(office: Office) -> None:
    leader, helpdesk = await office.visitor(office.here.leader), await office.visitor(office.here.helpdesk)
    for minutes, seen in ((0, 0), (7, 1)):
        async with transaction() as session:
            await pulse.beat(session)
            await session.execute(update(HousePulse).values(at=clock.now() - timedelta(minutes=minutes)))
        pages = [(await leader.get(page)).text for page in ("/order", "/profil", "/kesehatan")]
        assert [page.count("Kabar tidak diteruskan sejak") for page in pages] == [seen] * 3
        assert [page.count("./sikpro restart relay") for page in pages] == [seen, seen, 2 * seen]
        assert ("Tidak berjalan sejak 7\u00a0mnt lalu" in pages[2]) == bool(seen)
        assert "Kabar tidak diteruskan" not in (await helpdesk.get("/order")).text


async def test_told_trouble_is_on_every_page_of_an_admin_until_it_is_over(office: Office) -> None:
    admin, leader = await office.visitor(office.here.admin), await office.visitor(office.here.leader)
    async with transaction() as session:
        at = clock.now() - timedelta(minutes=3)
        for part, told in (("intake", at), ("broker", None), (f"group:{HELPDESK_CHAT}", at)):
            session.add(HouseTrouble(part=part, since=at, told_at=told))
        await notices.tell(session, office.here.admin.id, "house", actor_id=None, note="intake")
    for page in ("/order", "/serah-terima"):
        shown = (await admin.get(page)).text
        banner = shown.partition('<div class="banner late offline" role="status">')[2].partition("</div>")[0]
        intake, group = "Bot tidak menerima pesan sejak", "Bot dikeluarkan dari grup Helpdesk Sidoarjo sejak"
        assert (intake in banner, group in banner, "Valkey" in banner) == (True, True, False), page
    assert ("Bot tidak menerima pesan. Lihat Kesehatan." in shown, "intake" in shown) == (True, False)
    assert intake not in (await leader.get("/order")).text
    async with transaction() as session:
        await session.execute(delete(HouseTrouble))
    assert intake not in (await admin.get("/order")).text


@pytest.mark.parametrize("role", ["helpdesk", "technician", "collector"])
async def test_it_is_for_those_who_watch(office: Office, role: str) -> None:
    browser = await office.visitor(getattr(office.here, role))
    assert (await browser.get("/kesehatan")).status == 403
    assert 'href="/kesehatan"' not in (await browser.get("/order")).text


def test_every_state_of_the_intake_has_words_and_what_to_do() -> None:
    assert set(POLLER_STATES) | {"none", "webhook"} == set(INTAKE)
    for code, (_, do) in INTAKE.items():
        assert bool(do) == (code not in {"done", "webhook"}), code


@pytest.mark.parametrize("name", ["database", "broker", "intake", "bot", "relay", "deliveries", "unsettled", "chats"])
def test_whatever_is_red_says_what_to_do(name: str) -> None:
    assert standing(Part(name, ok=False, detail="OSError", count=2, age=70.0)).do
    assert not standing(Part(name, ok=True, detail="fine", code="done")).do


def test_a_part_without_words_speaks_for_itself() -> None:
    told = standing(Part("import", ok=False, detail="late", do="look"))
    assert (told.name, told.detail, told.do) == ("import", "late", "look")


async def test_the_last_import_is_told_and_one_that_nobody_reads_is_red(office: Office) -> None:
    leader = await office.visitor(office.here.leader)
    assert "Belum ada berkas yang diunggah." in (await leader.get("/kesehatan")).text
    async with transaction() as session:
        batch = ImportBatch(
            kind=Kind.ARREARS, name="a.csv", size=1, sha256="0" * 64, source="web", uploaded_by=office.here.admin.id
        )
        session.add(batch)
        await session.flush()
        await session.execute(update(ImportBatch).values(uploaded_at=text("now() - interval '11 minutes'")))
    page = (await leader.get("/kesehatan")).text
    assert "Sedang diperiksa; diunggah 11\u00a0mnt lalu." in page
    assert "./sikpro restart ingest" in page
    async with transaction() as session:
        await session.execute(update(ImportBatch).values(state=BatchState.APPLIED))
    page = (await leader.get("/kesehatan")).text
    assert "Diterapkan; diunggah 11\u00a0mnt lalu." in page
    assert "./sikpro restart ingest" not in page
