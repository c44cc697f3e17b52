"""An import as its pages show it: rows of tables into view models, in words. Reads; decides nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.web import language, words_import
from services.web.labels import number
from services.web.language import N_, _, ngettext
from services.web.view import Choice
from services.web.view_imports import (
    BatchRow,
    Change,
    Column,
    Diff,
    Example,
    Figure,
    OneImport,
    Problem,
    Refused,
    Step,
    Tag,
    Twin,
)
from shared.arrears import columns, import_queries, imports, say, undoing
from shared.arrears.batches import BatchState, ImportBatch, Kind
from shared.arrears.import_queries import BatchLine
from shared.errors import NotFound
from shared.people.access import Viewer
from shared.places.models import Sto

WORKING = frozenset({BatchState.READING, BatchState.APPLYING, BatchState.UNDOING})
WAITING = frozenset({BatchState.MAPPING, BatchState.READY})
SEEN = frozenset({BatchState.READY, BatchState.APPLYING, BatchState.APPLIED, BatchState.UNDOING, BatchState.UNDONE})
STEPS = (N_("Unggah"), N_("Cocokkan kolom"), N_("Periksa"), N_("Terapkan"))
SAMPLES = 3
EXAMPLES = 8  # of each kind: enough to judge by, and what one decides stays near
ROWS = 50


def steps(batch: ImportBatch) -> tuple[Step, ...]:
    """The four steps and which one it is at; all done once it is applied."""
    at = {BatchState.MAPPING: 1, BatchState.READING: 2, BatchState.READY: 2, BatchState.APPLYING: 3}.get(batch.state)
    if at is None:
        done = batch.state in {BatchState.APPLIED, BatchState.UNDOING, BatchState.UNDONE}
        reached = 4 if done else (2 if batch.mapping else 1)
        return tuple(Step(_(label), "ok" if index < reached else "") for index, label in enumerate(STEPS))
    states = ["ok" if index < at else ("now" if index == at else "") for index in range(len(STEPS))]
    return tuple(Step(_(label), state) for label, state in zip(STEPS, states, strict=True))


def may_undo(batch: ImportBatch, viewer: Viewer) -> bool:
    """Whether this person may have it undone now."""
    return imports.may_undo(batch) and (batch.kind is Kind.ARREARS or viewer.may("order.delete"))


def figures(batch: ImportBatch) -> str:
    """What an import did or would do, in a few words; empty while nobody knows."""
    if batch.state is BatchState.UNDONE:
        restored = int(batch.result.get("restored") or 0)
        return ngettext("{count} dipulihkan", "{count} dipulihkan", restored, count=number(restored))
    of = batch.result if batch.state is BatchState.APPLIED and batch.result else batch.counts
    if not of:
        return ""
    said = {
        "new": N_("{n} baru"),
        "changed": N_("{n} berubah"),
        "missing": N_("{n} hilang"),
        "refused": N_("{n} ditolak"),
    }
    return ", ".join(_(text, n=number(int(of[name]))) for name, text in said.items() if of.get(name))


def row(line: BatchLine, viewer: Viewer) -> BatchRow:
    """A line of the history."""
    batch = line.batch
    return BatchRow(
        id=batch.id,
        name=words_import.shown(batch.name),
        kind=_(words_import.KINDS[batch.kind]),
        state=words_import.state(batch),
        who=line.uploader,
        at=batch.uploaded_at,
        figures=figures(batch),
        waits=batch.state in WAITING,
        may_undo=may_undo(batch, viewer),
    )


async def one(
    session: AsyncSession,
    viewer: Viewer,
    batch: ImportBatch,
    *,
    mapping: bool = False,
    chosen: Sequence[str | None] | None = None,
    errors: Mapping[str, str] | None = None,
    error: str = "",
    code: str = "",
    after: int = 0,
) -> OneImport:
    """Everything its page shows. mapping: a person wants to correct the columns; chosen: what they had chosen."""
    who = await import_queries.names(session, [batch.uploaded_by, batch.decided_by, batch.undone_by])
    undone = batch.undone_by if batch.state in {BatchState.UNDOING, BatchState.UNDONE} else None
    may_map = batch.state in WAITING
    maps = batch.state is BatchState.MAPPING or (mapping and may_map)
    said = await import_queries.remembered(session, batch) if may_map else None
    seen = batch.state in SEEN and bool(batch.counts) and not maps
    left = await undoing.left(session, viewer, batch) if batch.state is BatchState.UNDONE else []
    return OneImport(
        id=batch.id,
        version=batch.version,
        name=words_import.shown(batch.name),
        kind=_(words_import.KINDS[batch.kind]),
        arrears=batch.kind is Kind.ARREARS,
        state=words_import.state(batch),
        at_step=at_step(batch, maps=maps),
        about=about(batch),
        who=who.get(batch.uploaded_by, ""),
        at=batch.uploaded_at,
        steps=steps(batch),
        phase=words_import.phase(batch.phase),
        phases={name: _(text) for name, text in words_import.PHASES.items()},
        progress=batch.progress,
        expires=batch.expires_at if may_map else None,
        trouble=words_import.trouble(batch),
        error=error,
        errors=dict(errors or {}),
        twin=await twin(session, viewer, batch),
        columns=described(batch, chosen, errors or {}),
        fields=choices(batch.kind),
        required=", ".join(words_import.field(each.name) for each in columns.FIELDS[batch.kind] if each.required),
        may_map=may_map and bool(batch.header),
        remembered=said[0] if said else "",
        sheets=tuple(str(each) for each in batch.layout.get("sheets") or ()) if may_map else (),
        sheet=str(batch.layout.get("sheet") or ""),
        diff=await difference(session, batch) if seen else None,
        refused=await refused(session, viewer, batch, code, after) if seen else None,
        missing=int(batch.counts.get("missing") or 0),
        may_cancel=batch.state in WAITING | {BatchState.READING},
        may_undo=may_undo(batch, viewer),
        undo_until=undo_until(batch),
        decided=who.get(undone or batch.decided_by or 0, ""),
        decided_at=batch.undone_at if undone else batch.applied_at,
        result=result(batch),
        restored=int(batch.result.get("restored") or 0),
        kept=int(batch.result.get("kept") or 0),
        left=linked(left),
    )


def at_step(batch: ImportBatch, *, maps: bool) -> str:
    """Which part of the page is drawn."""
    if batch.state in WORKING:
        return "work"
    if maps:
        return "map"
    return {BatchState.READY: "look", BatchState.APPLIED: "done", BatchState.UNDONE: "done"}.get(batch.state, "end")


def about(batch: ImportBatch) -> str:
    """Size, rows and what kind of file it turned out to be."""
    said = [words_import.size(batch.size)]
    if rows := int(batch.counts.get("rows") or 0):
        said.append(ngettext("{count} baris", "{count} baris", rows, count=number(rows)))
    layout = batch.layout
    if layout.get("format") == "csv":
        sign = {"\t": "tab"}.get(str(layout.get("delimiter")), f"“{layout.get('delimiter')}”")
        said.append(_("CSV dengan pemisah {sign}", sign=sign))
    elif layout.get("format"):
        said.append({"xlsx": "XLSX", "html": "HTML"}.get(str(layout["format"]), str(layout["format"])))
    if int(layout.get("header_row") or 1) > 1:
        said.append(_("judul kolom di baris {row}", row=layout["header_row"]))
    return " · ".join(said)


def undo_until(batch: ImportBatch) -> Any:
    """Until when an applied import may be undone."""
    at = batch.applied_at
    return imports.undo_ends(at) if at is not None and imports.may_undo(batch) else None


async def twin(session: AsyncSession, viewer: Viewer, batch: ImportBatch) -> Twin | None:
    """The applied import of the same bytes, if this person may see it and something can still be decided."""
    if batch.same_as is None or batch.state not in WAITING | {BatchState.READING}:
        return None
    try:
        before = await import_queries.batch(session, viewer, batch.same_as)
    except NotFound:
        return None
    if before.state is not BatchState.APPLIED:
        return None
    who = await import_queries.names(session, [before.decided_by])
    return Twin(before.id, who.get(before.decided_by or 0, ""), before.applied_at)


def choices(kind: Kind) -> tuple[Choice, ...]:
    """What a column may become."""
    given = tuple(Choice(each.name, words_import.field(each.name)) for each in columns.FIELDS[kind])
    extra = (Choice(columns.EXTRA, _("Simpan sebagai data tambahan")),) if kind is Kind.ARREARS else ()
    return (Choice("", _("Abaikan")), *given, *extra)


def described(batch: ImportBatch, chosen: Sequence[str | None] | None, errors: Mapping[str, str]) -> tuple[Column, ...]:
    """The columns of the file with a few of their cells."""
    mapping = list(chosen if chosen is not None else batch.mapping)
    mapping += [None] * (len(batch.header) - len(mapping))
    kept, bill = _("Data tambahan"), _("Tagihan per bulan")
    found = []
    for index, name in enumerate(batch.header):
        cells = [words_import.shown(each[index], 40) for each in batch.samples if index < len(each)]
        of = mapping[index] or ""
        extra = bill if columns.month(name) else kept
        label = extra if of == columns.EXTRA else (words_import.field(of) if of else _("Diabaikan"))
        wrong = errors.get(of, "") if of else ""
        samples = tuple([cell for cell in cells if cell][:SAMPLES])
        found.append(Column(words_import.shown(name, 60) or _("(tanpa judul)"), samples, of, label, wrong))
    return tuple(found)


async def difference(session: AsyncSession, batch: ImportBatch) -> Diff:
    """Counts and examples of what would change, or did."""
    n = {name: int(batch.counts.get(name) or 0) for name in ("new", "changed", "same", "missing", "refused")}
    arrears = batch.kind is Kind.ARREARS
    tally = [Figure(n["new"], _("Pelanggan baru") if arrears else _("Order baru"))]
    if arrears:
        tally += [
            Figure(n["changed"], _("Berubah")),
            Figure(n["same"], _("Tidak berubah")),
            Figure(n["missing"], _("Tidak ada di berkas")),
        ]
    tally.append(Figure(n["refused"], _("Baris ditolak"), hot=n["refused"] > 0))
    changed = _some(batch, "changed")
    stos = await names_of(session, changed)
    warned = batch.problems.get("warned") or {}
    return Diff(
        tally=tuple(tally),
        amount=int(batch.counts.get("amount") or 0) if arrears else None,
        changed=tuple(example(each, stos) for each in changed),
        new=tuple(example(each, stos) for each in _some(batch, "new")),
        missing=tuple(example(each, stos) for each in _some(batch, "missing")),
        warned=tuple(problem(int(each["row"]), each) for each in _some(batch, "warned")),
        warnings=tags(warned),
        nothing=not (n["new"] or n["changed"] or n["missing"]),
    )


def _some(batch: ImportBatch, kind: str) -> Sequence[Mapping[str, Any]]:
    return (batch.examples.get(kind) or [])[:EXAMPLES]


async def names_of(session: AsyncSession, changed: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Codes of the STO that stand in changes; asked only when one does."""
    if not any("sto_id" in (each.get("fields") or {}) for each in changed):
        return {}
    return {row[0]: row[1] for row in (await session.execute(select(Sto.id, Sto.code))).all()}


def example(given: Mapping[str, Any], stos: Mapping[int, str]) -> Example:
    """One row to look at."""
    account = given.get("account_id")
    changes = [
        Change(words_import.field(name), words_import.value(name, old, stos), words_import.value(name, new, stos))
        for name, (old, new) in (given.get("fields") or {}).items()
    ]
    return Example(
        number=words_import.shown(given.get("internet") or given.get("number") or ""),
        name=words_import.shown(given.get("name") or given.get("type") or ""),
        row=int(given.get("row") or 0),
        amount=int(given["amount"]) if given.get("amount") is not None else None,
        href=f"/tunggakan/{account}" if account else "",
        changes=tuple(changes),
    )


def problem(row_no: int, given: Mapping[str, Any]) -> Problem:
    """What is wrong with a cell, and how to mend it."""
    spoken = language.current()
    return Problem(
        row=row_no,
        column=words_import.shown(given.get("column") or words_import.field(str(given.get("field") or "")), 60),
        given=words_import.shown(given.get("given") or ""),
        why=say.why(given, spoken),
        mend=say.mend(given, spoken),
    )


def tags(counted: Mapping[str, int]) -> tuple[Tag, ...]:
    """Kinds of problems, most rows first."""
    sorted_ = sorted(counted.items(), key=lambda each: (-int(each[1]), each[0]))
    return tuple(Tag(code, say.label(code, language.current()), int(rows)) for code, rows in sorted_)


async def refused(session: AsyncSession, viewer: Viewer, batch: ImportBatch, code: str, after: int) -> Refused:
    """One page of the refused rows, narrowed to one kind of problem."""
    counted = batch.problems.get("refused") or {}
    total = int(batch.result.get("refused") or batch.counts.get("refused") or 0)
    code = code if code in counted else ""
    found = await import_queries.refusals(session, viewer, batch.id, code=code or None, after=after, size=ROWS)
    rows: list[Problem] = []
    for each in found[:ROWS]:
        rows += [problem(each.row_no if first else 0, given) for first, given in _marked(each.problems)]
    return Refused(
        total=total,
        tags=tags(counted),
        code=code,
        rows=tuple(rows),
        shown=min(len(found), ROWS),
        next=found[ROWS - 1].row_no if len(found) > ROWS else 0,
        gone=batch.stored is None,
    )


def _marked(problems: Sequence[Mapping[str, Any]]) -> list[tuple[bool, Mapping[str, Any]]]:
    return [(index == 0, each) for index, each in enumerate(problems)]


def result(batch: ImportBatch) -> tuple[Figure, ...]:
    """What an applied import did."""
    of = batch.result
    if not of:
        return ()
    if batch.kind is Kind.ORDERS:
        said = [("new", N_("Order didaftarkan")), ("refused", N_("Baris ditolak"))]
    else:
        said = [
            ("new", N_("Pelanggan baru")),
            ("changed", N_("Diperbarui")),
            ("missing", N_("Diduga lunas")),
            ("kept_promises", N_("Janji ditepati")),
            ("broken_promises", N_("Janji tidak ditepati")),
        ]
    return tuple(Figure(int(of.get(name) or 0), _(label)) for name, label in said)


def linked(left: Sequence[undoing.Left]) -> tuple[Choice, ...]:
    """What an undo leaves, each with its address."""
    return tuple(
        Choice(f"/tunggakan/{each.id}", f"{each.label} {words_import.shown(each.name, 60)}")
        if each.id is not None
        else Choice(f"/order/{each.label}", each.label)
        for each in left
    )
