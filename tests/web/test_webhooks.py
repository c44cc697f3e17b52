"""The page of webhooks: an address is added with a secret shown once, tested, changed, paused and removed."""

import re
from datetime import timedelta

from sqlalchemy import select

from shared import clock
from shared.audit.models import AuditRow
from shared.db import transaction
from shared.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.web.conftest import Office

FORM = {"name": "Pusat data", "url": "https://pusat.example.com/sikpro", "events": "order.changed", "site": "semua"}


async def test_an_address_lives_from_its_secret_to_its_end_and_each_act_is_noted(office: Office) -> None:
    admin = await office.visitor(office.here.admin)
    wrong = await admin.post("/webhook", FORM | {"url": "https://127.0.0.1/x"})
    assert (wrong.status, "di dalam jaringan sendiri" in wrong.text) == (422, True)
    form = FORM | {"request_key": (await admin.get("/webhook")).value("request_key", 'id="webhook-j"')}
    made = await admin.post("/webhook", form)
    secrets = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", made.text.replace("&#43;", "+")))
    assert (made.status, len(secrets), made.headers["cache-control"]) == (200, 1, "no-store")
    assert (await admin.post("/webhook", form)).status == 303  # twice is once
    async with transaction() as session:
        (row,) = (await session.scalars(select(WebhookEndpoint))).all()
    path = f"/webhook/{row.id}"
    assert "whsec_" not in (await admin.get(path)).text + (await admin.get("/webhook")).text
    await admin.post(f"{path}/coba")
    async with transaction() as session:
        (sent,) = (await session.scalars(select(WebhookDelivery))).all()
    page = (await admin.get(f"{path}?kabar=uji-webhook")).text
    assert "Pesan percobaan dikirim" in page
    assert sent.name in page
    stamp = (await admin.get(path)).value("stamp", 'id="webhook-j"')
    changed = await admin.post(path, FORM | {"name": "Pusat baru", "stamp": stamp})
    assert changed.headers["location"] == f"{path}?kabar=disimpan"
    assert (await admin.post(path, FORM | {"name": "Terlambat", "stamp": stamp})).status == 409
    assert "whsec_" in (await admin.post(f"{path}/rahasia")).text
    for act in ("jeda", "lanjut", "hapus"):
        assert (await admin.post(f"{path}/{act}")).status == 303
    assert (await admin.get(path)).status == 404
    async with transaction() as session:
        noted = list(await session.scalars(select(AuditRow.what).where(AuditRow.what.like("webhook.%"))))
        assert (await session.get_one(WebhookEndpoint, row.id)).secret == ""
    acts = ("added", "tested", "changed", "rotated", "paused", "resumed", "ended")
    assert sorted(noted) == sorted(f"webhook.{act}" for act in acts)


async def test_loading_the_new_secret_again_changes_nothing_and_a_second_change_keeps_the_one_in_use(
    office: Office,
) -> None:
    admin = await office.visitor(office.here.admin)
    await admin.post("/webhook", FORM)
    async with transaction() as session:
        (row,) = (await session.scalars(select(WebhookEndpoint))).all()
    path = f"/webhook/{row.id}"
    key = (await admin.get(path)).value("request_key", f'action="{path}/rahasia"')
    assert "whsec_" in (await admin.post(f"{path}/rahasia", {"request_key": key})).text
    again = await admin.post(f"{path}/rahasia", {"request_key": key})
    assert (again.status, again.headers["location"]) == (303, f"{path}?kabar=rahasia")
    async with transaction() as session:
        once = await session.get_one(WebhookEndpoint, row.id)
    assert once.old_secret == row.secret
    assert "langsung mati" in (await admin.get(path)).text
    assert "whsec_" in (await admin.post(f"{path}/rahasia")).text
    async with transaction() as session:
        twice = await session.get_one(WebhookEndpoint, row.id)
    assert (twice.old_secret, twice.secret != once.secret) == (row.secret, True)


async def test_a_message_opens_to_its_tries_and_its_body_and_the_pages_of_trouble_lead_there(office: Office) -> None:
    admin, leader = await office.visitor(office.here.admin), await office.visitor(office.here.leader)
    await admin.post("/webhook", FORM)
    async with transaction() as session:
        (there,) = (await session.scalars(select(WebhookEndpoint))).all()
        there.failing_since = clock.now() - timedelta(hours=7)
        tries = [{"at": "2026-11-20T03:42:00+00:00", "status": 503, "ms": 12, "words": "sibuk"}] * 2
        given = {"endpoint_id": there.id, "name": "msg_1", "kind": "order.changed", "body": '{"data":{"number":"SC1"}}'}
        sent = WebhookDelivery(**given, state="dead", attempts=2, tries=tries)
        session.add(sent)
        await session.flush()
    path = f"/webhook/kiriman/{sent.id}"
    assert f'href="{path}"' in (await admin.get(f"/webhook/{there.id}")).text
    page = (await admin.get(path)).text
    assert (page.count("503"), page.count("sibuk"), page.count("10:42")) == (2, 2, 2)
    assert "&#34;number&#34;: &#34;SC1&#34;" in page
    assert f'action="{path}/kirim"' in page
    assert (await leader.get(path)).status == 403
    assert (await admin.get("/webhook/kiriman/999999")).status == 404
    said = "1 pesan webhook gagal. 1 sistem tidak menerima webhook."
    for visitor, links in ((admin, 1), (leader, 0)):
        assert (await visitor.get("/kiriman")).text.count(said) == links
        assert (await visitor.get("/kesehatan")).text.count('<a href="/webhook">Buka Webhook') == links
