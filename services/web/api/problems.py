"""What went wrong, as `application/problem+json` (RFC 9457). English, for programs; no trace and no personal data."""

from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from shared.errors import Conflict, Invalid, SikproError

KIND = "application/problem+json"


class NoToken(SikproError):  # noqa: N818 a sentence, not a suffix
    """Send a valid token: Authorization: Bearer sikpro_…"""


class Refused(Conflict):
    """The order is not in a state that permits this; `said` is what the caller may know of it."""

    def __init__(self, detail: str, **said: int | str) -> None:
        super().__init__(detail)
        self.said = said


def problem(status: int, error: Exception | None = None) -> JSONResponse:
    """The answer for an error; fields that were not taken are listed, a conflict says how the order stands."""
    if isinstance(error, NoToken):
        status = 401
    title = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    if isinstance(error, SikproError):
        body["detail"] = str(error)
    if isinstance(error, Invalid):
        body["errors"] = [{"field": name, "code": code} for name, code in error.fields.items()]
    elif isinstance(error, RequestValidationError):
        body["detail"] = "The request does not have the shape this address takes."
        body["errors"] = [
            {"field": ".".join(map(str, each["loc"][1:])), "code": each["type"]} for each in error.errors()[:20]
        ]
    elif isinstance(error, Refused):
        body |= error.said
    answer = JSONResponse(body, status, media_type=KIND)
    if status == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="sikpro"'
    return answer
