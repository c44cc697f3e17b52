"""Groups bound by a code, and technicians who ask to be let in."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy import update as change
from sqlalchemy.ext.asyncio import AsyncSession

from shared.chats import binding
from shared.chats.binding import DeadCode, Unit
from shared.chats.models import BindingCode, Chat, GroupBinding, Purpose
from shared.db import transaction
from shared.people import operations as people
from shared.people.models import Person as Human
from shared.people.queries import viewer_of
from tests import factories
from tests.bot.person import Person
from tests.factories import Town

NEW_GROUP = -1001000000077
SARI = 5512099


@pytest.fixture
async def sari(session: AsyncSession, here: Town) -> Person:
    """An admin, in a group the house does not know."""
    here.admin.telegram_id = SARI
    await session.commit()
    return Person(SARI, NEW_GROUP, title="Grup baru")


async def code_for(here: Town) -> str:
    async with transaction() as session:
        admin = await viewer_of(session, here.admin)
        return await binding.make_code(session, admin, Purpose.TECHNICIANS, Unit(site=here.site.id), source="web")


async def bindings() -> list[GroupBinding]:
    async with transaction() as session:
        found = select(GroupBinding).where(GroupBinding.chat_id == NEW_GROUP, GroupBinding.active)
        return list(await session.scalars(found))


async def test_a_code_binds_the_group_it_is_sent_in_once(sari: Person, here: Town) -> None:
    code = await code_for(here)
    heard = await sari.says(f"/ikat {code.lower()}")
    assert heard.text == "Grup ini sekarang melayani SO-SDA Sidoarjo Kota untuk teknisi."
    assert "reg" in heard.menu
    [bound] = await bindings()
    assert (bound.purpose, bound.site_operation_id, bound.thread_id) == (Purpose.TECHNICIANS, here.site.id, None)
    assert "sudah dipakai" in (await sari.says(f"/ikat {code}")).text
    assert here.technician.telegram_id
    technician = Person(here.technician.telegram_id, NEW_GROUP)
    assert "terdaftar" in (await technician.says("/start")).text.lower()


async def test_inside_a_topic_only_the_topic_is_bound(sari: Person, here: Town) -> None:
    sari.thread = 12
    assert (await sari.says(f"/ikat {await code_for(here)}")).text.startswith("Topik ini")
    assert [each.thread_id for each in await bindings()] == [12]


async def test_a_code_is_for_admins_and_ends_after_a_quarter_of_an_hour(sari: Person, here: Town) -> None:
    code = await code_for(here)
    assert here.helpdesk.telegram_id
    nadia = Person(here.helpdesk.telegram_id, NEW_GROUP)
    assert "belum dihubungkan" in (await nadia.says(f"/ikat {code}")).text
    known = Person(here.helpdesk.telegram_id, factories.HELPDESK_CHAT)
    assert "di luar peran" in (await known.says(f"/ikat {code}")).text
    async with transaction() as session:
        await session.execute(change(BindingCode).values(expires_at=func.now()))
    assert "lewat 15 menit" in (await sari.says(f"/ikat {code}")).text
    assert await bindings() == []
    assert "ABCDE-FGHJK" in (await sari.says("/ikat")).text
    assert "di dalam grup" in (await Person(SARI).says("/ikat X")).text


async def test_of_twenty_who_send_one_code_at_once_one_binds(database: str) -> None:
    async with transaction() as session:
        here = await factories.town(session)
        for n in range(20):
            session.add(Chat(id=NEW_GROUP - n, kind="supergroup", title=f"G{n}"))
    code = await code_for(here)

    async def redeem(n: int) -> bool:
        try:
            async with transaction() as session:
                admin = await viewer_of(session, here.admin)
                await binding.redeem(session, admin, code, NEW_GROUP - n, None, source="bot")
        except DeadCode:
            return False
        return True

    assert sum(await asyncio.gather(*[redeem(n) for n in range(20)])) == 1


async def test_an_unknown_technician_asks_waits_and_is_let_in(session: AsyncSession, here: Town) -> None:
    joko = Person(5519001)
    assert "/daftar" in (await joko.says("/start")).text
    heard = await joko.says("/daftar Joko <b>Susilo</b> f5tun130")
    assert "menunggu persetujuan" in heard.text
    assert "<b>Susilo" not in heard.text
    for words in ("/daftar Joko Susilo F5TUN131", "/cek"):
        assert "masih menunggu persetujuan" in (await joko.says(words)).text
    async with transaction() as opened:
        person = (await opened.scalars(select(Human).where(Human.telegram_id == 5519001))).one()
        assert (person.active, person.waiting, person.technician_code) == (False, True, "F5TUN130")
        leader = await viewer_of(opened, here.leader)
        await people.settle(opened, leader, person.id, approve=True, source="web")
    assert "terdaftar sebagai teknisi" in (await joko.says("/start")).text


async def test_a_request_with_nothing_or_a_wrong_code_says_what_to_send(here: Town) -> None:
    joko = Person(5519002)
    for words, said in (
        ("/daftar", "Kirim nama"),
        ("/daftar Joko", "Kirim nama"),
        ("/daftar Joko salah", "Kirim nama"),
        ("/daftar Joko F5XXX130", "tidak ada dalam daftar"),
        ("/daftar Joko F5SDA445", "sudah tercatat"),
    ):
        assert said in (await joko.says(words)).text, words
    group = Person(5519002, factories.TECHNICIAN_CHAT)
    assert "menunggu" not in (await group.says("/daftar Joko Susilo F5TUN132")).text
