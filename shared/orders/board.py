"""The queue: which orders a list shows, in which order, and how many there are. Always within the area; reads only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal_column, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.events import EventRow
from shared.orders import lines, queries, search
from shared.orders.lines import OrderLine
from shared.orders.listed import MOST, Listed, cursor_of, read_cursor
from shared.orders.models import OPEN, Category, Order
from shared.orders.states import MasterData
from shared.people.access import Viewer, Whoever
from shared.people.models import Person, Role
from shared.places.models import SiteOperation, Sto

PAGE = 50
KEPT = 64  # statements of a kind: to build one takes longer than to ask it
VIEWS = ("aktif", "belum", "lewat", "kendala", "saya", "semua")
DAYS = ("ini", "masuk", "tutup", "kerja", "kendala")
SORTS: Mapping[str, Any] = {
    "sla": Order.sort_at,
    "masuk": Order.registered_at,
    "berubah": Order.status_at,
    "sc": Order.registration_no,
    "sto": Order.sto_code,
    "teknisi": Order.technician_code,
}
"""What a list may be sorted by; each has an index beside the order's id."""
NOBODY = 0  # as a holder: orders that nobody holds
OBSTACLE_DAYS = 7  # how far back the filter by reason looks when no days are given

# Written out, not as parameters: only so does Postgres know that the partial indexes of open orders apply.
_OPEN: ColumnElement[bool] = literal_column(
    "(orders.category IN ('received', 'working', 'obstacle') AND orders.deleted_at IS NULL)"
)
_UNTAKEN: ColumnElement[bool] = literal_column("(orders.category = 'received' AND orders.deleted_at IS NULL)")
_CLOSED: ColumnElement[bool] = literal_column("(orders.closed_at IS NOT NULL)")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty means not. Words as in the web's address, codes as in master data.

    view: one of VIEWS. status: a code or a category. site: code of a Site Operation. holder: a person's id, or NOBODY.
    since, until: moments, the second not included. day: what happened between them: "masuk" received, "tutup" closed,
    "ini" either, "kerja" open now or closed then, "kendala" the reason was given then.
    reason: id of a reason that was given, without day "kendala" in the last OBSTACLE_DAYS days. late: past its target.
    words: a search in everything the person may see, whatever the view; named: technicians it may mean.
    sort: one of SORTS, with "-" before it the other way round; empty: most urgent first, newest first where closed.
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
    until: datetime | None = None
    site: str = ""
    holder: int | None = None
    late: bool = False
    sort: str = ""
    named: search.Named = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `after` is the cursor of the next one, empty at the end.

    near: nothing held the words, so these are orders that come close to them.
    """

    rows: list[OrderLine]
    after: str = ""
    near: bool = False


async def page(session: AsyncSession, viewer: Viewer, given: Filters, cursor: str = "", size: int = PAGE) -> Page:
    """A page of the queue after `cursor`. Raises Invalid(cursor=…) when that is none of ours."""
    given, data = await named(session, given), await queries.master(session)
    if given.words and not cursor and (exact := await search.by_number(session, viewer, given.words)):
        return Page(exact)
    listed = _searched(viewer, given, data) if given.words else _list_of(viewer.whoever, given, data)
    first, last, order_id = read_cursor(cursor, listed) if cursor else (0, None, 0)
    shown: list[tuple[int, OrderLine]] = []
    for number in range(first, len(listed.parts)):
        asked = {**viewer.asking, "most": size + 1 - len(shown)}
        if listed.begins and not (cursor and number == first):
            found = await lines.read(session, listed.begins[number], asked)
        else:
            follows = listed.after(number, last, order_id) if cursor and number == first else listed.part(number)
            ids = await session.scalars(follows.with_only_columns(Order.id).limit(MOST), asked)
            found = await lines.of_ids(session, viewer, ids.all())
        shown += [(number, each) for each in found]
        if len(shown) > size:
            break
    if not shown and given.words and not cursor:
        others = conditions(viewer, replace(given, words="", view="semua", sort=""), data)
        return Page(await search.near(session, viewer, given.words, others), near=True)
    here = [each for _, each in shown[:size]]
    if len(shown) <= size:
        return Page(here)
    number, last_one = shown[size - 1]
    return Page(here, cursor_of(number, getattr(last_one, listed.key.key), last_one.id))


async def named(session: AsyncSession, given: Filters) -> Filters:
    """The filters with the technicians that the search may mean."""
    return replace(given, named=await search.technicians(session, given.words)) if given.words else given


async def whole(session: AsyncSession, viewer: Viewer, given: Filters) -> queries.Facts:
    """The statement of a list from its first page to its last, for those who take it home in one go."""
    given, data = await named(session, given), await queries.master(session)
    if given.words and not (first := await page(session, viewer, given)).after:
        # a search that fits on a page may show what is exact, or what is near, and not what its conditions say
        ids = [row.order.id for row in first.rows]
        wanted = queries.facts(viewer).where(Order.id.in_(ids))
        return wanted.order_by(case({each: n for n, each in enumerate(ids)}, value=Order.id)) if ids else wanted
    return _listed(viewer, given, data, queries.facts(viewer)).whole()  # type: ignore[no-any-return]


async def total(session: AsyncSession, viewer: Viewer, given: Filters) -> int:
    """How many orders the list of these filters holds."""
    given, data = await named(session, given), await queries.master(session)
    return int(await session.scalar(_built(_totalling, viewer, given, data), viewer.asking) or 0)


@lru_cache(maxsize=KEPT)
def _totalling(viewer: Viewer | Whoever, given: Filters, data: MasterData) -> Select[int]:
    return select(func.count()).select_from(Order).where(queries.visible(viewer), *conditions(viewer, given, data))


def _built(make: Callable[..., Any], viewer: Viewer, given: Filters, data: MasterData) -> Any:
    """A statement for whoever asks; those of a search are not kept, since few search for the same."""
    make = make.__wrapped__ if given.words else make  # type: ignore[attr-defined]
    return make(viewer.whoever, given, data)


async def counts(
    session: AsyncSession, viewer: Viewer, given: Filters, own: Mapping[str, Filters] | None = None
) -> Mapping[str, int]:
    """How many open orders each saved view holds under the other filters; "order" is all open ones of the area.

    own: the same for lists of one's own by their names, in the same look; only for lists that are `narrow`.
    """
    data = await queries.master(session)
    bare = replace(given, view="aktif", status="", words="", sort="", named=())
    wanted = _counting(viewer.whoever, bare, tuple((own or {}).items()), data)
    row = await rows.first(session, wanted, viewer.asking)
    return dict(row.items())


@lru_cache(maxsize=KEPT)
def _counting(
    viewer: Viewer | Whoever, bare: Filters, own: tuple[tuple[str, Filters], ...], data: MasterData
) -> Select[Any]:
    inside = and_(true(), *conditions(viewer, bare, data))
    kept = {name: and_(true(), *conditions(viewer, each, data)) for name, each in own}
    each_view: list[Any] = [
        func.count().filter(inside, _of_view(viewer, name)).label(name)
        for name in ("aktif", "belum", "lewat", "kendala", "saya")
    ]
    return (
        select(
            func.count().label("order"),
            *each_view,
            *[func.count().filter(each).label(name) for name, each in kept.items()],
        )
        .select_from(Order)
        .where(_OPEN, viewer.within(Order.sto_id) if viewer.may("order.read") else false())
    )


async def holders(session: AsyncSession, viewer: Viewer, most: int = 60) -> Sequence[tuple[int, str]]:
    """Who holds open orders in the area, by name."""
    found = await rows.rows(session, _holding(viewer.whoever), {**viewer.asking, "most": most})
    return [(person_id, name) for person_id, name in found]


@lru_cache(maxsize=KEPT)
def _holding(viewer: Viewer | Whoever) -> Select[int, str]:
    held = select(Order.holder_id).where(_OPEN, Order.holder_id.is_not(None), viewer.within(Order.sto_id))
    return select(Person.id, Person.name).where(Person.id.in_(held)).order_by(Person.name, Person.id).limit(MOST)


def sorted_by(given: Filters, data: MasterData) -> str:
    """What a list is sorted by, as Filters.sort says it; empty: by the moment its orders closed."""
    alike = replace(given, words="SC", named=()) if given.words else given  # which words they are does not matter
    listed = _list_of(Viewer(0, "", Role.ADMIN, None).whoever, alike, data)
    name = next((name for name, column in SORTS.items() if column is listed.key), "")
    return f"-{name}" if name and listed.falling else name


def narrow(given: Filters, data: MasterData) -> bool:
    """Whether a list holds open orders only."""
    return not given.words and given.view != "semua" and not _wants_closed(given, data)


async def at_least(session: AsyncSession, viewer: Viewer, given: Filters, most: int) -> int:
    """How many orders a list holds, counted up to `most` and no further."""
    given, data = await named(session, given), await queries.master(session)
    some: Select[Any] = select(literal_column("1")).select_from(Order)
    some = some.where(queries.visible(viewer), *conditions(viewer, given, data)).limit(most)
    return int(await session.scalar(select(func.count()).select_from(some.subquery())) or 0)


async def matching(session: AsyncSession, viewer: Viewer, given: Filters, order_id: int) -> bool:
    """Whether one order stands in the list of these filters."""
    given, data = await named(session, given), await queries.master(session)
    wanted = select(Order.id).where(Order.id == order_id, queries.visible(viewer), *conditions(viewer, given, data))
    return await session.scalar(wanted) is not None


def conditions(viewer: Viewer | Whoever, given: Filters, data: MasterData) -> list[ColumnElement[bool]]:
    """The filters as SQL on orders, the area left out."""
    found: list[ColumnElement[bool]] = []
    if given.sto:
        found.append(Order.sto_id.in_(select(Sto.id).where(Sto.code == given.sto)))
    if given.site:
        inside = select(Sto.id).join(SiteOperation, SiteOperation.id == Sto.site_operation_id)
        found.append(Order.sto_id.in_(inside.where(SiteOperation.code == given.site)))
    if given.type:
        found.append(Order.type_code == given.type)
    if given.technician:
        found.append(Order.technician_code == given.technician)
    if given.holder is not None:
        found.append(Order.holder_id == given.holder if given.holder else Order.holder_id.is_(None))
    wide = bool(given.words) or given.view == "semua" or _wants_closed(given, data)
    if not wide:
        found += [_OPEN, _of_view(viewer, given.view)]
    if given.status:
        found.append(_of_status(given.status, data))
    if given.reason is not None:
        found.append(Order.id.in_(_stopped_by(given)))
    if given.day and given.day != "kendala" and given.since is not None:
        found.append(_of_day(given, data))
    if given.late:
        found.append(_late(wide=wide))
    if given.words:
        found.append(search.holding(given.words, given.named, _OPEN))
    return found


@lru_cache(maxsize=KEPT)
def _list_of(viewer: Viewer | Whoever, given: Filters, data: MasterData) -> Listed:
    listed = _listed(viewer, given, data, lines.picked(viewer))
    return replace(listed, begins=[_lines(listed, listed.part(number)) for number in range(len(listed.parts))])


def _searched(viewer: Viewer, given: Filters, data: MasterData) -> Listed:
    """A list that is asked for once, without its beginnings."""
    seen = select(Order.id).where(queries.visible(viewer.whoever))
    return _listed(viewer.whoever, given, data, seen)


def _lines(listed: Listed, part: Any) -> Any:
    """As many lines of a part as MOST says."""
    return lines.named(part.limit(MOST), (listed.key.key, listed.falling), ("id", listed.falling))


def _listed(viewer: Viewer | Whoever, given: Filters, data: MasterData, some: Any) -> Listed:
    """The list: as its reader sorts it, else urgent first, or newest first where closed orders may stand in it.

    some: the statement that is narrowed and sorted.
    """
    wanted: Any = some.where(*conditions(viewer, given, data))
    falling, name = given.sort.startswith("-"), given.sort.removeprefix("-")
    closed = not given.words and _wants_closed(given, data)
    wide = bool(given.words) or closed or (given.view == "semua" and not _wants_open(given, data))
    said = given.view != "semua"  # the conditions have it; said twice, Postgres takes it for twice as rare
    wanted = wanted if wide or said else wanted.where(_OPEN)
    if name == "teknisi":  # those without a code stand at the end
        key = Order.technician_code
        return Listed(wanted, key, falling, (key.is_not(None), key.is_(None)))
    if name in SORTS and not (name == "sla" and wide):
        return Listed(wanted, SORTS[name], falling)
    if given.words:
        exact = search.exactly(given.words)
        parts = (true(),) if exact is None else (exact, search.the_rest(exact))
        return Listed(wanted, Order.registered_at, falling=True, parts=parts)
    if closed:
        return Listed(wanted.where(_CLOSED), Order.closed_at, falling=True)
    return Listed(wanted, Order.registered_at if wide else Order.sort_at, falling=wide)


def _of_view(viewer: Viewer | Whoever, view: str) -> ColumnElement[bool]:
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


def _between(given: Filters, column: Any) -> ColumnElement[bool]:
    since: ColumnElement[bool] = column >= given.since
    return since if given.until is None else and_(since, column < given.until)


def _of_day(given: Filters, data: MasterData) -> ColumnElement[bool]:
    received, closed = _between(given, Order.registered_at), and_(_CLOSED, _between(given, Order.closed_at))
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


def _late(*, wide: bool) -> ColumnElement[bool]:
    """wide: closed orders may stand in the list; else it is said already that they do not."""
    late: ColumnElement[bool] = Order.sort_at <= func.now()
    if not wide:
        return late
    return or_(and_(_OPEN, late), and_(_CLOSED, Order.used_seconds > Order.target_seconds))


def _stopped_by(given: Filters) -> Select[Any]:
    """Ids of the orders for which this reason was given lately; rests on ix_event_reason."""
    then = EventRow.at >= func.now() - timedelta(days=OBSTACLE_DAYS)
    return select(EventRow.order_id).where(
        _between(given, EventRow.at) if given.day == "kendala" and given.since is not None else then,
        text("event.name = 'order.changed' AND (event.payload ->> 'reason_id') IS NOT NULL"),
        EventRow.payload["reason_id"].astext == str(given.reason),
    )
