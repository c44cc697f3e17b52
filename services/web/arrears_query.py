"""What the address of the arrears list says: filters read from it, for the query layer, and in words. No database."""

from collections.abc import Mapping, Sequence
from typing import get_args

from starlette.requests import Request

from services.web.language import N_, _
from services.web.view import Choice
from services.web.view_arrears import AccountQuery, Chip
from services.web.words_arrears import RESULTS as RESULT_WORDS
from shared.arrears.models import AccountState, Result
from shared.arrears.queries import Filters, Promised
from shared.errors import Invalid
from shared.identifiers import compact, one_line
from shared.places.models import Sto

STATES = {"": AccountState.OPEN, "diduga": AccountState.PRESUMED_PAID, "lunas": AccountState.PAID}
STATE_WORDS = {"diduga": N_("Diduga lunas"), "lunas": N_("Lunas")}
MONTHS: Mapping[str, tuple[int | None, int | None]] = {
    "1": (1, 1),
    "2": (2, 2),
    "3": (3, 3),
    "4+": (4, None),
    "3+": (3, None),
    "0": (None, 0),
}
MONTH_WORDS = {
    "1": N_("1 bulan"),
    "2": N_("2 bulan"),
    "3": N_("3 bulan"),
    "4+": N_("Di atas 3 bulan"),
    "3+": N_("3 bulan atau lebih"),
    "0": N_("Tidak disebut"),
}
PROMISED: Mapping[str, Promised] = {"ada": "open", "hari-ini": "due", "lewat": "late", "tanpa": "none"}
PROMISE_WORDS = {
    "ada": N_("Ada janji"),
    "hari-ini": N_("Jatuh tempo hari ini"),
    "lewat": N_("Lewat janji"),
    "tanpa": N_("Belum ada janji"),
}
NOT_VISITED = "belum"
WORDED = frozenset(each.value for each in Result)
NOWHERE = (-1,)  # an STO that nobody knows finds nothing
SHORTEST = 3  # letters of a search: fewer have no index
BIGGEST = 10**18
NOBODY = "0"
assert set(PROMISED.values()) < set(get_args(Promised))


def read(request: Request) -> AccountQuery:
    """What the address says; what does not exist is as if it were not said."""
    given = request.query_params
    state, months, promise = given.get("status", ""), given.get("bulan", ""), given.get("janji", "")
    result = given.get("hasil", "")
    months = {"4 ": "4+", "3 ": "3+"}.get(months, months)  # a plus that was typed into the address is a space
    codes = [compact(code)[:16] for code in given.get("sto", "")[:200].split(",")]
    collector, words = given.get("petugas", ""), one_line(given.get("q", "")[:200].replace("\x00", ""))[:60]
    return AccountQuery(
        status=state if state in STATES else "",
        sto=",".join(dict.fromkeys(code for code in codes if code)),
        bulan=months if months in MONTHS else "",
        petugas=collector if collector.isascii() and collector.isdigit() and len(collector) < 10 else "",
        janji=promise if promise in PROMISED else "",
        hasil=result if result in WORDED | {NOT_VISITED} else "",
        jeda="ya" if given.get("jeda") == "ya" else "",
        q=words if len(words) >= SHORTEST else "",
    )


def number(text: str) -> int:
    """An id out of an address or a form; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def collector(text: str) -> int | None:
    """The collector that a form names, None for nobody (`0`). Raises Invalid."""
    wanted = text.strip()
    if wanted != NOBODY and not number(wanted):
        raise Invalid(to="unknown")
    return number(wanted) or None


def filters(query: AccountQuery, stos: Sequence[Sto]) -> Filters:
    """The same for the query layer. stos: those of the viewer's area."""
    known = {sto.code: sto.id for sto in stos}
    wanted = tuple(known[code] for code in query.sto.split(",") if code in known)
    return Filters(
        state=STATES[query.status],
        stos=(wanted or NOWHERE) if query.sto else (),
        months=MONTHS[query.bulan] if query.bulan else (None, None),
        collector=int(query.petugas) if query.petugas else None,
        promised=PROMISED[query.janji] if query.janji else "",
        result="none" if query.hasil == NOT_VISITED else query.hasil,
        paused=True if query.jeda else None,
        found=query.q,
    )


def cursor(text: str) -> tuple[int, int] | None:
    """`<amount>_<id>` of the last account seen; what is none is the first page."""
    amount, _line, last = text[:60].partition("_")
    if all(part.isascii() and part.isdigit() and int(part[:25]) < BIGGEST for part in (amount, last)):
        return int(amount), int(last)
    return None


def chips(query: AccountQuery, stos: Sequence[Sto], collectors: Sequence[tuple[int, str]]) -> tuple[Chip, ...]:
    """The filters as the list offers them."""
    people = {"0": _("Belum ada petugas")} | {str(key): name for key, name in collectors}
    states = {name: _(words) for name, words in STATE_WORDS.items()}
    months = {name: _(words) for name, words in MONTH_WORDS.items()}
    promises = {name: _(words) for name, words in PROMISE_WORDS.items()}
    results = {each.value: _(RESULT_WORDS[each]) for each in Result} | {NOT_VISITED: _("Belum dikunjungi")}
    places = {sto.code: f"{sto.code} {sto.name}" for sto in stos}
    return (
        Chip("bulan", _("Umur"), query.bulan, months.get(query.bulan, ""), _choices(months)),
        Chip("sto", "STO", query.sto, query.sto.replace(",", ", "), _choices(places)),
        Chip("petugas", _("Petugas"), query.petugas, people.get(query.petugas, _("orang lain")), _choices(people)),
        Chip("janji", _("Janji bayar"), query.janji, promises.get(query.janji, ""), _choices(promises)),
        Chip("hasil", _("Hasil kunjungan"), query.hasil, results.get(query.hasil, ""), _choices(results)),
        Chip("status", _("Keadaan"), query.status, states.get(query.status, ""), _choices(states)),
    )


def _choices(words: Mapping[str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(value, label) for value, label in words.items())


def in_words(query: AccountQuery, collectors: Sequence[tuple[int, str]]) -> str:
    """The filters as files and the route say them."""
    people = {"0": _("Belum ada petugas")} | {str(key): name for key, name in collectors}
    words = [_(STATE_WORDS[query.status])] if query.status else [_("Menunggak")]
    words += [f"STO {query.sto.replace(',', ', ')}"] if query.sto else []
    words += [_("umur {months}", months=_(MONTH_WORDS[query.bulan]).lower())] if query.bulan else []
    words += [_("petugas {name}", name=people.get(query.petugas, query.petugas))] if query.petugas else []
    words += [_(PROMISE_WORDS[query.janji]).lower()] if query.janji else []
    words += [_("belum dikunjungi")] if query.hasil == NOT_VISITED else []
    words += [_(RESULT_WORDS[Result(query.hasil)]).lower()] if query.hasil in WORDED else []
    words += [_("penagihan dijeda")] if query.jeda else []
    words += [_("pencarian “{words}”", words=query.q)] if query.q else []
    return ", ".join(words)
