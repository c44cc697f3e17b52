"""View models of the pages that are forms or words: order by hand, login, errors. See view.py for the rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.web.view import Choice, Status


@dataclass(frozen=True)
class Field:
    """One input of the new-order form.

    error: refused, in words. warning: accepted all the same. fix: the value offered instead, with one tap.
    asked: the person sees this question now; the form then carries yakin=<name>:<value>, so that saving the same value
        again is the answer "yes, as I typed it".
    """

    name: Literal["type", "number", "serial", "sto", "odp", "technician"]
    label: str
    value: str = ""
    hint: str = ""
    error: str = ""
    warning: str = ""
    fix: str = ""
    asked: bool = False
    required: bool = True
    choices: tuple[Choice, ...] = ()  # not empty: a select
    suggestions: tuple[Choice, ...] = ()  # an input with a list of known values
    check: bool = True  # ask the server when the field is left


@dataclass(frozen=True)
class Duplicate:
    """The order that already holds this number."""

    no: str
    status: Status
    who: str
    at: datetime
    holder: str = ""
    where: str = ""  # "Telegram, grup SDA"


@dataclass(frozen=True)
class NewOrder:
    fields: tuple[Field, ...]
    request_key: str
    duplicate: Duplicate | None = None
    error: str = ""  # about the whole form


@dataclass(frozen=True)
class DemoLogin:
    username: str
    name: str
    role: str


@dataclass(frozen=True)
class Login:
    """`ke` is the path to go to after. locked_until: too many failures, the form waits until then."""

    ke: str = "/"
    username: str = ""
    error: str = ""
    locked_until: datetime | None = None
    demo_logins: tuple[DemoLogin, ...] = ()


@dataclass(frozen=True)
class Problem:
    """error.html. Empty words are filled in from the status by `labels.problem`; ref is the request's id."""

    status: int
    title: str = ""
    text: str = ""
    ref: str = ""
    links: tuple[Choice, ...] = ()  # value = address
