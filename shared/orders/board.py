"""The queue: which orders a list shows, in which order, and how many there are. Always within the area; reads only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal_column, or_, select, text, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Invalid
from shared.events import EventRow
from shared.identifiers import compact, letters
from shared.orders import queries
from shared.orders.models import OPEN, Category, Order
from shared.orders.queries import OrderFacts
from shared.orders.states import MasterData
from shared.people.access import Viewer
from shared.places.models import Sto

PAGE = 50
VIEWS = ("aktif", "belum", "lewat", "kendala", "saya", "semua")
DAYS = ("ini", "masuk", "tutup", "kerja")
OBSTACLE_DAYS = 7  # how far back the filter by reason looks
_LONGEST_SEARCH = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRIGRAM = 3  # letters that the search index needs

# Written out, not as parameters: only so does Postgres know that the partial indexes of open orders apply.
_OPEN: ColumnElement[bool] = literal_column(
    "(orders.category IN ('received', 'working', 'obstacle') AND orders.deleted_at IS NULL)"
)
_UNTAKEN: ColumnElement[bool] = literal_column("(orders.category = 'received' AND orders.deleted_at IS NULL)")
_CLOSED: ColumnElement[bool] = literal_column("(orders.closed_at IS NOT NULL)")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty means not. Words as in the web's address, codes as in master data.

    view: one of VIEWS. status: a code or a category. reason: id of a reason given in the last OBSTACLE_DAYS days.
    day: "masuk" received today, "tutup" closed today, "ini" either, "kerja" open now or closed today.
    since: when today began. words: a search in everything the person may see, whatever the view.
    """

    view: str = "aktif"
    sto: str = ""
    type: str = ""
    status: str = ""
    technician: str = ""
    day: str = ""
    words: str = ""
    reason: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `after` is the cursor of the next one, empty at the end.

    near: nothing held the words, so these are open orders that come close to them.
    """

    rows: list[OrderFacts]
    after: str = ""
    near: bool = False


async def page(session: AsyncSession, viewer: Viewer, given: Filters, cursor: str = "", size: int = PAGE) -> Page:
    """A page of the queue after `cursor`. Raises Invalid(cursor=…) when that is none of ours."""
    data = await queries.master(session)
    wanted, key, falling = _list(viewer, given, data)
    if given.words and not cursor and (exact := await _exact(session, viewer, given)):
        return Page(exact)
    if cursor:
        at, last = _read_cursor(cursor)
        here = tuple_(key, Order.id)
        wanted = wanted.where(here < (at, last) if falling else here > (at, last))
    rows = await queries.all_facts(session, wanted.limit(size + 1))
    if not rows and given.words and not cursor:
        return Page(await _near(session, viewer, given, data), near=True)
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, _cursor(getattr(rows[-1].order, key.key), rows[-1].order.id) if more and rows else "")


async def whole(session: AsyncSession, viewer: Viewer, given: Filters) -> queries.Facts:
    """The statement of a list from its first page to its last, for those who take it home in one go."""
    data = await queries.master(session)
    wanted, key, falling = _list(viewer, given, data)
    if given.words and not (first := await page(session, viewer, given)).after:
        # a search that fits on a page may show what is exact, or what is near, and not what its conditions say
        wanted = queries.facts(viewer).where(Order.id.in_([row.order.id for row in first.rows]))
        wanted = wanted.order_by(key.desc() if falling else key, Order.id)
    return wanted  # type: ignore[no-any-return]


async def total(session: AsyncSession, viewer: Viewer, given: Filters) -> int:
    """How many orders the list of these filters holds."""
    data = await queries.master(session)
    wanted = select(func.count()).select_from(Order).where(queries.visible(viewer), *conditions(viewer, given, data))
    return int(await session.scalar(wanted) or 0)


async def counts(session: AsyncSession, viewer: Viewer, given: Filters) -> Mapping[str, int]:
    """How many open orders each saved view holds under the other filters; "order" is all open ones of the area."""
    data = await queries.master(session)
    bare = replace(given, view="aktif", status="", words="")
    inside = and_(true(), *conditions(viewer, bare, data))
    row = (
        await session.execute(
            select(
                func.count().label("order"),
                *[
                    func.count().filter(inside, _of_view(viewer, name)).label(name)
                    for name in ("aktif", "belum", "lewat", "kendala", "saya")
                ],
            )
            .select_from(Order)
            .where(_OPEN, viewer.within(Order.sto_id) if viewer.may("order.read") else false())
        )
    ).one()
    return dict(row._mapping)


async def matching(session: AsyncSession, viewer: Viewer, given: Filters, order_id: int) -> bool:
    """Whether one order stands in the list of these filters."""
    data = await queries.master(session)
    wanted = select(Order.id).where(Order.id == order_id, queries.visible(viewer), *conditions(viewer, given, data))
    return await session.scalar(wanted) is not None


def conditions(viewer: Viewer, given: Filters, data: MasterData) -> list[ColumnElement[bool]]:
    """The filters as SQL on orders, the area left out."""
    found: list[ColumnElement[bool]] = []
    if given.sto:
        found.append(Order.sto_id.in_(select(Sto.id).where(Sto.code == given.sto)))
    if given.type:
        found.append(Order.type_code == given.type)
    if given.technician:
        found.append(Order.technician_code == given.technician)
    wide = bool(given.words) or given.view == "semua" or _wants_closed(given, data)
    if not wide:
        found += [_OPEN, _of_view(viewer, given.view)]
    if given.status:
        found.append(_of_status(given.status, data))
    if given.reason is not None:
        found.append(Order.id.in_(_stopped_by(given.reason)))
    if given.day and given.since is not None:
        found.append(_of_day(given, data))
    if given.words:
        found.append(_holding(given.words))
    return found


def _list(viewer: Viewer, given: Filters, data: MasterData) -> tuple[Any, Any, bool]:
    """The statement, the column it is sorted by, and whether it falls: urgent first, or newest first where closed."""
    wanted: Any = queries.facts(viewer).where(*conditions(viewer, given, data))
    if given.words:
        return wanted.order_by(Order.registered_at.desc(), Order.id.desc()), Order.registered_at, True
    if _wants_closed(given, data):
        return wanted.where(_CLOSED).order_by(Order.closed_at.desc(), Order.id.desc()), Order.closed_at, True
    if given.view == "semua" and not _wants_open(given, data):
        return wanted.order_by(Order.registered_at.desc(), Order.id.desc()), Order.registered_at, True
    return wanted.where(_OPEN).order_by(Order.sort_at, Order.id), Order.sort_at, False


def _of_view(viewer: Viewer, view: str) -> ColumnElement[bool]:
    match view:
        case "belum":
            return _UNTAKEN
        case "lewat":  # a paused order's sort_at lies in a far year
            return Order.sort_at <= func.now()
        case "kendala":
            return Order.category == Category.OBSTACLE
        case "saya":
            return Order.holder_id == viewer.person_id
        case _:
            return true()


def _codes(status: str, data: MasterData) -> list[str]:
    if status in data.statuses:
        return [status]
    return [code for code, row in data.statuses.items() if row.category == status]


def _of_status(status: str, data: MasterData) -> ColumnElement[bool]:
    codes = _codes(status, data)
    return Order.status_code == codes[0] if len(codes) == 1 else Order.status_code.in_(codes)


def _wants_closed(given: Filters, data: MasterData) -> bool:
    codes = _codes(given.status, data) if given.status else []
    return bool(codes) and all(data.statuses[code].category not in OPEN for code in codes)


def _wants_open(given: Filters, data: MasterData) -> bool:
    codes = _codes(given.status, data) if given.status else []
    return bool(codes) and all(data.statuses[code].category in OPEN for code in codes)


def _of_day(given: Filters, data: MasterData) -> ColumnElement[bool]:
    received, closed = Order.registered_at >= given.since, and_(_CLOSED, Order.closed_at >= given.since)
    match given.day:
        case "masuk":
            return received
        case "tutup":
            return closed
        case "kerja":
            if _wants_open(given, data):
                return _OPEN
            return closed if _wants_closed(given, data) else or_(_OPEN, closed)
        case _:
            return or_(received, closed)


def _stopped_by(reason_id: int) -> Select[Any]:
    """Ids of the orders for which this reason was given lately; rests on ix_event_reason."""
    return select(EventRow.order_id).where(
        EventRow.at >= func.now() - timedelta(days=OBSTACLE_DAYS),
        text("event.name = 'order.changed' AND (event.payload ->> 'reason_id') IS NOT NULL"),
        EventRow.payload["reason_id"].astext == str(reason_id),
    )


def pieces(words: str) -> list[str]:
    """What a search looks for, each anywhere in an order's codes and note: `sc 3223-2558` is SC, 3223 and 2558."""
    return re.findall(r"[^\W_]+", letters(words[:_LONGEST_SEARCH]))


def _holding(words: str) -> ColumnElement[bool]:
    parts = pieces(words)
    if not parts:
        return false()
    found: list[ColumnElement[bool]] = [Order.search.like(f"%{part}%") for part in parts]
    if max(map(len, parts)) < _TRIGRAM:  # the index cannot help: look only where it is small
        found.append(_OPEN)
    return and_(*found)


async def _exact(session: AsyncSession, viewer: Viewer, given: Filters) -> list[OrderFacts]:
    """The orders of a registration number that was given whole, the open one first."""
    number = compact(given.words[:_LONGEST_SEARCH])
    number = f"SC{number}" if number.isdigit() else number
    if not re.fullmatch(r"SC[0-9]{6,12}", number):
        return []
    wanted = queries.facts(viewer).where(Order.registration_no == number)
    return await queries.all_facts(session, wanted.order_by(Order.category.in_(OPEN).desc(), Order.id.desc()).limit(10))


async def _near(session: AsyncSession, viewer: Viewer, given: Filters, data: MasterData) -> list[OrderFacts]:
    """Open orders with something like the words in them: a slipped digit, a letter O for a zero."""
    words = " ".join(pieces(given.words))
    if len(words) < 2 * _TRIGRAM:
        return []
    alike = func.word_similarity(words, Order.search)
    others = conditions(viewer, replace(given, words="", view="aktif", status=""), data)
    wanted = queries.facts(viewer).where(_OPEN, *others, alike >= 0.4)
    return await queries.all_facts(session, wanted.order_by(alike.desc(), Order.id.desc()).limit(10))


def _cursor(at: datetime, order_id: int) -> str:
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros}.{order_id}"


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    found = re.fullmatch(r"([0-9]{1,17})\.([0-9]{1,18})", cursor)
    if not found:
        raise Invalid(cursor="not_ours")
    return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
