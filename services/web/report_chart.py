"""The chart of the monthly report: what came in beside what was finished, a pair of bars a day. It never counts."""

from collections.abc import Sequence

from markupsafe import Markup

from services.web.charts import scale
from services.web.language import _
from services.web.view_reports import DayCount

WIDTH, HEIGHT = 1120, 210
LEFT, RIGHT, TOP, BOTTOM = 44, 4, 8, 22


def per_day(days: Sequence[DayCount]) -> Markup:
    """Bars of received and done; days that have not begun stay blank."""
    if not days:
        return Markup("")
    most = max(max(day.received or 0, day.done or 0) for day in days)
    top, step = scale(most)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    each = wide / len(days)
    bar = min(12.0, each / 2 - 2)

    def y(value: float) -> float:
        return TOP + high - value / top * high

    drawn = []
    for value in range(0, top + 1, step):
        mark = "grid" if value else "axis"
        drawn.append(
            f'<line class="{mark}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>'
        )
    for place, day in enumerate(days):
        middle = LEFT + each * (place + 0.5)
        for side, (mark, word, count) in enumerate((("a", _("masuk"), day.received), ("b", _("selesai"), day.done))):
            if count is not None:
                drawn.append(
                    f'<rect class="{mark}" x="{middle + (side - 1) * (bar + 1) + 0.5:.1f}" y="{y(count):.1f}" '
                    f'width="{bar:.1f}" height="{TOP + high - y(count):.1f}" rx="1.5">'
                    f"<title>{day.name}: {count} {word}</title></rect>"
                )
        drawn.append(f'<text x="{middle:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{day.number}</text>')
    received, done = (sum(getattr(day, name) or 0 for day in days) for name in ("received", "done"))
    said = _("Order masuk dan selesai per hari: {received} masuk dan {done} selesai.", received=received, done=done)
    chart = _("Grafik per hari")
    return Markup(  # noqa: S704 every value above is a number or a word of ours
        f'<div class="scroll" tabindex="0" role="group" aria-label="{chart}"><svg class="chart wide" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">{"".join(drawn)}</svg></div>'
    )
