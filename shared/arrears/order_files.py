"""Orders by file: each row is read and registered by the rules of every other door; what is refused is refused alone.

Before anything changes, the check says of every row whether its number is taken. Helpdesk's groups and technicians are
not told of each of them: a file is one piece of news.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import words
from shared.arrears.apply import KEPT_SHOWN, Undone
from shared.arrears.batches import ImportBatch, ImportOrder, ImportRefusal
from shared.arrears.check import EXAMPLES, Found, Job
from shared.arrears.refusal import FileRefused
from shared.arrears.rows import Line, Places, said
from shared.arrears.wires import PATIENCE, while_connected
from shared.errors import NotFound
from shared.events import untold
from shared.identifiers import Read, codes, one_line
from shared.orders import queries
from shared.orders.models import Order, OrderStatus
from shared.orders.operations import AlreadyRegistered, NewOrder, lacking, register
from shared.orders.states import MasterData, fits
from shared.people.access import Viewer
from shared.people.models import Person
from shared.people.queries import viewer_of
from shared.trash import operations as trash

MOST = 20_000  # rows: each is an order with a clock, a place in the queue and a timeline
COLUMNS = {"number": "sc", "serial": "sn", "technician": "tech"}  # what `register` calls a field, as files call it


@dataclass(frozen=True, slots=True)
class Registered:
    """What a file of orders brought."""

    new: int
    refused: int
    changed: int = 0
    missing: int = 0


def read(cells: Mapping[str, tuple[str, str]], data: MasterData, places: Places) -> tuple[Line, NewOrder | None]:
    """A row as an order, or what is wrong with it. cells: field → (text, header)."""
    line = Line()
    patterns = data.patterns()
    given = {name: cells.get(name, ("", ""))[0] for name in ("type", "sc", "sn", "sto", "odp", "tech", "note")}
    if not any(value.strip() for value in given.values()):
        line.blank = True
        return line, None
    reads: dict[str, Read[str]] = {
        "type": codes.order_type(given["type"], patterns),
        "sc": codes.registration_number(given["sc"], patterns),
        "sto": codes.sto(given["sto"], places.known),
    }
    if given["sn"].strip():
        reads["sn"] = codes.serial(given["sn"], patterns)
    if given["odp"].strip():
        reads["odp"] = codes.odp(given["odp"], reads["sto"].value)
    if given["tech"].strip():
        reads["tech"] = codes.technician_code(given["tech"], patterns)
    for name, one in reads.items():
        text_, head = cells.get(name, ("", ""))
        if one.value is None:
            doubt = one.refused or one.warnings[0]
            line.refused.append(said(name, head, text_, doubt.code, doubt.params))
        else:
            line.warned += [said(name, head, text_, doubt.code, doubt.params) for doubt in one.warnings]
    sto_id = places.known.get(reads["sto"].value or "")
    if sto_id is not None and not places.covers(sto_id):
        line.refused.append(said("sto", cells["sto"][1], given["sto"], "sto.outside_area"))
    values = {name: one.value for name, one in reads.items()}
    doubts = [doubt for one in reads.values() for doubt in one.warnings]
    new = NewOrder(
        registration_no=values["sc"] or "",
        type_code=values["type"] or "",
        sto=values["sto"] or "",
        serial=values.get("sn"),
        odp=values.get("odp"),
        technician_code=values.get("tech"),
        note=one_line(given["note"])[:1000],
        warnings=[{"field": d.field, "code": d.code, "params": dict(d.params)} for d in doubts],
    )
    kind = data.types.get(new.type_code)
    if kind is not None and new.registration_no:
        if not fits(kind, new.registration_no):
            line.refused.append(said("sc", cells["sc"][1], given["sc"], "sc.of_another_type"))
        for field, code in lacking(kind, new).items():
            name = COLUMNS.get(field, field)
            line.refused.append(said(name, cells.get(name, ("", ""))[1], "", code))
    return line, new


async def check(session: AsyncSession, wire: Any, job: Job) -> Found:
    """Check the staged rows of a file of orders; leaves the good ones in `staging.rows_…`."""
    found = Found(examples={"new": [], "changed": [], "missing": [], "warned": []})
    data = await queries.master(session)
    every = f"SELECT r.n, ARRAY[{job.cells}] AS cells FROM {job.names['raw']} r ORDER BY r.n LIMIT {MOST + 1}"  # noqa: S608 numbers
    raw = await wire.fetch(every, timeout=PATIENCE)
    if len(raw) > MOST:
        raise FileRefused("file.too_many_rows", most=MOST)
    await wire.execute(f"CREATE UNLOGGED TABLE {job.names['rows']} (n integer, made jsonb, cells jsonb)")
    good: list[tuple[int, Line, NewOrder, list[str], Mapping[str, tuple[str, str]]]] = []
    bad: list[tuple[int, list[str], list[dict[str, Any]]]] = []
    first: dict[str, int] = {}
    blank = 0
    for record in raw:
        row_no = record["n"] + job.first
        values = record["cells"]
        cells = {name: (cell, head) for name, cell, head in zip(job.mapping, values, job.header, strict=True) if name}
        line, new = read(cells, data, job.places)
        if line.blank or new is None:
            blank += 1
            continue
        if new.registration_no and first.setdefault(new.registration_no, row_no) != row_no:
            earlier = {"row": first[new.registration_no]}
            line.refused.append(said("sc", cells["sc"][1], cells["sc"][0], "sc.same_as", earlier))
        if line.refused:
            bad.append((row_no, values, line.refused))
        else:
            good.append((row_no, line, new, values, cells))
    taken = await _taken(session, [each[2] for each in good], data)
    fresh = []
    for row_no, line, new, values, given in good:
        if new.registration_no in taken:
            params = taken[new.registration_no]
            bad.append((row_no, values, [said("sc", given["sc"][1], given["sc"][0], "sc.taken", params)]))
            continue
        fresh.append((row_no, json.dumps(asdict(new)), json.dumps(values)))
        found.warned.update({problem["code"] for problem in line.warned})
        if len(found.examples["warned"]) < EXAMPLES:
            found.examples["warned"] += [{"row": row_no} | problem for problem in line.warned]
        if len(found.examples["new"]) < EXAMPLES:
            found.examples["new"].append({"row": row_no, "number": new.registration_no, "type": new.type_code})
    for _, _, problems in bad:
        found.refused.update({problem["code"] for problem in problems})
    async with while_connected(wire):
        await wire.copy_records_to_table(
            f"rows_{job.batch_id}", schema_name="staging", columns=["n", "made", "cells"], records=fresh
        )
    await _refuse(session, job.batch_id, bad)
    counts = {"rows": len(fresh) + len(bad), "blank": blank, "accepted": len(fresh), "new": len(fresh)}
    found.counts = counts | {"changed": 0, "same": 0, "missing": 0, "refused": len(bad), "amount": 0}
    return found


async def _refuse(session: AsyncSession, batch_id: int, bad: Sequence[tuple[int, Any, Any]]) -> None:
    session.add_all(
        [
            ImportRefusal(batch_id=batch_id, row_no=row_no, cells=cells, problems=problems)
            for row_no, cells, problems in sorted(bad, key=lambda each: each[0])
        ]
    )
    await session.flush()


async def _taken(session: AsyncSession, wanted: Sequence[NewOrder], data: MasterData) -> dict[str, dict[str, Any]]:
    """Numbers that cannot be registered again, and by whom, when and how they stand."""
    kinds = {new.registration_no: data.types[new.type_code].keeps_number for new in wanted}
    found = await session.execute(
        select(Order, Person.name, OrderStatus.label_id)
        .outerjoin(Person, Person.id == Order.registered_by)
        .join(OrderStatus, OrderStatus.code == Order.status_code)
        .where(Order.registration_no.in_(kinds), Order.category != "cancelled", Order.deleted_at.is_(None))
        .order_by(Order.id)
    )
    taken = {}
    for order, who, status in found.all():
        if order.closed_at is None or order.keeps_number or kinds[order.registration_no]:
            when = words.moment(order.registered_at, "Asia/Jakarta")
            taken[order.registration_no] = {"who": who or "-", "when": when, "status": status}
    return taken


async def apply(session: AsyncSession, wire: Any, batch: ImportBatch) -> Registered:
    """Register every staged row; one that was taken in the meantime is refused alone."""
    viewer = await _viewer(session, batch.decided_by)
    staged = await wire.fetch(
        f"SELECT n, made::text, cells::text FROM staging.rows_{batch.id} ORDER BY n", timeout=PATIENCE  # noqa: S608 a number
    )  # fmt: skip
    data = await queries.master(session)
    late: list[tuple[int, list[str], list[dict[str, Any]]]] = []
    made = 0
    with untold():
        for record in staged:
            new = NewOrder(**json.loads(record[1]))
            try:
                order = await register(session, viewer, new, source="import")
            except AlreadyRegistered:
                cells = json.loads(record[2])
                params = (await _taken(session, [new], data)).get(new.registration_no, {})
                late.append((record[0], cells, [said("sc", "", new.registration_no, "sc.taken", params)]))
                continue
            session.add(ImportOrder(batch_id=batch.id, order_id=order.id))
            made += 1
    await _refuse(session, batch.id, late)
    return Registered(made, len(late))


async def undo(session: AsyncSession, batch: ImportBatch) -> Undone:
    """Throw away every order of a file that nobody has touched; they go to the trash like any other."""
    viewer = await _viewer(session, batch.undone_by)
    rows = await session.execute(
        select(Order.id, Order.version)
        .join(ImportOrder, ImportOrder.order_id == Order.id)
        .where(ImportOrder.batch_id == batch.id, Order.deleted_at.is_(None))
        .order_by(Order.id)
    )
    kept: list[int] = []
    gone = 0
    with untold():
        for order_id, version in rows.all():
            if version > 1:
                kept.append(order_id)
                continue
            why = f"Impor {batch.id} dibatalkan"
            await trash.throw_away(session, viewer, order_id, version, why, source="import")
            gone += 1
    return Undone(gone, len(kept), kept[:KEPT_SHOWN])


async def _viewer(session: AsyncSession, person_id: int | None) -> Viewer:
    person = await session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound
    return await viewer_of(session, person)
