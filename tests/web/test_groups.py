"""The groups' pages say what the bot lacks, and lead to what could not leave."""

import pytest
from sqlalchemy import select, update

from shared.audit.models import AuditRow
from shared.chats import belonging, checks, doors
from shared.chats import operations as chats
from shared.chats.models import Chat, ChatCheck, GroupBinding, Purpose
from shared.db import transaction
from shared.deliveries import operations
from shared.deliveries.models import Delivery
from shared.deliveries.operations import Message
from shared.telegram import Outcome
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT
from tests.web.conftest import Office


async def told(lacks: list[str]) -> None:
    async with transaction() as session:
        await checks.changed(session, HELPDESK_CHAT)
        await session.execute(
            update(ChatCheck).values(lacks=lacks, status="member", checked_at=ChatCheck.asked_at, asked_at=None)
        )


@pytest.mark.parametrize(
    ("lacks", "words", "short"),
    [
        ([], "Lengkap", "Terhubung"),
        (["admin"], "Jadikan bot admin.", "Bot bukan admin grup."),
        (["send", "admin"], "izinkan bot mengirim pesan.", "Bot tidak boleh menulis di sini."),
        (["member"], "Masukkan lagi bot ke grup.", "Bot tidak ada di grup ini."),
    ],
)
async def test_a_group_says_what_the_bot_lacks(office: Office, lacks: list[str], words: str, short: str) -> None:
    admin = await office.visitor(office.here.admin)
    assert "Belum diperiksa" in (await admin.get(f"/grup/{HELPDESK_CHAT}")).text
    await told(lacks)
    page = (await admin.get(f"/grup/{HELPDESK_CHAT}")).text
    assert words in page
    assert "diperiksa " in page
    assert short in (await admin.get("/grup")).text


async def test_a_group_is_looked_at_when_somebody_asks(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    await told(["admin"])
    answer = await admin.post(f"/grup/{HELPDESK_CHAT}/periksa")
    assert answer.headers["location"] == f"/grup/{HELPDESK_CHAT}?kabar=diperiksa"
    assert "sedang diperiksa lagi" in (await admin.get(f"/grup/{HELPDESK_CHAT}")).text
    async with transaction() as session:
        assert HELPDESK_CHAT in await checks.due(session)
    assert (await admin.post("/grup/-1009999999999/periksa")).status == 404


async def test_what_a_group_holds_is_one_click_away(office: Office) -> None:
    async with transaction() as session:
        await operations.queue(session, HELPDESK_CHAT, Message("status", {"text": "SC30000001 selesai"}))
        await session.execute(update(Chat).where(Chat.id == HELPDESK_CHAT).values(held="bot was kicked"))
    admin = await office.visitor(office.here.admin)
    link = f"/kiriman?keadaan=ditahan&amp;obrolan={HELPDESK_CHAT}"
    for page in ("/grup", f"/grup/{HELPDESK_CHAT}"):
        assert f'href="{link}"' in (await admin.get(page)).text
    assert "SC30000001 selesai" in (await admin.get(link.replace("&amp;", "&"))).text


async def test_a_link_into_a_group_is_made_for_one_person(office: Office) -> None:
    admin, here = await office.visitor(office.here.admin), office.here
    path = f"/pengguna/{here.supervisor.id}"
    page = (await admin.get(path)).text
    assert "Undang ke grup Telegram" in page
    assert "Teknisi Sidoarjo" in page
    wanted = {"group": str(TECHNICIAN_CHAT), "telegram_name": ""}
    refused = await admin.post(f"{path}/grup", wanted, htmx=False)
    assert refused.status == 422
    assert "karena nomor Telegramnya belum dikenal" in refused.text
    done = await admin.post(f"{path}/grup", wanted | {"telegram_name": "@Hendra_W"}, htmx=False)
    assert done.headers["location"] == f"{path}?kabar=tautan-grup"
    page = (await admin.get(path)).text
    assert "Sedang dibuat Telegram" in page
    assert 'value="@hendra_w"' in page
    for words, outcome in (
        ("Bot perlu hak mengundang anggota", Outcome("refused", words="Bad Request: not enough rights to manage …")),
        ("https://t.me/+abc", Outcome("done", result={"invite_link": "https://t.me/+abc"})),
    ):
        async with transaction() as session:
            [call] = await session.scalars(select(Delivery).where(Delivery.method == doors.CREATE))
            await doors.answered(session, call, outcome)
        assert words in (await admin.get(path)).text
    assert (await admin.post(f"{path}/grup", wanted | {"group": "-1009"}, htmx=False)).status == 422
    assert (await admin.post("/pengguna/999999/grup", wanted, htmx=False)).status == 404
    nowhere = await admin.post(f"/pengguna/{here.outsider.id}/grup", wanted, htmx=False)
    assert nowhere.status == 409
    assert "Tidak ada grup terhubung" in nowhere.text
    leader = await office.visitor(here.leader)
    assert (await leader.post(f"/pengguna/{here.technician.id}/grup", wanted, htmx=False)).status == 403
    assert "Undang ke grup" not in (await leader.get(f"/pengguna/{here.technician.id}")).text


async def test_who_left_and_a_topic_that_is_gone_are_said_in_words(office: Office) -> None:
    admin, here = await office.visitor(office.here.admin), office.here
    nadia = await office.visitor(here.helpdesk)
    assert here.helpdesk.telegram_id
    async with transaction() as session:
        await belonging.went(session, HELPDESK_CHAT, here.helpdesk.telegram_id)
        await chats.bind(session, HELPDESK_CHAT, Purpose.HELPDESK, thread_id=7, sto_id=here.sda.id)
        await chats.topic_lost(session, HELPDESK_CHAT, 7)
    assert (await nadia.get("/order", htmx=False)).status == 303, "her session is over"
    page = (await admin.get(f"/pengguna/{here.helpdesk.id}")).text
    for words in ("keluar dari grup", "Aktifkan", "Nonaktifkan"):
        assert words in page
    assert "Akses berakhir karena keluar dari grup" in (await admin.get("/audit")).text
    assert "Topiknya sudah dihapus. Ikat ulang." in (await admin.get("/grup")).text
    assert "ditahan sampai topik lain diikat" in (await admin.get(f"/grup/{HELPDESK_CHAT}")).text


async def test_cards_are_pinned_where_an_admin_says_so_and_the_right_for_it_is_asked_for(office: Office) -> None:
    admin, path = await office.visitor(office.here.admin), f"/grup/{HELPDESK_CHAT}"
    async with transaction() as session:
        rows = {row.chat_id: row.id for row in await session.scalars(select(GroupBinding))}
    mine = {"binding": str(rows[HELPDESK_CHAT])}
    assert "Tidak disematkan" in (await admin.get(path)).text
    for _ in range(2):
        assert (await admin.post(f"{path}/sematkan", mine)).headers["location"] == f"{path}?kabar=disematkan"
    page = (await admin.get(path)).text
    assert "Disematkan selama order terbuka" in page
    await told(["pin"])
    assert "Bot tidak boleh menyematkan pesan, jadi kartu order tidak tersemat." in (await admin.get(path)).text
    assert (await admin.post(f"{path}/lepas-sematan", mine)).status == 303
    assert "Tidak disematkan" in (await admin.get(path)).text
    other = {"binding": str(rows[TECHNICIAN_CHAT])}  # no cards are there
    assert (await admin.post(f"/grup/{TECHNICIAN_CHAT}/sematkan", other)).headers["location"].endswith("?kabar=")
    async with transaction() as session:
        noted = [row.what for row in await session.scalars(select(AuditRow).where(AuditRow.what.like("group.pin%")))]
    assert sorted(noted) == ["group.pins", "group.pins_no_more"]


async def test_an_admin_holds_a_group_with_nothing_in_it_yet_and_releases_it(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    path = f"/grup/{HELPDESK_CHAT}"
    for act, news, other in (("tahan", "ditahan", "coba"), ("coba", "dicoba", "tahan")):
        page = (await admin.get(path)).text
        assert (f'action="{path}/{act}"' in page, f'action="{path}/{other}"' in page) == (True, False)
        assert (await admin.post(f"{path}/{act}")).headers["location"] == f"{path}?kabar={news}"
        async with transaction() as session:
            chat = await session.get_one(Chat, HELPDESK_CHAT)
            assert (chat.held is not None) == (act == "tahan")
        page = (await admin.get(path)).text
        assert ["Ditahan dari web." in page, ">Lepaskan<" in page] == [act == "tahan"] * 2
    assert (await admin.post("/grup/-1009999999999/tahan")).status == 404
