"""A living card: one message that is edited as its order moves on."""

from services.notifier.listeners import ears
from shared.db import transaction
from shared.deliveries.drain import Post
from tests import factories
from tests.engine.kit import GROUP, chat, drained, fault, hurry, keyboard, row, say, sql, states, texts
from tests.factories import HELPDESK_CHAT
from tests.faults import writer
from tests.simulator.telegram import Telegram


async def edit(words: str, card: int, chat_id: int = GROUP) -> int:
    payload = {"text": words, "reply_markup": keyboard()}
    return await say("", chat_id, payload=payload, method="editMessageText", edits=card, kind=f"card_edit:{card}")


async def test_only_the_newest_edit_is_worth_a_call(post: Post, sim: Telegram) -> None:
    await chat(sim)
    card = await say("card")
    await drained(post, GROUP)
    ids = [await edit(f"edit {number}", card) for number in range(4)]
    assert await drained(post, GROUP) == 1
    assert await texts(sim) == ["edit 3"]
    assert await states(*ids) == ["sent", "merged", "merged", "merged"]


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
