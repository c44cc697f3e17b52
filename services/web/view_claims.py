"""View models of who holds an order, of handovers and of who is at work. Rules: see view.py.

Routes (all need a session; every POST carries `csrf`)
    POST /kehadiran                    keadaan=online|break|off → 303 back to the page it came from
    POST /order/<no>/lepas             version request_key words   ┐ answered as the other POSTs of an order,
    POST /order/<no>/serahkan          version request_key to words │ see view.py
    POST /order/<no>/tugaskan          version request_key to words ┘
    GET  /order/<no>/pembaca ?kini=    _readers.html   Readers; 204 when nothing changed; the page's heartbeat
    POST /order/<no>/tutup             the page was closed; 204
    GET  /serah-terima ?sesudah= kabar=   handover.html   Handovers
    POST /serah-terima                 request_key to note order.. janji-<id>.. → 303 to it, or handover.html: 409 422
    GET  /serah-terima/<id>            handover_one.html  One
    POST /serah-terima/<id>/terima     request_key order..? semua? ke?  → 303 to it, or to the order `ke`; or 409 422
    POST /serah-terima/<id>/tolak      request_key order..? words ke?
    POST /serah-terima/<id>/tarik      request_key
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.web.view import Sla, Status


@dataclass(frozen=True)
class Colleague:
    """Somebody to whom orders may be given. label: name, whether it is at work, how many open orders it holds."""

    id: str
    label: str


@dataclass(frozen=True)
class Readers:
    """Who else has an order open now, in words; empty = nobody. mark: changes when they do."""

    text: str = ""
    mark: str = "-"
    no: str = ""


@dataclass(frozen=True)
class Offer:
    """An order that was handed to whoever looks, who may still answer. path: /serah-terima/<id>.

    waiting: it has not changed hands yet, being part of a shift's handover.
    """

    id: int
    path: str
    who: str
    at: datetime
    note: str = ""
    waiting: bool = False


@dataclass(frozen=True)
class Claims:
    """Who holds an order, since when, and what may be done about it. people: to whom it may be given."""

    holder: str = ""
    state: str = ""  # of the holder: online, break or off
    since: datetime | None = None
    mine: bool = False
    may_release: bool = False
    may_hand_over: bool = False
    may_assign: bool = False
    people: tuple[Colleague, ...] = ()
    offer: Offer | None = None


# --- handovers


@dataclass(frozen=True)
class HandoverRow:
    """One order of a handover. offered: to whom it is offered already. state, words: how it was answered."""

    id: int
    no: str
    type: str
    status: Status
    sla: Sla
    place: str
    reason: str = ""
    promise: str = ""
    ticked: bool = True
    offered: str = ""
    state: str = ""
    words: str = ""
    waits: bool = False


@dataclass(frozen=True)
class HandoverLine:
    """One handover in a list. counts: what became of its orders, in words."""

    id: int
    path: str
    at: datetime
    giver: str
    taker: str
    counts: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True)
class News:
    """A notice in words. href: where to look."""

    at: datetime
    text: str
    href: str = ""
    quote: str = ""


@dataclass(frozen=True)
class Handovers:
    """The page of a shift's end: what waits for an answer, own open orders to hand over, and what was.

    errors: field ("to", "orders", "note", "promise", or "" for the whole form) → words.
    """

    waiting: tuple[HandoverLine, ...]
    rows: tuple[HandoverRow, ...]
    more: int  # open orders of one's own beyond those shown
    people: tuple[Colleague, ...]
    history: tuple[HandoverLine, ...]
    next: str
    news: tuple[News, ...]
    may_give: bool
    request_key: str
    to: str = ""
    note: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OneHandover:
    """One handover, whole. may_answer: it waits for whoever looks. may_withdraw: it is one's own, not answered yet."""

    line: HandoverLine
    note: str
    expires: datetime
    rows: tuple[HandoverRow, ...]
    hidden: int  # orders outside the viewer's area, or deleted since
    may_answer: bool
    may_withdraw: bool
    single: bool
    request_key: str
    words: str = ""
    errors: dict[str, str] = field(default_factory=dict)


# --- the dashboard


@dataclass(frozen=True)
class OnDuty:
    """One of the crew: whether it is at work, and how many open orders it holds. href opens their list."""

    name: str
    role: str
    state: str  # online, break or off
    seen: datetime | None
    orders: int
    href: str


@dataclass(frozen=True)
class Crew:
    people: tuple[OnDuty, ...]
    away: tuple[OnDuty, ...]  # off, and still holding open orders
