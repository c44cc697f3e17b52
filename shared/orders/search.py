"""What a search finds: its words in an order's codes, note and technician's name, exact hits first, slips forgiven.

Reads only. Every look rests on an index: the trigrams of orders.search and person.name, or a registration number.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, false, func, literal, not_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import rows
from shared.identifiers import codes, compact, letters
from shared.orders import lines, queries
from shared.orders.lines import OrderLine
from shared.orders.models import OPEN, Order
from shared.people.access import Viewer, Whoever
from shared.people.models import Person, Role

LONGEST = 80  # characters of a search
TRIGRAM = 3  # letters that the search index needs
NAMESAKES = 50  # technicians that one word may mean
NEAR = 10  # orders that are offered when nothing holds the words
CLOSE, LOOSE = 0.6, 0.45  # how alike words must be, of 1; the second look is for words of one code only
PATIENCE = "400"  # milliseconds for a look at what is alike
_OFTEN = frozenset({"ODP", "SC"})  # words that stand in every order and tell nothing apart

_CALLED = (
    select(Person.id)
    .where(Person.name.ilike(bindparam("said", type_=String)), Person.role == Role.TECHNICIAN)
    .order_by(Person.id)
    .limit(NAMESAKES)
)

Named = tuple[tuple[str, tuple[int, ...]], ...]
"""Word of a search → ids of the technicians who are called so."""


def pieces(words: str) -> list[str]:
    """What a search looks for, each anywhere in an order's codes and note: `sc 3223-2558` is SC, 3223 and 2558."""
    return re.findall(r"[^\W_]+", letters(words[:LONGEST]))


async def technicians(session: AsyncSession, words: str) -> Named:
    """The technicians whose name holds a word of the search; words that cannot be a name are left out."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for part in dict.fromkeys(pieces(words)):
        if len(part) < TRIGRAM or not part.isalpha() or part in _OFTEN:
            continue
        if called := await rows.rows(session, _CALLED, {"said": f"%{part}%"}):
            found.append((part, tuple(row[0] for row in called)))
    return tuple(found)


def holding(words: str, named: Named, open_only: ColumnElement[bool]) -> ColumnElement[bool]:
    """The orders in which every word stands. open_only: where to look when no word is long enough for the index."""
    parts = pieces(words)
    if not parts:
        return false()
    called = dict(named)
    found: list[ColumnElement[bool]] = []
    for part in parts:
        stands = Order.search.like(f"%{part}%")
        found.append(or_(stands, Order.technician_id.in_(called[part])) if part in called else stands)
    if max(map(len, parts)) < TRIGRAM:
        found.append(open_only)
    return and_(*found)


def exactly(words: str) -> ColumnElement[bool] | None:
    """The orders that have the whole search as their serial, ODP label or technician code; None when it is no code."""
    said = letters(words[:LONGEST]).strip()
    label = codes.odp(said, "").value
    if label is None and not re.fullmatch(r"[A-Z]{4}[0-9A-Z]{8}|[A-Z][0-9][A-Z0-9]{3,14}|[0-9A-F]{16}", compact(said)):
        return None
    whole = {said, compact(said)} | ({label} if label else set())
    return func.coalesce(or_(Order.serial.in_(whole), Order.odp.in_(whole), Order.technician_code.in_(whole)), False)


def the_rest(exact: ColumnElement[bool]) -> ColumnElement[bool]:
    """All others."""
    return not_(exact)


def number_of(words: str) -> str:
    """The registration number that the search is, or nothing."""
    number = compact(words[:LONGEST])
    number = f"SC{number}" if number.isdigit() else number
    return number if re.fullmatch(r"SC[0-9]{6,12}", number) else ""


async def by_number(session: AsyncSession, viewer: Viewer, words: str) -> list[OrderLine]:
    """The orders of a registration number that was given whole, the open one first."""
    number = number_of(words)
    if not number:
        return []
    found = await lines.read(session, _by_number(viewer.whoever), {**viewer.asking, "number": number})
    return sorted(found, key=lambda each: (each.category in OPEN, each.id), reverse=True)


@lru_cache(maxsize=32)
def _by_number(viewer: Viewer | Whoever) -> Select[Any]:
    wanted = lines.picked(viewer).where(Order.registration_no == bindparam("number", type_=String))
    return lines.named(wanted.order_by(Order.category.in_(OPEN).desc(), Order.id.desc()).limit(10))


def slips(number: str) -> list[str]:
    """Every registration number that is one slip away: a digit wrong, missing, too many, or two changed about."""
    head, digits = number[:2], number[2:]
    found: set[str] = set()
    for at in range(len(digits) + 1):
        before, after = digits[:at], digits[at:]
        found |= {before + digit + after for digit in "0123456789"}
        if after:
            found |= {before + digit + after[1:] for digit in "0123456789"} | {before + after[1:]}
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return [head + each for each in sorted(found - {digits}) if 6 <= len(each) <= 12]


async def near(
    session: AsyncSession, viewer: Viewer, words: str, others: Sequence[ColumnElement[bool]]
) -> list[OrderLine]:
    """Orders with something like the words in them: a slipped digit, a letter O for a zero, a name misspelt.

    others: the filters that stand beside the search. At most NEAR, the most alike first.
    """
    parts = [part for part in pieces(words) if part not in _OFTEN] or pieces(words)
    said = " ".join(parts)
    if len(said.replace(" ", "")) < 2 * TRIGRAM - 1:
        return []
    ids: list[int] = []
    if number := number_of(words):
        ids += await _ids(session, viewer, others, Order.registration_no.in_(slips(number)))
    for least in (CLOSE, LOOSE) if len(parts) == 1 else (CLOSE,):
        if len(ids) < NEAR:
            with suppress(DBAPIError):  # what is near to very many orders takes too long, and tells nothing
                async with session.begin_nested():
                    await session.execute(select(func.set_config("statement_timeout", PATIENCE, True)))
                    ids += await _alike(session, viewer, others, said, least)
                    await session.execute(select(func.set_config("statement_timeout", "0", True)))
        if ids:
            break
    if len(ids) < NEAR and not re.search(r"[0-9]", said):
        ids += await _of_namesakes(session, viewer, others, said)
    ids = list(dict.fromkeys(ids))[:NEAR]
    return await lines.of_ids(session, viewer, ids)


async def _ids(
    session: AsyncSession, viewer: Viewer, others: Iterable[ColumnElement[bool]], found: ColumnElement[bool]
) -> list[int]:
    wanted = select(Order.id).where(queries.visible(viewer), found, *others)
    newest = wanted.order_by(Order.category.in_(OPEN).desc(), Order.id.desc()).limit(NEAR)
    return list(await session.scalars(newest))


async def _alike(
    session: AsyncSession, viewer: Viewer, others: Iterable[ColumnElement[bool]], said: str, least: float
) -> list[int]:
    """Ids of the orders whose codes and note are alike by at least `least`, the most alike first."""
    await session.execute(select(func.set_config("pg_trgm.word_similarity_threshold", str(least), True)))
    words = literal(said)
    wanted = select(Order.id).where(queries.visible(viewer), words.op("<%", is_comparison=True)(Order.search), *others)
    best = wanted.order_by(func.word_similarity(words, Order.search).desc(), Order.id.desc()).limit(NEAR)
    return list(await session.scalars(best))


async def _of_namesakes(
    session: AsyncSession, viewer: Viewer, others: Iterable[ColumnElement[bool]], said: str
) -> list[int]:
    """Ids of the newest orders of technicians whose name is alike."""
    await session.execute(select(func.set_config("pg_trgm.word_similarity_threshold", str(LOOSE), True)))
    words = literal(said)
    called = select(Person.id).where(Person.role == Role.TECHNICIAN, words.op("<%", is_comparison=True)(Person.name))
    ids = (await session.scalars(called.order_by(func.word_similarity(words, Person.name).desc()).limit(NEAR))).all()
    return await _ids(session, viewer, others, Order.technician_id.in_(ids)) if ids else []
