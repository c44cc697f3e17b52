"""What technicians type, and what is understood of it."""

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.identifiers import english, indonesian
from shared.orders.forms import OrderForm, merge, read_order, restored, stored, take_offer, values_of
from shared.orders.forms_words import FIELDS

STOS = {"SDA", "TUN", "SPJ"}
SAMPLES = json.loads((pathlib.Path(__file__).parents[1] / "samples" / "reg_messages.json").read_text("utf-8"))
LINE = "/reg AO SC32232558 ZTEGC6754546 SDA ODP-SDA-003 F5SDA445"
WHOLE = {"type": "AO", "sc": "SC32232558", "sn": "ZTEGC6754546", "sto": "SDA", "odp": "ODP-SDA-003", "tech": "F5SDA445"}


@pytest.mark.parametrize("stos", [STOS, None], ids=["known", "any"])
@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{n:02}" for n in range(1, len(SAMPLES) + 1)])
def test_every_sample_is_understood_exactly(sample, stos) -> None:
    form = read_order(sample["text"], stos=stos)
    assert values_of(form) == sample["order"]
    assert [english(doubt) for doubt in form.warnings] == sample["warnings"]
    assert list(form.missing) == sample["missing"]
    assert form.note == ("pelanggan minta sore" if "note" in sample else None)


@pytest.mark.parametrize(
    "text",
    [
        "AO,SC32232558,ZTEGC6754546,SDA,ODP-SDA-003,F5SDA445",
        "AO | SC32232558 | ZTEGC6754546 | SDA | ODP-SDA-003 | F5SDA445",
        "ao;sc32232558;zteg-c6754546;sda;odp sda 003;f5sda445",
        "AO\nSC32232558\nZTEGC6754546\nSDA\nODP-SDA-003\nF5SDA445",
        "F5SDA445/ODP-SDA-003/SDA/ZTEGC6754546/SC32232558/AO",
        "SC : 32232558 SN : ZTEGC6754546 STO : SDA ODP : ODP-SDA-003 TEKNISI : F5SDA445 TIPE : AO",
        "No. SC = SC 3223 2558\nS/N: 5A544547C6754546\nODP: SDA-003\nKd Teknisi: f5 sda445 \nJenis order: PSB\nSTO sda",
        "REG AO SC32232558 ZTEG C675 4546 ODP-SDA-003 F5SDA445",
        "/reg\u200f ＡＯ ＳＣ３２２３２５５８ ZTEGC6754546\u200b SDA ODP-SDA-003 F5SDA445 \x00",
        "/reg@sikpro_bot\r\nTipe: AO\r\nSC\t: SC32232558\r\nSN\t: ZTEGC6754546\r\nODP: ODP-SDA-003\r\nTEK\t: F5SDA445",
        "1. SC32232558\n2. ZTEGC6754546\n3. AO\n4. ODP-SDA-003\n5. F5SDA445",
        "NO REGISTRASI\n32232558\nSN\nZTEGC6754546\nODP\nSDA 003\nTIPE\nAO\nTEKNISI\nF5SDA445",
        "*SC* : SC32232558\n_SN_ : *ZTEGC6754546*\nODP : ODP-SDA-003\nTipe: AO\nTeknisi: F5SDA445",
        LINE + " " + LINE.removeprefix("/reg "),
    ],
)
def test_one_order_in_many_hands(text) -> None:
    form = read_order(text, stos=STOS)
    assert values_of(form) == WHOLE
    assert (form.warnings, form.missing, form.leftovers, form.note) == ((), (), (), None)


def test_a_second_number_is_named_and_the_first_wins() -> None:
    form = read_order(LINE + " SC32239999", stos=STOS)
    assert form.registration_no == "SC32232558"
    assert [english(d) for d in form.warnings] == ["sc: several given, SC32232558 used, also SC32239999"]


def test_leftover_words_are_the_note_in_their_own_case() -> None:
    form = read_order(LINE + " Pak Budi, rumah pojok 🙏", stos=STOS)
    assert form.note == "Pak Budi rumah pojok"
    assert form.leftovers == ("Pak", "Budi", "rumah", "pojok")


def test_a_note_in_a_block_ends_where_the_next_label_begins() -> None:
    form = read_order("SC: SC32232558\nKet: sore saja, ganti paket\njangan telepon\nSTO: SDA\nTipe: AO", stos=STOS)
    assert (form.note, form.sto, form.type) == ("sore saja, ganti paket jangan telepon", "SDA", "AO")


def test_a_code_beats_the_words_of_a_type() -> None:
    assert read_order("MO SC32232558 sebelumnya pasang baru", stos=STOS).type == "MO"


def test_an_exchange_nobody_knows_is_asked_for() -> None:
    form = read_order("/reg AO SC32232558 ZTEGC6754546 XQX F5SDA445", stos=STOS)
    assert form.sto is None
    assert "sto" in form.missing
    assert [english(d) for d in form.warnings] == ["sto: unknown STO"]


def test_a_labelled_exchange_nobody_knows_is_named_even_alone() -> None:
    form = read_order("STO: XQX", stos=STOS)
    assert [indonesian(d) for d in form.warnings] == ["STO: XQX tidak ada dalam daftar"]
    assert (form.sto, form.note) == (None, None)


def test_the_label_of_a_known_box_names_the_exchange_when_the_other_is_unknown() -> None:
    form = read_order("STO: XQX\nODP: ODP-SDA-003", stos=STOS)
    assert form.sto == "SDA"
    assert [d.code for d in form.warnings] == ["sto.unknown"]


def test_an_internet_number_is_no_serial_and_no_mac() -> None:
    form = read_order("SC32232558 152312345678", stos=STOS)
    assert (form.serial, form.warnings, form.note) == (None, (), "152312345678")


def test_a_slip_in_the_only_number_is_offered_and_one_tap_takes_it() -> None:
    form = read_order(LINE.replace("SC32232558", "SC3223255O"), stos=STOS)
    assert form.missing == ("sc",)
    taken = take_offer(form, "sc")
    assert (taken.registration_no, taken.missing, taken.warnings, taken.offers) == ("SC32232550", (), (), {})


def test_a_bare_number_is_offered_not_taken() -> None:
    form = read_order(LINE.replace("SC3", "3"), stos=STOS)
    assert (form.missing, form.offers, form.note) == (("sc",), {"sc": "SC32232558"}, None)


def test_a_number_too_long_is_asked_for_again() -> None:
    form = read_order(LINE.replace("SC32232558", "SC3223255812345"), stos=STOS)
    assert form.missing == ("sc",)
    assert [english(d) for d in form.warnings] == ["sc: must be SC then 8 digits, for example SC32232558"]


def test_a_short_serial_does_not_swallow_the_type_after_it() -> None:
    for mark in ("", "SN ", "SN: "):
        form = read_order(f"{mark}ZTEGC67545 AO SC32232558", stos=STOS)
        assert (form.type, form.serial) == ("AO", "ZTEGC67545")
        assert [english(d) for d in form.warnings] == ["sn: 10 characters, usually 12"]


def test_one_tap_takes_the_offered_serial() -> None:
    form = read_order(LINE.replace("4546", "45O6"), stos=STOS)
    assert form.offers == {"sn": "ZTEGC6754506"}
    taken = take_offer(form, "sn")
    assert (taken.serial, taken.warnings, taken.offers) == ("ZTEGC6754506", (), {})


def test_a_dialogue_fills_one_field_after_another() -> None:
    form = OrderForm()
    for answer in ("pasang baru", "32232558", "5A544547C6754546", "sda", "SDA-003", "f5sda445"):
        form, doubt = merge(form, form.missing[0], answer, stos=STOS)
        assert doubt is None
    assert values_of(form) == WHOLE


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("odp", "SC32232559", "odp.expected"),
        ("sc", "halo", "sc.expected"),
        ("sn", "A0B1C2D3E4F5", "sn.is_mac"),
        ("sto", "XQX", "sto.unknown"),
        ("type", "apa ya", "type.expected"),
        ("tech", "", "tech.expected"),
    ],
)
def test_an_answer_of_another_shape_changes_nothing_and_says_what_was_asked(name, answer, code) -> None:
    before = read_order("/reg SC32232558", stos=STOS)
    form, doubt = merge(before, name, answer, stos=STOS)
    assert form is before
    assert doubt.code == code


def test_an_answer_with_several_fields_gives_them_all() -> None:
    form, doubt = merge(OrderForm(), "type", LINE.removeprefix("/reg AO "), stos=STOS)
    assert doubt is None
    assert form.missing == ("type",)


def test_a_corrected_answer_takes_its_doubt_along() -> None:
    form = read_order(LINE.replace("ODP-SDA", "ODP-TUN").replace("ZTEG", "QQQQ"), stos=STOS)
    form, _ = merge(form, "odp", "ODP-SDA-003", stos=STOS)
    form, _ = merge(form, "sn", "ZTEGC6754546", stos=STOS)
    assert (values_of(form), form.warnings) == (WHOLE, ())


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_form_waits_between_messages_as_json(sample) -> None:
    form = read_order(sample["text"], stos=STOS)
    assert restored(json.loads(json.dumps(stored(form)))) == form


def test_the_note_is_taken_as_said() -> None:
    assert merge(OrderForm(), "note", " Sore  saja ")[0].note == "Sore saja"


@pytest.mark.parametrize(
    "filler", ["kata ", "ODP-", "SC 1 2 3 ", "ZTEG C6 ", "A0:", "AAAA", "NO SC : ", "catatan: ", "\n- ", "ZTEG", "1 "]
)
def test_five_thousand_characters_are_read_without_harm(filler) -> None:
    """How long it takes (under 5 ms on a calm machine) is no business of a test; that it ends and is right, is."""
    form = read_order((filler * 5000)[:4940] + " " + LINE, stos=STOS)
    assert restored(json.loads(json.dumps(stored(form)))) == form


@given(
    st.text()
    | st.lists(st.sampled_from([*LINE.split(), "\n", ":", "SN", "SC", "/", "catatan", "O", "1", "ＡＯ"])).map(" ".join)
)
def test_no_text_is_an_error_and_every_answer_is_consistent(text) -> None:
    form = read_order(text, stos=STOS)
    values = values_of(form)
    mac = any(d.code == "sn.is_mac" for d in form.warnings)
    assert form.missing == tuple(f for f in FIELDS if values[f] is None and not (f == "sn" and mac))
    for name in (*FIELDS, "note"):
        merge(form, name, text, stos=STOS)


@given(st.permutations(LINE.split()[1:]), st.sampled_from([" ", "#", "/", ",", "|", ";", "\n", " - "]))
def test_any_order_and_any_separator_mean_the_same(parts, separator) -> None:
    assert values_of(read_order("/reg " + separator.join(parts), stos=STOS)) == WHOLE
