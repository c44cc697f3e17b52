"""Everything the notifier hears: whoever takes `ears` from here has all its listeners. It hears and sends nothing."""

from services.notifier import (
    clock,
    house,
    listeners,
    listeners_arrears,
    listeners_imports,
    listeners_people,
    listeners_talk,
    listeners_trash,
    reports,
)
from shared.worker import Ears

ears: Ears = listeners.ears
HEARERS = (
    clock,
    house,
    listeners,
    listeners_arrears,
    listeners_imports,
    listeners_people,
    listeners_talk,
    listeners_trash,
    reports,
)
"""A module with listeners of its own is named here, or nobody would hear what it hears."""
