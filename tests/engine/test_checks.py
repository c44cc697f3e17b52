"""What the bot may in its groups: asked daily and on demand, once a minute at most, and kept as Telegram says it."""

import pytest

from shared.chats import checks
from shared.db import transaction
from shared.deliveries.drain import Post
from shared.errors import NotAllowed, NotFound
from shared.people.queries import viewer_of
from shared.settings import settings
from shared.telegram import Outcome
from tests import factories
from tests.engine.kit import GROUP, OTHER, PERSON, chat, fault, sql
from tests.simulator.telegram import Telegram


async def seen(sim: Telegram, *ids: int) -> None:
    """Groups that the house has known for a while."""
    await chat(sim, *ids)
    await sql("UPDATE chat SET seen_at = now() - interval '3 minutes'")


async def due() -> list[int]:
    async with transaction() as session:
        return sorted(await checks.due(session))


async def known() -> dict[int, tuple[str, list[str], str]]:
    async with transaction() as session:
        rows = await checks.of(session, [GROUP, OTHER])
    return {chat_id: (row.status, row.lacks, row.trouble) for chat_id, row in rows.items()}


async def test_a_group_is_looked_at_once_a_day(sim: Telegram, post: Post) -> None:
    await chat(sim, GROUP, OTHER, PERSON)
    assert await due() == []  # a new one may still be on its way to being what it will be
    await sql("UPDATE chat SET seen_at = now() - interval '3 minutes'")
    assert await due() == [OTHER, GROUP]  # never a private chat
    assert await due() == []  # somebody was told a moment ago
    await sql("UPDATE chat_check SET hinted_at = now() - interval '2 minutes'")
    for group in await due():
        await checks.look(post.telegram, post.pace, group)
    assert await known() == {GROUP: ("administrator", [], ""), OTHER: ("administrator", [], "")}
    await sql("UPDATE chat_check SET hinted_at = now() - interval '2 minutes'")
    assert await due() == []
    await sql("UPDATE chat_check SET checked_at = now() - interval '25 hours' WHERE chat_id = :id", id=GROUP)
    await sql(
        "UPDATE chat_check SET checked_at = now() - interval '2 hours', lacks = '[\"send\"]' WHERE chat_id = :id",
        id=OTHER,
    )
    assert await due() == [OTHER, GROUP]  # where something lacks, every hour


@pytest.mark.parametrize(("act", "lacks"), [("demote", ["admin"]), ("kick", ["member"]), ("leave", ["member"])])
async def test_what_the_bot_lacks_is_kept_as_telegram_says_it(
    sim: Telegram, post: Post, act: str, lacks: list[str]
) -> None:
    await seen(sim, GROUP)
    await sim.sim(act, chat=GROUP, user=settings().bot_id)
    await due()
    await checks.look(post.telegram, post.pace, GROUP)
    assert (await known())[GROUP][1] == lacks


async def test_an_answer_that_never_came_changes_nothing_that_is_known(sim: Telegram, post: Post) -> None:
    await seen(sim, GROUP)
    await due()
    await checks.look(post.telegram, post.pace, GROUP)
    await fault(sim, "drop_after", method="getChatMember")
    await checks.look(post.telegram, post.pace, GROUP)
    status, lacks, trouble = (await known())[GROUP]
    assert (status, lacks, bool(trouble)) == ("administrator", [], True)
    await checks.look(post.telegram, post.pace, GROUP)
    assert (await known())[GROUP] == ("administrator", [], "")


async def test_an_admin_can_have_a_group_looked_at_now(sim: Telegram, post: Post) -> None:
    await seen(sim, GROUP)
    await due()
    await checks.look(post.telegram, post.pace, GROUP)
    async with transaction() as session:
        here = await factories.town(session)
        admin, leader = await viewer_of(session, here.admin), await viewer_of(session, here.leader)
        await checks.ask(session, admin, GROUP)
        with pytest.raises(NotFound):
            await checks.ask(session, admin, -1009999999999)
        with pytest.raises(NotAllowed):
            await checks.ask(session, leader, GROUP)
    assert GROUP in await due()


def test_a_group_that_is_gone_has_no_bot_in_it() -> None:
    said = Outcome("gone", words="Forbidden: bot was kicked from the supergroup chat")
    assert checks.read(said) == ("left", ["member"], "")


def test_a_bot_that_may_not_write_lacks_that_too() -> None:
    said = Outcome("done", {"status": "restricted", "is_member": True, "can_send_messages": False})
    assert checks.read(said) == ("restricted", ["send", "admin"], "")


def test_a_bot_that_may_not_invite_makes_no_links() -> None:
    said = Outcome("done", {"status": "administrator", "can_invite_users": False})
    assert checks.read(said) == ("administrator", ["invite"], "")


def test_a_right_to_pin_is_missed_only_where_cards_are_pinned() -> None:
    said = Outcome("done", {"status": "administrator", "can_invite_users": True, "can_pin_messages": False})
    assert [checks.read(said, pins=pins)[1] for pins in (False, True)] == [[], ["pin"]]
