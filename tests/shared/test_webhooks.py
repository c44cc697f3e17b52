"""Webhooks: who is told is written beside the change, signed by the specification, and never sent inside our walls."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientError, web
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook

from services.notifier import webhooks
from shared import clock
from shared.db import transaction
from shared.errors import Invalid, NotAllowed
from shared.outbox import OutboxRow
from shared.people.queries import viewer_of
from shared.webhooks import addresses, operations, queue
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint
from shared.webhooks.operations import Wish
from tests import factories
from tests.conftest import set_environment
from tests.factories import Town

INSIDE = (
    "127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 ::1 :: "
    "::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 64:ff9b::7f00:1 2002:7f00:1:: "
    "64:ff9b::a9fe:a9fe fec0::1 192.88.99.1 2130706433 0x7f.1 name"
)


@pytest.mark.parametrize("address", INSIDE.split())
def test_an_address_inside_is_refused(address: str) -> None:
    assert addresses.refused(address, "")


def test_public_addresses_and_allowed_networks_are_not_refused() -> None:
    assert not any(addresses.refused(each, "") for each in ("1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"))
    assert not addresses.refused("10.1.2.3", "10.1.0.0/16, fd00::/8")
    assert addresses.refused("10.2.2.3", "10.1.0.0/16, fd00::/8")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://pusat.example.com/a?b=1", ""),
        ("http://pusat.example.com", "http"),
        ("ftp://pusat.example.com", "pattern"),
        ("javascript:alert(1)", "pattern"),
        ("https://", "pattern"),
        ("https://a b", "pattern"),
        ("https://x\\@y", "pattern"),
        ("https://x:99999999/", "pattern"),
        ("https://u:p@pusat.example.com", "credentials"),
        ("https://pusat.example.com/#x", "credentials"),
        ("https://[::1]/", "inside"),
        ("https://localhost/", "inside"),
        ("https://169.254.169.254/latest", "inside"),
        ("https://①②⑦.⓪.⓪.①/", "pattern"),
        ("https://a/" + "x" * 600, "too_long"),
    ],
)
def test_a_wrong_url_is_named(url: str, said: str) -> None:
    assert addresses.wrong(url, "") == said


def test_the_signature_is_that_of_the_specification() -> None:
    claimed = queue.Claimed(
        1, 1, "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', 1, clock.now(), "https://x",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None,
    )  # fmt: skip
    made = webhooks.headers(claimed, datetime.fromtimestamp(1614265330, UTC))
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert made["webhook-timestamp"] == "1614265330"


def test_pauses_grow_as_the_specification_says_and_a_longer_wish_is_heeded() -> None:
    assert [5 <= queue.pause(1) <= 5.5, 86400 <= queue.pause(9) <= 97200, queue.pause(1, 600)] == [True, True, 600]
    assert queue.pause(1, 10**6) == 97200


class There:
    """The other side: what it heard, and what it answers next."""

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], str]] = []
        self.answers: list[web.Response] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.heard.append(({name.lower(): value for name, value in request.headers.items()}, await request.text()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@pytest.fixture
async def there() -> AsyncIterator[There]:
    other, app = There(), web.Application()
    app.router.add_post("/hook", other.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    other.url = f"http://localhost:{runner.addresses[0][1]}/hook"
    set_environment(SIKPRO_HOOKS_INSIDE="127.0.0.0/8, ::1/128")
    yield other
    set_environment(SIKPRO_HOOKS_INSIDE="")
    await runner.cleanup()


async def endpoint(session: AsyncSession, here: Town, url: str, **wish: Any) -> tuple[int, str]:
    wanted = {"name": "Pusat", "url": url, "events": ["order.registered", "order.changed"], "site": None} | wish
    admin = await viewer_of(session, here.admin)
    return await operations.add(session, admin, Wish(**wanted), source="test")


async def heard(session: AsyncSession) -> None:
    for stream in set(await session.scalars(select(OutboxRow.stream).where(OutboxRow.consumer == "webhook"))):
        await webhooks.ears.hear(stream)


async def rows(session: AsyncSession) -> list[WebhookDelivery]:
    wanted = select(WebhookDelivery).order_by(WebhookDelivery.id).execution_options(populate_existing=True)
    return list(await session.scalars(wanted))


async def test_a_chosen_event_reaches_the_endpoint_once_signed_by_both_secrets(
    session: AsyncSession, there: There
) -> None:
    here = await factories.town(session)
    await factories.order(session, here)  # nobody is told of what happened before
    number, old = await endpoint(session, here, there.url)
    await endpoint(session, here, there.url, name="Jauh", site=here.other_site.id)
    await endpoint(session, here, there.url, name="Lain", events=["order.deleted"])
    new = await operations.rotate(session, await viewer_of(session, here.admin), number, source="test")
    order = await factories.order(session, here, note="Bu Sari 08123456789")
    await session.commit()
    await heard(session)
    await session.execute(update(OutboxRow).where(OutboxRow.consumer == "webhook").values(state="waiting"))
    await session.commit()
    await heard(session)  # heard twice is written once
    courier = webhooks.Courier()
    assert await webhooks.send_due(courier) == 1
    assert await webhooks.send_due(courier) == 0
    await courier.close()
    ((headers, body),) = there.heard
    for secret in (old, new):
        told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["order"]["number"]) == ("order.registered", order.registration_no)
    assert "Sari" not in body
    (row,) = await rows(session)
    assert (row.state, row.tries[0]["status"], row.endpoint_id) == ("sent", 204, number)


async def test_what_is_not_taken_is_tried_again_later_under_the_same_name_and_given_up_at_last(
    session: AsyncSession, there: There
) -> None:
    here = await factories.town(session)
    number, _secret = await endpoint(session, here, there.url)
    order = await factories.order(session, here)
    second = await factories.order(session, here)
    there.answers = [web.Response(status=500, text="<b>rusak</b>"), web.Response(status=302)]
    await session.commit()
    await heard(session)
    courier = webhooks.Courier()
    await webhooks.send_due(courier)
    first, other = await rows(session)
    assert {first.order_id, other.order_id} == {order.id, second.id}
    assert {each.tries[0]["status"] for each in (first, other)} == {500, 302}  # a redirect is not followed
    assert [each.state for each in (first, other)] == ["waiting", "waiting"]
    assert await webhooks.send_due(courier) == 0  # not before its time
    there.answers = [web.Response(status=503, headers={"Retry-After": "7200"})] * 2
    await session.execute(text("UPDATE webhook_delivery SET not_before = now() - interval '1 s', attempts = 9"))
    await session.commit()
    await webhooks.send_due(courier)
    assert {each.state for each in await rows(session)} == {"dead"}
    assert len({headers["webhook-id"] for headers, _ in there.heard}) == 2
    dead = await session.get_one(WebhookEndpoint, number, populate_existing=True)
    assert (dead.active, dead.failing_since is not None) == (True, True)
    admin = await viewer_of(session, here.admin)
    await operations.send_again(session, admin, first.id, source="test")
    await session.commit()
    await webhooks.send_due(courier)
    await courier.close()
    assert [each.state for each in await rows(session)] == ["sent", "dead"]
    assert (await session.get_one(WebhookEndpoint, number, populate_existing=True)).failing_since is None


async def test_an_endpoint_that_says_it_is_gone_hears_no_more(session: AsyncSession, there: There) -> None:
    here = await factories.town(session)
    number, _secret = await endpoint(session, here, there.url)
    await operations.test(session, await viewer_of(session, here.admin), number, source="test")
    there.answers = [web.Response(status=410)]
    await session.commit()
    courier = webhooks.Courier()
    await webhooks.send_due(courier)
    await courier.close()
    gone = await session.get_one(WebhookEndpoint, number, populate_existing=True)
    assert (gone.active, gone.off) == (False, "gone")
    assert json.loads(there.heard[0][1])["type"] == "webhook.test"


async def test_a_name_that_leads_inside_is_not_connected_to(session: AsyncSession, there: There) -> None:
    here = await factories.town(session)
    number, _secret = await endpoint(session, here, there.url)
    await operations.test(session, await viewer_of(session, here.admin), number, source="test")
    set_environment(SIKPRO_HOOKS_INSIDE="203.0.113.0/24")  # http is allowed somewhere, and not here
    await session.commit()
    courier = webhooks.Courier()
    await webhooks.send_due(courier)
    await courier.close()
    (row,) = await rows(session)
    assert there.heard == []
    assert "inside our own network" in row.tries[0]["words"]


@pytest.mark.parametrize("written", ["127.0.0.1", "①②⑦.⓪.⓪.①", "localhost", "[::ffff:127.0.0.1]"])
async def test_no_socket_is_opened_to_our_own_network_however_its_address_is_written(
    there: There, written: str
) -> None:
    set_environment(SIKPRO_HOOKS_INSIDE="203.0.113.0/24")
    courier = webhooks.Courier()
    with pytest.raises(ClientError, match="inside our own network"):
        await courier.opened().post(there.url.replace("localhost", written))
    await courier.close()
    assert there.heard == []


async def test_messages_about_one_order_leave_one_after_the_other_and_two_senders_never_share_one(
    session: AsyncSession, there: There
) -> None:
    here = await factories.town(session)
    number, _secret = await endpoint(session, here, there.url)
    order = await factories.order(session, here)
    for name in ("a", "b"):
        session.add(WebhookDelivery(endpoint_id=number, order_id=order.id, name=name, kind="order.changed", body="{}"))
    await session.commit()
    async with transaction() as one:
        first = await queue.claim(one)
    async with transaction() as two:
        assert await queue.claim(two) == []
    assert [each.name for each in first] == ["a"]
    await session.execute(text("UPDATE webhook_delivery SET lease_until = now() - interval '1 s' WHERE name = 'a'"))
    await session.commit()
    async with transaction() as one:
        assert await queue.due(one)  # its sender died: it goes again, under its name
        assert [each.name for each in await queue.claim(one)] == ["a"]


async def test_an_endpoint_that_does_not_answer_leaves_the_others_and_a_second_sender_their_turn(
    session: AsyncSession, there: There
) -> None:
    here = await factories.town(session)
    slow, _secret = await endpoint(session, here, there.url)
    quick, _secret = await endpoint(session, here, there.url, name="Lain")
    for number, to in enumerate([slow] * 20 + [quick] * 20):
        session.add(WebhookDelivery(endpoint_id=to, name=f"{number}", kind="webhook.test", body="{}"))
    await session.commit()
    async with transaction() as one:
        assert sorted(each.endpoint_id for each in await queue.claim(one)) == [slow] * 4 + [quick] * 4
    async with transaction() as two:
        assert await queue.claim(two) == []
    await session.execute(
        text("UPDATE webhook_delivery SET state = 'sent' WHERE state = 'sending' AND endpoint_id = :quick"),
        {"quick": quick},
    )
    await session.commit()
    async with transaction() as two:
        assert [each.endpoint_id for each in await queue.claim(two)] == [quick] * 4


async def test_only_an_admin_may_and_what_cannot_be_used_is_named(session: AsyncSession) -> None:
    here = await factories.town(session)
    wish = Wish("", "https://10.0.0.1/", ["order.nothing"], 999999)
    with pytest.raises(NotAllowed):
        await operations.add(session, await viewer_of(session, here.supervisor), wish, source="test")
    with pytest.raises(Invalid) as caught:
        await operations.add(session, await viewer_of(session, here.admin), wish, source="test")
    assert caught.value.fields == {"name": "missing", "url": "inside", "events": "unknown", "site": "unknown"}
