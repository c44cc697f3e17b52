"""Leave to send, and what is remembered of it. It decides nothing: see `pace`."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Slot:
    """Leave to send one message now. Hand it to settle (sent, or perhaps sent) or cancel (certainly not sent)."""

    token: str
    chat_id: int
    is_group: bool
    keys: tuple[str, ...]
    leaves: float = 0.0
    """The monotonic moment before which it must not be used: a place may be given some milliseconds ahead."""

    async def due(self) -> None:
        """Wait until it may be used."""
        if (early := self.leaves - time.monotonic()) > 0:
            await asyncio.sleep(early)


@dataclass(frozen=True, slots=True)
class Wait:
    """No slot now: ask again in so many seconds. everybody: it is the limit of all chats that is full."""

    seconds: float
    everybody: bool = False


@dataclass(slots=True)
class Sent:
    """A send in this process's memory: `at` is the monotonic moment of its reserve, later of its settle."""

    slot: Slot
    at: float
    state: Literal["in flight", "settled", "gone"] = "in flight"
    name: str = ""
    """What it is called in Redis once it is settled."""
    own: bool = True
    """Not learnt from the ledger."""


@dataclass(frozen=True, slots=True)
class Known:
    """A message that the ledger knows to have been sent, so many seconds ago."""

    name: str
    chat_id: int
    ago: float


Ledger = Callable[[float], Awaitable[Sequence[Known]]]
"""What was sent within so many seconds, by anybody. Raises what its database raises when that is away."""


async def unwritten(_: float) -> Sequence[Known]:
    """The ledger of somebody who sends without one."""
    return ()
