"""The simulator's own time, which tests may move forward; it never reads the product's clock."""

import time

_shift = 0.0


def now() -> float:
    """Seconds since 1970, moved by every `advance` so far."""
    return time.time() + _shift


def ticks() -> float:
    """Seconds that never run backwards, for windows and waits; moved by `advance` too."""
    return time.monotonic() + _shift


def advance(seconds: float) -> float:
    """Move the clock forward by `seconds` (not negative) and return the new time."""
    global _shift  # noqa: PLW0603 the process has one clock
    if seconds < 0:
        raise ValueError("the clock only moves forward")
    _shift += seconds
    return now()
