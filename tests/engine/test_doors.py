"""The doors of groups end to end: Telegram makes the link, somebody knocks, the answer opens; deleted topics wait."""

import pytest
from sqlalchemy import select

from shared.chats import doors
from shared.chats import operations as chats
from shared.chats.models import GroupBinding, GroupInvite, Purpose
from shared.db import transaction
from shared.deliveries.drain import Post
from shared.deliveries.models import Delivery
from shared.people.queries import viewer_of
from tests import factories
from tests.engine.kit import GROUP, PERSON, chat, drained, hurry, say, states, texts
from tests.simulator.telegram import Telegram

JOKO = 5519001


async def town() -> factories.Town:
    async with transaction() as session:
        here = await factories.town(session)
        await chats.bind(session, GROUP, Purpose.TECHNICIANS, site_operation_id=here.site.id)
    return here


async def link(here: factories.Town) -> GroupInvite:
    async with transaction() as session:
        admin = await viewer_of(session, here.admin)
        await doors.invite(session, admin, here.technician.id, GROUP, "", source="web")
    return await newest()


async def newest() -> GroupInvite:
    async with transaction() as session:
        return (await session.scalars(select(GroupInvite).order_by(GroupInvite.id.desc()).limit(1))).one()


async def test_a_link_is_made_knocked_at_and_dies_when_it_was_used(post: Post, sim: Telegram) -> None:
    await chat(sim)
    here = await town()
    await sim.sim("demote", chat=GROUP, user="bot")
    await link(here)
    await drained(post, GROUP)
    assert "not enough rights to manage chat invite link" in (await newest()).trouble
    await sim.sim("promote", chat=GROUP, user="bot")
    await sim.sim("leave", chat=GROUP, user=PERSON)
    await link(here)
    await drained(post, GROUP)
    made = (await newest()).link
    assert made is not None
    assert made.startswith("https://t.me/+")
    await sim.sim("users", id=JOKO, first_name="Joko")
    for user in (PERSON, JOKO):
        assert (await sim.sim("knock", link=made, user=user))["asked"] == GROUP
    async with transaction() as session:
        assert await doors.asked(session, GROUP, JOKO, "Joko", None, "id")
        told = await doors.asked(session, GROUP, PERSON, "Rizal", None, "id")
    assert told is not None
    assert told.decided
    await hurry()
    await drained(post, GROUP)
    [face] = [each for each in await sim.chats() if each["id"] == GROUP]
    assert face["members"][str(PERSON)] == "member"
    assert str(JOKO) not in face["members"]
    async with transaction() as session:
        ends = {
            each.method: each.state.value for each in await session.scalars(select(Delivery)) if each.chat_id == GROUP
        }
    assert ends[doors.APPROVE] == ends[doors.REVOKE] == "sent"
    late = await sim.call("approveChatJoinRequest", chat_id=GROUP, user_id=PERSON)
    assert late["description"] == "Bad Request: USER_ALREADY_PARTICIPANT"


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("approveChatJoinRequest", {"user_id": JOKO}, "HIDE_REQUESTER_MISSING"),
        ("declineChatJoinRequest", {"user_id": 77}, "USER_ID_INVALID"),
        ("createChatInviteLink", {"name": "x" * 33}, "INVITE_TITLE_TOO_LONG"),
        ("revokeChatInviteLink", {"invite_link": "https://t.me/+none"}, "INVITE_HASH_EXPIRED"),
    ],
)
async def test_telegram_refuses_in_its_own_words(
    sim: Telegram, method: str, parameters: dict[str, object], words: str
) -> None:
    await sim.sim("users", id=JOKO, first_name="Joko")
    answer = await sim.call(method, chat_id=GROUP, **parameters)
    assert (answer["error_code"], answer["description"]) == (400, f"Bad Request: {words}")


async def test_news_of_a_bound_topic_wait_until_it_is_bound_again_and_answers_do_not(post: Post, sim: Telegram) -> None:
    await chat(sim)
    here = await town()
    await sim.sim("chats", id=GROUP, is_forum=True)
    async with transaction() as session:
        await chats.bind(session, GROUP, Purpose.HELPDESK, thread_id=999, site_operation_id=here.site.id)
    news, answer = await say("kartu", thread=999), await say("jawaban", thread=999, lane=0)
    for _ in range(3):
        await drained(post, GROUP)
        await hurry()
    assert await states(news, answer) == ["held", "sent"]
    assert await texts(sim) == ["jawaban"]
    async with transaction() as session:
        [lost] = await session.scalars(select(GroupBinding).where(GroupBinding.lost_at.is_not(None)))
        assert lost.thread_id == 999
    topic = await sim.sim("topics", chat=GROUP, user=PERSON, name="Helpdesk")
    async with transaction() as session:
        number = topic["message_thread_id"]
        await chats.bind(session, GROUP, Purpose.HELPDESK, thread_id=number, site_operation_id=here.site.id)
        bound = await session.scalars(
            select(GroupBinding.thread_id).where(GroupBinding.active, GroupBinding.chat_id == GROUP)
        )
        assert sorted(bound, key=str) == sorted([None, number], key=str)
    await drained(post, GROUP)
    assert await states(news) == ["sent"]
    assert [record["message"].get("message_thread_id") for record in await sim.messages(GROUP) if record["by_bot"]] == [
        None,
        number,
    ]
