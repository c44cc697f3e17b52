"""The groups' pages say what the bot lacks, and lead to what could not leave."""

import pytest
from sqlalchemy import update

from shared.chats import checks
from shared.chats.models import Chat, ChatCheck
from shared.db import transaction
from shared.deliveries import operations
from shared.deliveries.operations import Message
from tests.factories import HELPDESK_CHAT
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
