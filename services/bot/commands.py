"""Which commands a person, and which a group, is offered in Telegram's menu. An offer is no permission."""

from shared.chats.models import Purpose
from shared.people.access import RIGHTS
from shared.people.models import Role

NEEDS: dict[str, frozenset[str]] = {
    "reg": frozenset({"order.register"}),
    "cek": frozenset({"order.read", "order.read_own"}),
    "saya": frozenset({"order.read_own"}),
    "ubah": frozenset({"order.read_own"}),
    "tugas": frozenset({"arrears.visit"}),
    "tagihan": frozenset({"arrears.visit"}),
    "rekap": frozenset({"report.read"}),
    "serahterima": frozenset({"handover.give"}),
    "help": frozenset(),
    "start": frozenset(),
}
"""Command → the acts of which a role needs one."""

GROUPS: dict[Purpose, tuple[str, ...]] = {
    Purpose.HELPDESK: ("cek", "rekap", "serahterima", "help"),
    Purpose.TECHNICIANS: ("reg", "cek", "saya", "ubah", "help"),
    Purpose.COLLECTORS: ("tugas", "tagihan", "help"),
}


def of_role(role: Role) -> tuple[str, ...]:
    """What a role's private menu offers, in the order of a day."""
    acts = RIGHTS[role]
    mine = [name for name, needs in NEEDS.items() if not needs or needs & acts]
    first = ("tugas", "tagihan") if role is Role.COLLECTOR else ()
    return (*first, *(name for name in mine if name not in first))


def of_group(purpose: Purpose) -> tuple[str, ...]:
    """What the menu of a group offers."""
    return GROUPS.get(purpose, ("cek", "help"))
