"""What every file of the house has in common: its title lines, its name, and the trace it leaves."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from services.web import labels
from services.web.deps import Visit
from services.web.language import _
from shared import audit, clock
from shared.errors import NotFound
from shared.reports.sheets import Column


def form_of(wanted: str, known: Collection[str]) -> Literal["xlsx", "csv"]:
    """What kind of file is wanted. Raises NotFound for one that this report does not have."""
    if wanted not in known:
        raise NotFound
    return "xlsx" if wanted == "xlsx" else "csv"


def title_of(visit: Visit, subject: str, narrowed: str) -> tuple[str, ...]:
    """The lines above a table: what it is, what it leaves out, who took it and when."""
    now = clock.now()
    return (
        f"SIKPRO · {subject}",
        _("Wilayah: {area}. Saringan: {narrowed}.", area=visit.area, narrowed=narrowed or _("tidak ada")),
        _("Diunduh {now} oleh {name}.", now=labels.moment(now, visit.zone), name=visit.viewer.name),
    )


def heads(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """A table of columns in the language of now."""
    return tuple(replace(column, label=_(column.label)) for column in columns)


async def note(session: AsyncSession, visit: Visit, what: str, subject: str, fields: Mapping[str, str]) -> None:
    """Write down who took which file; after the file is made, because notes wait for one another."""
    details = {name: value for name, value in fields.items() if value}
    await audit.note(session, visit.viewer.person_id, "web", what, subject, details)
