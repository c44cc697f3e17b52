"""What a list of orders is asked for, its columns and one's own views: view models. Rules: see view.py."""

from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Literal
from urllib.parse import urlencode

View = Literal["aktif", "belum", "lewat", "kendala", "saya", "semua"]
"""Saved views: active, not taken, past SLA, obstacles, mine. `semua` (closed too) has no tab: figures link there."""


@dataclass(frozen=True)
class Query:
    """What the queue's address says; the field names are the query parameters. Empty = not filtered.

    `q` looks in everything the person may see, whatever the view. `hari`: "ini" for orders received or closed today,
    "masuk" received, "tutup" closed, "kerja" open now or closed today, or on the days `dari` to `sampai`; days alone
    mean "masuk". `alasan` is the id of a reason given this week, with `hari=kendala` on those days. `so`: code of a
    Site Operation. `pemegang`: a person's id, 0 nobody. `telat=ya`: past its target. `urut`: see listing.KNOWN, with
    "-" falling. `kolom`: names of listing.KNOWN with commas between; empty = as the reader prefers.
    """

    tampilan: View = "aktif"
    sto: str = ""
    tipe: str = ""
    status: str = ""
    teknisi: str = ""
    hari: str = ""
    alasan: str = ""
    q: str = ""
    so: str = ""
    pemegang: str = ""
    dari: str = ""
    sampai: str = ""
    telat: str = ""
    urut: str = ""
    kolom: str = ""

    def said(self, **changes: str) -> dict[str, str]:
        """What the address says, some fields changed or added, empty ones left out."""
        told = {name: str(getattr(self, name)) for name in _names()} | changes
        if told["tampilan"] == "aktif":
            del told["tampilan"]
        return {name: value for name, value in told.items() if value}

    def narrowed(self) -> bool:
        """Whether anything but the view narrows the list."""
        return bool(set(self.said()) - {"tampilan", "urut", "kolom"})


def address(query: Query, path: str = "/order", **changes: str) -> str:
    """`path` with this query, some fields changed ("" removes one); also takes `sesudah`, the next page's cursor.

    The bare queue is asked for by name: without a word the queue opens with its reader's own start view.
    """
    told = _told(query, tuple(changes.items())) or ("tampilan=aktif" if path == "/order" else "")
    return f"{path}?{told}" if told else path


@lru_cache(maxsize=4096)  # a list asks for the same in each of its rows, and for the same filters at every look
def _told(query: Query, changes: tuple[tuple[str, str], ...]) -> str:
    return urlencode(query.said(**dict(changes)))


@cache
def _names() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Query))


@dataclass(frozen=True)
class OwnView:
    """A view of one's own. count None: not counted; more: it is more than that."""

    id: int
    name: str
    href: str
    count: int | None = None
    more: bool = False
    current: bool = False
    starts: bool = False


@dataclass(frozen=True)
class Head:
    """The head of a column: `href` sorts by it, `sorted` is ascending, descending or nothing."""

    label: str
    href: str = ""
    sorted: str = ""
    look: str = ""


COLUMNS = ("sla", "tipe", "status", "lokasi", "teknisi", "sn", "pemegang", "masuk")
"""The columns of a list whose reader chose none; all there are stand in listing.KNOWN."""
