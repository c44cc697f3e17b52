"""To which Site Operation an STO belonged on a day, for reports of earlier times. Reads only."""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select

from shared.places.models import Sto, StoSite


def holds_on(day: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions under which a row of the history is true of a day."""
    return (
        or_(StoSite.valid_from.is_(None), StoSite.valid_from <= day),
        or_(StoSite.valid_to.is_(None), StoSite.valid_to >= day),
    )


def site_on(sto_id: Any, day: Any) -> ScalarSelect[int]:
    """The id of the Site Operation of an STO on a day, as an expression; both may be columns of the statement."""
    then = select(StoSite.site_operation_id).where(StoSite.sto_id == sto_id, *holds_on(day)).limit(1).scalar_subquery()
    today = select(Sto.site_operation_id).where(Sto.id == sto_id).scalar_subquery()
    return select(func.coalesce(then, today)).scalar_subquery()
