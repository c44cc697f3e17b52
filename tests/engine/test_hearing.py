"""From a commit to a listener: order, holds, undo, failures, and hints that get lost or come twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import pytest
from celery import Celery
from redis.asyncio import Redis
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import outbox, relay
from shared.db import transaction
from shared.deliveries import calls
from shared.events import Event, EventRow, emit
from shared.orders import operations
from shared.orders.operations import TooLate
from shared.outbox import OutboxRow
from shared.people.queries import viewer_of
from shared.worker import Ears, make_app
from tests import factories
from tests.conftest import Servers, set_environment
from tests.engine.kit import GROUP, chat, say, sql, states
from tests.faults.stage import free_port
from tests.simulator.telegram import Telegram


class Told(Event):
    """An event of these tests."""

    name: ClassVar[str] = "test.told"
    heard_by: ClassVar[tuple[str, ...]] = ("tester",)

    words: str


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def ears(heard: list[str]) -> Ears:
    made = Ears("tester")

    @made.hears(Told)
    async def listen(session: AsyncSession, row: EventRow, event: Told) -> None:
        assert session.in_transaction()
        if "poison" in event.words:
            raise ValueError(event.words)
        heard.append(event.words)
        await session.execute(text("UPDATE bot_pause SET reason = reason || :words"), {"words": event.words})
        assert row.name == Told.name

    return made


async def tell(*words: str, hold: float = 0, order_id: int | None = None) -> list[int]:
    async with transaction() as session:
        return [await emit(session, Told(words=each), source="test", hold=hold, order_id=order_id) for each in words]


async def stream_of(event_id: int) -> str:
    async with transaction() as session:
        found: str | None = await session.scalar(select(OutboxRow.stream).where(OutboxRow.event_id == event_id))
    assert found is not None
    return found


async def outbox_row(event_id: int) -> OutboxRow:
    async with transaction() as session:
        return (await session.scalars(select(OutboxRow).where(OutboxRow.event_id == event_id))).one()


async def an_order() -> tuple[Any, Any]:
    async with transaction() as session:
        here = await factories.town(session)
        return here, await factories.order(session, here)


async def test_a_stream_is_heard_in_order_and_each_event_once(database: str, ears: Ears, heard: list[str]) -> None:
    assert database
    _, order = await an_order()
    await sql("UPDATE outbox SET state = 'consumed'")
    await tell("a", "b", "c", order_id=order.id)
    stream = f"order:{order.id}"
    counts = await asyncio.gather(*(ears.hear(stream) for _ in range(4)))
    assert sum(counts) == 3
    assert heard == ["a", "b", "c"]
    assert await ears.hear(stream) == 0


async def test_of_many_hinted_streams_only_those_that_hold_something_due_are_heard(database: str, ears: Ears) -> None:
    assert database
    numbers = [*await tell("heard", "due"), *await tell("held", hold=60)]
    heard_already, due, held = [await stream_of(number) for number in numbers]
    await ears.hear(heard_already)
    async with transaction() as session:
        assert await outbox.due_of(session, "tester", [held, "order:0", due, heard_already]) == [due]


async def test_what_is_held_back_holds_back_what_follows_in_its_stream(
    database: str, ears: Ears, heard: list[str]
) -> None:
    assert database
    _, order = await an_order()
    [held] = await tell("held", hold=60, order_id=order.id)
    await tell("after it", order_id=order.id)
    assert await ears.hear(f"order:{order.id}") == 0
    await sql("UPDATE outbox SET due_at = clock_timestamp() WHERE event_id = :id", id=held)
    assert await ears.hear(f"order:{order.id}") == 2
    assert heard == ["held", "after it"]


async def test_a_failing_listener_is_given_up_after_eight_times_and_blocks_no_other_stream(
    database: str, ears: Ears, heard: list[str]
) -> None:
    assert database
    [bad], [good] = await tell("poison"), await tell("good")
    stream = await stream_of(bad)
    for failures in range(1, outbox.GIVE_UP_AFTER + 1):
        await sql("UPDATE outbox SET due_at = clock_timestamp() WHERE state = 'waiting'")
        assert await ears.hear(stream) == 0
        assert (await outbox_row(bad)).failures == failures
    dead = await outbox_row(bad)
    assert dead.state == "dead"
    assert "poison" in str(dead.trouble)
    assert await ears.hear(await stream_of(good)) == 1
    assert heard == ["good"]


async def test_a_failing_listener_holds_its_own_stream_until_it_is_given_up(
    database: str, ears: Ears, heard: list[str]
) -> None:
    assert database
    _, order = await an_order()
    await tell("poison", "after it", order_id=order.id)
    await ears.hear(f"order:{order.id}")
    assert heard == []
    await sql("UPDATE outbox SET failures = 7, due_at = clock_timestamp() WHERE failures > 0")
    await ears.hear(f"order:{order.id}")
    await ears.hear(f"order:{order.id}")
    assert heard == ["after it"]


async def test_what_a_failed_listener_wrote_is_gone(database: str, ears: Ears) -> None:
    assert database

    async def half(session: AsyncSession, row: EventRow, event: Told) -> None:
        await session.execute(text("UPDATE bot_pause SET reason = 'half done'"))
        raise ValueError(row.name + event.words)

    ears.listeners[Told.name] = half
    [event] = await tell("x")
    await ears.hear(await stream_of(event))
    async with transaction() as session:
        assert await session.scalar(text("SELECT reason FROM bot_pause")) == ""


async def test_a_lost_connection_is_not_the_listeners_failure(database: str, ears: Ears) -> None:
    assert database

    async def cut(session: AsyncSession, row: EventRow, event: Told) -> None:
        assert row.name == event.name
        await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    ears.listeners[Told.name] = cut
    [event] = await tell("x")
    with pytest.raises(Exception, match=r"terminat|closed|connection"):
        await ears.hear(await stream_of(event))
    assert (await outbox_row(event)).failures == 0


async def test_an_undo_before_the_hold_is_over_is_heard_by_nobody(database: str) -> None:
    assert database
    here, order = await an_order()
    async with transaction() as session:
        viewer = await viewer_of(session, here.helpdesk)
        changed = await operations.change_status(session, viewer, order.id, 1, "OGP", source="web", hold=30)
    async with transaction() as session:
        await operations.undo(session, viewer, changed.event_id, source="web")
    assert (await outbox_row(changed.event_id)).state == "cancelled"


async def test_an_undo_after_the_hold_is_too_late(database: str) -> None:
    assert database
    here, order = await an_order()
    async with transaction() as session:
        viewer = await viewer_of(session, here.helpdesk)
        changed = await operations.change_status(session, viewer, order.id, 1, "OGP", source="web", hold=0)
    with pytest.raises(TooLate):
        async with transaction() as session:
            await operations.undo(session, viewer, changed.event_id, source="web")


async def test_nothing_is_told_of_a_change_that_was_rolled_back(database: str) -> None:
    assert database
    with pytest.raises(RuntimeError):
        async with transaction() as session:
            await emit(session, Told(words="x"), source="test")
            raise RuntimeError
    async with transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OutboxRow)) == 0


@pytest.fixture
async def broker(database: str, servers: Servers) -> AsyncIterator[Redis]:
    assert database
    redis = Redis.from_url(servers.valkey)
    await redis.flushdb()
    yield redis
    await redis.flushdb()
    await redis.aclose()


@pytest.fixture
def relay_app(broker: Redis) -> Celery:
    """A relay for which no hint is ever too old: on a busy machine its first hint alone may take ten seconds."""
    assert broker is not None
    set_environment(SIKPRO_SWEEP="86400")
    return make_app("relay")


async def hints(redis: Redis, service: str) -> int:
    return int(await redis.llen(service))


async def test_a_due_row_is_hinted_once_and_again_only_when_nobody_followed(relay_app: Celery, broker: Redis) -> None:
    await tell("x")
    await relay.look(relay_app)
    await relay.look(relay_app)
    assert await hints(broker, "tester") == 1
    await broker.flushdb()
    await sql("UPDATE outbox SET hinted_at = clock_timestamp() - interval '1 month'")
    await relay.look(relay_app)
    assert await hints(broker, "tester") == 1


async def test_after_a_flush_hints_reach_the_queue_although_its_bindings_are_gone(
    relay_app: Celery, broker: Redis
) -> None:
    for _ in range(3):
        await tell("x")
        await relay.look(relay_app)
        assert await hints(broker, "tester") == 1
        await broker.flushall()


async def test_a_held_row_is_hinted_when_its_time_comes(relay_app: Celery, broker: Redis) -> None:
    [held] = await tell("x", hold=3600)
    assert await relay.look(relay_app) == relay.IDLE
    assert await hints(broker, "tester") == 0
    await sql("UPDATE outbox SET due_at = clock_timestamp() + interval '0.9 s' WHERE event_id = :id", id=held)
    wait = await relay.look(relay_app)
    assert wait <= 0.9
    await asyncio.sleep(wait)
    await relay.look(relay_app)
    assert await hints(broker, "tester") == 1


async def test_two_relays_hint_each_row_once(relay_app: Celery, broker: Redis) -> None:
    for number in range(10):
        await tell(str(number))
    await asyncio.gather(relay.look(relay_app), relay.look(make_app("relay")))
    assert await hints(broker, "tester") <= 2
    async with transaction() as session:
        assert (await session.scalars(select(OutboxRow.hints))).all() == [1] * 10


async def test_a_chat_with_news_is_hinted_and_a_blocked_one_is_not(
    relay_app: Celery, broker: Redis, sim: Telegram
) -> None:
    await chat(sim)
    await say("x")
    await sql("UPDATE chat SET not_before = clock_timestamp() + interval '1 minute'")
    await relay.look(relay_app)
    assert await hints(broker, "notifier") == 0
    await sql("UPDATE chat SET not_before = NULL, held = 'kicked'")
    await relay.look(relay_app)
    assert await hints(broker, "notifier") == 0
    await sql("UPDATE chat SET held = NULL")
    await relay.look(relay_app)
    assert await hints(broker, "notifier") == 1
    await relay.look(relay_app)
    assert await hints(broker, "notifier") == 1


@pytest.mark.parametrize(
    ("method", "state"),
    [("sendMessage", "unknown"), ("editMessageText", "waiting"), *((one, "waiting") for one in sorted(calls.FINAL))],
)
async def test_what_its_sender_left_behind_is_asked_about_or_simply_made_again(
    relay_app: Celery, sim: Telegram, method: str, state: str
) -> None:
    await chat(sim)
    number = await say("x")
    await sql(
        "UPDATE delivery SET state = 'sending', claimed_at = now() - interval '1 minute', method = :method,"
        " lease_until = now() - interval '1 second' WHERE id = :id",
        id=number,
        method=method,
    )
    await relay.look(relay_app)
    assert await states(number) == [state]


async def test_with_redis_away_the_relay_keeps_the_hints_and_the_door_notices_nothing(database: str) -> None:
    assert database
    set_environment(SIKPRO_REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    await tell("x")
    await relay.look(make_app("relay"))
    async with transaction() as session:
        assert await session.scalar(select(OutboxRow.hinted_at)) is None
    assert GROUP
