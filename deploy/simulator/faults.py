"""Which calls go wrong, and how: rules with a seed, so a run can be repeated. It decides; `botapi` carries out."""

import random
from dataclasses import dataclass, field
from typing import Any

BEFORE = ("delay", "drop_before", "error_before", "429", "403", "migrate")
AFTER = ("drop_after", "hang_after", "error_after", "bad_json")
OF_UPDATES = ("duplicate_update",)
KINDS = frozenset((*BEFORE, *AFTER, *OF_UPDATES))


@dataclass
class Rule:
    """`seconds`: of a delay or hang, or a 429's retry_after. `lasts`: the rule's life. `skip`: calls let through."""

    kind: str
    method: str = "*"
    chat: int = 0
    probability: float = 1.0
    count: int | None = None
    seed: int = 0
    seconds: float = 1.0
    code: int = 502
    lasts: float | None = None
    skip: int = 0
    hits: int = 0
    until: float | None = None
    dice: random.Random = field(default_factory=random.Random)

    def face(self) -> dict[str, Any]:
        shown = ("kind", "method", "chat", "probability", "count", "seed", "seconds", "code", "lasts", "skip", "hits")
        return {name: getattr(self, name) for name in shown}


@dataclass
class Faults:
    rules: list[Rule] = field(default_factory=list)


def add(faults: Faults, wanted: dict[str, Any], ticks: float) -> Rule:
    """Add one rule. Raises ValueError for a kind that does not exist and TypeError for an unknown field."""
    rule = Rule(**{**wanted, "kind": str(wanted.get("kind", ""))})
    if rule.kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
    rule.method = rule.method.lower()
    rule.dice = random.Random(rule.seed)
    rule.until = None if rule.lasts is None else ticks + rule.lasts
    faults.rules.append(rule)
    return rule


def strike(faults: Faults, method: str, chat: int, ticks: float, kinds: tuple[str, ...]) -> list[Rule]:
    """The rules that hit this call, each counted. "*" means every method but getUpdates, which must be named."""
    if not faults.rules:
        return []
    hits = []
    for rule in faults.rules:
        if rule.kind not in kinds or (rule.until is not None and ticks > rule.until):
            continue
        if rule.method != method and (rule.method != "*" or method == "getupdates"):
            continue
        if (rule.chat and rule.chat != chat) or (rule.count is not None and rule.hits >= rule.count):
            continue
        if rule.skip > 0:
            rule.skip -= 1
            continue
        if rule.probability < 1 and rule.dice.random() >= rule.probability:
            continue
        rule.hits += 1
        hits.append(rule)
    return hits
