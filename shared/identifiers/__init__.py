"""Reads identifiers as people write them: accept, warn or refuse. Pure: no database, no clock, no words for people."""

from shared.identifiers.codes import (
    TYPE_WORDS,
    USUAL,
    VENDORS,
    Patterns,
    fault_number,
    hex_serial,
    named_serial,
    odp,
    odp_sto,
    order_type,
    registration_number,
    serial,
    sto,
    technician_code,
)
from shared.identifiers.figures import Cell, day, internet_number, phones, rupiah
from shared.identifiers.read import Doubt, Read, compact, letters, one_line, plain
from shared.identifiers.say import english, indonesian

__all__ = [
    "TYPE_WORDS",
    "USUAL",
    "VENDORS",
    "Cell",
    "Doubt",
    "Patterns",
    "Read",
    "compact",
    "day",
    "english",
    "fault_number",
    "hex_serial",
    "indonesian",
    "internet_number",
    "letters",
    "named_serial",
    "odp",
    "odp_sto",
    "one_line",
    "order_type",
    "phones",
    "plain",
    "registration_number",
    "rupiah",
    "serial",
    "sto",
    "technician_code",
]
