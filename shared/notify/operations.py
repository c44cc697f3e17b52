"""What changes about rules, the minutes of ladders and one's own wishes. No step is ever deaf: see `hearing`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.chats.models import Chat, ChatKind
from shared.errors import Invalid, NotFound
from shared.notify import hearing, queries
from shared.notify.kinds import DESK, KINDS, LADDERS, MOST_MINUTES, MUTABLE, PLACELESS, ROLES
from shared.notify.models import NotifyRule, NotifyStep, NotifyWish
from shared.people.access import Viewer
from shared.people.models import Person
from shared.places.models import SiteOperation, Sto

RIGHT = "notify.change"
LANGUAGES = ("id", "en")


@dataclass(frozen=True, slots=True)
class Line:
    """A rule as a person wants it.

    audience: a role, `own` (whom the subject names), `desk` (the helpdesk's groups there), `person:5` or `chat:-100`.
    """

    kind: str
    step: int
    audience: str
    site: int | None = None
    sto: int | None = None
    language: str | None = None
    thread: int | None = None


async def add_rule(session: AsyncSession, viewer: Viewer, line: Line, *, source: str) -> int:
    """A new line.

    Raises NotAllowed and Invalid(kind | audience | unit | language: unknown; audience: taken | own | nowhere;
    unit: nowhere).
    """
    viewer.must(RIGHT)
    values = await _read(session, line)
    made: int | None = await session.scalar(
        insert(NotifyRule).values(**values, made_by=viewer.person_id).on_conflict_do_nothing().returning(NotifyRule.id)
    )
    if made is None:
        raise Invalid(audience="taken")
    told = {name: value for name, value in values.items() if value is not None}
    await audit.note(session, viewer.person_id, source, "notify.rule_added", f"rule:{made}", told)
    return made


@dataclass(frozen=True, slots=True)
class Preview:
    """What a line would change. now, then: last week without and with it; reaches: whom it names by itself."""

    now: queries.Trial
    then: queries.Trial
    reaches: tuple[hearing.Hearer, ...]


async def preview(session: AsyncSession, viewer: Viewer, line: Line) -> Preview:
    """Try a line on last week and take it back. What was read in this session before is stale. Raises as `add_rule`."""
    viewer.must(RIGHT)
    said = await queries.last_week(session)
    now = await queries.trial(session, line.kind, line.step, said) if line.kind in KINDS else None
    trial = await session.begin_nested()
    try:
        rule = await session.get_one(NotifyRule, await add_rule(session, viewer, line, source="trial"))
        then = await queries.trial(session, line.kind, line.step, said)
        reaches = tuple(await hearing.reached(session, rule))
    finally:
        await trial.rollback()
    assert now is not None
    return Preview(now, then, reaches)


async def remove_rule(session: AsyncSession, viewer: Viewer, rule_id: int, *, source: str) -> None:
    """Take a line out. A step without any goes on to the next one. Raises NotAllowed, NotFound."""
    viewer.must(RIGHT)
    row = await session.get(NotifyRule, rule_id)
    if row is None:
        raise NotFound
    told = {"kind": row.kind, "step": row.step, "audience": row.audience, "person": row.person_id, "chat": row.chat_id}
    await session.execute(delete(NotifyRule).where(NotifyRule.id == rule_id))
    details = {name: value for name, value in told.items() if value is not None}
    await audit.note(session, viewer.person_id, source, "notify.rule_removed", f"rule:{rule_id}", details)


async def set_minutes(
    session: AsyncSession, viewer: Viewer, kind: str, minutes: Collection[int | None], *, source: str
) -> None:
    """After how many minutes each step of a ladder is told; None: that step and those above are not told at all.

    Facts older than a ladder's first step count from now on only, so that switching one on is no flood.
    Raises NotAllowed and Invalid(kind=unknown, minutes=range | order).
    """
    viewer.must(RIGHT)
    if kind not in LADDERS or len(minutes) != KINDS[kind].steps:
        raise Invalid(kind="unknown")
    steps = []
    for each in minutes:
        if each is None:
            break
        steps.append(each)
    if any(not 1 <= each <= MOST_MINUTES for each in steps):
        raise Invalid(minutes="range")
    if steps != sorted(set(steps)):
        raise Invalid(minutes="order")
    rows = await session.execute(select(NotifyStep.step, NotifyStep.minutes).where(NotifyStep.kind == kind))
    before = [each for _, each in sorted((step, each) for step, each in rows)]
    if before == steps:
        return
    later = NotifyStep.kind == kind
    await session.execute(delete(NotifyStep).where(later, NotifyStep.step > len(steps)))
    for number, each in enumerate(steps, 1):
        made = insert(NotifyStep).values(kind=kind, step=number, minutes=each)
        await session.execute(
            made.on_conflict_do_update(index_elements=["kind", "step"], set_={"minutes": made.excluded.minutes})
        )
    if not before:
        await session.execute(update(NotifyStep).where(later).values(since=func.clock_timestamp()))
    details = {"before": before, "after": steps}
    await audit.note(session, viewer.person_id, source, "notify.minutes", f"ladder:{kind}", details)


async def wish(
    session: AsyncSession, viewer: Viewer, muted: Collection[str], quiet: tuple[time, time] | None, *, hourly: bool
) -> None:
    """What a person wishes about its own messages. Raises Invalid(muted=unknown, quiet=same)."""
    if set(muted) - set(MUTABLE):
        raise Invalid(muted="unknown")
    if quiet is not None and quiet[0] == quiet[1]:
        raise Invalid(quiet="same")
    begins, ends = quiet or (None, None)
    values = {"muted": sorted(set(muted)), "quiet_from": begins, "quiet_to": ends, "hourly": hourly}
    made = insert(NotifyWish).values(person_id=viewer.person_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["person_id"], set_=values))


async def _read(session: AsyncSession, line: Line) -> dict[str, object]:
    """The columns of a line. Raises Invalid."""
    wrong: dict[str, str] = {}
    kind = KINDS.get(line.kind)
    if kind is None or not 1 <= line.step <= kind.steps:
        raise Invalid(kind="unknown")
    values: dict[str, object] = {"kind": line.kind, "step": line.step, "person_id": None, "chat_id": None}
    sort, _colon, number = line.audience.partition(":")
    values["audience"] = sort
    plain = number.removeprefix("-")
    given = int(number) if plain.isascii() and plain.isdigit() and len(plain) < 18 else None
    if sort == "person":
        person = await session.get(Person, given) if given is not None else None
        if person is None or not person.active:
            wrong["audience"] = "unknown"
        values["person_id"] = given
    elif sort == "chat":
        chat = await session.get(Chat, given) if given is not None else None
        if chat is None or chat.kind is ChatKind.PRIVATE:
            wrong["audience"] = "unknown"
        values["chat_id"] = given
    elif sort == "own":
        if not kind.own:
            wrong["audience"] = "own"
        values["audience"] = kind.own
    elif sort == DESK and line.kind in PLACELESS:
        wrong["audience"] = "nowhere"
    elif sort not in {DESK, *(role.value for role in ROLES)}:
        wrong["audience"] = "unknown"
    site, sto = line.site, line.sto
    if site is not None and (sto is not None or await session.get(SiteOperation, site) is None):
        wrong["unit"] = "unknown"
    if sto is not None and await session.get(Sto, sto) is None:
        wrong["unit"] = "unknown"
    if line.kind in PLACELESS and (site, sto) != (None, None):
        wrong["unit"] = "nowhere"
    if line.language not in {None, *LANGUAGES}:
        wrong["language"] = "unknown"
    if wrong:
        raise Invalid(**wrong)
    thread = line.thread if sort == "chat" else None
    return values | {"site_operation_id": site, "sto_id": sto, "language": line.language, "thread_id": thread}
