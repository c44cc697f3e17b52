"""`./sikpro migrate` and `./sikpro seed`: on the database of the `up` that runs, or on the folder's own."""

import json
from contextlib import ExitStack
from pathlib import Path

from deploy.local import assets, control, external, filling, ports, postgres, processes, up
from deploy.local.processes import Place
from deploy.local.say import give_up, step


def migrate(data: Path) -> int:
    """Bring the schema to head. Without a running `up` the embedded Postgres runs for just this long."""
    with ExitStack() as stack:
        runs = control.running(data) is not None
        if not runs:
            up.prepare_folder(data)
            stack.enter_context(up.alone(data))
        place = _place(data)
        if not runs and not external.given("postgres"):
            with step("postgres", "starting"):
                stack.enter_context(postgres.start(place.postgres, place.ports["postgres"]))
                postgres.make_service_database(place.postgres, place.ports["postgres"])
        with step("migrate", "bringing the schema up to date"):
            filling.run("shared.migrate", processes.environment(place, assets.folder()), place.log("migrate"))
    return 0


def seed(data: Path) -> int:
    """Fill the database through the running services; the people of Telegram live in the simulator."""
    if control.running(data) is None:
        give_up("The seed works through the running services: start ./sikpro up first.")
    place = _place(data)
    with step("seed", "making a small town with people and orders"):
        filling.seed(place, processes.environment(place, assets.folder()))
    return 0


def _place(data: Path) -> Place:
    book = data / "ports.json"
    names = ("postgres", "valkey", "simulator")
    if control.running(data) is None:
        return Place(data=data, ports=ports.keep(book, names))
    written: dict[str, int] = json.loads(book.read_text())
    return Place(data=data, ports=written)
