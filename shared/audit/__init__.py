"""Who did what, when and from where, written down for good: `await audit.note(...)`. Never an order's story."""

from shared.audit.operations import Note, came_from, note, note_all

__all__ = ["Note", "came_from", "note", "note_all"]
