"""What people really send. Each gets a clear answer or none where none is due; nobody gets a traceback."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import intake
from shared.chats import operations as chats
from shared.chats.models import Chat
from shared.orders.models import Order
from shared.people import operations as people
from tests.bot.person import BOT, Person, feed
from tests.factories import TECHNICIAN_CHAT, Town

LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003"
STRANGER = 999_000
UNBOUND = -1001000000999


async def orders(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.count()).select_from(Order)) or 0)


@pytest.mark.parametrize("text", ["/terbang", "/", "/reg@other_bot AO", "//", "/@"])
async def test_an_unknown_command_is_one_sentence_in_private_and_silence_in_groups(
    rizal: Person, rizal_in_group: Person, text: str
) -> None:
    assert (await rizal.says(text)).text == "Perintah ini tidak dikenal. Kirim /help untuk melihat perintah Anda."
    assert (await rizal_in_group.says(text)).silent


async def test_a_group_hears_something_when_it_names_the_bot(rizal_in_group: Person) -> None:
    assert "/help" in (await rizal_in_group.says("/terbang@sikpro_bot")).text
    assert "/help" in (await rizal_in_group.says("halo @sikpro_bot")).text
    assert (await rizal_in_group.says("halo semua")).silent


@pytest.mark.parametrize(
    "text", ["😀" * 50, "\u202e\u200f\u2067abc", "x" * 5000, "ｈａｌｏ", "\ud83d", "<b>&", "{name} {0} %s"]
)
async def test_odd_texts_get_a_sentence_in_private(rizal: Person, text: str) -> None:
    heard = await rizal.says(intake.storable(text) or "a")
    assert heard.text == "Saya hanya membaca perintah. Kirim /help untuk melihat perintah Anda."


async def test_stickers_and_service_messages_are_met_with_silence(rizal: Person, rizal_in_group: Person) -> None:
    sticker = {
        "file_id": "a",
        "file_unique_id": "b",
        "type": "regular",
        "width": 1,
        "height": 1,
        "is_animated": False,
        "is_video": False,
    }
    for person in (rizal, rizal_in_group):
        assert (await person.sends(message=person.message(sticker=sticker))).silent
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 9, "height": 9}]
    assert (await rizal_in_group.sends(message=rizal_in_group.message(photo=photo))).silent
    joined: dict[str, Any] = {"new_chat_members": [BOT]}
    assert (await rizal_in_group.sends(message=rizal_in_group.message(**joined))).silent
    assert (await rizal_in_group.sends(message=rizal_in_group.message(new_chat_title="Baru"))).silent


async def test_a_forwarded_command_is_not_carried_out(rizal: Person, session: AsyncSession) -> None:
    origin = {"type": "hidden_user", "sender_user_name": "X", "date": 1}
    heard = await rizal.says(LINE, forward_origin=origin)
    assert heard.text == "Perintah yang diteruskan tidak dijalankan. Kirim sebagai pesan Anda sendiri."
    assert (await rizal.says("halo", forward_origin=origin)).silent
    assert await orders(session) == 0


async def test_an_edited_command_is_not_read_again(rizal_in_group: Person, session: AsyncSession) -> None:
    edited = rizal_in_group.message(LINE, edit_date=1_800_000_100)
    heard = await rizal_in_group.sends(edited_message=edited)
    assert heard.text == "Pesan yang disunting tidak dibaca lagi. Kirim pesan baru."
    edited = rizal_in_group.message("salah ketik", edit_date=1_800_000_100)
    assert (await rizal_in_group.sends(edited_message=edited)).silent
    assert await orders(session) == 0


async def test_an_anonymous_admin_is_asked_to_show_itself(rizal_in_group: Person, session: AsyncSession) -> None:
    nobody = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    chat = {"id": TECHNICIAN_CHAT, "type": "supergroup", "title": "Teknisi Sidoarjo"}
    given: dict[str, Any] = {"sender_chat": chat, "from": nobody}
    heard = await rizal_in_group.says(LINE, **given)
    assert "admin anonim" in heard.text
    assert (await rizal_in_group.says("halo", **given)).silent
    assert await orders(session) == 0


async def test_other_bots_are_not_answered(rizal_in_group: Person) -> None:
    other = {"id": 777, "is_bot": True, "first_name": "Other"}
    assert (await rizal_in_group.says(LINE, **{"from": other})).silent


async def test_a_stranger_learns_how_to_get_access_and_no_data(here: Town, session: AsyncSession) -> None:
    stranger = Person(STRANGER)
    assert "Selamat datang di SIKPRO" in (await stranger.says("/start")).text
    for text in (LINE, "/cek SC32232558", "halo", "/saya"):
        heard = await stranger.says(text)
        assert heard.text == (
            "Akun Telegram Anda belum terdaftar. Minta admin mendaftarkan nomor Telegram Anda: <code>999000</code>."
        )
    in_group = Person(STRANGER, TECHNICIAN_CHAT)
    assert "belum terdaftar" in (await in_group.says("/cek SC32232558")).text
    assert (await in_group.says("halo")).silent
    assert "nomor Telegram Anda 999000" in str((await in_group.presses("cek:1:x")).toast)
    assert await orders(session) == 0


async def test_a_stranger_who_goes_on_is_met_with_silence(here: Town) -> None:
    stranger = Person(STRANGER, TECHNICIAN_CHAT)
    heard = [await stranger.says("/cek") for _ in range(9)]
    assert [one.silent for one in heard] == [False] * 6 + [True] * 3


async def test_an_unbound_group_gets_no_data_even_for_registered_people(here: Town, session: AsyncSession) -> None:
    rizal = Person(here.technician.telegram_id or 0, UNBOUND, "Grup Iseng")
    heard = await rizal.says(LINE)
    assert heard.text == (
        "Grup ini belum dihubungkan ke SIKPRO. Minta admin menghubungkan nomor grup <code>-1001000000999</code>."
    )
    assert (await rizal.says("halo")).silent
    assert (await rizal.presses("ambil:1:x")).toast == "Grup ini belum dihubungkan ke SIKPRO."
    assert await orders(session) == 0


async def test_a_disabled_person_has_no_rights_from_that_moment(
    here: Town, rizal: Person, session: AsyncSession
) -> None:
    assert "Selamat datang, Rizal Fauzi" in (await rizal.says("/start")).text
    await people.disable(session, here.technician.id)
    await session.commit()
    assert (await rizal.says(LINE)).text == "Akses Anda ke SIKPRO tidak aktif. Tanyakan kepada admin."
    assert (await Person(rizal.telegram_id, language="en").presses("cek:1:x")).toast == (
        "Your access to SIKPRO is not active. Ask the admin."
    )
    in_group = Person(rizal.telegram_id, TECHNICIAN_CHAT)
    assert "tidak aktif" in (await in_group.says("/cek")).text
    assert (await in_group.says("halo")).silent
    elsewhere = await Person(rizal.telegram_id, UNBOUND).says("/cek")
    assert "belum terdaftar" in elsewhere.text, "a group of others does not learn whom we know"
    assert await orders(session) == 0


@pytest.mark.parametrize(
    "data",
    ["", "x", "cek", "cek:0:x", "cek:abc:x", "ambil:99999999999999999999999:x", "isi:1:type", "isi:0:a:b:c", "🙂"],
)
async def test_unknown_buttons_say_so(rizal: Person, data: str) -> None:
    heard = await rizal.presses(data)
    assert heard.toast == "Tombol ini sudah tidak berlaku. Kirim /cek untuk keadaan terbaru."
    assert heard.texts == []


async def test_a_button_of_a_message_that_telegram_forgot(rizal: Person) -> None:
    message = {"message_id": 5, "date": 0, "chat": {"id": rizal.telegram_id, "type": "private", "first_name": "R"}}
    user = {"id": rizal.telegram_id, "is_bot": False, "first_name": "R"}
    query = {"id": "1", "from": user, "chat_instance": "1", "data": "cek:12345:x"}
    heard = await rizal.sends(callback_query={**query, "message": message})
    assert heard.toast == "Order ini tidak ada atau di luar wilayah Anda."
    heard = await rizal.sends(callback_query={**query, "inline_message_id": "abc"})
    assert heard.toast is not None
    assert heard.toast.startswith("Tombol ini sudah tidak berlaku")


async def test_the_bot_thrown_out_of_a_group_is_held_and_let_go_again(here: Town, session: AsyncSession) -> None:
    me: dict[str, Any] = {"user": BOT}
    change: dict[str, Any] = {
        "chat": {"id": TECHNICIAN_CHAT, "type": "supergroup", "title": "Teknisi"},
        "from": {"id": 5, "is_bot": False, "first_name": "A"},
        "date": 1,
    }
    member, kicked = {**me, "status": "member"}, {**me, "status": "kicked", "until_date": 0}
    out = {**change, "old_chat_member": member, "new_chat_member": kicked}
    assert (await feed({"update_id": 1, "my_chat_member": out})).silent
    chat = await session.get(Chat, TECHNICIAN_CHAT, populate_existing=True)
    assert chat is not None
    assert chat.held == "the bot was removed from the group"
    back = {**change, "old_chat_member": kicked, "new_chat_member": member}
    assert (await feed({"update_id": 2, "my_chat_member": back})).text.startswith("SIKPRO kembali")
    await session.refresh(chat)
    assert chat.held is None


async def test_a_group_that_becomes_a_supergroup_keeps_its_binding(here: Town, session: AsyncSession) -> None:
    old, new = -4000123, -1000004000123
    from shared.chats.models import ChatKind, Purpose

    await chats.seen(session, old, ChatKind.GROUP, "Kecil")
    await chats.bind(session, old, Purpose.TECHNICIANS, sto_id=here.sda.id)
    await session.commit()
    moved = {
        "message_id": 7,
        "date": 1,
        "chat": {"id": old, "type": "group", "title": "Kecil"},
        "from": {"id": 5, "is_bot": False, "first_name": "A"},
        "migrate_to_chat_id": new,
    }
    assert (await feed({"update_id": 1, "message": moved})).silent
    assert await chats.group_is_known(session, new)
    assert not await chats.group_is_known(session, old)


def test_signs_that_postgres_refuses_are_dropped() -> None:
    body = {"a\x00": ["x\x00y", {"z": "\ud83d!"}], "n": 1}
    assert intake.storable(body) == {"a": ["xy", {"z": "!"}], "n": 1}
