"""Telegram's sending limits as strict sliding windows over arrival times. It only counts; it never waits."""

import math
from collections import deque
from dataclasses import dataclass, field

# edits count like messages; reactions and chat actions are undocumented and counted to be safe
COUNTED_PREFIXES = ("send", "editmessage", "copy", "forward")
COUNTED = frozenset({"setmessagereaction", "pinchatmessage"})
LONG_BAN = 10_072  # seconds; the longest wait a bot has been seen to get
KEPT = 100  # of the newest violations it is kept which limit they broke


@dataclass
class Flood:
    """Limits as (messages, seconds). profile: off, published or adaptive."""

    profile: str = "published"
    all: tuple[int, float] = (30, 1.0)
    chat: tuple[int, float] = (1, 1.0)
    group: tuple[int, float] = (20, 60.0)
    seen: dict[str, deque[float]] = field(default_factory=dict)
    blocked: dict[int, float] = field(default_factory=dict)
    strikes: dict[int, tuple[int, float]] = field(default_factory=dict)
    violations: int = 0
    too_early: int = 0
    by_chat: dict[int, int] = field(default_factory=dict)
    broken: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))
    """In words, the newest last: when it was, what was broken, and how old the sends were that stood in the way."""


def counts(method: str) -> bool:
    """Whether a call of `method` (lower case) uses up the limits."""
    return method in COUNTED or method.startswith(COUNTED_PREFIXES)


def check(flood: Flood, chat: int, arrived: float) -> int:
    """0 and the call is counted, or the seconds the caller must wait; `arrived` in seconds of `clock.ticks`."""
    until = flood.blocked.get(chat, 0.0)
    if arrived < until:
        flood.too_early += 1
        _violated(flood, chat, arrived, f"{until - arrived:.3f} s before the end of a retry_after")
        return _strike(flood, chat, arrived, until - arrived)
    if flood.profile == "off":
        return 0
    windows = [("all", flood.all), (f"chat {chat}", flood.chat)]
    if chat < 0:
        windows.append((f"group {chat}", flood.group))
    wait = 0.0
    why = ""
    logs = []
    for name, (most, seconds) in windows:
        log = flood.seen.setdefault(name, deque())
        while log and log[0] <= arrived - seconds:
            log.popleft()
        if len(log) >= most and (left := log[len(log) - most] + seconds - arrived) > wait:
            wait, ages = left, " ".join(f"{arrived - at:.3f}" for at in reversed(log))
            why = f"{name}: more than {most} in {seconds} s, those before {ages} s ago"
        logs.append(log)
    if wait > 0:
        _violated(flood, chat, arrived, why)
        return _strike(flood, chat, arrived, wait)
    for log in logs:
        log.append(arrived)
    return 0


def block(flood: Flood, chat: int, arrived: float, seconds: int) -> None:
    """Let nobody write to `chat` for `seconds`; earlier calls are violations."""
    flood.blocked[chat] = max(flood.blocked.get(chat, 0.0), arrived + seconds)


def _violated(flood: Flood, chat: int, arrived: float, why: str) -> None:
    flood.violations += 1
    flood.broken.append(f"{arrived:.3f} chat {chat}: {why}")
    flood.by_chat[chat] = flood.by_chat.get(chat, 0) + 1


def _strike(flood: Flood, chat: int, arrived: float, wait: float) -> int:
    seconds = max(1, math.ceil(wait))
    if flood.profile == "adaptive":
        strikes, last = flood.strikes.get(chat, (0, arrived))
        strikes = strikes + 1 if arrived - last < 600 else 1
        flood.strikes[chat] = (strikes, arrived)
        seconds = min(LONG_BAN, seconds * 2 ** (strikes - 1))
    block(flood, chat, arrived, seconds)
    return seconds


def configure(flood: Flood, profile: str | None, **limits: int | list[float] | None) -> None:
    """Choose a profile and limits (a number, or [number, seconds]); windows begin empty, violations stay counted."""
    if profile is not None:
        if profile not in {"off", "published", "adaptive"}:
            raise ValueError("profile is off, published or adaptive")
        flood.profile = profile
    for name, limit in limits.items():
        if limit is None:
            continue
        if name not in {"all", "chat", "group"}:
            raise ValueError(f"unknown limit {name}")
        seconds = getattr(flood, name)[1]
        most, seconds = (limit, seconds) if isinstance(limit, int) else (int(limit[0]), float(limit[1]))
        setattr(flood, name, (most, seconds))
    flood.seen.clear()
    flood.blocked.clear()
    flood.strikes.clear()
