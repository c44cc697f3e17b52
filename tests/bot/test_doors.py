"""Who comes into a group, who leaves it, and what that does to rights: in the chat and on the web, at once."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.bot import intake
from shared.audit.models import AuditRow
from shared.chats import belonging, doors
from shared.chats import operations as chats
from shared.chats.models import ChatKind, GroupBinding, GroupInvite, GroupMember, JoinRequest, Purpose
from shared.db import after, transaction
from shared.deliveries.models import Delivery
from shared.errors import Invalid, NotAllowed
from shared.people import operations as people
from shared.people.models import Person as Human
from shared.people.models import Role, WebSession
from shared.people.queries import viewer_of
from shared.telegram import Outcome
from tests.bot.person import Heard, Person
from tests.factories import HELPDESK_CHAT, TECHNICIAN_CHAT, Town

SARI, JOKO, DEWI, RIZAL, NADIA = 5512099, 5519001, 5512088, 5512045, 5512001
RESTRICTED = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_react_to_messages", "can_edit_tag", "can_change_info", "can_invite_users",
    "can_pin_messages", "can_manage_topics",
)  # fmt: skip


def user(number: int, **given: Any) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "Joko <b>", "language_code": "id"} | given


async def knocks(number: int, chat: int = TECHNICIAN_CHAT, **given: Any) -> Heard:
    told = {
        "chat": {"id": chat, "type": "supergroup", "title": "Teknisi Sidoarjo"},
        "from": user(number, **given),
        "user_chat_id": number,
        "date": 1_800_000_000,
    }
    assert intake.chat_of({"update_id": 1, "chat_join_request": told}) == chat
    return await Person(number).sends(chat_join_request=told)


async def becomes(number: int, old: str, new: str, chat: int = TECHNICIAN_CHAT, **given: Any) -> Heard:
    ends: dict[str, Any] = {"kicked": {"until_date": 0}}
    faces = [{"user": user(number), "status": status} | ends.get(status, {}) for status in (old, new)]
    told = {
        "chat": {"id": chat, "type": "supergroup", "title": "Teknisi Sidoarjo"},
        "from": user(number),
        "date": 1_800_000_000,
        "old_chat_member": faces[0],
        "new_chat_member": faces[1] | given,
    }
    return await Person(number).sends(chat_member=told)


def calls(heard: Heard) -> list[tuple[str, int]]:
    """The calls about doors that were queued: method and whom or what they are about."""
    return [(each.method, each.payload["user_id"]) for each in heard.deliveries if "user_id" in each.payload]


def words(heard: Heard) -> dict[int, str]:
    return {each.chat_id: each.payload["text"] for each in heard.deliveries if "text" in each.payload}


async def acts(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(AuditRow.what).order_by(AuditRow.id)))


async def person(session: AsyncSession, of: Human) -> Human:
    return await session.get_one(Human, of.id, populate_existing=True)


@pytest.fixture
async def office(session: AsyncSession, here: Town) -> Town:
    """The leader and the admin have private chats with the bot."""
    for human, number in ((here.leader, DEWI), (here.admin, SARI)):
        human.telegram_id = number
        await chats.seen(session, number, ChatKind.PRIVATE, human.name)
    await session.commit()
    return here


async def test_the_roster_lets_in_by_number_and_once_by_name(session: AsyncSession, office: Town) -> None:
    heard = await knocks(RIZAL)
    assert calls(heard) == [("approveChatJoinRequest", RIZAL)]
    assert "diterima" in words(heard)[RIZAL]
    assert "Joko" not in str(words(heard))
    late = [each.not_before > each.created_at for each in heard.deliveries if each.method.startswith("approve")]
    assert late == [True], "who never pressed start can be told only before it is decided"
    async with transaction() as opened:
        joko = await people.enter(opened, "Joko", Role.TECHNICIAN, technician_code="F5SDA9", sites=(office.site.id,))
        admin = await viewer_of(opened, office.admin)
        await doors.invite(opened, admin, joko.id, TECHNICIAN_CHAT, "@Joko_S", source="web")
        [made] = await opened.scalars(select(Delivery).where(Delivery.method == doors.CREATE))
        assert made.payload == {"name": "Joko", "creates_join_request": True}
        await doors.answered(opened, made, Outcome("done", result={"invite_link": "https://t.me/+abc"}))
        assert [link.link for link, _ in await doors.living(opened, joko.id)] == ["https://t.me/+abc"]
    heard = await knocks(JOKO, username="joko_s")
    assert calls(heard) == [("approveChatJoinRequest", JOKO)]
    assert [each.payload for each in heard.deliveries if each.method == doors.REVOKE] == [
        {"invite_link": "https://t.me/+abc"}
    ]
    assert (await person(session, joko)).telegram_id == JOKO
    assert (await session.scalars(select(GroupInvite.used_at))).one() is not None
    assert calls(await knocks(5519777, username="joko_s")) == [], "a name is believed once"
    assert {"group.invited", "person.recognised", "join.admitted"} <= set(await acts(session))


async def test_others_are_decided_by_one_button_of_the_leader(session: AsyncSession, office: Town) -> None:
    heard = await knocks(JOKO, username="joko")
    assert calls(heard) == []
    assert "diteruskan kepada admin" in words(heard)[JOKO]
    asked = words(heard)[DEWI]
    assert "Joko &lt;b&gt; ingin masuk ke grup Teknisi Sidoarjo" in asked
    assert "<code>5519001</code> (@joko)" in asked
    assert SARI not in words(heard), "the admin is asked only where there is no leader"
    assert heard.labels() == ["Terima", "Tolak"]
    assert (await knocks(JOKO, username="joko")).silent
    yes, no = heard.button("Terima"), heard.button("Tolak")
    for stranger in (Person(NADIA), Person(RIZAL)):
        assert "Hanya team leader" in ((await stranger.presses(yes)).toast or "")
    done = await Person(DEWI).presses(yes)
    assert calls(done) == [("approveChatJoinRequest", JOKO)]
    assert done.toast == "Joko <b> diterima."
    assert "diterima" in words(done)[JOKO]
    assert words(done)[DEWI].endswith("Diterima Dewi Lestari.")
    again = await Person(SARI).presses(no)
    assert again.toast == "Permintaan ini sudah diputuskan."
    assert calls(again) == []
    opening = next(each for each in done.deliveries if each.method == doors.APPROVE)
    assert opening.not_before > opening.created_at, "the words first: once it is decided a stranger hears nothing more"
    late = await knocks(JOKO + 2)
    await session.execute(update(JoinRequest).values(asked_at=after(-400)))
    await session.commit()
    unheard = await Person(DEWI).presses(late.button("Terima"))
    assert (calls(unheard), JOKO + 2 in words(unheard)) == ([("approveChatJoinRequest", JOKO + 2)], False)
    await session.execute(update(JoinRequest).values(asked_at=after(-doors.FORGET_AFTER - 1)))
    await doors.forget_old(session)
    await session.commit()
    assert "sudah diputuskan" not in ((await Person(DEWI).presses(yes)).toast or ""), "nobody is remembered for ever"
    turned = await Person(DEWI).presses((await knocks(JOKO + 1)).button("Tolak"))
    assert calls(turned) == [("declineChatJoinRequest", JOKO + 1)]
    assert "ditolak" in words(turned)[JOKO + 1]
    assert {"join.approved", "join.declined"} <= set(await acts(session))


async def test_the_roster_means_this_area_and_this_role(session: AsyncSession, office: Town) -> None:
    assert office.collector.telegram_id
    elsewhere = await knocks(office.collector.telegram_id)
    assert calls(elsewhere) == []
    assert "Terdaftar sebagai Yuli Astuti (petugas)" in words(elsewhere)[DEWI]
    assert calls(await knocks(RIZAL, HELPDESK_CHAT)) == []
    assert calls(await knocks(NADIA, HELPDESK_CHAT)) == [("approveChatJoinRequest", NADIA)]
    office.outsider.telegram_id = 5519500
    await people.disable(session, office.second_helpdesk.id)
    await session.commit()
    assert calls(await knocks(5519500, HELPDESK_CHAT)) == []
    assert calls(await knocks(5512002, HELPDESK_CHAT)) == [], "disabled"
    assert (await knocks(RIZAL, -1001000000099)).silent, "a group that is not bound"
    async with transaction() as opened:
        admin, leader = await viewer_of(opened, office.admin), await viewer_of(opened, office.leader)
        wrong = (
            (office.collector.id, TECHNICIAN_CHAT, "", {"group": "unknown"}),
            (office.leader.id, TECHNICIAN_CHAT, "a b", {"telegram_name": "pattern"}),
            (office.supervisor.id, TECHNICIAN_CHAT, "", {"telegram_name": "missing"}),
        )
        for number, chat, name, fields in wrong:
            with pytest.raises(Invalid) as refused:
                await doors.invite(opened, admin, number, chat, name, source="web")
            assert refused.value.fields == fields
        with pytest.raises(NotAllowed):
            await doors.invite(opened, leader, office.technician.id, TECHNICIAN_CHAT, "", source="web")


async def test_where_nobody_can_be_reached_the_helpdesk_group_is_asked(here: Town) -> None:
    heard = await knocks(JOKO)
    assert "ingin masuk" in words(heard)[HELPDESK_CHAT]
    assert "Hanya team leader" in ((await Person(NADIA, HELPDESK_CHAT).presses(heard.button("Terima"))).toast or "")


@pytest.mark.parametrize("how", ["left", "kicked", "restricted", "service"])
async def test_leaving_the_last_group_ends_everything_until_one_comes_back(
    session: AsyncSession, here: Town, how: str
) -> None:
    await chats.seen(session, NADIA, ChatKind.PRIVATE, "Nadia")
    session.add(WebSession(token_hash="t" * 64, person_id=here.helpdesk.id, csrf="c"))
    await session.commit()
    nadia = Person(NADIA, HELPDESK_CHAT)
    assert "Nadia" in (await nadia.says("/start")).text
    if how == "service":
        heard = await nadia.sends(message=nadia.message(left_chat_member=user(NADIA)))
    else:
        more = {"is_member": False, "until_date": 0} if how == "restricted" else {}
        rights = dict.fromkeys(RESTRICTED, False) if how == "restricted" else {}
        heard = await becomes(NADIA, "member", how, HELPDESK_CHAT, **more, **rights)
    assert "Akses Anda ke SIKPRO berakhir" in words(heard)[NADIA]
    assert calls(heard) == [("getChatMember", NADIA)], "the technicians' group, of which nobody told us"
    for said in ("/cek", "/start", "halo"):
        assert "tidak lagi di grup kerja Anda" in (await Person(NADIA).says(said)).text
    assert (await session.scalars(select(WebSession))).all() == []
    gone = await person(session, here.helpdesk)
    assert (gone.active, gone.left_at is not None) == (False, True)
    assert (await becomes(NADIA, "member", "left", HELPDESK_CHAT)).silent, "told twice, it happened once"
    assert calls(await knocks(NADIA, HELPDESK_CHAT)) == [("approveChatJoinRequest", NADIA)]
    assert "aktif lagi" in words(await becomes(NADIA, "left", "member", HELPDESK_CHAT))[NADIA]
    back = await person(session, here.helpdesk)
    assert (back.active, back.left_at, back.role) == (True, None, Role.HELPDESK)
    assert {"person.left", "person.came_back"} <= set(await acts(session))


async def test_who_is_in_another_group_of_his_keeps_all(session: AsyncSession, here: Town) -> None:
    await Person(NADIA, TECHNICIAN_CHAT).says("halo")
    assert (await becomes(NADIA, "member", "left", HELPDESK_CHAT)).silent
    assert (await person(session, here.helpdesk)).active
    await becomes(RIZAL, "member", "creator", is_anonymous=False)
    assert (await person(session, here.technician)).active
    collector = await person(session, here.collector)
    assert collector.telegram_id
    await becomes(collector.telegram_id, "member", "left")
    assert (await person(session, here.collector)).active, "it was never this group that gave it rights"
    heard = await becomes(NADIA, "member", "left")
    assert not (await person(session, here.helpdesk)).active
    assert calls(heard) == []


async def test_telegram_is_asked_about_groups_of_which_nobody_told_us(session: AsyncSession, here: Town) -> None:
    heard = await becomes(NADIA, "member", "left", HELPDESK_CHAT)
    [asking] = [each for each in heard.deliveries if each.method == belonging.MEMBER]
    assert asking.chat_id == TECHNICIAN_CHAT
    await doors.answered(session, asking, Outcome("done", result={"status": "left"}))
    await doors.answered(session, asking, Outcome("refused", words="Bad Request: user not found"))
    assert not (await person(session, here.helpdesk)).active
    await doors.answered(session, asking, Outcome("done", result={"status": "restricted", "is_member": True}))
    assert (await person(session, here.helpdesk)).active


async def test_admins_keep_their_rights_and_the_disabled_get_none_back(session: AsyncSession, office: Town) -> None:
    await becomes(SARI, "member", "left")
    assert (await person(session, office.admin)).active
    async with transaction() as opened:
        admin = await viewer_of(opened, office.admin)
        await people.dismiss(opened, admin, office.technician.id, source="web")
    assert (await becomes(RIZAL, "left", "member")).silent
    assert "tidak aktif" in (await Person(RIZAL).says("/cek")).text
    await becomes(NADIA, "member", "left", HELPDESK_CHAT)
    async with transaction() as opened:
        await people.dismiss(opened, admin, office.helpdesk.id, source="web")
    assert (await becomes(NADIA, "left", "member", HELPDESK_CHAT)).silent
    assert not (await person(session, office.helpdesk)).active
    async with transaction() as opened:
        await people.readmit(opened, admin, office.helpdesk.id, source="web")
    assert (await person(session, office.helpdesk)).active


async def test_members_move_along_with_the_group(session: AsyncSession, here: Town) -> None:
    await Person(RIZAL, TECHNICIAN_CHAT).says("/cek")
    await chats.migrated(session, TECHNICIAN_CHAT, -1001000000055)
    await session.commit()
    wanted = select(GroupMember.inside).where(GroupMember.chat_id == -1001000000055, GroupMember.telegram_id == RIZAL)
    assert (await session.scalars(wanted)).one()
    await becomes(RIZAL, "member", "left", -1001000000055)
    assert not (await person(session, here.technician)).active


async def test_a_binding_takes_the_place_of_a_deleted_topic(session: AsyncSession, here: Town) -> None:
    async with transaction() as opened:
        for thread in (7, 8):
            await chats.bind(opened, HELPDESK_CHAT, Purpose.HELPDESK, thread_id=thread, sto_id=here.sda.id)
        await opened.execute(update(GroupBinding).where(GroupBinding.thread_id == 7).values(pins=True))
        assert await chats.topic_lost(opened, HELPDESK_CHAT, 7)
        assert not await chats.topic_lost(opened, HELPDESK_CHAT, 99)
        await chats.bind(opened, HELPDESK_CHAT, Purpose.HELPDESK, thread_id=9, sto_id=here.sda.id)
    found = await chats.bindings_for(session, here.sda.id, Purpose.HELPDESK)
    assert [(each.thread_id, each.pins) for each in found] == [(None, False), (8, False), (9, True)]


async def test_a_group_bound_anew_by_hand_keeps_its_pins_when_it_moves(session: AsyncSession, here: Town) -> None:
    await session.execute(update(GroupBinding).where(GroupBinding.chat_id == HELPDESK_CHAT).values(pins=True))
    await chats.seen(session, -1001000000056, ChatKind.SUPERGROUP, "Helpdesk Sidoarjo")
    await chats.bind(session, -1001000000056, Purpose.HELPDESK, site_operation_id=here.site.id)
    await chats.migrated(session, HELPDESK_CHAT, -1001000000056)
    found = await chats.bindings_for(session, here.sda.id, Purpose.HELPDESK)
    assert [(each.chat_id, each.pins) for each in found] == [(-1001000000056, True)]
