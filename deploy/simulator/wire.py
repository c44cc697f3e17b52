"""Bot API requests in any of Telegram's dialects, checked against the table. It holds no state."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from pydantic_core import from_json

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818 a refusal is an answer, not a defect
    """A call Telegram would refuse: HTTP code, description, and `parameters` of the answer."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.parameters = parameters


def bad(description: str, **parameters: int) -> Refused:
    return Refused(400, f"Bad Request: {description}", **parameters)


def forbidden(description: str) -> Refused:
    return Refused(403, f"Forbidden: {description}")


@dataclass
class Sent:
    """What a call carried: raw parameters, and uploads as (file name, bytes)."""

    params: Json = field(default_factory=dict)
    uploads: dict[str, tuple[str, bytes]] = field(default_factory=dict)


async def read(request: web.Request) -> Sent:
    """Parameters of a call from its query and its body. Raises Refused for a body that cannot be read."""
    sent = Sent(dict(request.query))
    if request.method == "GET" or not request.can_read_body:
        return sent
    kind = request.content_type
    try:
        if kind == "multipart/form-data":
            await _read_multipart(request, sent)
        elif kind == "application/json":
            body = from_json(await request.read() or b"{}")
            if not isinstance(body, dict):
                raise bad("can't parse JSON object")
            sent.params.update({key: value for key, value in body.items() if value is not None})
        else:
            text = (await request.read()).decode()
            sent.params.update(parse_qsl(text, keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise bad("strings must be encoded in UTF-8") from error
    except ValueError as error:
        raise bad("can't parse the request body") from error
    return sent


async def _read_multipart(request: web.Request, sent: Sent) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        if part.filename is None:
            sent.params[part.name] = content.decode()
        else:
            sent.uploads[part.name] = (part.filename, content)


def check(method: Json, sent: Sent) -> Json:
    """The call's parameters in their own kinds. Raises Refused for unknown, missing or unreadable ones."""
    known = method["params"]
    checked: Json = {}
    for name, value in sent.params.items():
        kind = known.get(name)
        if kind is None:
            raise bad(f'unknown parameter "{name}" of {method["name"]}')
        if value is not None and value != "":
            checked[name] = _coerce(name, kind, value)
        elif kind == "str":
            checked[name] = ""
    for name in sent.uploads:
        if name in known:
            checked[name] = f"attach://{name}"
    for name, fields in method["objects"].items():
        given = checked.get(name)
        if given is not None and (not isinstance(given, dict) or given.keys() - set(fields)):
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object")
    for name in method["required"]:
        if name not in checked:
            raise bad(MISSING.get(name, f'parameter "{name}" is required'))
    return checked


MISSING = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "user_id": "invalid user_id specified",
    "message_id": "message identifier is not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "file_id": "file_id not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
}


def _coerce(name: str, kind: str, value: Any) -> Any:
    if kind in {"str", "file"}:
        if not isinstance(value, str):
            value = str(value)
        if not value.isascii() and not _utf8(value):
            raise bad("strings must be encoded in UTF-8")
        return value
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).lower() in {"true", "yes", "1"}
    if kind == "json":
        if not isinstance(value, str):
            return value
        try:
            return from_json(value)
        except ValueError as error:
            what = "reply keyboard markup" if name == "reply_markup" else name.replace("_", " ")
            raise bad(f"can't parse {what} JSON object") from error
    if kind == "chat" and isinstance(value, str) and value.startswith("@"):
        return value
    try:
        return float(value) if kind == "float" else int(value)
    except (TypeError, ValueError) as error:
        if kind == "chat":
            raise bad("chat not found") from error
        raise bad(f'parameter "{name}" must be a number') from error


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
