"""One call to the Bot API, and what its answer means. No retries, no pace, no database: those decide elsewhere.

A network error says nothing about delivery, so definite and ambiguous outcomes are told apart here, once.
aiohttp and not aiogram: importing aiogram costs a process 5 s of CPU and 165 MB.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from shared.log import redact

NOT_MODIFIED = "message is not modified"
AWAY = "Telegram cannot be reached"
UNANSWERED = "no answer"
_GONE = (
    "bot was kicked",
    "bot was blocked",
    "bot is not a member",
    "user is deactivated",
    "chat not found",
    "can't initiate conversation",
    "have no rights to send",
    "not enough rights to send",
    "CHAT_WRITE_FORBIDDEN",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended.

    kind: `done`; `same` (message is not modified: a success); `refused` (a definite no about this message);
    `gone` (a definite no about this chat); `flood` (wait `retry_after` s); `moved` (the chat's new id is `moved_to`);
    `unsent` (it certainly never reached Telegram); `denied` (the token); `ambiguous` (it may or may not have arrived).
    """

    kind: str
    result: Any = None
    words: str = ""
    retry_after: float = 0
    moved_to: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes along with a call; the parameters name it as `attach://FIELD`."""

    field: str
    name: str
    body: bytes


class Telegram:
    """A connection to one bot's API; `base` is the address of the server, without the token."""

    def __init__(self, base: str, token: str, wait: float) -> None:
        self._prefix = f"{base.rstrip('/')}/bot{token}/"
        self._wait = aiohttp.ClientTimeout(total=wait, connect=min(5.0, wait))
        self._session: aiohttp.ClientSession | None = None
        self.unreached = 0
        """How many calls in a row never left."""

    async def call(self, method: str, parameters: dict[str, Any], upload: Upload | None = None) -> Outcome:
        """Call `method`; never raises for anything the network or Telegram does."""
        outcome = await self._call(method, parameters, upload)
        self.unreached = self.unreached + 1 if outcome.kind == "unsent" else 0
        return outcome

    async def _call(self, method: str, parameters: dict[str, Any], upload: Upload | None) -> Outcome:
        if self._session is None or self._session.closed:
            connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=15)
            self._session = aiohttp.ClientSession(connector=connector)
        body: dict[str, Any] = {"json": parameters} if upload is None else {"data": _form(parameters, upload)}
        try:
            async with self._session.post(self._prefix + method, timeout=self._wait, **body) as response:
                return read_answer(response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Outcome("unsent", words=f"{AWAY}: {redact(str(error))}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return Outcome("ambiguous", words=f"{UNANSWERED}: {type(error).__name__} {redact(str(error))}".strip())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _form(parameters: dict[str, Any], upload: Upload) -> aiohttp.FormData:
    """The call as a form, the only shape in which a file may come along; what is not text goes as JSON."""
    form = aiohttp.FormData()
    for name, value in parameters.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    form.add_field(upload.field, upload.body, filename=upload.name, content_type="application/octet-stream")
    return form


def read_answer(status: int, body: bytes) -> Outcome:
    """Turn an HTTP answer of the Bot API into an Outcome."""
    try:
        answer = json.loads(body)
        ok, words = bool(answer["ok"]), str(answer.get("description", ""))
    except (ValueError, KeyError, TypeError):
        if status == 429:
            return Outcome("flood", words=f"unreadable answer, HTTP {status}", retry_after=5)
        if 400 <= status < 500:  # somebody before Telegram refused the request as it is
            return Outcome("refused", words=f"unreadable answer, HTTP {status}")
        return Outcome("ambiguous", words=f"unreadable answer, HTTP {status}")
    if ok:
        return Outcome("done", result=answer.get("result"))
    parameters = answer.get("parameters") or {}
    if status == 429 or "retry_after" in parameters:
        return Outcome("flood", words=words, retry_after=float(parameters.get("retry_after", 1)))
    if "migrate_to_chat_id" in parameters:
        return Outcome("moved", words=words, moved_to=int(parameters["migrate_to_chat_id"]))
    if status >= 500:
        return Outcome("ambiguous", words=f"HTTP {status}: {words}")
    if status in {401, 404} and not words.startswith("Bad Request"):
        return Outcome("denied", words=words)
    if NOT_MODIFIED in words:
        return Outcome("same", words=words)
    if status == 403 or any(sign in words for sign in _GONE):
        return Outcome("gone", words=words)
    return Outcome("refused", words=words)
