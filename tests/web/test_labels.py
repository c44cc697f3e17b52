"""Formats as people read them: dates, durations, money, and what the SLA column says."""

from datetime import UTC, datetime, timedelta

import pytest

from services.web import labels
from services.web.view import Choice, Sla
from services.web.view_forms import Problem
from shared.words import MONTHS

NOW = datetime(2026, 11, 20, 3, 42, tzinfo=UTC)
WIB = "Asia/Jakarta"


def test_a_moment_is_said_in_the_units_zone() -> None:
    assert labels.moment(NOW, WIB) == "20 Nov 2026 10:42\u00a0WIB"
    assert labels.time(NOW, "Asia/Makassar") == "11:42\u00a0WITA"
    assert labels.time(NOW, "Asia/Jayapura") == "12:42\u00a0WIT"


def test_a_day_is_a_day_in_the_units_zone() -> None:
    late_in_utc = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert labels.weekday_date(late_in_utc, WIB) == "Jumat, 20 Nov 2026"


@pytest.mark.parametrize(("month", "word"), list(enumerate(MONTHS, 1)))
def test_months_have_indonesian_names(month: int, word: str) -> None:
    assert labels.date(datetime(2026, month, 9, tzinfo=UTC), WIB) == f"9 {word} 2026"


def test_short_says_no_more_than_is_needed() -> None:
    assert labels.short(NOW - timedelta(hours=2), NOW, WIB) == "08:42"
    assert labels.short(NOW - timedelta(days=1), NOW, WIB) == "19\u00a0Nov"
    assert labels.short(NOW - timedelta(days=365), NOW, WIB) == "20\u00a0Nov\u00a02025"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 mnt"), (18, "18 mnt"), (60, "1 j"), (105, "1 j 45 mnt"), (1440, "1 hari"), (4560, "3 hari 4 j")],
)
def test_durations(minutes: int, words: str) -> None:
    assert labels.minutes(minutes) == words.replace(" ", labels.NBSP)


def test_money_and_numbers() -> None:
    assert labels.rupiah(1234567) == "Rp\u00a01.234.567"
    assert labels.rupiah(-412500) == "-Rp\u00a0412.500"
    assert labels.rupiah_short(612_450_000) == "Rp\u00a0612,5\u00a0jt"
    assert labels.rupiah_short(2_146_380_500) == "Rp\u00a02,15\u00a0M"
    assert labels.rupiah_short(1_733_080_000_000) == "Rp\u00a01,73\u00a0T"
    assert labels.rupiah_short(999_999_999) == "Rp\u00a01,00\u00a0M"
    assert labels.rupiah_short(999_999) == "Rp\u00a0999.999"
    assert labels.rupiah_short(412_500) == "Rp\u00a0412.500"
    assert labels.number(4812) == "4.812"
    assert labels.percent(0.956) == "95,6%"
    assert labels.seconds(10) == "10\u00a0dtk"


@pytest.mark.parametrize(
    ("name", "letters"), [("Nadia Putri", "NP"), ("Sulastri", "S"), ("Adi bin Umar", "AU"), ("", "?")]
)
def test_initials(name: str, letters: str) -> None:
    assert labels.initials(name) == letters


def running(left: timedelta, target: int = 60, stops: datetime | None = None) -> Sla:
    return Sla("running", target, due=NOW + left, stops=stops)


@pytest.mark.parametrize(
    ("left", "kind", "text"),
    [
        (timedelta(minutes=60, milliseconds=400), "ok", "1 j"),
        (timedelta(minutes=24), "ok", "24 mnt"),
        (timedelta(minutes=12, seconds=30), "ok", "13 mnt"),
        (timedelta(minutes=12), "dekat", "12 mnt"),
        (timedelta(seconds=20), "dekat", "1 mnt"),
        (timedelta(), "lewat", "+1 mnt"),
        (timedelta(seconds=-20), "lewat", "+1 mnt"),
        (timedelta(minutes=-18, seconds=-30), "lewat", "+18 mnt"),
        (timedelta(minutes=-105), "lewat", "+1 j 45 mnt"),
    ],
)
def test_the_last_fifth_is_near_and_the_breach_is_late(left: timedelta, kind: str, text: str) -> None:
    said = labels.sla(running(left), NOW)
    assert (said.kind, said.text) == (kind, text.replace(" ", labels.NBSP))


def test_the_clock_stands_still_after_the_working_day() -> None:
    standing = running(timedelta(minutes=20), stops=NOW + timedelta(minutes=5))
    assert labels.sla(standing, NOW + timedelta(hours=9)).text == "15\u00a0mnt"


def test_a_paused_or_closed_order_does_not_tick() -> None:
    assert labels.sla(Sla("paused", 60), NOW).kind == "jeda"
    closed = labels.sla(Sla("closed", 60, spent=52), NOW)
    assert (closed.kind, closed.text) == ("usai", "52\u00a0mnt")


def test_late_is_also_said_aloud() -> None:
    assert labels.sla(running(timedelta(minutes=-3)), NOW).spoken == "Lewat SLA "


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 418, 422, 429, 500, 502, 503])
def test_every_problem_has_calm_words_and_a_way_on(status: int) -> None:
    said = labels.problem(Problem(status))
    assert said.title
    assert said.text
    assert said.links
    assert "!" not in said.title + said.text


def test_a_problems_own_words_stay() -> None:
    own = Problem(404, title="SC1 tidak ada", links=(Choice("/order", "Cari"),))
    said = labels.problem(own)
    assert said.title == "SC1 tidak ada"
    assert said.links == own.links
