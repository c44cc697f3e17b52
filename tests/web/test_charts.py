"""Charts say the same in marks and in words, on a quiet day as on a busy one."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from services.web import charts
from services.web.view_dashboard import Hour, Hours

NOW = datetime(2026, 11, 20, 3, 42, tzinfo=UTC)  # 10:42 WIB
WIB = "Asia/Jakarta"
DAY = Hours(
    (Hour(8, 21, 13, 18.0), Hour(9, 24, 22, 22.0), Hour(10, 17, 27, 20.0), Hour(11, None, None, 16.0)),
    "Masuk, rata-rata Jumat",
)


def drawn(view: Hours, now: datetime = NOW) -> ET.Element:
    return ET.fromstring(str(charts.per_hour(view, now, WIB)))


@pytest.mark.parametrize(
    ("highest", "top_and_step"), [(0, (5, 1)), (3, (5, 1)), (5, (5, 1)), (6, (6, 2)), (27, (30, 10)), (240, (250, 50))]
)
def test_the_scale_is_round_and_holds_the_highest(highest: float, top_and_step: tuple[int, int]) -> None:
    assert charts.scale(highest) == top_and_step


@pytest.mark.parametrize("highest", [0.4, 5.1, 11, 99, 101, 4999, 5001])
def test_no_bar_leaves_the_chart_and_lines_stay_few(highest: float) -> None:
    top, step = charts.scale(highest)
    assert top >= highest
    assert top % step == 0
    assert top // step <= 5


def test_hours_to_come_have_no_bars() -> None:
    bars = [mark for mark in drawn(DAY) if mark.tag == "rect"]
    assert len(bars) == 6
    assert all(float(bar.get("height", "-1")) >= 0 for bar in bars)


def test_the_label_tells_the_peaks() -> None:
    chart = drawn(DAY)
    assert chart.get("role") == "img"
    assert chart.get("aria-label") == "Order masuk dan selesai per jam. Puncak masuk 24 pukul 09, selesai 27 pukul 10."


def test_each_bar_has_its_own_words() -> None:
    assert "09:00, 24 masuk" in [mark.text for mark in drawn(DAY).iter("title")]


def test_now_is_marked_only_on_a_day_that_has_it() -> None:
    assert any(mark.get("class") == "now" for mark in drawn(DAY))
    night = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    assert not any(mark.get("class") == "now" for mark in drawn(DAY, night))


def test_without_a_usual_day_there_is_no_dashed_line() -> None:
    plain = Hours(tuple(Hour(each.hour, each.received, each.done) for each in DAY.hours))
    assert not any(mark.get("class") == "l" for mark in drawn(plain))


def test_a_day_without_orders_is_drawn_too() -> None:
    quiet = drawn(Hours(tuple(Hour(hour, 0, 0) for hour in range(24))))
    assert quiet.get("aria-label") == "Order masuk dan selesai per jam. Puncak masuk 0, selesai 0."


def test_no_hours_no_chart() -> None:
    assert charts.per_hour(Hours(()), NOW, WIB) == ""


def test_a_spread_leaves_out_zeros_and_keeps_gaps() -> None:
    assert charts.spread((6, 0, 14), 40) == [(0, 0.0, 14.0), (2, 15.0, 34.0)]


def test_a_small_share_is_still_seen() -> None:
    assert charts.spread((1, 999), 1000)[0] == (0, 0.0, 0.6)


def test_a_spread_of_nothing_is_empty() -> None:
    assert charts.spread((0, 0), 0) == []
