"""The demo town as data: places, people and groups of an invented field organisation. No database, no network."""

from dataclasses import dataclass

from shared.chats.models import Purpose
from shared.people.models import Role


@dataclass(frozen=True)
class Somebody:
    """A person of the town; `telegram` is the numeric id in the simulator, `site` the code of the area (None: all)."""

    name: str
    role: Role
    site: str | None
    telegram: int
    username: str | None = None
    code: str | None = None
    sto: str | None = None


@dataclass(frozen=True)
class Group:
    """A Telegram group of the town and what it serves."""

    id: int
    title: str
    site: str
    purpose: Purpose


WITEL = ("SDO", "Sidoarjo")
SITES = [("SO-SDA", "Sidoarjo Kota"), ("SO-SPJ", "Sepanjang")]
STOS = [
    ("SDA", "Sidoarjo", "SO-SDA"),
    ("TUN", "Tulangan", "SO-SDA"),
    ("SPJ", "Sepanjang", "SO-SPJ"),
    ("KRN", "Krian", "SO-SPJ"),
]

PEOPLE = [
    Somebody("Nadia Putri", Role.HELPDESK, "SO-SDA", 5512001, username="nadia"),
    Somebody("Rudi Hartono", Role.HELPDESK, "SO-SDA", 5512002, username="rudi"),
    Somebody("Bagus Santoso", Role.HELPDESK, "SO-SPJ", 5512003, username="bagus"),
    Somebody("Dewi Lestari", Role.TEAM_LEADER, "SO-SDA", 5512004, username="dewi"),
    Somebody("Hendra Wijaya", Role.SUPERVISOR, "SO-SDA", 5512005, username="hendra"),
    Somebody("Sari Wulandari", Role.ADMIN, None, 5512006, username="sari"),
    Somebody("Rizal Fauzi", Role.TECHNICIAN, "SO-SDA", 5512045, code="F5SDA445", sto="SDA"),
    Somebody("Eko Prasetyo", Role.TECHNICIAN, "SO-SDA", 5512046, code="F5SDA451", sto="SDA"),
    Somebody("Agus Wibowo", Role.TECHNICIAN, "SO-SDA", 5512118, code="F5TUN118", sto="TUN"),
    Somebody("Imam Syafii", Role.TECHNICIAN, "SO-SDA", 5512121, code="F5TUN121", sto="TUN"),
    Somebody("Bayu Pratama", Role.TECHNICIAN, "SO-SPJ", 5512207, code="F5SPJ207", sto="SPJ"),
    Somebody("Joko Susilo", Role.TECHNICIAN, "SO-SPJ", 5512312, code="F5KRN312", sto="KRN"),
    Somebody("Yuli Astuti", Role.COLLECTOR, "SO-SDA", 5512050),
    Somebody("Anton Saputra", Role.COLLECTOR, "SO-SPJ", 5512051),
]
STRANGER = {"id": 5519999, "first_name": "Nomor tak dikenal", "note": "Belum terdaftar", "language_code": "id"}

GROUPS = [
    Group(-1002000000001, "Teknisi Sidoarjo Kota", "SO-SDA", Purpose.TECHNICIANS),
    Group(-1002000000002, "Helpdesk Sidoarjo Kota", "SO-SDA", Purpose.HELPDESK),
    Group(-1002000000003, "Teknisi Sepanjang", "SO-SPJ", Purpose.TECHNICIANS),
    Group(-1002000000004, "Helpdesk Sepanjang", "SO-SPJ", Purpose.HELPDESK),
    Group(-1002000000005, "Petugas tagih Sidoarjo Kota", "SO-SDA", Purpose.COLLECTORS),
]

ROLE_WORDS = {
    Role.TECHNICIAN: "Teknisi",
    Role.COLLECTOR: "Petugas tagih",
    Role.HELPDESK: "Helpdesk",
    Role.TEAM_LEADER: "Team leader",
    Role.SUPERVISOR: "Supervisor",
    Role.ADMIN: "Admin",
}


def sits_in(person: Somebody, group: Group) -> bool:
    """Whether somebody is a member of a group: technicians and collectors in theirs, the office in its area's."""
    if person.site not in {None, group.site}:
        return False
    own = {Role.TECHNICIAN: Purpose.TECHNICIANS, Role.COLLECTOR: Purpose.COLLECTORS}
    return group.purpose is own.get(person.role, group.purpose)


def note(person: Somebody) -> str:
    """How the demo's chat page introduces somebody: `Teknisi F5SDA445`."""
    return " ".join(filter(None, [ROLE_WORDS[person.role], person.code or person.site]))
