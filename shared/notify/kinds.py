"""The kinds of notice that rules speak of, and what may be wished about each. Pure."""

from dataclasses import dataclass

from shared.people.models import Role

LADDERS = ("untaken", "silent", "paused", "unanswered", "import")
"""What the clock watches: late and not taken, taken but silent, paused too long, a question without an answer, an
import not applied."""

ROLES = (Role.HELPDESK, Role.TEAM_LEADER, Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. own: the audience that its subject itself names. working: its minutes are working time.

    then: the kind whose lines are asked where none of its own reaches anybody.
    """

    steps: int
    own: str = ""
    working: bool = False
    minutes: tuple[int, ...] = ()
    then: str = ""


KINDS: dict[str, Kind] = {
    "sla_near": Kind(1, then="sla_late"),
    "sla_late": Kind(1, then="untaken"),
    "untaken": Kind(2, working=True, minutes=(60, 180)),
    "silent": Kind(3, own="holder", working=True, minutes=(60, 120, 240)),
    "paused": Kind(3, own="holder", minutes=(1440, 2880, 4320)),
    "unanswered": Kind(3, own="asker", working=True, minutes=(30, 60, 120)),
    "import": Kind(2, own="uploader", minutes=(60, 480)),
    "house": Kind(1),
}
DESK = "desk"
"""The audience that is the helpdesk's groups of a place."""
PLACELESS = ("import", "house")
"""What lies in no unit; a rule about it holds everywhere."""
MOST_MINUTES = 60 * 24 * 14


def key(kind: str, step: int) -> str:
    """A kind and a step in one word, as forms carry it."""
    return f"{kind}.{step}"


def parted(each: str) -> tuple[str, int]:
    """The kind and the step of such a word of ours."""
    kind, _dot, step = each.rpartition(".")
    return kind, int(step)


STEPS = tuple(key(name, step) for name, kind in KINDS.items() for step in range(1, kind.steps + 1))
MUTABLE = ("sla_near.1", *(key(name, 1) for name in LADDERS if KINDS[name].own))
"""What a person may mute, delay or have hourly: the first word about something. All after that is an escalation."""


def rungs(kind: str, step: int) -> list[tuple[str, int]]:
    """(kind, step) of whose lines are asked, one after the other, until one reaches somebody."""
    found = []
    while kind:
        found += [(kind, each) for each in range(step, KINDS[kind].steps + 1)]
        kind, step = KINDS[kind].then, 1
    return found


def escalation(kind: str, step: int) -> bool:
    """Whether nobody may mute it."""
    return key(kind, step) not in MUTABLE
