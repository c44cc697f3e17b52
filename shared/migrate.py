"""Bring a database to the newest schema, or say how it differs: `python -m shared.migrate [--check | TARGET]`."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

MODELS = (
    "shared.events",
    "shared.outbox",
    "shared.places.models",
    "shared.people.models",
    "shared.chats.models",
    "shared.orders.models",
    "shared.deliveries.models",
    "shared.audit.models",
    "shared.arrears.models",
    "shared.arrears.batches",
    "shared.reports.models",
    "shared.trash.models",
    "shared.views.models",
    "shared.photos.models",
    "shared.desk.models",
    "shared.sla.models",
    "shared.webhooks.models",
    "shared.notify.models",
    "shared.talk.models",
)


def config(url: str = "") -> Config:
    """Alembic's settings, made here and not in a file; an empty url means SIKPRO_DATABASE_URL."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return made


def upgrade(url: str = "", target: str = "head") -> None:
    """Migrate up to `target`."""
    command.upgrade(config(url), target)


def main(arguments: list[str]) -> None:
    """`--check` compares models and database; a target goes there, downwards too; nothing means head."""
    if arguments == ["--check"]:
        command.check(config())
    elif arguments and arguments[0] in {"base", "-1"}:
        command.downgrade(config(), arguments[0])
    else:
        upgrade(target=arguments[0] if arguments else "head")


if __name__ == "__main__":
    main(sys.argv[1:])
