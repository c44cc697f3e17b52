"""To which Site Operation an STO belonged on a day, for reports of earlier times. Reads only."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from shared.places.models import StoSite


def holds_on(day: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions under which a row of the history is true of a day."""
    return (
        or_(StoSite.valid_from.is_(None), StoSite.valid_from <= day),
        or_(StoSite.valid_to.is_(None), StoSite.valid_to >= day),
    )
