"""What templates may never do, and that words people typed stay words on every page."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from services.web import language, view
from services.web.render import HERE, asset, environment, render
from services.web.view_claims import (
    Claims,
    Colleague,
    Crew,
    HandoverLine,
    HandoverRow,
    Handovers,
    News,
    Offer,
    OnDuty,
    OneHandover,
    Readers,
)
from services.web.view_dashboard import Count, Dashboard, Health, Hour, Hours, Kpi, Matrix, MatrixRow, Todo
from services.web.view_forms import DemoLogin, Duplicate, Field, Login, NewOrder, Problem

NOW = datetime(2026, 11, 20, 3, 42, tzinfo=UTC)
EVIL = """<script>alert(1)</script><img src=x onerror=alert(1)>"'{{7*7}}"""
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
CONFIG = re.compile(r"<meta name=\"htmx-config\"[^>]*>")


def evil_status(category: view.Category) -> view.Status:
    return view.Status(EVIL, EVIL, category)


SLA = view.Sla("running", 60, due=NOW, stops=NOW)
QUERY = view.Query(sto=EVIL, teknisi=EVIL, q=EVIL)
CHOICES = (view.Choice(EVIL, EVIL),)
FACTS = (view.Fact(EVIL, EVIL, code=True, note=EVIL, copy=EVIL),)
MOMENTS = (
    view.Moment(NOW, "received", EVIL, EVIL, EVIL, EVIL, late=True),
    view.Moment(NOW, "msg", EVIL),
)
SHELL = view.Shell(
    now=NOW,
    zone="Asia/Jakarta",
    me=view.Me(EVIL, EVIL, EVIL, may_create=True),
    page="order",
    csrf=EVIL,
    active=42,
    demo=True,
    live=view.address(QUERY, "/order/langsung"),
    toast=view.Toast(EVIL, EVIL, "/order/x/urungkan", EVIL, 8, message=True),
)
ROW = view.Row(
    no=EVIL,
    type=EVIL,
    status=evil_status("working"),
    sla=SLA,
    odp=EVIL,
    sto=EVIL,
    technician=EVIL,
    serial=EVIL,
    holder=EVIL,
    at=NOW,
    version=3,
    reason=EVIL,
    warnings=1,
    fresh=True,
)
PERSON = Colleague(EVIL, EVIL)
DETAIL = view.Detail(
    no=EVIL,
    type=EVIL,
    status=evil_status("obstacle"),
    sla=SLA,
    version=3,
    request_key=EVIL,
    facts=FACTS,
    moves=(
        view.Move(evil_status("received"), why_not=EVIL),
        view.Move(evil_status("obstacle"), needs_reason=True, current=True),
    ),
    reasons=(view.ReasonGroup(EVIL, EVIL, CHOICES),),
    timeline=MOMENTS,
    warnings=(EVIL,),
    may_take=True,
    holder=EVIL,
    notify=EVIL,
    typed=view.Typed(EVIL, EVIL, EVIL, EVIL, EVIL),
    errors={"": EVIL, "status": EVIL, "reason": EVIL, "note": EVIL, "to": EVIL, "words": EVIL},
    held=True,
    claims=Claims(EVIL, "off", NOW, True, True, True, True, (PERSON,), Offer(1, "/serah-terima/1", EVIL, NOW, EVIL)),
    also=Readers(EVIL, "1.2", EVIL),
    conflict=view.Conflict(EVIL, NOW, evil_status("done")),
    query=QUERY,
)
QUEUE = view.Queue(
    query=QUERY,
    tabs=(view.Tab("lewat", EVIL, 3, hot=True),),
    filters=(
        view.Filter("sto", "STO", EVIL, EVIL),
        view.Filter("tipe", EVIL, choices=CHOICES),
        view.Filter("teknisi", EVIL),
    ),
    rows=(ROW,),
    next=EVIL,
    detail=DETAIL,
)
DUTY = OnDuty(EVIL, EVIL, "off", NOW, 3, "/order")
DASHBOARD = Dashboard(
    period="hari",
    periods=(view.Choice("hari", EVIL),),
    kpis=(Kpi(EVIL, EVIL, EVIL, "/order", EVIL, late=True),),
    matrix=Matrix((evil_status("received"),), (MatrixRow(EVIL, EVIL, (3,)),), QUERY),
    todo=(Todo(EVIL, EVIL, SLA, EVIL, EVIL),),
    todo_total=1,
    hours=Hours((Hour(10, 1, 1, 1.0),), EVIL),
    obstacles=(Count(EVIL, 3, "/order"),),
    health=Health("slow", EVIL, FACTS),
    crew=Crew((DUTY,), (DUTY,)),
    shows_crew=True,
)
HAND = HandoverRow(1, EVIL, EVIL, evil_status("obstacle"), SLA, EVIL, EVIL, EVIL, True, EVIL, EVIL, EVIL, waits=True)
LINE = HandoverLine(1, "/serah-terima/1", NOW, EVIL, EVIL, (EVIL,), open=True)
HANDOVERS = Handovers(
    *((LINE,), (HAND,), 3, (PERSON,), (LINE,), "1", (News(NOW, EVIL, "/order", EVIL),), True, EVIL, EVIL, EVIL),
    errors={"to": EVIL, "orders": EVIL, "note": EVIL, "promise": EVIL, "": EVIL},
)
ONE = OneHandover(LINE, EVIL, NOW, (HAND,), 1, True, True, False, EVIL, EVIL, {"": EVIL, "words": EVIL})
FIELD = Field("serial", EVIL, EVIL, EVIL, "", EVIL, EVIL, asked=True, suggestions=CHOICES)
NEW = NewOrder(
    (FIELD, Field("type", EVIL, EVIL, error=EVIL, choices=CHOICES)),
    EVIL,
    Duplicate(EVIL, evil_status("received"), EVIL, NOW, EVIL, EVIL),
    EVIL,
)
PAGES: list[tuple[str, object]] = [
    ("order.html", QUEUE),
    ("order.html", view.Queue(QUERY, (), (), (), missing=EVIL)),
    ("order.html", view.Queue(QUERY, (), (), (), problem=EVIL, ref=EVIL)),
    ("_rows.html", QUEUE),
    ("_detail.html", DETAIL),
    ("_changed.html", view.Changed(DETAIL, ROW, SHELL.toast)),
    ("_row_live.html", view.Live(ROW)),
    ("_summary.html", view.Summary(EVIL, EVIL, evil_status("done"), SLA, EVIL, MOMENTS)),
    ("order_new.html", NEW),
    ("_field.html", FIELD),
    ("dashboard.html", DASHBOARD),
    ("_dashboard.html", DASHBOARD),
    ("handover.html", HANDOVERS),
    ("handover_one.html", ONE),
    ("_readers.html", Readers(EVIL, "1", EVIL)),
    ("login.html", Login(EVIL, EVIL, EVIL, None, (DemoLogin(EVIL, EVIL, EVIL),))),
    ("error.html", Problem(404, EVIL, EVIL, EVIL, CHOICES)),
]


class Found(HTMLParser):
    """Scripts without a source, event handlers, inline styles and images in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in {"img", "style"} or (tag == "script" and "src" not in names):
            self.bad.append(tag)
        self.bad += [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize(("template", "given"), PAGES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(PAGES)])
def test_words_people_typed_stay_words(template: str, given: object) -> None:
    html = render(template, shell=SHELL, view=given)
    found = Found()
    found.feed(html)
    assert found.bad == []
    assert "49" not in re.sub(r"\d{3,}", "", html).replace("%7B%7B7%2A7%7D%7D", "")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_more_than_the_strict_policy(path: Path) -> None:
    text = CONFIG.sub("", path.read_text(encoding="utf-8"))
    for forbidden in ("style=", "hx-on", "<style", "js:", "javascript:", "|safe", "hx-disable="):
        assert forbidden not in text, forbidden
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r'hx-trigger="[^"]*\[', text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_says_what_it_is_for_and_compiles(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("{#")
    environment(language.current()).get_template(path.name)


def test_every_form_that_posts_carries_the_token() -> None:
    for template, given in PAGES:
        html = render(template, shell=SHELL, view=given)
        for form in re.findall(r'<form[^>]*method="post".*?</form>', html, re.DOTALL):
            assert 'name="csrf"' in form, template


def test_a_dashboard_whose_cards_failed_is_still_a_page() -> None:
    html = render("dashboard.html", shell=SHELL, view=Dashboard("hari", (), None, None, None, 0, None, None, None))
    assert html.count("Kartu ini tidak dapat dimuat") == 6


def test_an_error_before_login_has_no_navigation() -> None:
    html = render("error.html", shell=view.Shell(NOW, "Asia/Jakarta"), view=Problem(503))
    assert "Layanan sedang tidak tersedia" in html
    assert "<nav" not in html


def test_nothing_matches_offers_to_drop_the_filters() -> None:
    html = render("_rows.html", shell=SHELL, view=view.Queue(view.Query(sto="SDA"), (), (), ()))
    assert "Tidak ada yang cocok" in html
    assert 'href="/order?tampilan=aktif"' in html


@pytest.mark.parametrize("which", ["aktif", "belum", "lewat", "kendala", "saya"])
def test_an_empty_view_says_why(which: view.View) -> None:
    html = render("_rows.html", shell=SHELL, view=view.Queue(view.Query(tampilan=which), (), (), ()))
    assert 'class="empty"' in html
    assert "cocok" not in html


def test_an_address_keeps_the_filters_and_drops_what_is_cleared() -> None:
    query = view.Query(tampilan="kendala", sto="SDA", q="ODP-SDA 003")
    assert view.address(query) == "/order?tampilan=kendala&sto=SDA&q=ODP-SDA+003"
    assert view.address(query, tampilan="aktif", q="") == "/order?sto=SDA"
    assert (
        view.address(query, "/order/baris", sesudah="abc", q="") == "/order/baris?tampilan=kendala&sto=SDA&sesudah=abc"
    )


def test_our_assets_carry_a_fingerprint_and_packages_do_not() -> None:
    assert re.fullmatch(r"/static/sikpro\.css\?v=[0-9a-f]{12}", asset("sikpro.css"))
    assert asset("vendor/none.js") == "/static/vendor/none.js"
