"""The files that people really send give exactly what was agreed, row by row."""

import json

import pytest
from sqlalchemy import func, select

from shared.arrears import say
from shared.arrears.batches import BatchState, Kind
from shared.arrears.models import Account
from shared.db import transaction
from tests.ingest.conftest import SAMPLES, Desk

EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
WHY = {
    "missing": "{field}.missing",
    "unknown STO": "sto.unknown",
    "number destroyed by Excel": "internet.destroyed",
    "not 12 digits": "internet.not_12_digits",
    "not an amount": "amount.not_an_amount",
    "negative": "amount.negative",
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
async def test_a_sample_gives_what_was_agreed(desk: Desk, name: str) -> None:
    agreed = EXPECTED[name]
    batch = await desk.upload((SAMPLES / name).read_bytes(), name)
    assert batch.state is BatchState.READY, batch.trouble
    assert batch.counts["rows"] == agreed["rows"]
    assert batch.counts["refused"] == agreed["refused"]
    assert batch.counts["amount"] == agreed["total_amount_of_accepted"]
    refused = await desk.refusals(batch)
    wanted = {}
    for row, special in agreed["special_rows"].items():
        if special["verdict"] == "refuse":
            same = special["why"].startswith("same number")
            code = "internet.same_as" if same else WHY[special["why"]].format(field=special["field"])
            wanted[int(row)] = [code]
    assert refused == wanted
    warned = {each["row"] for each in batch.examples["warned"] if each["code"] == "text.formula"}
    assert warned == {int(row) for row, special in agreed["special_rows"].items() if special["verdict"] == "accept"}
    applied = await desk.apply(batch)
    assert applied.state is BatchState.APPLIED
    async with transaction() as session:
        total = (await session.execute(select(func.count(), func.sum(Account.amount)))).one()
    assert tuple(total) == (agreed["rows"] - agreed["refused"], agreed["total_amount_of_accepted"])


async def test_a_file_of_orders_is_registered_by_the_rules_of_every_door(desk: Desk) -> None:
    batch = await desk.upload((SAMPLES / "order_psb.csv").read_bytes(), "order.csv", Kind.ORDERS)
    assert batch.state is BatchState.READY, batch.trouble
    assert (batch.counts["rows"], batch.counts["new"], batch.counts["refused"]) == (250, 250, 0)
    assert (await desk.apply(batch)).result["new"] == 250
    again = await desk.upload((SAMPLES / "order_psb.csv").read_bytes() + b"\r\n", "order.csv", Kind.ORDERS)
    assert (again.counts["new"], again.counts["refused"]) == (0, 250)
    [problem] = {json.dumps(codes) for codes in (await desk.refusals(again)).values()}
    assert problem == '["sc.taken"]'
    assert say.label("sc.taken") == "Sudah terdaftar"
