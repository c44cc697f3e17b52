"""Which moves an order may make, read from master data. Pure: no database, no clock, no text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.errors import Conflict, Invalid, NotAllowed
from shared.identifiers.codes import USUAL, Patterns
from shared.orders.models import Category, OrderStatus, OrderType, Reason, StatusMove
from shared.people.models import Role

ALWAYS = frozenset({"type", "sc", "sto"})
"""The fields that every order needs, by their short names."""


class IllegalMove(Conflict):
    """An order in this status cannot go there."""


@dataclass(frozen=True, slots=True, eq=False)
class MasterData:
    """Types, statuses, moves and reasons of the house, as plain look-ups; equal to itself alone."""

    types: Mapping[str, OrderType]
    statuses: Mapping[str, OrderStatus]
    moves: Mapping[tuple[str, str], StatusMove]
    reasons: Mapping[int, Reason]

    def patterns(self) -> Patterns:
        """How the active types and their registration numbers are recognised, for readers of what people type."""
        active = [kind for kind in self.types.values() if kind.active]
        numbers = "|".join(dict.fromkeys(f"(?:{inner(kind.key_pattern)})" for kind in active))
        return Patterns(types=tuple(kind.code for kind in active), registration=numbers or USUAL.registration)

    def needed(self, code: str | None) -> frozenset[str]:
        """The short names of the fields without which there is no order of this type, or of a type yet unknown."""
        kind = self.types.get(code or "")
        return ALWAYS | frozenset(kind.required if kind else ())

    def first(self) -> OrderStatus:
        """The status in which an order starts."""
        return self._of(Category.RECEIVED)

    def working(self) -> OrderStatus:
        """The status that taking an order gives it."""
        return self._of(Category.WORKING)

    def _of(self, category: Category) -> OrderStatus:
        """The first status of a category that is offered; one is always left (`masterdata.switch_status`)."""
        return next(each for each in self.statuses.values() if each.category is category and each.active)

    def reasons_for(self, status: str) -> list[Reason]:
        """The reasons one may give for `status`, in their order."""
        return [reason for reason in self.reasons.values() if reason.status_code == status and reason.active]

    def clock_of(self, status: str, reason_id: int | None) -> str:
        """Whether the SLA clock `runs`, `stops` or has ended in a status with a reason."""
        if self.statuses[status].category in {Category.DONE, Category.CANCELLED}:
            return "ended"
        reason = self.reasons.get(reason_id or 0)
        return "stops" if reason is not None and reason.clock == "stops" else "runs"


def inner(pattern: str) -> str:
    """A type's pattern without its ends and without numbered groups, so that it can stand inside another."""
    bare = pattern.removeprefix("^").removesuffix("$").replace("\\d", "[0-9]")
    return re.sub(r"\((?!\?)", "(?:", bare)


def fits(kind: OrderType, number: str) -> bool:
    """Whether a cleaned registration number is one of this type's."""
    return re.fullmatch(inner(kind.key_pattern), number) is not None


def check_move(data: MasterData, role: Role, old: str, new: str, reason_id: int | None, note: str) -> None:
    """Let a move pass, or raise what is wrong with it.

    A person may also stay in a status to say something new (another reason, another feedback), but not in a
    closed one. Raises IllegalMove, NotAllowed, or Invalid(reason=…, note=…).
    """
    status = data.statuses.get(new)
    if status is None or not status.active:
        raise Invalid(status="unknown")
    note_required = False
    if old != new:
        move = data.moves.get((old, new))
        if move is None:
            raise IllegalMove
        if role.value not in move.roles:
            raise NotAllowed
        note_required = move.note_required
    elif status.category in {Category.DONE, Category.CANCELLED}:
        raise IllegalMove
    wrong: dict[str, str] = {}
    reason = data.reasons.get(reason_id) if reason_id is not None else None
    if status.reason_required and reason is None:
        wrong["reason"] = "required"
    elif reason_id is not None and (reason is None or reason.status_code != new):
        wrong["reason"] = "of_another_status"
    if note_required and not note.strip():
        wrong["note"] = "required"
    if wrong:
        raise Invalid(**wrong)


def reachable(data: MasterData, role: Role, old: str) -> dict[str, str]:
    """For every active status: '' when this role may go there from `old`, else why not (`no_move`, `role`, `here`)."""
    return {code: _why_not(data, role, old, code) for code, status in data.statuses.items() if status.active}


def _why_not(data: MasterData, role: Role, old: str, new: str) -> str:
    if old == new:
        closed = data.statuses[new].category in {Category.DONE, Category.CANCELLED}
        return "here" if closed else ""
    move = data.moves.get((old, new))
    if move is None:
        return "no_move"
    return "" if role.value in move.roles else "role"


def master_data(
    types: Iterable[OrderType],
    statuses: Iterable[OrderStatus],
    moves: Iterable[StatusMove],
    reasons: Iterable[Reason],
) -> MasterData:
    """Put master data in order of position."""
    return MasterData(
        types={row.code: row for row in sorted(types, key=lambda row: row.position)},
        statuses={row.code: row for row in sorted(statuses, key=lambda row: row.position)},
        moves={(row.old, row.new): row for row in moves},
        reasons={row.id: row for row in sorted(reasons, key=lambda row: (row.status_code, row.position))},
    )
