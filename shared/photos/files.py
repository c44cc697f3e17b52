"""The pictures themselves: fetched from Telegram once, kept in a folder, images only. Knows no order and no person.

Nobody's transaction may be open while this waits for Telegram. The folder is SIKPRO_DATA/photos; processes on one
machine share it, others fetch for themselves.
"""

import asyncio
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import aiohttp

from shared.log import redact
from shared.settings import settings
from shared.telegram import Telegram

log = logging.getLogger(__name__)

LARGEST = 20_000_000  # bytes: what Telegram lets a bot download
WAIT = 10.0  # seconds for one picture
AT_ONCE = 4  # pictures fetched at the same time by one process
AWAY_FOR = 15.0  # seconds in which Telegram is not asked again after it did not answer
CHUNK = 65_536

MAGIC: tuple[tuple[bytes, bytes, str], ...] = (
    (b"\xff\xd8\xff", b"", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", b"", "image/png"),
    (b"GIF87a", b"", "image/gif"),
    (b"GIF89a", b"", "image/gif"),
    (b"RIFF", b"WEBP", "image/webp"),
)
"""How a picture begins, what stands at its ninth byte, and its type. What a name or a sender says does not count."""


class Away(Exception):  # noqa: N818 a sentence, not a suffix
    """The picture cannot be had now: Telegram does not answer, or has it no longer."""


class NoPicture(Exception):  # noqa: N818 a sentence, not a suffix
    """What Telegram sent is no image, or too large."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on disk."""

    path: Path
    kind: str  # image/jpeg, …


_turns = asyncio.Semaphore(AT_ONCE)
_one_by_one: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
_away_until = 0.0


def kind_of(head: bytes) -> str:
    """The type of what begins with `head`, empty when it is no image that we show."""
    return next((kind for begin, ninth, kind in MAGIC if head.startswith(begin) and head[8:].startswith(ninth)), "")


def place(file_id: str) -> Path:
    """Where a file is kept; its name says nothing."""
    name = hashlib.sha256(file_id.encode()).hexdigest()
    return settings().data / "photos" / name[:2] / name


async def picture(file_id: str) -> Picture:
    """The picture, fetched now if it is not here yet; of two who ask at once one fetches. Raises Away, NoPicture."""
    kept = await asyncio.to_thread(_kept, file_id)
    if kept is not None:
        return kept
    if time.monotonic() < _away_until:
        raise Away
    lock = _one_by_one.setdefault(file_id, asyncio.Lock())
    async with lock, _turns:
        return await asyncio.to_thread(_kept, file_id) or await _fetch(file_id)


def drop(file_ids: Iterable[str]) -> None:
    """Delete pictures from the folder; those that are not there are no matter."""
    for file_id in file_ids:
        place(file_id).unlink(missing_ok=True)


def forget_away() -> None:
    """Ask Telegram again at once; for tests."""
    global _away_until  # noqa: PLW0603 one memory a process
    _away_until = 0.0


def _kept(file_id: str) -> Picture | None:
    path = place(file_id)
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(16))
    except OSError:
        return None
    return Picture(path, kind) if kind else None


async def _fetch(file_id: str) -> Picture:
    global _away_until  # noqa: PLW0603
    if time.monotonic() < _away_until:  # found out while we waited for our turn
        raise Away
    try:
        async with asyncio.timeout(WAIT):
            return await _download(file_id)
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        _away_until = time.monotonic() + AWAY_FOR
        log.warning("a photo could not be fetched: %s", redact(repr(error)))
        raise Away from error


async def _download(file_id: str) -> Picture:
    house = settings()
    base, token = house.telegram_api.rstrip("/"), house.telegram_token.get_secret_value()
    telegram = Telegram(base, token, WAIT)
    try:
        asked = await telegram.call("getFile", {"file_id": file_id})
    finally:
        await telegram.close()
    if asked.kind in {"unsent", "ambiguous", "flood"}:
        raise aiohttp.ClientError(asked.words)
    said = asked.result if asked.kind == "done" and isinstance(asked.result, dict) else {}
    path = str(said.get("file_path") or "")
    if not path:
        raise Away  # refused: a file that is gone, not a Telegram that is away
    async with aiohttp.ClientSession() as http, http.get(f"{base}/file/bot{token}/{path}") as answer:
        if answer.status != 200:
            raise aiohttp.ClientError(f"HTTP {answer.status}")
        return await _keep(file_id, answer)


async def _keep(file_id: str, answer: aiohttp.ClientResponse) -> Picture:
    """Write to disk as it comes; whoever reads sees the whole picture or none."""
    target = place(file_id)
    await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
    handle, name = await asyncio.to_thread(tempfile.mkstemp, dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            kind, size = "", 0
            async for chunk in answer.content.iter_chunked(CHUNK):
                kind = kind or kind_of(chunk)
                size += len(chunk)
                if not kind or size > LARGEST:
                    raise NoPicture
                await asyncio.to_thread(file.write, chunk)
        if not kind:
            raise NoPicture
        await asyncio.to_thread(part.replace, target)
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return Picture(target, kind)
