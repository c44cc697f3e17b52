"""Every text of the web has its English, and no template says a word past the catalogue."""

import re
from html.parser import HTMLParser
from string import Formatter

import pytest

from services.web import language
from services.web.catalogue import HERE, extract
from services.web.language import forms, read_catalogue

TEMPLATES = sorted((HERE / "templates").glob("*.html"))
FIELD = re.compile(r"%\((\w+)\)[sd]|\{([a-z]\w*)(?::[^}]*)?\}")
SEEN = {"title", "aria-label", "placeholder", "alt"}
NAMES = {
    "Site",
    "Operation",
    "SIKPRO",
    "Demo",
    "Telegram",
    "STO",
    "SLA",
    "ODP",
    "API",
    "IP",
    "SC",
    "SN",
    "Enter",
    "Ctrl",
    "Esc",
    "Excel",
    "CSV",
    "SDA",
}
"""What is called the same in every language."""
ATOM = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
MARKED = re.compile(r"\b_\('[^']*'|gettext\('[^']*'(?:, '[^']*')?")


def fields_of(text: str) -> set[str]:
    return {one or other for one, other in FIELD.findall(text)}


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    said = {(each.context, each.id) for each in extract() if each.id}
    known = {(each.context, each.id): each for each in read_catalogue() if each.id}
    assert said - known.keys() == set(), "run: python -m services.web.catalogue"
    assert known.keys() - said == set(), "run: python -m services.web.catalogue"
    assert [each.id for each in known.values() if each.fuzzy or not all(forms(each.string))] == []
    assert not read_catalogue().obsolete


def test_a_text_and_its_english_have_the_same_fields() -> None:
    for each in read_catalogue():
        for text in forms(each.id) if each.id else ():
            for english in forms(each.string):
                assert fields_of(english) == fields_of(text), each.id
                if "{" in text and fields_of(text):
                    list(Formatter().parse(english))
            assert text[:1].isspace() == forms(each.string)[0][:1].isspace(), each.id
            assert text[-1:].isspace() == forms(each.string)[0][-1:].isspace(), each.id


class Words(HTMLParser):
    """Words of a page's source that stand in it as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        shown = SEEN | ({"value"} if tag == "input" and named.get("type") in {"submit", "button"} else set())
        shown |= {"content"} if named.get("name") == "description" else set()
        self.bare += [value or "" for name, value in attrs if name in shown]

    def handle_data(self, data: str) -> None:
        self.bare.append(re.sub(r'[a-z-]+="[^"]*"', "", data))  # macros write attributes too


def bare_words(source: str) -> set[str]:
    """Words outside gettext: in text, in attributes that are read out, and as literals of expressions."""
    reader = Words()
    plain = ATOM.sub("", re.sub(r"<(/?)\{\{.*?\}\}", r"<\1b", source))
    reader.feed(plain)
    found = {word for text in reader.bare for word in re.findall(r"[^\W\d_]{2,}", text)}
    for atom in ATOM.findall(source):
        if not re.match(r"\{#|\{%-?\s*(extends|include|from|import|block)", atom):
            for literal in re.findall(r"'([^'\n]*)'", MARKED.sub("", atom)):
                if re.match(r"[A-Z][a-z]", literal) or re.search(r"[a-z]{3,} [a-z]{3,}", literal):
                    found |= set(re.findall(r"[^\W\d_]{2,}", literal))
    return found - NAMES


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_word_of_a_template_stands_outside_gettext(path: object) -> None:
    assert bare_words(path.read_text()) == set()  # type: ignore[attr-defined]


def test_a_bare_word_is_found_wherever_it_stands() -> None:
    for source in (
        "<p>Simpan</p>",
        '<button aria-label="Tutup rincian {{ x }}"></button>',
        "{{ 'Ambil alih' if held else _('Ambil') }}",
        '<{{ h }} id="a">Judul</{{ h }}>',
    ):
        assert bare_words(source), source
    assert bare_words("<p class=\"a b\">{{ _('Simpan') }} {{ pgettext('tombol', 'Batal') }}</p>") == set()


def test_words_are_those_of_the_language_of_now() -> None:
    _ = language._
    assert _("Simpan") == "Simpan"
    with language.spoken("en"):
        assert _("Simpan") == "Save"
        assert language.pgettext("pintu", "Masuk") == "Sign in"
        assert _("Masuk") == "Received"
        assert language.ngettext("{n} order", "{n} order", 1) == "1 order"
        assert language.ngettext("{n} order", "{n} order", 2) == "2 orders"
        assert _("kata yang tidak ada dalam katalog") == "kata yang tidak ada dalam katalog"
        with language.spoken("de"):
            assert language.current() == "id"
    assert language.current() == "id"


def test_a_browser_names_its_languages_by_weight() -> None:
    for header, expected in {
        "en-GB,en;q=0.9": "en",
        "de,en;q=0.5,id;q=0.8": "id",
        "in": "id",
        "de": "",
        "": "",
        "en;q=viel,id": "id",
    }.items():
        assert language.accepted(header) == expected, header
