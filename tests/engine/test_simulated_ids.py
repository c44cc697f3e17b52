"""The simulator numbers messages as Telegram does; settling depends on it."""

from tests.engine.kit import GROUP, OTHER, PERSON, SECOND
from tests.simulator.telegram import Telegram


async def test_private_chats_and_basic_groups_share_one_sequence_and_supergroups_do_not(sim: Telegram) -> None:
    await sim.sim("chats", id=-4002, type="group", title="Kecil", members=[PERSON], bot="member", quietly=True)
    shared = [(await sim.ok("sendMessage", chat_id=to, text="x"))["message_id"] for to in (PERSON, SECOND, -4002)]
    said = (await sim.sim("say", chat=PERSON, user=PERSON, text="halo"))["message"]["message_id"]
    assert [*shared, said] == list(range(shared[0], shared[0] + 4))
    first = (await sim.ok("sendMessage", chat_id=GROUP, text="x"))["message_id"]
    await sim.ok("sendMessage", chat_id=OTHER, text="x")
    assert (await sim.ok("sendMessage", chat_id=GROUP, text="x"))["message_id"] == first + 1
    words = await sim.refused(
        "editMessageText", chat_id=PERSON, message_id=shared[1], text="not a message of this chat"
    )
    assert "message to edit not found" in words
