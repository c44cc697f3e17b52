"""Charts as SVG, drawn on the server: coloured by CSS class, printable, labelled in words. It never counts anything."""

import math
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from services.web import labels
from services.web.language import _
from services.web.view_dashboard import Hour, Hours
from shared import clock

WIDTH, HEIGHT = 480, 196
LEFT, RIGHT, TOP, BOTTOM = 26, 4, 8, 22  # room for the scale, and for the hours below


def scale(highest: float) -> tuple[int, int]:
    """The top of the value axis and its step: round numbers, at most five steps, never below 5."""
    needed, unit = max(5, math.ceil(highest)), 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if needed <= 5 * step:
                return math.ceil(needed / step) * step, step
        unit *= 10


def spread(counts: Sequence[int], whole: int) -> list[tuple[int, float, float]]:
    """Segments of a bar 100 wide: (index in `counts`, x, width), zeros left out, a gap of 1 between them."""
    parts, x = [], 0.0
    for index, count in enumerate(counts):
        if count and whole:
            wide = count / whole * 100
            parts.append((index, round(x, 1), max(round(wide - 1, 1), 0.6)))
            x += wide
    return parts


def peak(hours: Sequence[Hour], which: str) -> str:
    """`24 pukul 09`, the busiest hour; `0` when nothing happened."""
    best = max(hours, key=lambda each: getattr(each, which) or 0)
    most = getattr(best, which) or 0
    return _("{most} pukul {hour}", most=most, hour=f"{best.hour:02}") if most else "0"


def per_hour(view: Hours, now: datetime, zone: str) -> Markup:
    """Bars of received and done an hour, the usual day as a dashed line, and where we are now."""
    hours = view.hours
    if not hours:
        return Markup("")
    top, step = scale(max(max(each.received or 0, each.done or 0, each.usual or 0) for each in hours))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    each_wide = wide / len(hours)
    bar = min(11.0, each_wide / 2 - 1.5)
    every = 1 if len(hours) <= 14 else 2

    def y(value: float) -> float:
        return TOP + high - value / top * high

    drawn = [_scale_line(value, y(value)) for value in range(0, top + 1, step)]
    for place, each in enumerate(hours):
        middle = LEFT + each_wide * (place + 0.5)
        for side, (mark, word, value) in enumerate((("a", _("masuk"), each.received), ("b", _("selesai"), each.done))):
            if value is not None:
                x = middle + (side - 1) * (bar + 1) + 0.5
                drawn.append(
                    f'<rect class="{mark}" x="{x:.1f}" y="{y(value):.1f}" width="{bar:.1f}" '
                    f'height="{TOP + high - y(value):.1f}" rx="1.5">'
                    f"<title>{each.hour:02}:00, {value} {word}</title></rect>"
                )
        if place % every == 0:
            drawn.append(f'<text x="{middle:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{each.hour:02}</text>')
    usual = [(LEFT + each_wide * (i + 0.5), y(each.usual)) for i, each in enumerate(hours) if each.usual is not None]
    if len(usual) > 1:
        drawn.append('<path class="l" d="M' + "L".join(f"{x:.1f} {at:.1f}" for x, at in usual) + '"/>')
    if view.running:
        drawn.append(_now_line(hours, now, zone, each_wide, high))
    said = _(
        "Order masuk dan selesai per jam. Puncak masuk {hours}, selesai {hours2}.",
        hours=peak(hours, "received"),
        hours2=peak(hours, "done"),
    )
    return Markup(  # noqa: S704 every value above is a number or a word of ours
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{"".join(drawn)}</svg>'
    )


def _scale_line(value: int, y: float) -> str:
    mark = "grid" if value else "axis"
    return (
        f'<line class="{mark}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>'
    )


def _now_line(hours: Sequence[Hour], now: datetime, zone: str, each_wide: float, high: float) -> str:
    """A dashed line after the running hour, with the time; nothing when now is outside the hours drawn."""
    running = clock.local(now, zone).hour
    place = next((i for i, each in enumerate(hours) if each.hour == running), None)
    if place is None:
        return ""
    x = LEFT + each_wide * (place + 1)
    words_x, anchor = (x + 6, "start") if x < WIDTH - 90 else (x - 6, "end")
    return (
        f'<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{TOP + high}"/>'
        f'<text x="{words_x:.1f}" y="{TOP + 10}" text-anchor="{anchor}">{labels.time(now, zone)}</text>'
    )
