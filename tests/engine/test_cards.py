"""A living card: one message that is edited as its order moves on."""

from sqlalchemy import select, update

from services.notifier.listeners import ears
from shared.chats.models import GroupBinding
from shared.db import transaction
from shared.deliveries import catchup, drain
from shared.deliveries.drain import Post
from shared.deliveries.models import Delivery
from shared.deliveries.operations import DIGEST
from shared.orders import operations as orders
from shared.orders import queries
from shared.settings import settings
from tests import factories
from tests.engine.kit import GROUP, chat, drained, fault, hurry, keyboard, row, say, sql, states, texts
from tests.factories import HELPDESK_CHAT
from tests.faults import writer
from tests.simulator.telegram import Telegram


async def edit(words: str, card: int, chat_id: int = GROUP, brief: str = "") -> int:
    made = {"payload": {"text": words, "reply_markup": keyboard()}, "brief": brief, "kind": f"card_edit:{card}"}
    return await say("", chat_id, method="editMessageText", edits=card, **made)


async def test_only_the_newest_edit_is_worth_a_call(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card")
    await drained(post, GROUP)
    ids = [await edit(f"edit {number}", card) for number in range(4)]
    assert await drained(post, GROUP) == 1
    assert await texts(sim) == ["edit 3"]
    assert await states(*ids) == ["sent", "merged", "merged", "merged"]


async def test_a_group_hears_of_many_cards_in_a_list_before_each_is_edited(post: Post, sim: Telegram) -> None:
    await chat(sim)
    cards = [await say(f"card {number}") for number in range(catchup.CARDS + 2)]
    await sql("UPDATE delivery SET state = 'sent', message_id = 100000 + id, claimed_at = now()")
    ids = [await edit(f"edit {number}", card, brief=f"{number} moved") for number, card in enumerate(cards)]
    ids.append(await edit("edit 0 again", cards[0], brief="0 moved again"))
    await sql("UPDATE delivery SET created_at = created_at - interval '30 seconds'")
    assert (await drain.drain(post, GROUP)).made >= 1
    [told] = await texts(sim)
    assert told.split("\n\n") == ["0 moved again", *(f"{number} moved" for number in range(1, len(cards)))]
    while "waiting" in await states(*ids):
        await hurry()
        await drained(post, GROUP)
    assert await texts(sim) == [told], "each card was tried then, and no list came again"
    assert set(await states(*ids)) == {"cancelled", "merged"}, "these cards were never in the chat"


async def test_an_edit_of_a_card_that_never_came_to_be_is_cancelled(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("<b>", payload={"text": "<b>", "parse_mode": "HTML"})
    later = await edit("edit", card)
    await drained(post, GROUP)
    await drained(post, GROUP)
    assert await states(card, later) == ["dead", "cancelled"]
    assert await texts(sim) == []


async def test_an_edit_of_a_message_that_people_deleted_is_cancelled(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card")
    await drained(post, GROUP)
    await sim.ok("deleteMessage", chat_id=GROUP, message_id=(await row(card)).message_id)
    later = await edit("edit", card)
    await drained(post, GROUP)
    assert await states(later) == ["cancelled"]


async def test_an_edit_whose_answer_was_lost_is_simply_repeated(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card")
    await drained(post, GROUP)
    later = await edit("edit", card)
    await fault(sim, "drop_after", method="editMessageText")
    await drained(post, GROUP)
    assert await states(later) == ["waiting"]
    await hurry()
    await drained(post, GROUP)
    assert await states(later) == ["sent"]
    assert await texts(sim) == ["edit"]


async def test_after_a_move_to_a_supergroup_an_old_card_edits_nobody_elses_message(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=-4003, type="group", title="Lama", members=[5512045], bot="administrator")
    await chat(sim, -4003)
    card = await say("card", -4003)
    await drained(post, -4003)
    new = (await sim.sim("migrate", chat=-4003))["id"]
    later = await edit("edit", card, -4003)
    await drained(post, -4003)
    assert (await row(later)).chat_id == new
    await drained(post, new)
    assert await states(later) == ["cancelled"]
    assert await texts(sim, new) == []


async def test_a_card_in_a_merged_message_is_not_edited_over_the_words_of_others(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card", brief="card")
    await say("news", brief="words of a person")
    await drained(post, GROUP)
    later = await edit("edit", card)
    await drained(post, GROUP)
    assert await texts(sim) == ["card\n\nwords of a person"]
    assert await states(later) == ["cancelled"]


async def test_a_card_is_pinned_while_its_order_is_open_and_never_in_the_way_of_news(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=HELPDESK_CHAT, title="HD", members=[5512045], bot="administrator")
    async with transaction() as session:
        here = await factories.town(session)
        await session.execute(update(GroupBinding).where(GroupBinding.chat_id == HELPDESK_CHAT).values(pins=True))
        order = await factories.order(session, here)
    stream = f"order:{order.id}"

    async def moves(status: str) -> list[tuple[str, str]]:
        """What the group sees after a change: the card's words about it, and what is pinned."""
        async with transaction() as session:
            viewer = await factories.viewer(session, here.leader)
            now = (await queries.by_id(session, viewer, order.id)).order
            await orders.change_status(session, viewer, order.id, now.version, status, note="catatan", source="web")
        await sql("UPDATE outbox SET due_at = now()")
        await ears.hear(stream)
        return await calls()

    async def calls() -> list[tuple[str, str]]:
        await drained(post, HELPDESK_CHAT)
        async with transaction() as session:
            rows = await session.scalars(
                select(Delivery).where(Delivery.chat_id == HELPDESK_CHAT).order_by(Delivery.id)
            )
            return [(row.method, row.state.value) for row in rows if "in" in row.method]

    await ears.hear(stream)
    assert await calls() == [("pinChatMessage", "sent")]
    pinned = (await sim.ok("getChat", chat_id=HELPDESK_CHAT))["pinned_message"]
    assert order.registration_no in pinned["text"]
    assert await moves("OGP") == [("pinChatMessage", "sent")], "once for all"
    assert await moves("SELESAI") == [("pinChatMessage", "sent"), ("unpinChatMessage", "sent")]
    assert "pinned_message" not in await sim.ok("getChat", chat_id=HELPDESK_CHAT)
    await sim.sim("demote", chat=HELPDESK_CHAT, user=settings().bot_id)
    again = await moves("OGP")  # reopened
    assert again[2:] == [("pinChatMessage", "cancelled")], "refused for want of a right, and nothing waits for it"
    [why] = [row.trouble or "" for row in await _all() if row.method == "pinChatMessage" and row.trouble]
    assert "not enough rights" in why


async def test_a_pin_waits_for_its_card_and_goes_with_it(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card", order_id=None)
    pin = await say("", payload={}, method="pinChatMessage", edits=card, kind="pin:1", lane=DIGEST)
    await sql("UPDATE delivery SET not_before = now() + interval '1 hour' WHERE id = :card", card=card)
    await drained(post, GROUP)
    assert await states(card, pin) == ["waiting", "waiting"]
    await sql("UPDATE delivery SET state = 'cancelled' WHERE id = :card", card=card)
    await hurry()
    await drained(post, GROUP)
    assert await states(card, pin) == ["cancelled", "cancelled"]


async def _all() -> list[Delivery]:
    async with transaction() as session:
        return list(await session.scalars(select(Delivery)))


async def test_a_card_that_still_waits_is_rewritten_and_one_that_left_is_edited(post: Post, sim: Telegram) -> None:
    await sim.sim("chats", id=HELPDESK_CHAT, title="HD", members=[5512045], bot="administrator")
    async with transaction() as session:
        here = await factories.town(session)
        order = await factories.order(session, here)
    stream = f"order:{order.id}"
    await ears.hear(stream)
    for words in ("satu", "dua"):
        async with transaction() as session:
            await writer.change(session, here.helpdesk.id, order.id, words)
        await ears.hear(stream)
    await drained(post, HELPDESK_CHAT)
    [card] = await texts(sim, HELPDESK_CHAT)
    assert "dua" in card
    async with transaction() as session:
        await writer.change(session, here.helpdesk.id, order.id, "tiga")
    await ears.hear(stream)
    await drained(post, HELPDESK_CHAT)
    [card] = await texts(sim, HELPDESK_CHAT)
    assert "tiga" in card
    assert "dua" not in card
    await sql("SELECT 1")
