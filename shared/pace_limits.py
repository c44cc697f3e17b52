"""How fast the bot may send, in numbers: Telegram's limits with what is kept in reserve. It decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Lane = Literal["reply", "push", "bulk"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Windows in seconds, ceilings in messages a window. Telegram's: 30/1 s in all, 1/1 s a chat, 20/60 s a group."""

    all_window: float = 1.0
    chat_window: float = 1.1
    group_window: float = 60.0
    lanes: Mapping[Lane, tuple[int, int]] = field(
        default_factory=lambda: {"reply": (30, 18), "push": (30, 15), "bulk": (15, 8)}, hash=False
    )  # lane: (all, group); a send counts from its reserve until a window after its answer, so 30 may be used whole
    burst: int = 7  # of a group's news: the next are spread over its minute, else it would be silent for most of it
    hurry: int = 8  # places of all that news leave free as soon as an answer to a person had to wait
    hurry_for: float = 0.5  # seconds; the answer asks again within them
    cold_all: int = 25  # in the first minute of a Redis that lost its memory: not all may have told it theirs yet
    cold_group: int = 12
    retry_after: float = 1.0  # seconds Redis is left alone after a failure
    local_all: int = 4  # without Redis, per process
    local_group: int = 12  # without Redis, of all: what others have in flight the ledger does not know
    local_chat_window: float = 1.5


USUAL = Limits()


def faster(times: float) -> Limits:
    """The usual limits in windows `times` shorter, for fault runs against a simulator whose windows are as short."""
    return replace(
        USUAL,
        all_window=USUAL.all_window / times,
        chat_window=USUAL.chat_window / times,
        group_window=USUAL.group_window / times,
        local_chat_window=USUAL.local_chat_window / times,
        hurry_for=USUAL.hurry_for / times,
        retry_after=USUAL.retry_after / times,
    )
