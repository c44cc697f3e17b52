"""View models of the master data pages: tables, forms and small acts, drawn by master.html. See view.py for the rules.

Every word here is plain text, already chosen for the reader; templates escape it.
"""

from dataclasses import dataclass, field
from typing import Literal

from services.web.view import Category, Choice


@dataclass(frozen=True)
class Input:
    """One field of a form. `chosen` and `choices` belong to the kinds `select`, `checks`; `value` to the others.

    kind code: capitals without spaces, monospace. checks: several of many. check: one box, value "ya" when ticked.
    """

    name: str
    label: str
    kind: Literal["text", "code", "plain", "number", "date", "time", "select", "checks", "check"] = "text"
    value: str = ""
    hint: str = ""
    error: str = ""
    choices: tuple[Choice, ...] = ()
    chosen: frozenset[str] = frozenset()
    required: bool = True
    longest: int = 80
    locked: bool = False  # shown, not to be changed


@dataclass(frozen=True)
class Form:
    """A form; `key` makes posting it twice one act, `stamp` says which version of the row it was drawn from."""

    id: str
    title: str
    action: str
    inputs: tuple[Input, ...]
    key: str = ""
    stamp: str = ""
    save: str = ""  # empty: "Simpan"
    tries: str = ""  # a second button by this name, which posts "coba" too: look before saving
    error: str = ""
    foot: str = ""
    cancel: str = ""


@dataclass(frozen=True)
class Ask:
    """What is asked before an act that cannot be taken back. word: the button that does it."""

    question: str
    warning: str
    word: str


@dataclass(frozen=True)
class Act:
    """One button that posts. `note` says beforehand what it does.

    ask: its button posts `tanya` too, and the answer to that is the question; ask.js asks it in a dialog.
    """

    label: str
    action: str
    fields: tuple[Choice, ...] = ()  # value = name of the field, label = what it carries
    danger: bool = False
    note: str = ""
    who: str = ""  # whom it concerns, for those who listen: "Nonaktifkan SO-SDA"
    ask: Ask | None = None


@dataclass(frozen=True)
class Cell:
    """One cell; category draws the glyph of a state before the text."""

    text: str = ""
    kind: Literal["", "code", "num", "tag", "dim"] = ""
    category: Category | None = None
    href: str = ""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One row; the first cell names it. `off`: switched off, drawn fainter."""

    cells: tuple[Cell, ...]
    acts: tuple[Act, ...] = ()
    off: bool = False


@dataclass(frozen=True)
class Table:
    id: str
    title: str
    heads: tuple[str, ...]  # a head that begins with "#" is of a column of figures
    lines: tuple[Line, ...]
    empty: str = ""
    add: Choice | None = None  # value = address
    foot: str = ""
    next: str = ""  # address of the next page


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True)
class Chip:
    label: str
    href: str
    on: bool = False


@dataclass(frozen=True)
class Search:
    action: str
    label: str
    value: str = ""
    hidden: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Secret:
    """Something shown this one time: an invitation's address, a binding code."""

    title: str
    value: str
    note: str


@dataclass(frozen=True)
class Code:
    """Something to be read as it is, line by line."""

    title: str
    text: str


@dataclass(frozen=True)
class Master:
    """A page of master data: what is listed on the left, what can be done on the right."""

    title: str
    lead: str = ""
    count: str = ""
    back: Choice | None = None  # value = address
    chips: tuple[Chip, ...] = ()
    search: Search | None = None
    tables: tuple[Table, ...] = ()
    forms: tuple[Form, ...] = ()
    facts: tuple[Fact, ...] = ()
    facts_title: str = ""
    acts: tuple[Act, ...] = ()
    acts_title: str = ""
    secret: Secret | None = None
    code: Code | None = None
    banner: str = ""
    error: str = ""  # an act was refused, in words
    asked: Act | None = None  # the page is its question

    @property
    def asks(self) -> bool:
        """Whether an act of this page is asked about first."""
        of_lines = (act for table in self.tables for line in table.lines for act in line.acts)
        return any(act.ask for act in (*self.acts, *of_lines))


@dataclass(frozen=True)
class Invitation:
    """invite.html: the page of a one-time link. dead: it works no more."""

    name: str = ""
    username: str = ""
    until: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    dead: bool = False
