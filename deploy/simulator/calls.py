"""The log of every Bot API call with its outcome, for receipts and figures. It changes nothing."""

from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic_core import to_json

from deploy.simulator import clock

Json = dict[str, Any]
KEPT = 50_000  # calls in memory; a test that needs all of them asks for the file


@dataclass
class Calls:
    ring: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT))
    seq: int = 0
    sent: int = 0
    too_many: int = 0
    by_method: Counter[str] = field(default_factory=Counter)
    by_outcome: Counter[str] = field(default_factory=Counter)
    file: IO[bytes] | None = None


def record(calls: Calls, method: str, chat: int, params: Json) -> Json:
    """Begin a call's entry; `finish` completes it. ts is seconds since 1970."""
    calls.seq += 1
    calls.by_method[method] += 1
    entry = {
        "seq": calls.seq,
        "ts": clock.now(),
        "method": method,
        "chat": chat,
        "params": params,
        "outcome": "pending",
        "message_id": None,
    }
    if method != "getUpdates":  # polls would push everything else out of the ring
        calls.ring.append(entry)
    return entry


def finish(calls: Calls, entry: Json, outcome: str, message_id: int | None = None) -> None:
    """`outcome`: ok, a refusal's code, or what a fault did ("applied, drop_after")."""
    entry["outcome"] = outcome
    if message_id is not None:
        entry["message_id"] = message_id
    calls.by_outcome[outcome] += 1
    if outcome == "429":
        calls.too_many += 1
    if calls.file is not None and entry["method"] != "getUpdates":
        calls.file.write(to_json(entry) + b"\n")
        calls.file.flush()


def since(calls: Calls, seq: int, limit: int) -> list[Json]:
    """Entries after `seq`, oldest first, at most `limit`."""
    if not calls.ring or calls.ring[-1]["seq"] <= seq:
        return []
    return [entry for entry in calls.ring if entry["seq"] > seq][:limit]


def to_file(calls: Calls, path: Path | None) -> None:
    """Also write each finished call as a line of `path`; None stops that."""
    if calls.file is not None:
        calls.file.close()
        calls.file = None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        calls.file = path.open("ab")


def figures(calls: Calls) -> Json:
    now = clock.now()
    last_second = last_minute = 0
    for entry in reversed(calls.ring):
        age = now - entry["ts"]
        if age > 60:
            break
        last_minute += 1
        last_second += age <= 1
    return {
        "calls": calls.seq,
        "sent": calls.sent,
        "too_many": calls.too_many,
        "last_second": last_second,
        "last_minute": last_minute,
        "by_method": dict(calls.by_method),
        "by_outcome": dict(calls.by_outcome),
    }
