"""Takes a file in as it comes: straight into storage, counted and hashed on the way, never whole in memory."""

import asyncio
import errno
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from services.ingest import storage
from services.ingest.gate import Full, TooLarge
from shared.errors import Invalid, NotAllowed
from shared.identifiers import one_line
from shared.settings import settings

LONGEST_FIELD = 1000  # bytes of a form's field that is no file
PIECE = 1 << 20  # bytes written in one go


@dataclass(slots=True)
class Taken:
    """A file that lies in storage. sent: the form's other fields."""

    stored: str
    name: str = ""
    size: int = 0
    sha256: str = ""
    sent: dict[str, str] = field(default_factory=dict)


def clean_name(given: str) -> str:
    """What a person called the file, fit to be shown: no folders, nothing invisible, never empty."""
    plain = one_line(re.split(r"[/\\]", given)[-1])
    return plain[:200].strip(". ") or "berkas"


async def take(request: Request, proves: Callable[[str], bool]) -> Taken:
    """Store what is sent, as a form's file or as the body itself.

    proves: is asked with the page's token before the first byte of the file is kept (a form sends it as its first
    field, a script as a header). Raises NotAllowed, TooLarge, Full, Invalid(file=…); nothing stays behind then.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > settings().largest_upload + PIECE:
        raise TooLarge
    taken = Taken(storage.new_name(), request.headers.get("x-file-name") or request.query_params.get("name", ""))
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    allowed = proves(request.headers.get("x-csrf-token", ""))
    try:
        if kind == b"multipart/form-data":
            await _store(taken, _file_of(request, options.get(b"boundary", b""), taken, proves, allowed=allowed))
        else:
            await _store(taken, _body_of(request, allowed=allowed))
    except BaseException:
        with suppress(OSError):
            await asyncio.to_thread(storage.drop, taken.stored)
        raise
    taken.name = clean_name(taken.name)
    return taken


async def _store(taken: Taken, pieces: AsyncIterator[bytes]) -> None:
    digest = hashlib.sha256()
    waiting = bytearray()
    try:
        file = await asyncio.to_thread(storage.create, taken.stored)
        try:
            async for piece in pieces:
                taken.size += len(piece)
                if taken.size > settings().largest_upload:
                    raise TooLarge
                digest.update(piece)
                waiting += piece
                if len(waiting) >= PIECE:
                    await asyncio.to_thread(file.write, bytes(waiting))
                    waiting.clear()
            await asyncio.to_thread(file.write, bytes(waiting))
        finally:
            await asyncio.to_thread(file.close)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise Full from error
        raise
    if not taken.size:
        raise Invalid(file="missing")
    taken.sha256 = digest.hexdigest()


async def _body_of(request: Request, *, allowed: bool) -> AsyncIterator[bytes]:
    if not allowed:
        raise NotAllowed
    async for piece in request.stream():
        yield piece


async def _file_of(
    request: Request, boundary: bytes, taken: Taken, proves: Callable[[str], bool], *, allowed: bool
) -> AsyncIterator[bytes]:
    """The bytes of the form's one file; its other fields are noted in `taken.sent` as they pass."""
    if not 0 < len(boundary) <= 200:
        raise Invalid(file="missing")
    heard: list[tuple[str, bytes]] = []

    def hear(what: str) -> Callable[..., Any]:
        return lambda data=b"", start=0, end=0: heard.append((what, bytes(data[start:end])))

    calls = {f"on_{what}": hear(what) for what in ("part_begin", "header_field", "header_value", "header_end",
                                                   "headers_finished", "part_data", "part_end")}  # fmt: skip
    parser = MultipartParser(boundary, calls)  # type: ignore[arg-type]  # its own type names each key
    name = value = b""
    disposition = b""
    field_name, is_file, text, files = "", False, bytearray(), 0
    try:
        async for chunk in request.stream():
            heard.clear()
            parser.write(chunk)
            for what, data in heard:
                if what == "part_begin":
                    disposition, field_name, is_file, text = b"", "", False, bytearray()
                elif what == "header_field":
                    name += data
                elif what == "header_value":
                    value += data
                    if len(name) + len(value) > LONGEST_FIELD * 4:
                        raise Invalid(file="unreadable")
                elif what == "header_end":
                    disposition = value if name.lower() == b"content-disposition" else disposition
                    name = value = b""
                elif what == "headers_finished":
                    _, given = parse_options_header(disposition)
                    field_name = given.get(b"name", b"").decode("utf-8", "replace")
                    is_file = b"filename" in given
                    if is_file:
                        files += 1
                        allowed = allowed or proves(taken.sent.get("csrf", ""))
                        if not allowed:
                            raise NotAllowed
                        if files > 1:
                            raise Invalid(file="several")
                        taken.name = given[b"filename"].decode("utf-8", "replace")
                elif what == "part_data" and is_file:
                    yield data
                elif what == "part_data":
                    text += data
                    if len(text) > LONGEST_FIELD:
                        raise Invalid(file="unreadable")
                elif what == "part_end" and not is_file and len(taken.sent) < 20:
                    taken.sent[field_name] = text.decode("utf-8", "replace")
        parser.finalize()
    except FormParserError as error:
        raise Invalid(file="unreadable") from error
    if not files:
        raise Invalid(file="missing")
