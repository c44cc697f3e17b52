"""Webhooks on their way out: heard like any event, signed, sent to public addresses alone, each try written down.

Signed as Standard Webhooks say (github.com/standard-webhooks/standard-webhooks, spec 1.0): id, timestamp and body.
"""

import asyncio
import errno
import logging
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp.connector import AddrInfoType
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook

from shared import clock
from shared.db import transaction
from shared.events import EventRow
from shared.settings import settings
from shared.webhooks import addresses, kinds, operations, queue
from shared.webhooks.queue import Answer, Claimed
from shared.worker import Ears

log = logging.getLogger(__name__)

ears = Ears("webhook")
PATIENCE = aiohttp.ClientTimeout(total=15, sock_connect=5)
LARGEST = 2048  # bytes read of an answer
TURN = 20.0  # seconds after which one task leaves the rest to the next hint


class Refused(OSError):  # noqa: N818 a sentence, not a suffix
    """It leads to an address inside our own walls."""


def guarded(place: AddrInfoType) -> socket.socket:
    """A socket to an address that we may send to, asked for the very address that is connected to, however it was
    written: a name may stand for another one a second later, and a number in another script is no name at all.
    """
    family, kind, protocol, _name, address = place
    if addresses.refused(str(address[0]), settings().hooks_inside):
        raise Refused(errno.EACCES, f"{address[0]} is an address inside our own network")
    return socket.socket(family, kind, protocol)


@dataclass(slots=True)
class Courier:
    """The connections by which webhooks leave; one a process, opened when first used."""

    session: aiohttp.ClientSession | None = None

    async def send(self, message: Claimed) -> Answer:
        """One try; never raises for anything the network or the other side does. No redirect is followed."""
        began = time.monotonic()
        if wrong := addresses.wrong(message.url, settings().hooks_inside):
            return Answer(0, f"address refused: {wrong}", 0)
        try:
            async with self.opened().post(
                message.url, data=message.body.encode(), headers=headers(message), allow_redirects=False
            ) as response:
                words = (await response.content.read(LARGEST)).decode(errors="replace")
                waited = response.headers.get("Retry-After", "")
                asked = float(waited) if waited.isascii() and waited.isdigit() and len(waited) < 7 else 0.0
                ended = Answer(response.status, "" if 200 <= response.status < 300 else words, _ms(began), asked)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            ended = Answer(0, f"{type(error).__name__}: {error}".strip(": "), _ms(began))
        return ended

    def opened(self) -> aiohttp.ClientSession:
        """The connections, which lead outside alone."""
        if self.session is None or self.session.closed:
            connector = aiohttp.TCPConnector(socket_factory=guarded, use_dns_cache=False, force_close=True)
            self.session = aiohttp.ClientSession(
                connector=connector, timeout=PATIENCE, trust_env=False, auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )  # fmt: skip
        return self.session

    async def close(self) -> None:
        """Close the connections."""
        if self.session is not None:
            await self.session.close()


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def headers(message: Claimed, at: datetime | None = None) -> dict[str, str]:
    """The headers of one try: its name, the second, and a signature by each secret that holds now."""
    at = (at or clock.now()).astimezone(UTC)
    signed = [
        Webhook(secret).sign(message.name, at, message.body)
        for secret in (message.secret, message.old_secret)
        if secret
    ]
    return {
        "content-type": "application/json",
        "user-agent": "SIKPRO-webhooks/1",
        "webhook-id": message.name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


async def tell(session: AsyncSession, row: EventRow, _event: Any) -> None:
    """An event that some endpoint chose: a message for each."""
    await operations.tell(session, row)


for _kind in kinds.KINDS.values():
    ears.hears(_kind)(tell)


async def send_due(courier: Courier) -> int:
    """Send everything that is due, side by side; returns how many calls were made."""
    made, until = 0, time.monotonic() + TURN
    while time.monotonic() < until:
        async with transaction() as session:
            found = await queue.claim(session)
        if not found:
            break
        made += len(found)
        for ended in asyncio.as_completed([_try(courier, each) for each in found]):
            message, answer = await ended
            async with transaction() as session:
                await queue.ended(session, message, answer)
    return made


async def _try(courier: Courier, message: Claimed) -> tuple[Claimed, Answer]:
    answer = await courier.send(message)
    if not answer.taken:
        log.info("webhook %s to endpoint %s: %s %s", message.name, message.endpoint_id, answer.status, answer.words)
    return message, answer
