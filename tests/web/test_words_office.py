"""What the page of deliveries calls things: nothing a service sends or hears is left with the word of its code."""

import ast
from pathlib import Path

from sqlalchemy import text, update

import services
from services.web import words_office
from shared.db import transaction
from shared.deliveries import operations
from shared.deliveries.models import Delivery
from shared.deliveries.operations import Message
from shared.events import Event
from tests.factories import HELPDESK_CHAT
from tests.web.conftest import Office

SENDERS = [Path(next(iter(services.__path__))) / name for name in ("bot", "notifier")]
WHERE = {"Message": 0, "Answer": 2}  # at which place of a call its kind stands


def _kinds() -> set[str]:
    """Every kind that is written out where a message is made; what follows a colon is a number."""
    found: set[str] = set()
    for file in (each for folder in SENDERS for each in folder.rglob("*.py")):
        source = file.read_text()
        if not any(f"{name}(" in source for name in WHERE):
            continue
        tree = list(ast.walk(ast.parse(source)))
        taking = [each for each in tree if isinstance(each, ast.AsyncFunctionDef)]
        names = {each.name: [one.arg for one in each.args.args] for each in taking}
        where = WHERE | {name: given.index("kind") for name, given in names.items() if "kind" in given}
        for node in tree:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in where:
                named = [each.value for each in node.keywords if each.arg == "kind"]
                for each in named or node.args[where[node.func.id] : where[node.func.id] + 1]:
                    first = each.values[0] if isinstance(each, ast.JoinedStr) else each
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        found.add(first.value.partition(":")[0])
    return found


def test_every_kind_of_message_and_every_event_has_a_word() -> None:
    kinds = _kinds()
    assert len(kinds) > 25
    assert {each for each in kinds if words_office.kind(each) == each} == set()
    ours = {
        name for name, kind in Event.known.items() if kind.__module__.startswith("shared.")
    }  # other tests make some
    assert {name for name in ours if words_office.event(name) == name} == set()


async def test_a_message_that_waits_for_quiet_hours_says_so_and_the_phone_speaks_english_too(office: Office) -> None:
    async with transaction() as session:
        row = await operations.queue(session, HELPDESK_CHAT, Message("sla", {"text": "x"}))
        later = update(Delivery).where(Delivery.id == row)
        await session.execute(later.values(not_before=text("clock_timestamp() + interval '5 hours'")))
    leader = await office.visitor(office.here.leader)
    page = (await leader.get("/kiriman?keadaan=menunggu")).text
    for said in ("Peringatan SLA", "Jam tenang penerimanya", "Dikirim pukul"):
        assert said in page
    assert "Dicoba lagi" not in page
    await leader.post("/profil/tampilan", {"language": "en"}, htmx=False)
    assert 'data-word="Oldest"' in (await leader.get("/kiriman")).text
