"""Events only grow: what was written last year must still be read, field by field."""

from typing import Any

import pytest

from services.notifier.hearing import ears
from shared.arrears import events as _arrears
from shared.desk import events as _desk
from shared.events import Event
from shared.notify import events as _notify
from shared.orders import events as _orders
from shared.people import events as _people
from shared.reports import events as _reports
from shared.sla import events as _sla
from shared.talk import events as _talk

assert _orders
assert _arrears
assert _reports
assert _sla
assert _desk
assert _people
assert _talk
assert _notify

GOLDEN: dict[str, dict[str, Any]] = {
    "import.received": {"batch_id": 4, "version": 1},
    "import.approved": {"batch_id": 4, "version": 3},
    "import.applied": {"batch_id": 4, "kind": "arrears", "added": 9, "changed": 8, "missing": 7, "refused": 6},
    "import.undo_asked": {"batch_id": 4, "version": 5},
    "import.undone": {"batch_id": 4, "restored": 20, "kept": 4},
    "import.spent": {"batch_id": 4},
    "order.registered": {"order_id": 7},
    "order.changed": {
        "order_id": 7,
        "old": "BARU",
        "new": "KENDALA",
        "reason_id": 3,
        "note": "ODP penuh",
        "tell": True,
        "old_reason_id": None,
        "old_feedback": "",
        "old_holder_id": None,
        "new_holder_id": 2,
        "reopened": False,
    },
    "order.change_undone": {"order_id": 7, "undone_event_id": 9, "old": "KENDALA", "new": "BARU"},
    "report.due": {"schedule_id": 3, "due_at": "2026-11-22T00:00:00Z"},
    "order.duplicate_refused": {"order_id": 7, "by": "Rizal Fauzi", "where": "Teknisi Sidoarjo"},
    "order.sla_alert": {"order_id": 7, "level": "near"},
    "clock.alerted": {"kind": "silent", "step": 2, "subject": 7, "fact_at": "2026-11-22T00:00:00Z"},
    "house.alerted": {"part": "intake", "code": "denied", "count": 0, "healed": False},
    "order.deleted": {"order_id": 7, "reason": "salah ketik"},
    "order.deletion_undone": {"order_id": 7, "undone_event_id": 9},
    "order.restored": {"order_id": 7},
    "order.corrected": {"order_id": 7, "changes": [["sn", "ZTEGC6754546", None]]},
    "order.asked": {"order_id": 7, "question_id": 2, "words": "Port berapa?"},
    "order.answered": {"order_id": 7, "question_id": 2, "words": "Port 4"},
    "handover.given": {"handover_id": 3},
    "handover.answered": {"handover_id": 3},
    "technician.applied": {"person_id": 12},
    "technician.settled": {"person_id": 12, "approved": True},
    "promise.due": {"person_id": 5, "due": "2026-11-25", "promises": [7, 9]},
    "field.day_ended": {"person_id": 5, "day": "2026-11-22", "office": False},
    "account.sent": {"person_id": 5, "accounts": [7, 9], "more": 3},
    "account.resumed": {"account_id": 7, "order_id": 9, "person_id": 5},
    "order.photo_added": {"order_id": 7, "photo_id": 3, "caption": "ODP penuh"},
}


def test_every_event_of_the_house_has_a_golden_sample() -> None:
    ours = {name for name, event in Event.known.items() if event.__module__.startswith("shared.")}
    assert ours == set(GOLDEN)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_old_event_is_still_read_whole(name: str) -> None:
    read = Event.known[name].read(GOLDEN[name] | {"a_field_of_tomorrow": 1})
    assert {key: value for key, value in read.model_dump(mode="json").items() if key in GOLDEN[name]} == GOLDEN[name]


def test_what_the_notifier_is_told_it_hears() -> None:
    told = {name for name, event in Event.known.items() if "notifier" in event.heard_by and name in GOLDEN}
    assert told <= set(ears.listeners)


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_event_goes_only_to_services_that_exist(name: str) -> None:
    assert set(Event.known[name].heard_by) <= {"notifier", "ingest", "bot", "web"}
