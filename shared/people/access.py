"""Who may do what, where. The one table of rights and the one rule of areas, for every door. No database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, BindParameter, ColumnElement, any_, bindparam, true

from shared.errors import NotAllowed
from shared.people.models import Role

_READ = frozenset({"order.read", "order.export"})
_DESK = frozenset({"order.release", "order.hand_over", "handover.give", "handover.answer", "presence.say"})
_HELPDESK = _READ | _DESK | {"order.register", "order.take", "order.change", "dashboard.read"}
_WATCH = frozenset({"delivery.read", "health.read"})
_CREW = frozenset({"handover.read", "presence.read"})
_REPORTS = frozenset({"report.read", "report.group"})  # and have them sent to the groups of one's area
_LEADER = (
    _HELPDESK | _WATCH | _CREW | _REPORTS | {"order.assign", "order.reopen", "technician.approve", "delivery.retry"}
)
_TRASH = frozenset({"order.delete"})  # and see what was deleted, and restore it
_MASTER = frozenset({"master.read", "master.change", "people.change", "group.change", "sla.change"})

_ARREARS = frozenset({"arrears.read", "arrears.visit", "arrears.reveal"})
_BILLING = _ARREARS | {"arrears.export"}

RIGHTS: dict[Role, frozenset[str]] = {
    Role.TECHNICIAN: frozenset({"order.register", "order.read_own"}),
    Role.COLLECTOR: _ARREARS,
    Role.HELPDESK: _HELPDESK | _BILLING | {"import.orders"},
    Role.TEAM_LEADER: _LEADER | _TRASH | _BILLING | {"master.read", "arrears.assign", "import.orders"},
    Role.SUPERVISOR: _READ
    | _WATCH
    | _CREW
    | _BILLING
    | _REPORTS
    | {"presence.say", "dashboard.read", "master.read", "sla.change", "arrears.mark_paid"},
    Role.ADMIN: _LEADER
    | _TRASH
    | _MASTER
    | _BILLING
    | {
        "audit.read",
        "webhook.change",
        "notify.change",
        "contact.change",
        "order.purge",
        "arrears.assign",
        "arrears.mark_paid",
        "import.arrears",
        "import.orders",
    },
}
"""Role → acts. The office (web) is whoever may `order.read`; a technician reads its own orders only."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person as the query layer sees it.

    stos: ids of the STO in the person's area; None means everywhere (admin).
    groups: Telegram chats the question was asked in; a technician reads the orders registered there.
    """

    person_id: int
    name: str
    role: Role
    stos: frozenset[int] | None
    technician_code: str | None = None
    language: str = "id"
    groups: frozenset[int] = frozenset()

    def may(self, act: str) -> bool:
        """Whether this person's role permits `act`."""
        return act in RIGHTS[self.role]

    def must(self, act: str) -> None:
        """Raise NotAllowed unless the role permits `act`."""
        if not self.may(act):
            raise NotAllowed

    def covers(self, sto_id: int) -> bool:
        """Whether `sto_id` lies in this person's area."""
        return self.stos is None or sto_id in self.stos

    def within(self, sto_column: Any) -> ColumnElement[bool]:
        """The area as a SQL condition on a column of STO ids."""
        return true() if self.stos is None else sto_column.in_(self.stos)

    @property
    def whoever(self) -> "Viewer | Whoever":
        """Everybody who may see as much, for a statement that is built once and asked by all of them with `asking`."""
        return self if self.groups else Whoever(self.role, self.stos is None)

    @property
    def asking(self) -> Mapping[str, Any]:
        """The parameters with which a statement for whoever asks answers this person."""
        return {"asking_id": self.person_id, "asking_stos": list(self.stos or ())}


@dataclass(frozen=True, slots=True)
class Whoever:
    """A viewer not known yet: its id and its area are parameters, without which Postgres is not even asked."""

    role: Role
    everywhere: bool

    @property
    def groups(self) -> frozenset[int]:
        """None: what a group asks is its own statement."""
        return frozenset()

    @property
    def person_id(self) -> BindParameter[int]:
        """The id of who asks."""
        return bindparam("asking_id", type_=BigInteger)

    def may(self, act: str) -> bool:
        """Whether this role permits `act`."""
        return act in RIGHTS[self.role]

    def within(self, sto_column: Any) -> ColumnElement[bool]:
        """The area of who asks as a SQL condition on a column of STO ids."""
        return true() if self.everywhere else sto_column == any_(bindparam("asking_stos", type_=ARRAY(BigInteger)))
