"""View models of the office's own pages: deliveries, audit, health and profile. Rules: see view.py.

Routes (all need a session; every POST carries `csrf`)
    GET  /kiriman ?keadaan= obrolan= sesudah= kabar=    deliveries.html  Deliveries
    POST /kiriman/pesan/<id>/kirim                      → 303 to /kiriman?<the same>; the same for those below
    POST /kiriman/obrolan/<id>/lepaskan
    POST /kiriman/kejadian/<id>/ulang
    POST /kiriman/masuk/<id>/ulang
    POST /kiriman/pesan|kejadian|masuk/<id>/buang       reason → 303, or deliveries.html with the error: 422
    GET  /audit ?orang= apa= dari= sampai= sesudah=     audit.html       Audit
    GET  /audit/unduh ?orang= apa= dari= sampai=        a CSV file
    GET  /kesehatan                                     condition.html   Condition; 200 also when something is wrong
    GET  /profil ?kabar=                                profile.html     Profile
    POST /profil/sandi                                  current password again → 303 /profil, or profile.html: 422 429
    POST /profil/tampilan                               theme density shortcuts? → 303 /profil
    POST /profil/sesi/<id>/akhiri, /profil/sesi/lain/akhiri
    POST /profil/token                                  name → profile.html once with the token, 200; or 422
    POST /profil/token/<id>/cabut
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.web.view import Choice

# --- deliveries


@dataclass(frozen=True)
class State:
    """A tab of the page; `key` is the query parameter, "" for the chats."""

    key: str
    label: str
    count: int
    hot: bool = False


@dataclass(frozen=True)
class ChatLine:
    """A chat and what is unfinished in it. held: why nothing may be sent there; empty = free. raw: Telegram's words."""

    id: int
    title: str
    kind: str
    waiting: int
    held: int
    unknown: int
    dead: int
    oldest: datetime | None = None
    why: str = ""
    raw: str = ""
    silent_until: datetime | None = None


@dataclass(frozen=True)
class Letter:
    """A message, event or update that is stuck. again: POST path that tries it once more; empty = nothing to do.

    discard: POST path that lets it never leave.
    order: its number, empty when there is none (any more). until: when it is tried again by itself. overtaken: newer
    news of the order is in the chat already.
    """

    id: str
    title: str
    at: datetime
    why: str
    raw: str = ""
    chat: str = ""
    chat_id: int | None = None
    who: str = ""
    order: str = ""
    text: str = ""
    tries: int = 0
    until: datetime | None = None
    again: str = ""
    word: str = ""
    discard: str = ""
    repeated: bool = False
    overtaken: bool = False


@dataclass(frozen=True)
class Deliveries:
    """The page of what is on its way or stuck. here: its own address without cursor; rest: the same as parameters.

    chat: the title of the chat it is narrowed to, `all_chats` leads back. pause: until when nothing at all is sent.
    wrong: the letter whose discarding was refused, error: why, typed: the reason that was given.
    """

    state: str
    states: tuple[State, ...]
    chats: tuple[ChatLine, ...] = ()
    letters: tuple[Letter, ...] = ()
    chat: str = ""
    query: str = ""
    next: str = ""
    may_retry: bool = False
    wrong: str = ""
    typed: str = ""
    error: str = ""
    pause: datetime | None = None
    pause_why: str = ""
    webhooks: str = ""  # what is not well with other systems, in words; empty: nothing, or not for this reader


# --- audit


@dataclass(frozen=True)
class Act:
    """One row of the audit log. details: pairs in words."""

    id: int
    at: datetime
    who: str
    what: str
    code: str
    subject: str
    source: str
    ip: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Audit:
    """The audit page. since, until: dates as the form shows them (ISO). errors: field → words."""

    acts: tuple[Act, ...]
    people: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    person: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    next: str = ""
    export: str = ""
    narrowed: bool = False
    errors: dict[str, str] = field(default_factory=dict)


# --- health

Worst = Literal["ok", "degraded", "down"]


@dataclass(frozen=True)
class Standing:
    """One part of the house. key: what live figures call it. do: what to do when it is not well; href: where to see."""

    name: str
    ok: bool
    detail: str
    do: str = ""
    href: str = ""
    word: str = ""
    vital: bool = False
    key: str = ""


@dataclass(frozen=True)
class Condition:
    """The health page; `worst` sums it up. everywhere: the viewer's area is the whole house."""

    parts: tuple[Standing, ...]
    worst: Worst
    everywhere: bool = False


# --- profile


@dataclass(frozen=True)
class OwnSession:
    """A signed-in browser of this person. `id` names it in the address without giving it away."""

    id: str
    agent: str
    ip: str
    since: datetime
    seen: datetime
    this: bool = False


@dataclass(frozen=True)
class Token:
    """An API token; what it is was shown once."""

    id: int
    name: str
    made: datetime
    used: datetime | None = None


@dataclass(frozen=True)
class Profile:
    """One's own page. secret: a token that was just made, shown this once. errors: field → words."""

    name: str
    username: str
    role: str
    area: str
    code: str
    telegram: str
    language: str  # id or en
    theme: str
    density: str
    shortcuts: bool
    sessions: tuple[OwnSession, ...]
    tokens: tuple[Token, ...]
    may_token: bool = True
    secret: str = ""
    token_name: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    wait_until: datetime | None = None
