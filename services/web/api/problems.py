"""What went wrong, as `application/problem+json` (RFC 9457): codes for programs, words in the reader's language.

No trace and no personal data.
"""

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse

from services.web import words
from services.web.labels import PROBLEMS
from services.web.language import _
from shared.errors import Conflict, Invalid, NotFound, SikproError

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
    title, text = PROBLEMS.get(status) or PROBLEMS[400 if status < 500 else 500]
    body: dict[str, Any] = {"type": "about:blank", "title": _(title), "status": status, "detail": _(text)}
    if isinstance(error, NoToken):
        body["detail"] = _("Kirim token yang berlaku: Authorization: Bearer sikpro_…")
    elif isinstance(error, NotFound):
        body["detail"] = _("Tidak ada order dengan nomor ini di wilayah Anda.")
    elif isinstance(error, SikproError):
        body["detail"] = words.sentence(error) or _(text)
    if isinstance(error, Invalid):
        body["detail"] = _("Ada isian yang tidak dapat dipakai.")
        body["errors"] = [
            {"field": name, "code": code, "text": words.wrong(name, code)} for name, code in error.fields.items()
        ]
    elif isinstance(error, RequestValidationError):
        body["detail"] = _("Bentuk permintaan ini tidak seperti yang diterima alamat ini.")
        body["errors"] = [
            {"field": ".".join(map(str, each["loc"][1:])), "code": each["type"]} for each in error.errors()[:20]
        ]
    elif isinstance(error, Refused):
        body |= {"detail": str(error)} | error.said
    answer = JSONResponse(body, status, media_type=KIND)
    if status == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="sikpro"'
    return answer
