"""What leaves a chat, in which order, and what becomes one message."""

import asyncio

import pytest
from sqlalchemy.exc import DBAPIError

from shared.db import transaction
from shared.deliveries import drain, operations
from shared.deliveries.drain import Post
from shared.deliveries.operations import NEWS, REPLY
from shared.pace import Slot
from tests.engine.kit import GROUP, OTHER, chat, drained, fault, hurry, orders, row, say, sql, states, texts
from tests.simulator.telegram import Telegram


async def test_a_chat_is_told_in_the_order_in_which_it_was_written(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say(str(number)) for number in range(5)]
    assert await drained(post, GROUP) == 5
    assert await texts(sim) == ["0", "1", "2", "3", "4"]
    sent = [await row(number) for number in ids]
    assert [item.state.value for item in sent] == ["sent"] * 5
    assert [item.message_id for item in sent] == sorted(item.message_id or 0 for item in sent)


async def test_an_answer_to_a_person_leaves_before_the_news_that_wait(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("news")
    await say("answer", lane=REPLY)
    await drained(post, GROUP)
    assert await texts(sim) == ["answer", "news"]


async def test_an_answer_does_not_wait_for_the_lane_of_the_news(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("news")
    await sql("UPDATE chat SET paced_until = clock_timestamp() + interval '1 minute'")
    await say("answer", lane=REPLY)
    await drained(post, GROUP)
    assert await texts(sim) == ["answer"]


async def test_two_drains_at_once_send_each_message_once(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say(str(number)) for number in range(8)]
    await fault(sim, "delay", seconds=0.05, count=None)
    while "waiting" in await states(*ids):
        await asyncio.gather(*(drain.drain(post, GROUP) for _ in range(4)))
    assert await texts(sim) == [str(number) for number in range(8)]


async def test_news_of_an_order_never_overtake_older_news_of_it(post: Post, sim: Telegram) -> None:
    await chat(sim)
    mine, other = await orders(2)
    older = await say("older", order_id=mine)
    await say("newer", order_id=mine)
    await say("unrelated", order_id=other)
    await sql("UPDATE delivery SET not_before = clock_timestamp() + interval '1 minute' WHERE id = :id", id=older)
    await drained(post, GROUP)
    assert await texts(sim) == ["unrelated"]
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["unrelated", "older", "newer"]


async def test_several_that_wait_become_one_message(post: Post, sim: Telegram) -> None:
    await chat(sim)
    first, second = await orders(2)
    await say("long 1", brief="A: OGP", keep=False, order_id=first)
    await say("long 2", brief="B: OGP", keep=False, order_id=second, button={"text": "B", "callback_data": "b"})
    await say("long 3", brief="A: Kendala. Nadia: tunggu", keep=True, order_id=first)
    ids = [await say("long 4", brief="A: Selesai", keep=False, order_id=first)]
    assert await drained(post, GROUP) == 1
    assert await texts(sim) == ["B: OGP\n\nA: Kendala. Nadia: tunggu\n\nA: Selesai"]
    markup = (await sim.messages(GROUP))[-1]["message"]["reply_markup"]
    assert markup == {"inline_keyboard": [[{"text": "B", "callback_data": "b"}]]}
    part = await row(ids[0])
    assert part.merged_into is not None
    whole = await row(part.merged_into)
    assert (part.state.value, whole.state.value) == ("merged", "sent")
    assert whole.message_id == (await sim.messages(GROUP))[-1]["message"]["message_id"]


async def test_one_alone_leaves_in_its_full_words(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("long words", brief="short")
    await drained(post, GROUP)
    assert await texts(sim) == ["long words"]


async def test_a_topic_gets_only_its_own_words(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await sim.sim("chats", id=GROUP, is_forum=True)
    topics = [(await sim.sim("topics", chat=GROUP, user=5512045, name=name))["message_thread_id"] for name in "ab"]
    for thread in (*topics, *topics):
        await say("long", brief=f"to {thread}", thread=thread)
    await drained(post, GROUP)
    said = [record["message"] for record in await sim.messages(GROUP) if record["by_bot"]]
    assert [(item["message_thread_id"], item["text"]) for item in said] == [
        (thread, f"to {thread}\n\nto {thread}") for thread in topics
    ]


async def test_nothing_joins_a_message_while_older_news_of_its_order_stay_behind(post: Post, sim: Telegram) -> None:
    await chat(sim)
    mine, other = await orders(2)
    older = await say("older", brief="older", order_id=mine)
    await sql("UPDATE delivery SET not_before = clock_timestamp() + interval '1 minute' WHERE id = :id", id=older)
    await say("b", brief="other one", order_id=other)
    await say("newer", brief="newer", order_id=mine)
    await drained(post, GROUP)
    assert await texts(sim) == ["b"]
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["b", "older\n\nnewer"]


async def test_a_merged_message_that_met_a_429_says_everything_once(post: Post, sim: Telegram) -> None:
    await chat(sim)
    ids = [await say(f"long {number}", brief=f"brief {number}") for number in range(3)]
    await fault(sim, "429", seconds=1)
    await drained(post, GROUP)
    assert await states(*ids) == ["waiting"] * 3
    await sim.sim("clock", seconds=5)
    await hurry()
    await drained(post, GROUP)
    assert await texts(sim) == ["brief 0\n\nbrief 1\n\nbrief 2"]


async def test_one_bad_text_in_a_merged_message_dies_alone(post: Post, sim: Telegram) -> None:
    await chat(sim)
    bad = {"parse_mode": "HTML", "text": "<b>broken"}
    ids = [
        await say("one", brief="one"),
        await say("", brief="<b>broken", payload=bad),
        await say("three", brief="three"),
    ]
    for _ in range(4):
        await drained(post, GROUP)
        await hurry()
    assert await texts(sim) == ["one", "three"]
    assert await states(*ids) == ["sent", "dead", "sent"]


async def test_a_very_long_brief_still_leaves(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("one", brief="&#x27;" * 700)
    await say("two", brief="two")
    await drained(post, GROUP)
    assert await texts(sim) == ["one", "two"]


async def test_a_card_rewritten_while_its_sender_waits_for_a_slot_leaves_as_rewritten(
    post: Post, sim: Telegram
) -> None:
    await chat(sim)
    card = await row(await say("old words"))
    await sql("UPDATE delivery SET payload = jsonb_set(payload, '{text}', '\"new words\"') WHERE id = :id", id=card.id)
    async with transaction() as session:
        claimed = await operations.claim(session, card)
    assert claimed is not None
    assert claimed.payload["text"] == "new words"


async def test_a_chat_that_fails_does_not_stop_another(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("to nobody", chat_id=OTHER)
    await say("to the group", lane=NEWS)
    await sim.sim("kick", chat=OTHER, user="bot")
    await drain.drain_all(post, [OTHER, GROUP])
    assert await texts(sim) == ["to the group"]


async def test_a_sender_whose_question_fails_does_not_silence_its_chat(post: Post, sim: Telegram) -> None:
    await chat(sim)
    await say("first")
    await drained(post, GROUP)
    slot = await post.pace.wait(GROUP, lane="push", is_group=True, within=5)
    assert isinstance(slot, Slot)
    await post.pace.cancel(slot)  # the chat has a slot to give now, which the sender takes before it asks
    await say("second")
    await sql("ALTER TABLE bot_pause RENAME TO elsewhere")
    try:
        with pytest.raises(DBAPIError):
            await drain.drain(post, GROUP)
    finally:
        await sql("ALTER TABLE elsewhere RENAME TO bot_pause")
    assert isinstance(await post.pace.wait(GROUP, lane="push", is_group=True, within=5), Slot)
