"""A question to the technician from the order's page: asked once, answered in Telegram, both in the timeline."""

import secrets

from sqlalchemy import func, select

from shared.chats import operations as chats
from shared.chats.models import ChatKind
from shared.db import transaction
from shared.people.queries import viewer_of
from shared.talk import operations as talk
from shared.talk.models import OrderQuestion
from tests.web.conftest import Browser, Office


async def test_a_question_is_asked_once_and_its_answer_stands_in_the_timeline(
    office: Office, helpdesk: Browser
) -> None:
    order = await office.order(serial="ZTEGC6754546")
    async with transaction() as session:
        await chats.seen(session, office.here.technician.telegram_id or 0, ChatKind.PRIVATE, "Rizal")
    path, key = f"/order/{order.registration_no}", secrets.token_hex(8)
    empty = await helpdesk.post(f"{path}/tanya", {"request_key": secrets.token_hex(8), "ask": "  "}, htmx=True)
    assert empty.status == 422
    assert "Tulis pertanyaannya." in empty.text
    for _ in range(2):
        asked = await helpdesk.post(f"{path}/tanya", {"request_key": key, "ask": "Port <4> kosong?"}, htmx=True)
        assert asked.status == 200
        assert "pertanyaan dikirim ke teknisinya" in asked.text
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OrderQuestion)) == 1
    waits = (await helpdesk.get(f"{path}/panel")).text
    assert "bertanya kepada teknisi, belum dijawab" in waits
    assert "Port &lt;4&gt; kosong?" in waits
    async with transaction() as session:
        rizal = await viewer_of(session, office.here.technician)
        assert await talk.answer(session, rizal, order.id, "Kosong, sudah saya cek", source="bot")
        assert not await talk.answer(session, rizal, order.id, "lagi", source="bot")
    told = (await helpdesk.get(f"{path}/panel")).text
    assert "belum dijawab" not in told
    assert "Kosong, sudah saya cek" in told
    assert "Rizal Fauzi menjawab pertanyaan Anda" in (await helpdesk.get("/serah-terima")).text
